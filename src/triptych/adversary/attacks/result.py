"""What an attack found, what it cost, and how it came about."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass(slots=True)
class Work:
    """What was computed, in pictures: one picture through the model and back is one of each.

    nonfinite, zero: gradients among the backward passes that held NaN or infinity (they count as
    zero), or nothing but zeros. Many of either mean that the gradient is hidden.
    """

    forwards: int = 0
    backwards: int = 0
    nonfinite: int = 0
    zero: int = 0
    seconds: float = 0.0

    def plus(self, other: "Work") -> "Work":
        """The sum of both."""
        return Work(
            self.forwards + other.forwards,
            self.backwards + other.backwards,
            self.nonfinite + other.nonfinite,
            self.zero + other.zero,
            self.seconds + other.seconds,
        )

    def as_json(self) -> dict[str, Any]:
        """The numbers by name."""
        return {
            "forwards": self.forwards,
            "backwards": self.backwards,
            "nonfinite_gradients": self.nonfinite,
            "zero_gradients": self.zero,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Stage:
    """One method of a sequence: how many right examples were left after it, and its work."""

    method: str
    jobs: int
    fooled: int
    work: Work


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """Example by example, N in all.

    adversarial: [N, ...], inside the threat model: the picture that fools the model, else the one
    that comes closest to it, else the clean one. right: [N] bool, the clean prediction. success:
    [N] bool, right before and fooled now, re-checked. distance: [N] float64, in the threat's norm.
    margin: [N], by how much the wrong answer leads at the adversarial picture, in logits (at the
    clean one for examples that were not attacked). found_by: [N], the index in `stages` of the
    method that fooled it, or -1.
    batch_dependent: the model's answer for a picture depends on the others in the batch, so whole
    batches were attacked together.
    """

    adversarial: Tensor
    right: Tensor
    success: Tensor
    distance: Tensor
    margin: Tensor
    found_by: Tensor
    stages: tuple[Stage, ...]
    work: Work
    threat: str
    batch_dependent: bool = False
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.right)

    @property
    def clean_accuracy(self) -> float:
        """Share of examples that are right without attack, 0..1; NaN without examples."""
        return _share(self.right)

    @property
    def robust_accuracy(self) -> float:
        """Share of examples that are right and stay right, 0..1: an upper bound on the truth."""
        return _share(self.right & ~self.success)

    @property
    def success_rate(self) -> float:
        """Share of the right examples that were fooled, 0..1; NaN if none was right."""
        return _share(self.success[self.right])

    def as_json(self) -> dict[str, Any]:
        """The numbers, without the pictures."""
        distance = self.distance[self.success]
        return {
            "threat": self.threat,
            "examples": len(self),
            "clean_accuracy": self.clean_accuracy,
            "robust_accuracy": self.robust_accuracy,
            "success_rate": self.success_rate,
            "median_distance": float(distance.median()) if len(distance) else float("nan"),
            "batch_dependent": self.batch_dependent,
            "work": self.work.as_json(),
            "stages": [
                {
                    "method": stage.method,
                    "jobs": stage.jobs,
                    "fooled": stage.fooled,
                    **stage.work.as_json(),
                }
                for stage in self.stages
            ],
        }


def _share(flags: Tensor) -> float:
    return float(flags.double().mean()) if flags.numel() else float("nan")


def predicted(logits: Tensor) -> Tensor:
    """The answers [B] for logits [B, K]; -1 where a logit is not a number or infinite.

    An answer that is no number is no proof of anything, so it is neither right nor fooled.
    """
    return torch.where(logits.isfinite().all(1), logits.argmax(1), -1)
