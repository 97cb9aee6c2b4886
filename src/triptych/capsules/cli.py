"""`triptych capsules ...`: each command parses, calls one library function, and prints."""

from pathlib import Path
from typing import Annotated

import typer

from triptych.errors import BadInput, Unavailable
from triptych.fit.option import Track

app = typer.Typer(
    help="Stacked Capsule Autoencoders: train, evaluate, show, explain.", no_args_is_help=True
)

RunFolder = Annotated[
    Path, typer.Argument(help="A run's folder, or a shipped network's name.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]
Threads = Annotated[int, typer.Option(help="Processor threads to use.", min=1)]


@app.callback()
def _capsules() -> None:
    """Stacked Capsule Autoencoders: parts, poses, templates, objects."""


@app.command()
def presets(
    name: Annotated[str | None, typer.Argument(help="Print this one.", show_default=False)] = None,
) -> None:
    """List the presets, or print all settings of one, as --set takes them."""
    from triptych.capsules.presets import PRESETS, preset

    if name is None:
        for known, settings in PRESETS.items():
            parts, layers = settings.parts.count, settings.objects.layers
            objects = "+".join(map(str, layers)) or "no"
            if settings.of_points:
                votes = settings.objects.votes
                typer.echo(f"{known:<14} 2-D points, {objects} objects of {votes} points")
                continue
            typer.echo(
                f"{known:<14} {settings.data.name}, canvas {settings.data.canvas}, "
                f"{parts} parts, {objects} objects, {settings.train.steps:,} steps"
            )
        return
    for section, table in preset(name).model_dump(exclude={"preset"}).items():
        for key, value in table.items():
            words = ",".join(map(str, value)) if isinstance(value, tuple) else value
            typer.echo(f"{section}.{key}={words}")


@app.command()
def train(
    name: Annotated[str, typer.Argument(metavar="PRESET", help="See `triptych capsules presets`.")],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value, such as parts.count=16; may be repeated."),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="Folder of the run. Default: runs/PRESET.", show_default=False),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Train so many, from --first-seed on.", min=1)] = 1,
    first_seed: Annotated[int, typer.Option(help="Decides every draw of a run.", min=0)] = 0,
    threads: Threads = 2,
    track: Track = None,
) -> None:
    """Train a network for each seed; picks up where it was interrupted."""
    from triptych.capsules.presets import preset

    settings = preset(name).changed(changes or [])
    _need_torch()
    from triptych.capsules.run import create
    from triptych.capsules.run import train as train_run

    there = create(run or Path("runs") / name, settings, range(first_seed, first_seed + seeds))
    train_run(there, threads, track or ())
    typer.echo(there.folder)


@app.command()
def resume(run: RunFolder, threads: Threads = 2, track: Track = None) -> None:
    """Go on with a run that was interrupted, exactly as if it had not been."""
    _need_torch()
    from triptych.capsules.run import open_run
    from triptych.capsules.run import train as train_run

    there = open_run(run)
    train_run(there, threads, track or ())
    typer.echo(there.folder)


@app.command()
def evaluate(run: RunFolder, json: Json = False, threads: Threads = 2) -> None:
    """Cluster, probe, transfer: accuracies of a run on test pictures, over its seeds."""
    _need_torch()
    import torch

    from triptych.capsules.evaluate import evaluate as evaluate_run
    from triptych.capsules.evaluate import in_words
    from triptych.capsules.run import open_run
    from triptych.results import to_json, write_result

    torch.set_num_threads(threads)
    there = open_run(run)
    numbers = evaluate_run(there)
    typer.echo(to_json(numbers) if json else in_words(numbers))
    path = there.folder / "evaluation.json"
    try:
        write_result(path, numbers)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error


@app.command()
def show(
    run: RunFolder,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write to. Default: the run's own.", show_default=False),
    ] = None,
    threads: Threads = 2,
) -> None:
    """Write a page to browse, index.html, and pictures: templates, readings, their evolution.

    A column of readings: the picture, its likeliest drawing, the mean one, and each part's ink in
    its own colour. Evolution is a strip and a film of the templates while they form.
    """
    _need_torch()
    import torch

    from triptych.capsules.run import open_run
    from triptych.capsules.show import show as show_run

    torch.set_num_threads(threads)
    for path in show_run(open_run(run), out):
        typer.echo(path)


@app.command()
def explain(
    run: RunFolder,
    picture: Annotated[
        str,
        typer.Argument(
            help="A picture's file, of any size, dark ink or bright; or test:17, a picture of the "
            "data set.",
            show_default=False,
        ),
    ],
    seed: Annotated[
        int | None, typer.Option(help="Which network of the run. Default: its first.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The page to write: a .png file, or a folder. Default: explained-PICTURE.png.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Explain one picture: its parts, its objects, who claims what, and the share of each.

    Writes a page as a picture, and prints the same in words or as JSON.
    """
    _need_torch()
    from triptych.capsules.explain import explain_picture
    from triptych.capsules.run import open_run
    from triptych.results import to_json

    explained = explain_picture(open_run(run), picture, seed, out)
    typer.echo(to_json(explained.numbers) if json else explained.words)


def _need_torch() -> None:
    from importlib.util import find_spec

    for name in ("torch", "safetensors", "sklearn", "lightning_fabric", "matplotlib"):
        if find_spec(name) is None:
            raise Unavailable(
                f"Capsules need {name}, which is not installed: pip install 'triptych[train]'."
            )
