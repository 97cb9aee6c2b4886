"""`triptych gesture ...`: each command parses, calls one library function, and prints."""

from pathlib import Path
from typing import Annotated

import typer

from triptych.gesture.learn import cli as learn

app = typer.Typer(help="Hand signs and an away card for video calls.", no_args_is_help=True)
app.add_typer(learn.app, name="train")
app.command()(learn.export)


@app.callback()
def _gesture() -> None:
    """Hand signs and an away card for video calls."""


@app.command()
def config() -> None:
    """Print all settings with their defaults and what they do, as TOML to save and change."""
    from triptych.gesture.config import Config
    from triptych.gesture.config_words import as_toml

    typer.echo(as_toml(Config()), nl=False)


@app.command()
def run(
    source: Annotated[
        str | None,
        typer.Argument(
            help="Number of a camera, video file, folder of pictures, or `demo`. "
            "None: the first camera, else the demo.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            help="virtual, page, null or FILE.mp4; may be repeated. Default: the page. A file or "
            "the demo that goes only to files is played as fast as it goes, each picture once.",
            show_default=False,
        ),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(help="Append each event to this file, as one JSON object a line."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings to use instead of your own; see `triptych gesture config`."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print events as JSON lines on standard output.")
    ] = False,
) -> None:
    """Put signs on the video and cover it when you are away, until Ctrl-C or the source ends."""
    from triptych.gesture.run import Order
    from triptych.gesture.run import run as run_order

    status = run_order(Order(source, tuple(to or ()), events, config, as_json))
    raise typer.Exit(status)


@app.command()
def classify(
    paths: Annotated[
        list[Path], typer.Argument(help="Pictures, or folders of pictures.", show_default=False)
    ],
    config: Annotated[
        Path | None,
        typer.Option(help="Settings to use instead of your own; see `triptych gesture config`."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a picture, one a line.")
    ] = False,
) -> None:
    """Say which signs, hands and faces are in single pictures; exit status 2 if one is no good."""
    import json

    from triptych.errors import BadInput
    from triptych.gesture.classify import classify as classify_pictures
    from triptych.gesture.config import Config
    from triptych.gesture.perceive.perceiver import Perceiver

    settings = Config.load(config)
    bad = False
    perceiver = Perceiver(settings)
    face_enter, enter = settings.presence.face_enter, settings.decide.enter
    for row in classify_pictures(paths, perceiver.look_still, face_enter, enter):
        if isinstance(row, BadInput):
            bad = True
            typer.echo(f"triptych: {row}", err=True)
        elif as_json:
            typer.echo(json.dumps(row))
        else:
            hands = ", ".join(f"{hand['gesture']} {hand['score']:.2f}" for hand in row["hands"])
            who = "somebody" if row["present"] else "nobody"
            typer.echo(f"{row['file']}: {hands or 'no hand'}; {who} is present")
    if bad:
        raise typer.Exit(2)


@app.command()
def evaluate(
    manifest: Annotated[
        Path,
        typer.Argument(
            help="labels.jsonl (pictures), clips/manifest.json (clips), or what --scores kept."
        ),
    ],
    split: Annotated[
        str | None,
        typer.Option(help="train, val, test or wild; only pictures and clips of that split."),
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(
            help="Keep what was seen in the clips in this file (.jsonl.gz, no pictures): it gives "
            "the same events again, or shows what other settings make of it."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the result to this file, too.")] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings to use instead of your own; see `triptych gesture config`."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure signs, hands, faces and events on pictures or clips with known labels."""
    from rich.console import Console
    from rich.progress import Progress

    from triptych.gesture.config import Config
    from triptych.gesture.evaluate import evaluate as measure
    from triptych.gesture.evaluate import summary
    from triptych.results import to_json, write_result

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Looking", total=None)
        on_item = lambda: progress.advance(task)  # noqa: E731
        metrics = measure(manifest, Config.load(config), split, on_item, scores)
    if out is not None:
        write_result(out, metrics)
    typer.echo(to_json(metrics) if as_json else summary(metrics))


@app.command()
def compose(
    out: Annotated[Path, typer.Argument(help="New folder for the clips and their manifest.json.")],
    split: Annotated[str, typer.Option(help="Whose pictures: train, val, test or wild.")] = "val",
    signs: Annotated[int, typer.Option(help="Clips in which a sign is held.", min=0)] = 200,
    minutes: Annotated[float, typer.Option(help="Of clips in which none is.", min=0)] = 60.0,
    motions: Annotated[
        int, typer.Option(help="Clips of a wave, a raised hand or a swipe.", min=0)
    ] = 0,
    seed: Annotated[int, typer.Option(help="Decides every draw.")] = 0,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder that holds hands/. Default: the environment's TRIPTYCH_DATA.",
            envvar="TRIPTYCH_DATA",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Compose clips with known answers from the hand pictures, for `evaluate`."""
    from rich.console import Console
    from rich.progress import Progress

    from triptych.errors import Unavailable
    from triptych.gesture.compose import compose as make

    if data is None:
        raise Unavailable(
            "Composing clips needs the hand pictures: set TRIPTYCH_DATA or --data to the folder "
            "that holds hands/."
        )
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Composing", total=None)
        path = make(
            out,
            data / "hands",
            split,
            signs,
            minutes,
            motions,
            seed,
            lambda: progress.advance(task),
        )
    typer.echo(path)


@app.command()
def bench(
    seconds: Annotated[
        float, typer.Option(help="How long to measure each of the two situations.", min=1)
    ] = 10.0,
    out: Annotated[Path | None, typer.Option(help="Write the result to this file, too.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure milliseconds of each stage, processor share and memory at 1280x720, 30 a second."""
    from triptych.gesture.bench import measure, summary
    from triptych.results import to_json, write_result

    metrics = measure(seconds)
    if out is not None:
        write_result(out, metrics)
    typer.echo(to_json(metrics) if as_json else summary(metrics))
