"""Makes docs/capsules/results.md from the result files in docs/capsules/results.

    python docs/capsules/make_capsule_results.py

It also writes what was measured into the card of each shipped network that has been evaluated.
`tests/docs/test_capsule_pages.py` fails when the page or a card is stale. Numbers are written by
the commands that the page names, and nowhere else.
"""

import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import safe_open

FOLDER = Path(__file__).with_name("results")
PAGE = FOLDER.with_suffix(".md")
CARDS = Path(__file__).parents[2] / "src" / "triptych" / "capsules" / "models"

OPENING = """# Results of the capsules

Made from the files in `results/` by `docs/capsules/make_capsule_results.py`; do not edit. Each
section names the command that made its numbers. Accuracies are shares of test pictures; ± is the
standard deviation over seeds, and is missing where there was one.
"""

PROMISED = {
    "mnist": "98.7 ± 0.4 % clustering, 99.0 % probe, 92.2 % affNIST (the paper, in 300,000 steps)",
    "mnist-small": "at least 90 % clustering",
}

Result = Mapping[str, Any]


def page(folder: Path = FOLDER) -> str:
    """The whole page. Raises ValueError for a file that no section knows."""
    made: list[str] = []
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        for prefix, section in SECTIONS.items():
            if path.stem.startswith(prefix):
                made.append(section(result) + _origin(result))
                break
        else:
            raise ValueError(f"{path.name} has no section in make_capsule_results.py.")
    return OPENING + "".join(made)


def card(path: Path, folder: Path = FOLDER) -> str:
    """A shipped network's card with its section "Measured" made anew.

    path: of the card, `NAME.md`, beside `NAME.safetensors`, whose seed's numbers it tells.
    """
    text = path.read_text(encoding="utf-8")
    evaluated = folder / f"evaluate_{path.stem}.json"
    if not evaluated.exists():
        return text
    before, _, rest = text.partition(_MEASURED)
    after = rest[rest.index("\n## ") :]
    with safe_open(path.with_suffix(".safetensors"), "np") as file:
        seed = json.loads(file.metadata()["network"])["seed"]
    result = json.loads(evaluated.read_text(encoding="utf-8"))
    return before + _MEASURED + _measured(path.stem, result, seed, folder) + after


_MEASURED = "## Measured\n"


def _measured(name: str, result: Result, seed: int, folder: Path) -> str:
    at = result["seeds"].index(seed)
    kind = result["features"]
    other = "posterior" if kind == "presence" else "presence"
    clusters, probes = result["clustering_accuracy"], result["probe_accuracy"]
    seeds = len(result["seeds"])
    which, mean = f"This is seed {seed}, the only one.", ""
    if seeds > 1:
        which = f"This is seed {seed} of {seeds}."
        mean = f" The mean of all {seeds} seeds is {_percent(clusters)}."
    text = (
        f"{which} `triptych capsules evaluate {name}` "
        f"measures it on the {result['test_pictures']:,} test pictures: "
        f"{100 * clusters[kind]['values'][at]:.1f} % of them fall into the cluster of their class "
        f"by {kind}s ({100 * clusters[other]['values'][at]:.1f} % by {other}s), and a linear probe "
        f"on the {kind}s gets {100 * probes[kind]['values'][at]:.1f} %.{mean} See "
        "`docs/capsules/results.md`."
    )
    grown = folder / f"curve_{name}.json"
    if grown.exists():
        curve = json.loads(grown.read_text(encoding="utf-8"))["curve"]
        step = max(curve, key=int)
        minutes = curve[step][str(seed)]["cpu_minutes"]
        text += f" Its {int(step):,} steps took {minutes:.1f} processor minutes of one thread."
    return f"\n{textwrap.fill(text, 100, break_on_hyphens=False, break_long_words=False)}\n"


def _accuracies(result: Result) -> str:
    name = str(result["preset"])
    changed = ", ".join(f"`{change}`" for change in result.get("changed") or ())
    lines = [f"\n## What `{name}` has learned{f' with {changed}' if changed else ''}\n"]
    if name in PROMISED and not changed:
        lines.append(f"Promised: {PROMISED[name]}.\n")
    lines += ["| | features | mean | seeds |", "|---|---|---|---|"]
    for key in (
        "clustering_accuracy",
        "training_clustering_accuracy",
        "probe_accuracy",
        "online_probe_accuracy",
        "affnist_accuracy",
        "assignment_accuracy",
    ):
        table = result.get(key)
        if not isinstance(table, Mapping):
            continue
        kinds = {kind: table[kind] for kind in ("presence", "posterior") if kind in table}
        if not kinds and table.get("mean") is not None:
            kinds = {"": table}
        for kind, numbers in kinds.items():
            values = ", ".join(f"{100 * value:.2f}" for value in numbers["values"])
            words = key.replace("_", " ")
            lines.append(f"| {words} | {kind} | {_percent(numbers)} | {values} |")
    if result.get("affnist_accuracy", {}).get("mean") is not None:
        lines.append(f"\naffNIST's pictures: {result['affnist_note']}")
    steps = result["steps"]
    counts = sorted({f"{n:,}" for n in (steps if isinstance(steps, list) else [steps])})
    lines.append(f"\n{' and '.join(counts)} steps; {result['test_pictures']:,} test pictures.")
    return "\n".join(lines) + "\n"


