"""`triptych capsules explain RUN PICTURE`: a picture explained by a page, words, numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from triptych.capsules import point_views
from triptych.capsules.bring import Brought, bring
from triptych.capsules.explanation import PRESENT, Explanation, PartFound, explain
from triptych.capsules.panel import panel
from triptych.capsules.pictures import class_names, target_of
from triptych.capsules.run import Run, networks, point_networks
from triptych.capsules.sheets import template_ink
from triptych.errors import BadInput


@dataclass(frozen=True)
class Explained:
    """words: for people. numbers: the same as one JSON object. path: where the picture is."""

    words: str
    numbers: dict[str, Any]
    path: Path


def explain_picture(
    run: Run, picture: str, seed: int | None = None, out: Path | None = None
) -> Explained:
    """Explain a picture by a network of a run, and write the page.

    picture: a file or `test:17`; see `bring`. seed: None: the run's first. out: a .png file, or a
    folder; None: `explained-NAME.png` in the current folder.
    Raises BadInput for what cannot be read, explained or written.
    """
    path = _where(picture, out)
    seed = run.seeds[0] if seed is None else seed
    if seed not in run.seeds:
        known = ", ".join(map(str, run.seeds))
        raise BadInput(f"{run.folder} has no seed {seed}; it has {known}.")
    if run.settings.of_points:
        return _explain_points(run, picture, seed, path)
    network = networks(replace(run, seeds=(seed,)))[seed]
    brought = bring(picture, run.settings)
    found = explain(network, brought.canvas, target_of(brought.canvas, run.settings.data))
    title = f"{brought.name}{_label(brought, run)}, read by {run.folder.name} (seed {seed})"
    ink = template_ink(network).detach().cpu().numpy()
    _write(path, panel(found, ink, f"{title}: {_guess(found, run)}"))
    numbers = in_numbers(found, run, brought) | {"seed": seed, "page": str(path)}
    return Explained(f"{title}\n{in_words(found, run, brought)}\n\n{path}", numbers, path)


def _explain_points(run: Run, picture: str, seed: int, path: Path) -> Explained:
    network = point_networks(replace(run, seeds=(seed,)))[seed]
    reading = point_views.read(network, point_views.by_name(picture))
    title = f"{picture} of constellation, read by {run.folder.name} (seed {seed})"
    _write(path, point_views.sheet(reading, [picture]))
    numbers = {"picture": picture, "run": run.folder.name, **point_views.in_numbers(reading)}
    words = f"{title}\n{point_views.in_words(reading)}\n\n{path}"
    return Explained(words, numbers | {"seed": seed, "page": str(path)}, path)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error


def _where(picture: str, out: Path | None) -> Path:
    name = "explained-" + Path(picture.replace(":", "-")).stem + ".png"
    if out is None:
        return Path(name)
    if out.is_dir():
        return out / name
    if out.suffix.lower() != ".png":
        raise BadInput(f"--out {out} is neither a folder nor a .png file.")
    return out


def class_name(label: int, run: Run) -> str:
    """What a label of a run's data set is called."""
    return class_names(run.settings.data.name, run.settings.loss.classes)[label]


def _label(brought: Brought, run: Run) -> str:
    return "" if brought.label is None else f" (a {class_name(brought.label, run)})"


def in_numbers(found: Explanation, run: Run, brought: Brought) -> dict[str, Any]:
    """The explanation as JSON's tables; lengths are fractions of the canvas, angles degrees."""
    layers = [
        {
            "objects": [
                {
                    "object": item.object,
                    "presence": item.presence,
                    "share": item.share,
                    "claims": item.claims,
                }
                for item in layer.objects
            ],
            "claims": layer.claims,
        }
        for layer in found.layers
    ]
    return {
        "picture": brought.name,
        "label": brought.label,
        "done": brought.done,
        "run": run.folder.name,
        "squared_error": found.error,
        "log_likelihood": found.log_likelihood,
        "background": found.background,
        "parts": [
            {
                "part": part.part,
                "presence": part.presence,
                "share": part.share,
                "nats": part.nats,
                "x": part.x,
                "y": part.y,
                "ink_x": part.ink_x,
                "ink_y": part.ink_y,
                "size": part.size,
                "turn": part.turn,
                "object": part.object,
                "claim": part.claim,
            }
            for part in found.parts
        ],
        "layers": layers,
        "probe": {class_name(i, run): value for i, value in enumerate(found.guesses)},
    }


