"""`gallery claim` and `gallery break`, without the command line: load, attack, put into numbers."""

from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Final

import torch
from torch import Tensor

from triptych.adversary.attacks.bounds import grey_bound, rising_claims
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.catalogue import defence
from triptych.adversary.gallery.defence import EPSILON, Defence
from triptych.adversary.gallery.measure import Say, interval, run_all, share, worst
from triptych.adversary.gallery.pictures import as_floats, pictures
from triptych.adversary.gallery.weights import read, setting_of, shipped
from triptych.errors import BadInput

CURVE: Final = (0.25, 0.5, 1.0, 2.0)
"""Epsilons of a claimed curve, in units of the usual one; half the box is added."""

HALF_THE_BOX: Final = 0.5


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be measured. runs: folders of own trainings; none: the weights that ship."""

    name: str
    data: str = "cifar10"
    variant: str = "small"
    runs: tuple[Path, ...] = ()
    examples: int = 200
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A trained defence on its test pictures [N, C, H, W] in 0..1, labels [N]."""

    pipeline: Pipeline
    setting: Any
    card: dict[str, Any]
    shown: Tensor
    labels: Tensor


def break_it(order: Order, say: Say) -> dict[str, Any]:
    """Clean, claimed and broken accuracy, and every attempt. Several runs: means over them.

    Raises BadInput for what the gallery does not have, BrokenModel without weights, Unavailable
    without pictures.
    """
    made = defence(order.name)
    rows = [_break_one(made, each, order.seed, say) for each in _trained(order)]
    first = rows[0]
    numbers: dict[str, Any] = {
        "defence": order.name,
        "data": order.data,
        "variant": order.variant,
        "norm": first["norm"],
        "epsilon": first["epsilon"],
        "claimed_epsilon": first["claimed_epsilon"],
        "claimed_by": first["claimed_by"],
        "examples": first["examples"],
    }
    for key in ("clean_accuracy", "claimed_accuracy", "broken_accuracy"):
        values = [row[key] for row in rows]
        numbers[key] = mean(values)
        if len(rows) > 1:
            numbers[f"{key}_std"] = stdev(values)
        else:
            numbers[f"{key}_ci95"] = first[f"{key}_ci95"]
    return {**numbers, "seeds": [row["training_seed"] for row in rows], "runs": rows}


def claim_it(order: Order, curve: bool, say: Say) -> dict[str, Any]:
    """The authors' attacks; with `curve` their first one over epsilon, against what can be.

    Raises like `break_it`; BadInput if a curve is asked of several runs.
    """
    made = defence(order.name)
    rows = list[dict[str, Any]]()
    for each in _trained(order):
        attempts = made.claim(each.pipeline, each.setting)
        outcomes = run_all(each.pipeline, attempts, each.shown, each.labels, order.seed, say)
        row = {
            "training_seed": each.card["seed"],
            "clean_accuracy": share(outcomes[0].right),
            "claimed_accuracy": share(outcomes[0].withstood),
            "attacks": [outcome.as_json() for outcome in outcomes],
        }
        if curve:
            row["curve"] = _curve(made, each, order.seed, say)
        rows.append(row)
    return {
        "defence": order.name,
        "data": order.data,
        "variant": order.variant,
        "examples": len(outcomes[0].right),
        "norm": attempts[0].threat.norm,
        "epsilon": attempts[0].threat.epsilon,
        "clean_accuracy": mean(row["clean_accuracy"] for row in rows),
        "claimed_accuracy": mean(row["claimed_accuracy"] for row in rows),
        "runs": rows,
    }


def _trained(order: Order) -> list[Trained]:
    setting = setting_of(order.name, order.data, order.variant)
    folders = order.runs or (shipped(order.name, order.data, order.variant),)
    found = [read(folder) for folder in folders]
    for folder, (_, card) in zip(folders, found, strict=True):
        if (card["defence"], card["data"], card["variant"]) != (
            *(order.name, order.data, order.variant),
        ):
            raise BadInput(
                f"{folder} holds {card['defence']} for {card['data']} ({card['variant']}), not "
                f"{order.name} for {order.data} ({order.variant})."
            )
    images, labels = (part[: order.examples] for part in pictures(order.data, "test"))
    shown = as_floats(images).contiguous(memory_format=torch.channels_last)
    return [Trained(pipeline, setting, card, shown, labels) for pipeline, card in found]


def _curve(made: Defence, each: Trained, seed: int, say: Say) -> dict[str, Any]:
    """The first claim over epsilon, and which of its points no defence can reach."""
    usual = EPSILON[each.setting.data]
    first = made.claim(each.pipeline, each.setting)[0]
    sizes = sorted({*(factor * usual for factor in CURVE), HALF_THE_BOX})
    attempts = [replace(first, threat=Threat("linf", epsilon), also={}) for epsilon in sizes]
    outcomes = run_all(each.pipeline, attempts, each.shown, each.labels, seed, say)
    claimed = {
        epsilon: share(outcome.withstood) for epsilon, outcome in zip(sizes, outcomes, strict=True)
    }
    points = list[dict[str, Any]]()
    for epsilon, accuracy in claimed.items():
        most = grey_bound(each.labels, Threat("linf", epsilon), each.shown)
        points.append(
            {
                "epsilon": epsilon,
                "accuracy": accuracy,
                "most_possible": most,
                "impossible": accuracy > most,
            }
        )
    return {
        "points": points,
        "rises": [list(pair) for pair in rising_claims(claimed, len(each.labels))],
    }


def _break_one(made: Defence, each: Trained, seed: int, say: Say) -> dict[str, Any]:
    claims, breaks = (
        run_all(
            each.pipeline, attempts(each.pipeline, each.setting), each.shown, each.labels, seed, say
        )
        for attempts in (made.claim, made.breaks)
    )
    accuracies = {
        "clean_accuracy": breaks[0].right,
        "claimed_accuracy": claims[0].withstood,
        "broken_accuracy": worst(breaks),
    }
    threat = breaks[0].attempt.threat
    return {
        "training_seed": each.card["seed"],
        **{key: share(flags) for key, flags in accuracies.items()},
        **{f"{key}_ci95": list(interval(flags)) for key, flags in accuracies.items()},
        "epsilon": threat.epsilon,
        "norm": threat.norm,
        "examples": len(each.labels),
        "claimed_epsilon": claims[0].attempt.threat.epsilon,
        "claimed_by": claims[0].attempt.name,
        "claim": [outcome.as_json() for outcome in claims],
        "break": [outcome.as_json() for outcome in breaks],
    }
