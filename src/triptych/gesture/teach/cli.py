"""`triptych gesture teach`, `forget`, `list`, `share` and `learn`."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from triptych.gesture.config import Config
    from triptych.gesture.teach.signs import Taught
    from triptych.gesture.teach.verdict import Verdict

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
ConfigFile = Annotated[
    Path | None,
    typer.Option(help="Settings to use instead of your own; see `triptych gesture config`."),
]


def teach(
    name: Annotated[str, typer.Argument(help="Its name in events and settings, such as heart.")],
    source: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, folders of pictures, video files, or the number of a camera; five "
            "pictures are enough.",
            show_default=False,
        ),
    ],
    icon: Annotated[
        str, typer.Option(help="An emoji, the path of a PNG, or a built-in icon.")
    ] = "⭐",
    text: Annotated[
        str | None,
        typer.Option(help="The label beside the icon. Default: the name.", show_default=False),
    ] = None,
    meaning: Annotated[
        str | None,
        typer.Option(
            help="no, question, yes, comment or goodbye, to say the same as a built-in sign. "
            "Default: itself.",
            show_default=False,
        ),
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Teach a sign of your own; one of the same name is replaced. No picture is kept."""
    import numpy as np

    from triptych.errors import BadInput
    from triptych.gesture.config import Config
    from triptych.gesture.model_files import reader_now
    from triptych.gesture.perceive.perceiver import Perceiver
    from triptych.gesture.show.icons import icon as drawn
    from triptych.gesture.teach.background import Background
    from triptych.gesture.teach.examples import gather
    from triptych.gesture.teach.features import LENGTH
    from triptych.gesture.teach.lesson import Lesson
    from triptych.gesture.teach.recogniser import recogniser_of
    from triptych.gesture.teach.seeing import Seeing
    from triptych.gesture.teach.signs import Taught, checked_name, checked_text
    from triptych.gesture.teach.vocabulary import load
    from triptych.gesture.types import MEANINGS

    checked_name(name)
    if meaning is not None and meaning not in MEANINGS:
        raise BadInput(f"--meaning {meaning} must be one of {', '.join(MEANINGS)}.")
    drawn(icon, 32, "--icon")
    kept = load()
    settings = Config.load(config, kept.vocabulary)
    for sentence in kept.problems:
        typer.echo(f"triptych: {sentence}", err=True)
    others = tuple(sign for sign in kept.signs if sign.name != name)
    background = Background.load(reader_now())
    label = checked_text(name.replace("_", " ") if text is None else text)
    day = datetime.now(UTC).date().isoformat()
    none = np.zeros((0, LENGTH), np.float32)
    sign = Taught(name, label, icon, meaning or name, background.reader, none, day)
    off = _switched_off(settings)
    gathered = gather(
        source,
        Seeing(Perceiver(settings), recogniser_of(None)),
        background,
        lambda: Lesson(sign, background, others, settings.decide.enter, off),
        lambda words: typer.echo(words, err=True),
        settings,
    )
    for sentence in gathered.unused:
        typer.echo(f"triptych: {sentence}", err=True)
    _settle(replace(sign, examples=gathered.examples), others, settings, as_json)


def forget(
    name: Annotated[str, typer.Argument(help="The name of a taught sign.")],
    as_json: AsJson = False,
) -> None:
    """Forget a taught sign, and what was corrected of it."""
    from triptych.gesture.teach import store

    store.forget_sign(name, store.default_folder())
    typer.echo(json.dumps({"forgotten": name}) if as_json else f"Forgotten: {name}.")