def in_words(found: Explanation, run: Run, brought: Brought) -> str:
    """The explanation for somebody who has not read the paper."""
    blocks = [brought.done] if brought.done else []
    blocks.append(_of_parts(found))
    if found.layers:
        blocks.append(_of_objects(found))
    guess = _guess(found, run)
    blocks.append(f"{guess[0].upper()}{guess[1:]}.")
    return "\n\n".join(blocks)


def _of_parts(found: Explanation) -> str:
    used = found.used()
    present = sum(part.presence > PRESENT for part in found.parts)
    lines = [
        f"Parts: {present} of {len(found.parts)} are present; they explain "
        f"{1 - found.background:.0%} of the ink, the background the rest. What they draw is off "
        f"by {found.error**0.5:.1%} of full brightness (root mean square)."
    ]
    if not used:
        return lines[0]
    head = ("part", "of the ink", "present", "without it", "where", "size", "turned", "claimed by")
    rows = [
        (
            str(part.part),
            f"{part.share:.0%}",
            f"{part.presence:.0%}",
            f"{-part.nats:+.1f} nats",
            _place(part),
            f"{part.size:.0%}",
            f"{part.turn:.0f}°",
            _claimer(part, bool(found.layers)),
        )
        for part in used
    ]
    lines += _table([head, *rows])
    lines.append(
        "  (without it: change of the picture's log-likelihood; where: its ink; size, turned: its "
        "template, in the canvas' side and clockwise)"
    )
    return "\n".join(lines)


def _of_objects(found: Explanation) -> str:
    lines: list[str] = []
    below = "part"
    for number, layer in enumerate(found.layers, 1):
        present = sum(item.presence > PRESENT for item in layer.objects)
        name = "Objects" if len(found.layers) == 1 else f"Objects of layer {number}"
        what = "the ink" if number == 1 else "what is below"
        lines.append(f"{name}: {present} of {len(layer.objects)} are present (over {PRESENT:.0%}).")
        ranked = sorted(layer.objects, key=lambda item: -item.share)
        for item in ranked:
            if item.share < 0.05 and item.presence <= PRESENT:
                continue
            claims = ", ".join(map(str, item.claims))
            words = f"by {below}s {claims}" if len(item.claims) > 1 else f"by {below} {claims}"
            lines.append(
                f"  object {item.object}: present {item.presence:.0%}, explains {item.share:.0%} "
                f"of {what}{', ' + words if item.claims else ', first in no ' + below}"
            )
        left = 1 - sum(item.share for item in layer.objects)
        if left >= 0.05:
            lines.append(f"  no object explains {left:.0%} of {what}")
        below = "object"
    return "\n".join(lines)


def _guess(found: Explanation, run: Run) -> str:
    """What a linear probe on the topmost presences takes it for, in words."""
    order = sorted(range(len(found.guesses)), key=lambda i: -found.guesses[i])
    first, second = order[0], order[1]
    words = f"a linear probe on the capsules' presences says {class_name(first, run)}"
    chance = 1 / len(order)
    if found.guesses[first] < 2 * chance:
        return words + f", but hardly more surely than chance ({found.guesses[first]:.0%})"
    return words + (
        f" ({found.guesses[first]:.0%}; "
        f"next {class_name(second, run)}, {found.guesses[second]:.0%})"
    )


def _place(part: PartFound) -> str:
    down = "upper" if part.ink_y < 0.4 else "lower" if part.ink_y > 0.6 else ""
    across = "left" if part.ink_x < 0.4 else "right" if part.ink_x > 0.6 else ""
    where = f"{down} {across}".strip()
    if not where:
        return "middle"
    return f"{where} middle" if not across else where if down else f"middle {across}"


def _claimer(part: PartFound, layers: bool) -> str:
    if not layers:
        return "-"
    if part.object is None:
        return f"no object ({part.claim:.0%})"
    return f"object {part.object} ({part.claim:.0%})"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    left = {4, 7}  # words; all else is numbers
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if i in left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