def _routing(result: Result) -> str:
    ways = list(next(iter(result["candidates"].values())))
    names = [way.replace("_", " ") for way in ways]
    lines = [
        "\n## Three ways to find which vote explains a part\n",
        "Milliseconds for a forward and a backward pass, share of parts whose true vote was found, "
        "and how many nats the found vote is below the best. Claims C18 (sampling is cheaper) and "
        "C19 (the best vote alone can drive the loss) of the talk.\n",
        f"| votes | {' | '.join(names)} |",
        "|---" * (len(ways) + 1) + "|",
    ]
    for count, row in result["candidates"].items():
        cells = [
            f"{row[way]['milliseconds']:.1f} ms, {100 * row[way]['recovered']:.0f} %, "
            f"{row[way]['short_nats']:.0f} nats"
            for way in ways
        ]
        lines.append(f"| {int(count):,} | {' | '.join(cells)} |")
    lines.append(f"\n{result['time'][0].upper()}{result['time'][1:]}.")
    return "\n".join(lines) + "\n"


def _claims(result: Result) -> str:
    lines = [
        f"\n## Less data, shifts, turns and attacks: `{result['run']}` against a CNN\n",
        "The CNN has the same convolutions and a linear layer "
        f"({result['weights']['cnn']:,} weights against {result['weights']['capsules']:,}), and "
        f"learns from the labelled pictures alone, in {result['cnn_steps']:,} steps of up to 64; "
        "the capsules have seen all training pictures without labels, turned and stretched a "
        "little (`data.warp`), and the CNN saw them as they are. The attack is 20 steps of "
        "projected gradient descent. Claims C11 to C13 of the talk.",
    ]
    for key, head in (
        ("labels_of_each_class", "labelled pictures of each class"),
        ("shifted_by_pixels", "shifted by pixels, both ways"),
        ("turned_by_degrees", "turned by degrees"),
        ("attacked", "attacked within L∞"),
    ):
        lines += ["", f"| {head} | capsules | CNN |", "|---|---|---|"]
        for value, row in result[key].items():
            lines.append(f"| {value} | {_percent(row['capsules'])} | {_percent(row['cnn'])} |")
    return "\n".join(lines) + "\n"


def _curve(result: Result) -> str:
    seeds = sorted({seed for points in result["curve"].values() for seed in points})
    lines = [
        f"\n## How `{result['preset']}` grows with processor time\n",
        "Clusters by presences, fitted on training pictures and scored on others of the training "
        "set; processor minutes of one thread on a machine that others used too.\n",
        f"| steps | {' | '.join(f'seed {seed}' for seed in seeds)} |",
        "|---" * (len(seeds) + 1) + "|",
    ]
    for step, points in result["curve"].items():
        cells = [
            f"{100 * points[seed]['clustering']:.1f} % after {points[seed]['cpu_minutes']:.1f} min"
            if seed in points
            else ""
            for seed in seeds
        ]
        lines.append(f"| {int(step):,} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _ablation(result: Result) -> str:
    variants = result["variants"]
    lines = [
        f"\n## What each choice of `{result['preset']}` is worth\n",
        f"The same training, but of {result['steps']:,} steps, with one thing changed; "
        f"{result['seeds']} seeds each. Clusters are fitted on 3,000 training pictures and scored "
        "on 1,000 others of the training set. So early a network is still far from what it will "
        "be, and what only helps late does not show.\n",
        "| changed | how | by presences | by posteriors |",
        "|---|---|---|---|",
    ]
    for name, row in variants.items():
        how = "" if row["changed"] == "nothing" else f"`{row['changed']}`"
        lines.append(
            f"| {name} | {how} | {_percent(row['clustering_presence'])} | "
            f"{_percent(row['clustering_posterior'])} |"
        )
    return "\n".join(lines) + "\n"


def _anything(title: str) -> Callable[[Result], str]:
    """Every number of a file, in words."""

    def section(result: Result) -> str:
        lines = [f"\n## {title}\n", "| | |", "|---|---|"]
        own = {key: value for key, value in result.items() if key not in PROVENANCE}
        lines += [f"| {words} | {text} |" for words, text in _flat(own)]
        return "\n".join(lines) + "\n"

    return section


SECTIONS: dict[str, Callable[[Result], str]] = {
    "evaluate_": _accuracies,
    "curve_": _curve,
    "claims_": _claims,
    "routing": _routing,
    "step": _anything("A training step against the ports' way"),
    "train_": _anything("How long a training of `digits` takes"),
    "ablation_": _ablation,
}
"""By the beginning of a file's name."""

PROVENANCE = ("when", "command", "commit", "seed", "python", "versions", "machine")


def _flat(value: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, item in value.items():
        words = f"{before}{key}".replace("_", " ")
        if isinstance(item, Mapping):
            found += _flat(item, f"{words}, ")
        else:
            found.append((words, _text(item)))
    return found


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_text(item) for item in value)
    return "not known" if value is None else str(value)


def _percent(numbers: Mapping[str, Any]) -> str:
    if numbers["mean"] is None:
        return "not measured"
    std = numbers.get("std")
    return f"{100 * numbers['mean']:.1f}" + ("" if std is None else f" ± {100 * std:.1f}") + " %"


def _origin(result: Result) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    return (
        f"\n`{result['command']}`\n\n{result['when'][:10]}, commit `{result['commit']}`; "
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; "
        f"Python {result['python']}, {versions}.\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
    for path in sorted(CARDS.glob("*.md")):
        path.write_text(card(path), encoding="utf-8")
