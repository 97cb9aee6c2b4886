"""`triptych gesture train detector|classifier` and `triptych gesture export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from triptych.errors import Unavailable

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
Threads = Annotated[int, typer.Option(help="Processor threads to use.", min=1)]


@app.command()
def detector(
    data: Data = None,
    run: Annotated[Path, typer.Option(help="Folder of the run; resumes if it is there.")] = Path(
        "runs/detector"
    ),
    steps: Annotated[int, typer.Option(help="Steps of 16 pictures each.", min=1)] = 2200,
    seed: Seed = 0,
    threads: Threads = 2,
) -> None:
    """Train the network that finds hands and faces."""
    options = _options(data, run, steps, seed, threads)
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
    frozen: Annotated[
        bool, typer.Option("--frozen", help="Keep the ImageNet layers as they are.")
    ] = False,
) -> None:
    """Train the network that reads a hand's sign, landmarks and embedding."""
    options = _options(data, run, steps, seed, threads)
    from triptych.gesture.learn.train import train_classifier

    typer.echo(train_classifier(options, frozen=frozen))


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    into: Annotated[
        Path | None,
        typer.Option(help="Where the models go. Default: this installation.", show_default=False),
    ] = None,
) -> None:
    """Install a run's network, so that the overlay uses it from now on."""
    from triptych.gesture.learn.install import install

    for path in install(run, into):
        typer.echo(path)


def _options(data: Path | None, run: Path, steps: int, seed: int, threads: int) -> "Options":
    try:
        from triptych.gesture.learn.train import Options
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"Training needs {error.name}, which is not installed: pip install 'triptych[train]'."
        ) from error
    if data is None:
        raise Unavailable(
            "Training needs the hand pictures: set TRIPTYCH_DATA or --data to the folder that "
            "holds hands/ and weights/."
        )
    return Options(data, run, steps, seed, threads)
