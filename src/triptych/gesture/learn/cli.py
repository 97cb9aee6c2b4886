"""`triptych gesture train detector|classifier|motion` and `triptych gesture export`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from triptych.errors import Unavailable
from triptych.fit.option import Track
from triptych.fit.tracker import Board

if TYPE_CHECKING:
    from triptych.gesture.learn.train import Options

app = typer.Typer(help="Train the networks from the hand pictures.", no_args_is_help=True)

Data = Annotated[
    Path | None,
    typer.Option(
        help="Folder that holds hands/ and weights/. Default: the environment's TRIPTYCH_DATA.",
        envvar="TRIPTYCH_DATA",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option(help="Decides every draw of the run.")]
Start = Annotated[
    Path | None,
    typer.Option(
        help="Finished run, or exported reader, to go on from. Default: ImageNet's weights.",
        show_default=False,
    ),
]
Weights = Literal["imagenet", "random"]
Convolution = Literal["separable", "standard"]
Split = Literal["people", "frames"]
Drawn = Annotated[
    int | None,
    typer.Option(
        help="Drawn pictures to mix in, a third of a second each to draw. Default: 1600.",
        min=0,
        show_default=False,
    ),
]
Threads = Annotated[int, typer.Option(help="Processor threads to use.", min=1)]


class Augmentation(StrEnum):
    """What each training crop may be varied in."""

    COLOUR = "colour"
    ROTATION = "rotation"
    CROP = "crop"
    WEBCAM = "webcam"


@app.command()
def detector(
    data: Data = None,
    run: Annotated[Path, typer.Option(help="Folder of the run; resumes if it is there.")] = Path(
        "runs/detector"
    ),
    steps: Annotated[int, typer.Option(help="Steps of 16 pictures each.", min=1)] = 2200,
    seed: Seed = 0,
    threads: Threads = 2,
    start: Start = None,
    drawn: Drawn = None,
    track: Track = None,
) -> None:
    """Train the network that finds hands and faces."""
    options = _options(data, run, steps, seed, threads, start, drawn, track)
    from triptych.gesture.learn.train import train_detector

    typer.echo(train_detector(options))


@app.command()
def classifier(
    data: Data = None,
    run: Annotated[Path, typer.Option(help="Folder of the run; resumes if it is there.")] = Path(
        "runs/hand_reader"
    ),
    steps: Annotated[int, typer.Option(help="Steps of 64 hands each.", min=1)] = 2800,
    seed: Seed = 0,
    threads: Threads = 2,
    start: Start = None,
    drawn: Drawn = None,
    track: Track = None,
    frozen: Annotated[
        bool, typer.Option("--frozen", help="Keep the ImageNet layers as they are.")
    ] = False,
    every: Annotated[
        int, typer.Option(help="Keep every so many-th frame of a person and sign.", min=1)
    ] = 1,
    without: Annotated[
        list[Augmentation] | None,
        typer.Option(help="An augmentation to leave out; may be repeated.", show_default=False),
    ] = None,
    weights: Annotated[Weights, typer.Option(help="What the layers start from.")] = "imagenet",
    convolution: Annotated[
        Convolution, typer.Option(help="The 3x3 filters; standard ones need --weights random.")
    ] = "separable",
    split: Annotated[
        Split,
        typer.Option(
            help="Who validates: other people, or neighbouring frames of the same ones, as is "
            "often done and flatters."
        ),
    ] = "people",
    composed: Annotated[
        bool, typer.Option(help="Draw some crops from hands put before other photographs.")
    ] = True,
    keep_first: Annotated[
        int,
        typer.Option(help="Keep so many of the first blocks as they are; faster.", min=0, max=17),
    ] = 0,
) -> None:
    """Train the network that reads a hand's sign, landmarks and embedding.

    The defaults make what ships. The choices from --frozen on are for experiments: see
    docs/gesture/experiments.md for what each brings.
    """
    options = _options(data, run, steps, seed, threads, start, drawn, track)
    from triptych.gesture.learn.augment import Jitter
    from triptych.gesture.learn.recipe import Recipe
    from triptych.gesture.learn.train import train_classifier

    jitter = Jitter(**{name.value: False for name in without or ()})
    recipe = Recipe(frozen, every, jitter, weights, convolution, split, composed, keep_first)
    typer.echo(train_classifier(options, recipe))


@app.command()
def mean(
    first: Annotated[Path, typer.Argument(help="Exported reader that the run went on from.")],
    second: Annotated[Path, typer.Argument(help="Folder of the finished run.")],
    data: Data = None,
    share: Annotated[
        float, typer.Option(help="How far from the first to the second.", min=0, max=1)
    ] = 0.25,
    run: Annotated[Path, typer.Option(help="Folder that the mean is written to.")] = Path(
        "runs/hand_reader_mean"
    ),
) -> None:
    """Average the weights of a hand reader and of the run that went on from it."""
    _import_training()
    from triptych.gesture.learn.mean import make_mean

    typer.echo(make_mean(_data(data), first, second, share, run))


@app.command()
def motion(
    data: Data = None,
    run: Annotated[Path, typer.Option(help="Folder of the run; is written anew.")] = Path(
        "runs/motion"
    ),
    steps: Annotated[int, typer.Option(help="Steps of 64 sequences each.", min=1)] = 1500,
    seed: Seed = 0,
    threads: Threads = 2,
) -> None:
    """Train the network that reads movements: a wave, a raised hand, a swipe."""
    options = _options(data, run, steps, seed, threads, None, None, None)
    from triptych.gesture.learn.train_motion import train_motion

    typer.echo(train_motion(options))


@app.command()
def negatives(
    data: Data = None,
    into: Annotated[
        Path | None,
        typer.Option(help="File to write. Default: this installation's.", show_default=False),
    ] = None,
) -> None:
    """Collect the hands that taught signs are compared with, for the reader that is installed."""
    from rich.console import Console
    from rich.progress import Progress

    from triptych.gesture.learn.negatives import make_background
    from triptych.gesture.teach.background import FILE

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Looking", total=None)
        background = make_background(_data(data), lambda: progress.advance(task))
    background.save(into or FILE)
    typer.echo(into or FILE)


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    into: Annotated[
        Path | None,
        typer.Option(help="Where the models go. Default: this installation.", show_default=False),
    ] = None,
) -> None:
    """Install a run's network, so that the overlay uses it from now on."""
    from triptych.gesture.learn.install import install

    written = install(run, into)
    for path in written:
        typer.echo(path)
    if into is None and "hand_reader.onnx" in {path.name for path in written}:
        typer.echo(
            "Signs can be taught again after `triptych gesture train negatives`, which looks at "
            "idle hands with this reader.",
            err=True,
        )


def _options(
    data: Path | None,
    run: Path,
    steps: int,
    seed: int,
    threads: int,
    start: Path | None,
    drawn: int | None,
    boards: list[Board] | None,
) -> "Options":
    _import_training()
    from triptych.gesture.learn.train import Options

    return Options(_data(data), run, steps, seed, threads, start, drawn, tuple(boards or ()))


def _import_training() -> None:
    try:
        import triptych.gesture.learn.train  # noqa: F401
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"Training needs {error.name}, which is not installed: pip install 'triptych[train]'."
        ) from error


def _data(data: Path | None) -> Path:
    if data is None:
        raise Unavailable(
            "Training needs the hand pictures: set TRIPTYCH_DATA or --data to the folder that "
            "holds hands/ and weights/."
        )
    return data
