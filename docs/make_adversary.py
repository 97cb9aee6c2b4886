"""Makes docs/adversary/peers.md and docs/adversary/calibration.md from the files in results/.

    python docs/make_adversary.py

`tests/docs/test_adversary_pages.py` fails when a page is stale.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("adversary") / "results"
PEERS = FOLDER.with_name("peers.md")
CALIBRATION = FOLDER.with_name("calibration.md")
TARGET = {True: 2.0, False: 5.0}
"""How many times as fast as the fastest peer we want to be: adversarially trained or not."""

PEERS_OPENING = """# Beside other libraries

Made by `docs/make_adversary.py` from the files in `results/`; do not edit. Foolbox 3.3.4,
torchattacks 3.5.1, IBM ART 1.20.1 and adv-lib 0.2.8 attack the gallery's networks with the same
weights, the same pictures and the same PyTorch, in one process and in turns;
`benchmarks/adversary_vs_peers.py` makes their environment, runs them and says how each is called.
"""

SPEED_SOURCES = """
On a network trained adversarially most examples are attacked to the last step, so ending early
saves little, and a peer's time is nearly all forward passes and gradients. Ours is less because

- plain PGD's next picture follows from the present one alone, and the signs soon lead in a circle:
  a job that is back at a picture it has looked at is over (`attacks/circles.py`);
- the search runs on a copy that answers the same with less work (`attacks/lean.py`): batch norms
  folded, channels last and kept so through the flattening, and the gradient of a first convolution,
  which oneDNN computes as if it had 16 input channels, as one matrix product (`attacks/narrow.py`);
- as many examples are worked on at once as a core's caches hold.

Tried without gain, and left out: ReLU in place, convolutions by matrix products throughout, oneDNN
switched off, strided gradients as convolutions of unstrided parts, and looking for circles in each
pass instead of each second one. bfloat16 helps the larger network only.
"""

CALIBRATION_OPENING = """# Does better calibration alone look like robustness?

Made by `docs/make_adversary.py` from `results/calibration.json`; do not edit.