def list_signs(as_json: AsJson = False) -> None:
    """List the taught signs."""
    from triptych.gesture.model_files import reader_now
    from triptych.gesture.teach import store

    signs, problems = store.load_signs(store.default_folder())
    wrong, more = store.load_wrong(store.default_folder())
    for sentence in (*problems, *more):
        typer.echo(f"triptych: {sentence}", err=True)
    reader = reader_now()
    rows = [
        {
            "name": sign.name,
            "text": sign.text,
            "icon": sign.icon,
            "meaning": sign.meaning,
            "examples": len(sign.examples) // 2,
            "day": sign.day,
            "usable": sign.reader == reader,
        }
        for sign in signs
    ]
    corrections = {entry.sign: len(entry.examples) for entry in wrong}
    if as_json:
        typer.echo(json.dumps({"signs": rows, "corrections": corrections}, ensure_ascii=False))
        return
    for row in rows:
        stale = "" if row["usable"] else "; for another hand reader: teach it again"
        typer.echo(
            f"{row['name']}: {row['icon']} {row['text']} ({row['examples']} examples, "
            f"{row['day']}{stale})"
        )
    if not rows:
        typer.echo("No sign has been taught yet: triptych gesture teach NAME SOURCE...")


def share(
    name: Annotated[str, typer.Argument(help="The name of a taught sign.")],
    file: Annotated[Path, typer.Argument(help="The file to write, such as heart.json.")],
) -> None:
    """Write a taught sign to one file, icon included, for another computer to learn."""
    from triptych.errors import BadInput
    from triptych.gesture.teach import store

    signs, _ = store.load_signs(store.default_folder())
    found = next((sign for sign in signs if sign.name == name), None)
    if found is None:
        names = ", ".join(sign.name for sign in signs) or "none"
        raise BadInput(f"There is no taught sign {name!r}; taught are: {names}.")
    store.write(file, store.SignFile.of(found).model_dump_json(exclude_none=True).encode())
    typer.echo(file)


def learn(
    file: Annotated[Path, typer.Argument(help="A file that `share` wrote.")],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Learn a sign from a file that `share` wrote, if it fits beside those that are there."""
    from triptych.errors import BadInput
    from triptych.gesture.config import Config
    from triptych.gesture.model_files import reader_now
    from triptych.gesture.teach import store
    from triptych.gesture.teach.vocabulary import load

    kept = load()
    settings = Config.load(config, kept.vocabulary)
    sign = store.read_sign(file, store.default_folder())
    if sign.reader != reader_now():
        raise BadInput(
            f"{file} was taught to another version of the hand reader: teach {sign.name} again "
            "from pictures."
        )
    others = tuple(other for other in kept.signs if other.name != sign.name)
    _settle(sign, others, settings, as_json)


def _settle(sign: "Taught", others: "Sequence[Taught]", settings: "Config", as_json: bool) -> None:
    """Keep a sign that may be kept, and say what is to be expected; else say why not."""
    from triptych.errors import BadInput
    from triptych.gesture.model_files import reader_now
    from triptych.gesture.teach import store
    from triptych.gesture.teach.background import Background
    from triptych.gesture.teach.verdict import judge

    verdict = judge(
        Background.load(reader_now()),
        sign.examples,
        others,
        enter=settings.decide.enter,
        switched_off=_switched_off(settings),
    )
    if as_json:
        typer.echo(json.dumps(_as_json(sign, verdict), ensure_ascii=False))
    if verdict.problems:
        raise BadInput(f"{sign.name} was not learnt. {' '.join(verdict.problems)}")
    kept = store.save_sign(sign, store.default_folder())
    if not as_json:
        typer.echo(f"Learnt: {kept.name}, from {verdict.examples} examples. {verdict.sentence()}")


def _as_json(sign: "Taught", verdict: "Verdict") -> dict[str, Any]:
    return {
        "name": sign.name,
        "learnt": not verdict.problems,
        "problems": list(verdict.problems),
        "examples": verdict.examples,
        "margin": round(verdict.margin, 3),
        "nearest": verdict.near,
        "agree": round(verdict.agree, 3),
        "expected_false_activations_per_hour": round(verdict.false_per_hour, 3),
        "expected_false_activations_per_hour_ci95": [round(v, 3) for v in verdict.false_range],
        "idle_hands": verdict.idle_hands,
    }


def _switched_off(settings: "Config") -> tuple[str, ...]:
    from triptych.gesture.types import SIGNS

    return tuple(name for name in SIGNS if not settings.sign(name).on)
