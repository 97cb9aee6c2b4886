"""A defence before its claim and its break: how much of it is left, with how sure we are.

Every attempt is run on all examples; the break as a whole is the worst of its attempts example by
example, so an example counts as right only if none of them has fooled it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from scipy.stats import beta
from torch import Tensor

from triptych.adversary.attacks.attack import attack
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.gallery.defence import Attempt

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """An attempt on N examples.

    right: [N] bool, right without attack. withstood: [N] bool, right before and after. others: of
    each model that the pictures were also shown to, the share it still gets right, and the share of
    the examples where it and the defence are fooled, both having been right. seconds: of one
    processor core where there is no other work on the machine.
    """

    attempt: Attempt
    right: Tensor
    withstood: Tensor
    others: dict[str, dict[str, float]]
    backwards: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """The numbers."""
        low, high = interval(self.withstood)
        return {
            "attack": self.attempt.name,
            "threat": self.attempt.threat.describe(),
            "accuracy": share(self.withstood),
            "accuracy_ci95": [low, high],
            "backwards_per_example": round(self.backwards / max(1, len(self.right)), 1),
            "cpu_seconds": round(self.seconds, 2),
            **({"also": self.others} if self.others else {}),
        }


def run(pipeline: Pipeline, attempt: Attempt, shown: Tensor, labels: Tensor, seed: int) -> Outcome:
    """Make the attempt on pictures [N, C, H, W] in 0..1 and labels [N]."""
    began = time.process_time()
    found = attack(
        pipeline,
        shown,
        labels,
        attempt.threat,
        attempt.methods,
        options=attempt.options(seed),
    )
    seconds = time.process_time() - began
    others = dict[str, dict[str, float]]()
    for name, model in attempt.also.items():
        with torch.no_grad():
            before, after = (model(part).argmax(1) == labels for part in (shown, found.adversarial))
        right = found.right & before
        others[name] = {
            "clean_accuracy": share(before),
            "accuracy": share(before & after),
            "both_right_before": share(right),
            "both_fooled": share(right & found.success & ~after),
        }
    withstood = found.right & ~found.success
    return Outcome(attempt, found.right, withstood, others, found.work.backwards, seconds)


def run_all(
    pipeline: Pipeline,
    attempts: Sequence[Attempt],
    shown: Tensor,
    labels: Tensor,
    seed: int,
    say: Say,
) -> list[Outcome]:
    """Make all attempts, and tell of each when it is done."""
    outcomes = list[Outcome]()
    for attempt in attempts:
        outcome = run(pipeline, attempt, shown, labels, seed)
        say(f"{attempt.name} ({attempt.threat.describe()}): {share(outcome.withstood):.1%} right")
        outcomes.append(outcome)
    return outcomes


def worst(outcomes: Sequence[Outcome]) -> Tensor:
    """The examples [N] that withstood every attempt."""
    return torch.stack([outcome.withstood for outcome in outcomes]).all(0)


def share(flags: Tensor) -> float:
    """The share of True; NaN of nothing."""
    return float(flags.double().mean()) if flags.numel() else float("nan")


def interval(flags: Tensor, level: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson's interval for a share, given what was seen [N]."""
    count, hits, tail = flags.numel(), int(flags.sum()), (1 - level) / 2
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, count - hits + 1))
    high = 1.0 if hits == count else float(beta.ppf(1 - tail, hits + 1, count - hits))
    return low, high