Dividing all logits by a temperature changes confidences and no answer, so the true robust accuracy
is the same at every temperature. What an attack finds need not be: the gradient of cross-entropy
depends on the scale of the logits. `triptych.adversary.calibration` measures expected calibration
error (ECE, 15 bins), NLL and Brier's score, draws reliability diagrams, and fits the temperature on
held-out pictures. Here small networks are trained as usual and attacked at several temperatures,
twice with the same epsilon, steps and starts: by PGD on cross-entropy, and by PGD on the
difference-of-logits ratio, which has no scale.
"""


def peers_page(folder: Path = FOLDER) -> str:
    """Speed from `peers_speed.json`, strength from all `peers_strength*.json`, a network in one."""
    parts = [PEERS_OPENING]
    speed = _read(folder / "peers_speed.json")
    strength = [_read(path) for path in sorted(folder.glob("peers_strength*.json"))]
    if speed is None and not strength:
        parts.append("\nNothing has been measured yet.\n")
    if speed is not None:
        parts += _speed(speed, _read(folder / "peers_speed_one_process.json"))
    if strength:
        parts += _strength(strength)
    return "".join(parts)


def _speed(result: Mapping[str, Any], shared: Mapping[str, Any] | None) -> Iterable[str]:
    """The tables of one run; beside them the ratios of a run with one process for all networks."""
    yield (
        "\n## Speed\n\nPGD from the clean picture until it is known which examples have been "
        f"fooled, on {result['threads']} threads; seconds are medians. Clean mistakes and examples "
        "that have fallen cost us nothing more. Forward and backward passes are per example; "
        "*weights* marks libraries that compute the gradients of the weights, too. *Over the "
        "fastest peer* compares wall-clock time, in brackets processor time. *Bare passes* are as "
        "many forward passes and gradients of the pictures, and nothing else: the floor of whoever "
        "takes all steps with the network as it is. Each network has a process of its own.\n"
    )
    rows = list[Sequence[str]]()
    for name, entry in result["ratios"].items():
        target = TARGET[entry["defended"]]
        rows.append(
            (
                name,
                "yes" if entry["defended"] else "no",
                entry["fastest_peer"],
                f"{entry['early_exit_off']:.2f}",
                f"**{entry['early_exit']:.2f}** ({entry['early_exit_cpu']:.2f})",
                f"{entry['bfloat16']:.2f}",
                f"{entry['bare_share']:.0%}" if "bare_share" in entry else "",
                f"{target:g}, {'met' if entry['early_exit'] >= target else '**not met**'}",
            )
        )
    yield _table(
        ("network", "trained adversarially", "fastest peer", "early exit off",
         "as by default, over the fastest peer", "search in bfloat16",
         "bare passes take of the fastest peer's time", "wanted"),
        rows,
    )  # fmt: skip
    yield SPEED_SOURCES
    if shared is not None:
        yield (
            "\nIn one process for all networks, the largest first, what those leave behind in the "
            "memory allocator makes the passes of the smallest two to three times as fast, above "
            "all the peers', and little is gained there:\n"
        )
        yield _table(
            ("network", "over the fastest peer, in one process for all"),
            [(name, f"{e['early_exit']:.2f}") for name, e in shared["ratios"].items()],
        )
        yield _origin(shared)
    for name, entry in result["targets"].items():
        if "speed" not in entry:
            continue
        yield (
            f"\n### {name}\n\nepsilon {entry['epsilon']:.4g}, {entry['steps']} steps of "
            f"{entry['step']:.4g}, {entry['examples']} examples.\n"
        )
        yield _table(
            ("", "examples a second", "seconds", "processor seconds", "forwards", "backwards",
             "robust accuracy"),
            [
                (
                    side,
                    f"{row['examples_per_second']:.0f}",
                    f"{row['seconds']:.2f}",
                    f"{row['cpu_seconds']:.2f}",
                    f"{row['forwards_per_example']:.1f}",
                    f"{row['backwards_per_example']:.1f}"
                    + (" and weights" if row["weight_gradients"] else ""),
                    "" if row["robust_accuracy"] is None else f"{row['robust_accuracy']:.1%}",
                )
                for side, row in entry["speed"].items()
            ],
        )  # fmt: skip
        curve = entry["curve"]
        yield (
            f"\nA curve of {curve['epsilons']} epsilons, over one of them alone (wanted: at most 3 "
            "times). The smallest is the dearest, most examples withstand it to the end:\n"
        )
        yield _table(
            ("", "time over the smallest", "backward passes over the smallest",
             "time over the largest", "backward passes over the largest"),
            [
                (
                    words,
                    *(
                        f"{curve[side][f'{what}_over_{one}']:.1f}"
                        for one in ("smallest", "largest")
                        for what in ("time", "backwards")
                    ),
                )
                for side, words in (("ten", "PGD"), ("ten_by_fmn", "FMN, once"))
            ],
        )  # fmt: skip
        yield "\nThe same pictures as the peers', after the last step, early exit off:\n"
        sides = entry["iterates"]["float32"]
        yield _table(
            ("", *sides),
            [
                (
                    f"{precision}, pixels equal to 1e-5",
                    *(
                        f"{found[side]['pixels_equal']:.3%}" if side in found else "float32 only"
                        for side in sides
                    ),
                )
                for precision, found in entry["iterates"].items()
            ],
        )
    yield _origin(result)


def _strength(results: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    yield (
        "\n## Strength\n\nRobust accuracy of the same examples: lower is stronger. Every picture "
        "found is put inside the threat model and judged by one and the same forward pass. "
        "*standard* is what `attack` runs by default; AutoAttack is torchattacks' version; PGD "
        "takes 100 steps of epsilon / 40 from a random start. Wanted: never above a peer's PGD, "
        "and within 0.1 points of AutoAttack.\n"
    )
    found = {k: v["strength"] for each in results for k, v in each["targets"].items()}
    sides = list(
        dict.fromkeys(s for v in found.values() for s, r in v.items() if isinstance(r, dict))
    )
    rows = list[Sequence[str]]()
    for name, entry in found.items():
        gaps = entry["points_above_best_pgd"], entry["points_above_autoattack"]
        met = gaps[0] <= 1e-6 and gaps[1] <= 0.1
        rows.append(
            (
                name,
                str(entry["examples"]),
                f"{entry['clean_accuracy']:.1%}",
                *(f"{entry[side]['robust_accuracy']:.1%}" for side in sides),
                f"{gaps[1]:+.1f}",
                "met" if met else "**not met**",
            )
        )
    yield _table(
        ("network", "examples", "clean", *sides, "points above AutoAttack", "wanted"), rows
    )
    counts = sorted({entry["examples"] for entry in found.values()})
    worth = " and ".join(f"{100 / count:.1f} points of {count}" for count in counts)
    yield (
        f"\nOne example is worth {worth}, so a difference below that cannot be seen. Processor "
        "seconds of the two sequences, on the same examples:\n"
    )
    two = ("triptych standard", "autoattack")
    yield _table(
        ("network", *two),
        [(n, *(f"{e[side]['cpu_seconds']:.0f}" for side in two)) for n, e in found.items()],
    )
    for result in results:
        yield _origin(result)


def calibration_page(folder: Path = FOLDER) -> str:
    """The talk's question, answered."""
    result = _read(folder / "calibration.json")
    if result is None:
        return CALIBRATION_OPENING + "\nNothing has been measured yet.\n"
    return "".join([CALIBRATION_OPENING, *_calibration(result)])


