"""How to run an attack, as opposed to which."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from torch import Tensor

from triptych.errors import BadInput

Progress = Callable[[int, int], None]
"""Told (jobs finished, jobs in all) now and then."""

AT_ONCE: Final = 200_000
"""Values that the pictures in all slots hold together on a CPU: few enough for a network's
activations to stay in its caches (of 3x32x32 pictures, 32 or 64 at a time take 0.6 of the time of
256), and enough for what a pass costs besides (of 1x28x28, 256 take 0.9 of the time of 128)."""


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a run.

    seed: decides every draw; the same call with the same seed gives the same pictures. slots:
    jobs worked on at once; memory grows with it, which examples fall does not depend on it; None
    chooses by the size of the pictures. lean: search with a copy of the model that answers the same
    faster, where there is one. precision: bfloat16 searches in it where the model's operations
    allow; what counts is still decided in full precision. early_exit: False goes on after success,
    to compare iterates with others'. keep: `last` keeps the last picture, not the best; needs
    early_exit=False. first_example: number of the first example, so that a part of a data set draws
    as it does within the whole. batch_dependent: whether one picture's answer depends on the
    others; None finds out. abreast: jobs of one example (restarts, aims) worked on at the same
    time; more than 1 fills a device that few examples leave idle, at the price of work for examples
    that fall meanwhile. progress: called now and then.
    """

    seed: int = 0
    slots: int | None = None
    lean: bool = True
    precision: Literal["full", "bfloat16"] = "full"
    early_exit: bool = True
    keep: Literal["best", "last"] = "best"
    first_example: int = 0
    batch_dependent: bool | None = None
    abreast: int = 1
    progress: Progress | None = None

    def __post_init__(self) -> None:
        if self.slots is not None and self.slots < 1:
            raise BadInput(f"slots is {self.slots}, but must be at least 1.")
        if self.abreast < 1:
            raise BadInput(f"abreast is {self.abreast}, but must be at least 1.")
        if self.seed < 0:
            raise BadInput(f"seed is {self.seed}, but must be 0 or more.")
        if self.keep not in ("best", "last"):
            raise BadInput(f"keep is {self.keep!r}, but must be best or last.")
        if self.keep == "last" and self.early_exit:
            raise BadInput("keep='last' needs early_exit=False: a job that ends early has no last.")
        if self.precision not in ("full", "bfloat16"):
            raise BadInput(f"precision is {self.precision!r}, but must be full or bfloat16.")

    def places(self, pictures: Tensor) -> int:
        """The number of slots for pictures [N, ...]."""
        if self.slots is not None:
            return self.slots
        if pictures.device.type != "cpu" or len(pictures) == 0:
            return 128
        return max(16, min(512, AT_ONCE // pictures[0].numel()))
