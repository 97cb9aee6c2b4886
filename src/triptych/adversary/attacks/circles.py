"""Which jobs go round in a circle, and so will find nothing new.

The next picture of plain PGD follows from the present one alone. With a step of fixed length the
signs of a gradient soon lead to and fro between the same pictures: once a job comes back to one it
has looked at, all that follows has been seen. On networks trained adversarially, where most
examples are attacked to the last step, this takes a dozen or two steps (seen on 8x8 digits with
steps of epsilon / 4: all that withstand, after 17 on average).

A picture of every fourth pass is remembered, and met again after two passes or after four. The
model's answer must be the same, too: a random one is worth asking again.
"""

from typing import Final

import torch
from torch import Tensor

EVERY: Final = 4
"""Passes between the pictures that are remembered: the longest circle that is seen."""

SAME: Final = 3e-6
"""What the order of summation may change in an answer, as a share of it."""


class Circles:
    """The memory for B slots. Every slot must be looked at in each pass."""

    def __init__(self) -> None:
        self._passes = 0
        self._shown = torch.empty(0)
        self._lead = torch.empty(0)

    def back(self, shown: Tensor, lead: Tensor) -> Tensor | None:
        """Which jobs are back at a picture they know [B]; None if none is known to be.

        shown: the pictures of this pass [B, ...]. lead: [B], the margins that the model gave them.
        """
        number = self._passes
        self._passes += 1
        if number % 2:
            return None
        found = None
        if number:
            same = (shown == self._shown).flatten(1).all(1)
            same &= (lead - self._lead).abs() <= SAME * (1 + lead.abs())
            if bool(same.any()):
                found = same
        if number % EVERY == 0:
            self._shown, self._lead = shown.clone(), lead.clone()
        return found

    def forget(self, slots: Tensor) -> None:
        """New jobs have taken these slots."""
        if self._passes:
            self._lead[slots] = torch.nan

    def pick(self, index: Tensor) -> None:
        """Only the slots at `index` are left, in this order."""
        if self._passes:
            self._shown, self._lead = self._shown[index], self._lead[index]