def _calibration(result: Mapping[str, Any]) -> Iterable[str]:
    for data, found in result["data"].items():
        names = [k for k in found if isinstance(found[k], Mapping) and "ece" in found[k]]
        fitted = found["temperature"]
        yield (
            f"\n## {data}\n\n{found['examples']} test pictures, epsilon {found['epsilon']:g} "
            f"(L-infinity), {result['attack_steps']} steps, {result['seeds']} networks, each "
            f"trained for {found['training_steps']} steps. Fitted temperature "
            f"{_spread(fitted, 2)}. Mean ± standard deviation over networks.\n"
        )
        rows = [
            (
                "1, as trained" if name == "own" else str(name),
                _spread(found[name]["ece"], 3),
                _spread(found[name]["nll"], 3),
                _spread(found[name]["brier"], 3),
                _percent(found[name]["accuracy"]),
                _percent(found[name]["robust_accuracy_fixed"]),
                _percent(found[name]["robust_accuracy_scale_free"]),
                _percent(found[name]["zero_gradients_fixed"]),
            )
            for name in names
        ]
        yield _table(
            ("temperature", "ECE", "NLL", "Brier", "clean accuracy", "robust, cross-entropy",
             "robust, scale-free", "gradients that are zero, cross-entropy"),
            rows,
        )  # fmt: skip
        yield (
            f"\n![Reliability of one network on {data}, as trained and at its fitted temperature]"
            f"(reliability-{data}.png)\n"
        )
    yield "\n## What it says\n\n"
    for data, found in result["data"].items():
        gain = found["points_gained_fitted_fixed"]
        names = [k for k in found if isinstance(found[k], Mapping) and "ece" in found[k]]
        far = max(names, key=lambda n: found[n]["robust_accuracy_fixed"]["mean"])
        yield (
            f"- **{data}:** calibrating by temperature moves robust accuracy under the fixed "
            f"attack by {_spread(gain, 1)} points, and under the scale-free one by "
            f"{_spread(found['points_gained_fitted_scale_free'], 1)}. The most that the "
            f"fixed attack leaves is {_percent(found[far]['robust_accuracy_fixed'])}, at "
            f"temperature {far}, where the ECE is {_spread(found[far]['ece'], 3)}; the scale-free "
            f"attack leaves {_percent(found[far]['robust_accuracy_scale_free'])} there as "
            "everywhere.\n"
        )
    yield (
        "\nSo robust accuracy that moves with the temperature is the attack's weakness, not the "
        "model's strength: climb an objective without scale (`dlr`, `margin`), as `standard` "
        "does.\n"
    )
    yield _origin(result)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _spread(value: Mapping[str, float], digits: int) -> str:
    mean = round(value["mean"], digits) + 0.0  # never -0.0
    return f"{mean:.{digits}f} ± {value['std']:.{digits}f}"


def _percent(value: Mapping[str, float]) -> str:
    return f"{100 * value['mean']:.1f} ± {100 * value['std']:.1f} %"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n" + "\n".join(lines) + "\n"


def _origin(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    return (
        f"\n`{result['command']}`\n\n{result['when'][:10]}, commit `{result['commit']}`, seed "
        f"{result['seed']}; {machine['processor']}, {machine['cores']} cores, {machine['system']}; "
        f"Python {result['python']}, {versions}.{_load(result)}\n"
    )


def _load(result: Mapping[str, Any]) -> str:
    if "load_average" not in result:
        return ""
    before, after = result["load_average"]
    cores = result["machine"]["cores"]
    return (
        f" Beside other work on the machine: its load was {before:.1f} before and {after:.1f} "
        f"after, on {cores} cores (1 is this run's own)."
    )


if __name__ == "__main__":
    PEERS.write_text(peers_page(), encoding="utf-8")
    CALIBRATION.write_text(calibration_page(), encoding="utf-8")
    print(PEERS, CALIBRATION, sep="\n")
