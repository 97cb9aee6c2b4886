"""Makes docs/gesture/experiments.md from docs/gesture/experiments/talk.json.

    python docs/make_experiments.py

`tests/docs/test_experiments.py` fails when the page is stale. Each claim is answered by rule from
the numbers: shown, or not shown, or not measured yet.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from make_results import _origin

PAGE = Path(__file__).with_name("gesture") / "experiments.md"
FILE = PAGE.with_suffix("") / "talk.json"

MEASURES = "python benchmarks/gesture_talk.py --out docs/gesture/experiments/talk.json"

SEEDS = 3
"""A claim is answered from so many runs of each arm, or not at all."""

LEARNT = 0.1
"""A macro-F1 below this is no better than guessing."""

OPENING = """# The talk's experiments

Made from `experiments/talk.json` by `docs/make_experiments.py`; do not edit. The project comes from
a talk whose claims about training a sign classifier were never published with a number. Here each
choice is changed alone, in the code of `triptych gesture train classifier`, and measured on people
who were never trained on (`test`, at most ten pictures of each person and label, so that people
count and not frames).
"""

SETTING = """
**The setting is small, for a machine without a GPU**: crops of {size} pixels, {steps} steps of
{batch} hands, the whole MobileNetV2, photographs only (what ships: 128 pixels, 2,800 steps of 64,
and drawn pictures beside; `--size 128 --batch 64 --steps 2800`). So the numbers say which choice is
better here, not how good the shipped reader is; [Results](results.md) does. *Looks* is the plain
classifier, as in the talk; *both* also reads the landmarks, as what ships. ± is the standard
deviation over seeds. A difference counts as **shown** if its 95 % interval (bootstrap over people,
mean over seeds) leaves out zero and all seeds agree on the sign. All arms share the shares of signs
and the webcam effects of the commit at the foot; the recipe that ships has changed since, so repeat
them with today's into a new file.
"""

ARMS = {
    "base": "all layers, ImageNet's weights, all augmentation, every frame",
    "frozen": "the ImageNet layers frozen",
    "frozen_for_longer": "frozen, three times the steps (about the same time)",
    "every_10th_frame": "every 10th frame of a person and sign",
    "every_10th_person": "every 10th person, all their frames",
    "no_colour": "without colour jitter",
    "no_rotation": "without rotations",
    "no_crop": "without random resized crops and mirroring",
    "no_augmentation": "without any augmentation",
    "random": "random weights",
    "random_standard": "random weights, standard convolutions",
    "split_by_frames": "every 10th frame held back from training",
}


def page(file: Path = FILE) -> str:
    """The whole page; says what has not been measured."""
    if not file.exists():
        return OPENING + "\nNothing has been measured yet.\n"
    result = json.loads(file.read_text(encoding="utf-8"))
    lines = [OPENING + SETTING.format(**result["setting"])]
    lines += ["## What the claims are worth", ""]
    lines += [f"- {answer}" for answer in _answers(result)]
    lines += ["", "## Trainings", ""]
    if any(result["arms"].get(name, {"seeds": 0})["seeds"] < SEEDS for name in ARMS):
        lines += [f"Not all of them have been run: `{MEASURES}` goes on where it was.", ""]
    lines += _trainings(result["arms"])
    lines += ["", "## Differences", "", *_differences(result["differences"])]
    lines += ["", "## What a convolution costs", "", *_costs(result["costs"])]
    lines += ["", "## Haar beside our detector", "", *_faces(result["faces"])]
    return "\n".join([*lines, "", *_origin(result)]) + "\n"


def _answers(result: Mapping[str, Any]) -> list[str]:
    arms, gaps, costs, faces = (result[key] for key in ("arms", "differences", "costs", "faces"))

    def known(*names: str) -> bool:
        return all(name in arms and arms[name]["seeds"] >= SEEDS for name in names)

    def f1(name: str, kind: str = "test") -> float:
        return arms[name]["macro_f1"][kind]["appearance"]["mean"]

    def gap(words: str) -> str:
        found = gaps[words]
        shown = "shown" if found["shown"] else "the data does not show it"
        return f"{found['mean']:+.3f} ({_interval(found['ci95'])}): {shown}"

    waits = "not measured yet."
    answers = []
    text = waits
    if known("base", "every_10th_frame"):
        text = f"all frames over every 10th bring {gap('every frame over every 10th')}."
        if gaps["every frame over every 10th"]["shown"] and f1("base") > f1("every_10th_frame"):
            text += " So it is not enough here."
        if known("every_10th_person"):
            text += (
                " As a measure of that: all people over every 10th bring "
                f"{gap('every person over every 10th')}."
            )
    answers.append(f"**C1, every 10th frame is enough**: {text}")
    text = waits
    if known("base", "frozen", "frozen_for_longer"):
        longer = "all layers over frozen ones trained three times as long"
        text = (
            f"after as many steps, all layers over frozen ones: "
            f"{gap('all layers over frozen ones')}; after about the same time: {gap(longer)}."
        )
    answers.append(f"**C2, fine-tuning all layers beats freezing**: {text}")
    text = waits
    if known("base", "random"):
        words = "ImageNet's weights over random ones"
        early, step = _early(arms["base"]), next(iter(arms["base"]["val_by_step"]))
        text = (
            f"{words}: {gap(words)}. Faster: after {step} steps {early:.3f} against "
            f"{_early(arms['random']):.3f} on `val`. "
        )
        if f1("random", "taught") >= LEARNT:
            text += (
                "Overfitting, people who taught less `test`: "
                f"{f1('base', 'taught') - f1('base'):+.3f} against "
                f"{f1('random', 'taught') - f1('random'):+.3f} with random weights."
            )
        else:
            text += (
                "With random weights so few steps teach nothing "
                f"({f1('random', 'taught'):.3f} on the people who taught), so nothing is said "
                "here of overfitting."
            )
    answers.append(f"**C3, ImageNet's filters avoid overfitting and train faster**: {text}")
    one, other = costs["separable"], costs["standard"]
    ratio = other["multiply_adds"] / one["multiply_adds"]
    text = (
        f"{ratio:.1f} times fewer multiply-adds, {other['parameters'] / one['parameters']:.1f} "
        f"times fewer parameters, {other['cpu_ms'] / one['cpu_ms']:.1f} times less processor time. "
        "The non-linearity between the two halves is there by construction. Accuracy, both from "
        "random weights: "
    )
    if not known("random", "random_standard"):
        text += waits
    elif max(f1(name, "taught") for name in ("random", "random_standard")) < LEARNT:
        text += (
            f"{f1('random'):.3f} and {f1('random_standard'):.3f} with standard ones; so few steps "
            "teach neither anything, so nothing is said here of accuracy."
        )
    else:
        text += f"separable over standard {gap('separable convolutions over standard ones')}."
    answers.append(
        f"**C4, depthwise-separable convolutions cut multiplications drastically**: {text}"
    )
    haar, ours = faces["Haar"], faces["ours"]
    text = (
        f"{haar['cpu_ms']:.0f} ms of processor time a picture of a call, where our detector, which "
        f"finds the hands in the same pass, takes {ours['cpu_ms']:.0f}: no. It finds "
        + ", ".join(
            f"{_percent(haar[cover]['recall'])} ({words}; ours {_percent(ours[cover]['recall'])})"
            for cover, words in (
                ("as they are", "faces as they are"),
                ("sunglasses", "with drawn sunglasses"),
                ("mask", "with drawn masks"),
            )
        )
        + "."
    )
    answers.append(f"**C5, Haar cascades are fast**: {text}")
    text = waits
    if known("base", "no_augmentation"):
        text = f"all of it brings {gap('all augmentation')}."
        drawn, hands = (
            result["setting"]["steps"] * result["setting"]["batch"],
            arms["base"]["hands"],
        )
        if drawn < hands:
            text += (
                f" {drawn:,} crops are drawn from {hands:,} hands here, so hardly one comes twice "
                "and augmentation cannot pay yet; nothing is said of trainings as long as what "
                "ships."
            )
    answers.append(f"**Augmentation (colour jitter, rotations, random resized crops)**: {text}")
    text = waits
    if known("split_by_frames"):
        near, far = f1("split_by_frames", "neighbours"), f1("split_by_frames")
        text = (
            f"the same networks score {near:.3f} on frames held back from people they learnt "
            f"from, and {far:.3f} on strangers. "
        )
        text += (
            f"That split flatters by {near - far:.3f}, as far as the two can be compared: "
            if near > far
            else "That split does not flatter here, but the two cannot well be compared: "
        )
        text += (
            "frames can be held back only from people with ten or more of a sign, and these are "
            "other people, before other cameras, than those of `test`."
        )
    answers.append(f"**The talk's split by frames**: {text}")
    return answers


def _early(arm: Mapping[str, Any]) -> float:
    return next(iter(arm["val_by_step"].values()))["mean"]


def _trainings(arms: Mapping[str, Any]) -> list[str]:
    if not arms:
        return ["Not measured yet."]
    lines = [
        "Macro-F1 over the five signs.",
        "",
        "| training | hands | people | seeds | `test`, looks | `test`, both | `val`, looks "
        "| who taught, looks | processor s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, words in ARMS.items():
        if name not in arms:
            lines.append(f"| {words} | | | 0 | not measured yet | | | | |")
            continue
        arm = arms[name]
        scores = (("test", "appearance"), ("test", "both"), ("val", "appearance"))
        cells = [_spread(arm["macro_f1"][kind][answer]) for kind, answer in scores]
        cells.append(_spread(arm["macro_f1"]["taught"]["appearance"]))
        lines.append(
            f"| {words} | {arm['hands']:,} | {arm['people']:,} | {arm['seeds']} | "
            f"{' | '.join(cells)} | {arm['cpu_s']['mean']:.0f} |"
        )
    return lines


def _differences(gaps: Mapping[str, Any]) -> list[str]:
    if not gaps:
        return ["Not measured yet."]
    lines = ["| macro-F1 on `test`, looks | difference | 95 % interval | |", "|---|---|---|---|"]
    for words, gap in gaps.items():
        verdict = "shown" if gap["shown"] else "not shown"
        if len(gap["by_seed"]) < SEEDS:
            verdict = f"only {len(gap['by_seed'])} of {SEEDS} seeds"
        lines.append(f"| {words} | {gap['mean']:+.3f} | {_interval(gap['ci95'])} | {verdict} |")
    return lines


def _costs(costs: Mapping[str, Any]) -> list[str]:
    lines = [
        "The hand reader at the size that ships, one crop; each depthwise and pointwise pair of "
        "the backbone against the standard 3x3 convolution that it factorises. Milliseconds: "
        "medians, ONNX Runtime, one thread, in turns; processor time, as the machine was busy.",
        "",
        "| | multiply-adds | of the backbone | parameters | of the backbone | processor ms |",
        "|---|---|---|---|---|---|",
    ]
    keys = ("multiply_adds", "multiply_adds_of_backbone", "parameters", "parameters_of_backbone")
    for name, row in costs.items():
        numbers = " | ".join(f"{row[key] / 1e6:.2f} M" for key in keys)
        lines.append(f"| {name} | {numbers} | {row['cpu_ms']:.2f} |")
    return lines


def _faces(faces: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{faces['pictures']} webcam pictures of {faces['people']} people of `test`, in which the "
        "teacher is sure of a face. Sunglasses and masks are drawn over the faces and stand for "
        "real ones. Milliseconds: medians at 1280x720, one thread, in turns, processor time; both "
        "shrink the picture first (Haar to 512 pixels, as in the talk; ours to 320).",
        "",
        "| | found: as they are | with sunglasses | with a mask | wrong boxes a picture "
        "| processor ms |",
        "|---|---|---|---|---|---|",
    ]
    for name in ("Haar", "ours"):
        row = faces[name]
        cells = [
            f"{row[cover]['recall']:.3f} ({_interval(row[cover]['recall_ci95'])})"
            for cover in ("as they are", "sunglasses", "mask")
        ]
        wrong = row["as they are"]["wrong_boxes_a_picture"]
        lines.append(f"| {name} | {' | '.join(cells)} | {wrong:.3f} | {row['cpu_ms']:.1f} |")
    return lines


def _interval(pair: list[float]) -> str:
    return f"{pair[0]:.3f} to {pair[1]:.3f}"


def _spread(value: Mapping[str, float | None]) -> str:
    return f"{value['mean']:.3f}" + (f" ± {value['std']:.3f}" if value["std"] is not None else "")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
