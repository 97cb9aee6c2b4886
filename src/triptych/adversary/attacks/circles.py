"""Which jobs go round in a circle, and so will find nothing new.

The next picture of plain PGD follows from the present one alone. With a step of fixed length the
signs of a gradient soon lead to and fro between the same pictures: once a job comes back to one it
has looked at, all that follows has been seen. On networks trained adversarially, where most
examples are attacked to the last step, that is after a dozen or two.

The pictures of every second pass are remembered for two passes and for four: circles of one, two
and four steps are seen. The model's answer must be the same, too: a random one is worth asking
again.
"""

from collections import deque
from typing import Final

import torch
from torch import Tensor

LONGEST: Final = 4
"""Steps of the longest circle that is seen."""

SAME: Final = 3e-6
"""What the order of summation may change in an answer, as a share of it."""


class Circles:
    """The memory for B slots. Every slot must be looked at in each pass."""

    def __init__(self) -> None:
        self._passes = 0
        self._known = deque[tuple[Tensor, Tensor]](maxlen=LONGEST // 2)

    def back(self, shown: Tensor, lead: Tensor) -> Tensor | None:
        """Which jobs are back at a picture they know [B]; None if none is known to be.

        shown: the pictures of this pass [B, ...], which no one changes afterwards but in slots that
        are forgotten. lead: [B], the margins that the model gave them.
        """
        self._passes += 1
        if self._passes % 2:
            return None
        found = None
        for pictures, answer in self._known:
            same = (lead - answer).abs() <= SAME * (1 + lead.abs())
            index = same.nonzero().squeeze(1)  # the cheaper question first
            if len(index):
                apart = shown.index_select(0, index) - pictures.index_select(0, index)
                same[index] = apart.flatten(1).abs().amax(1) == 0
                found = same if found is None else found | same
        self._known.append((shown, lead))
        return found if found is not None and bool(found.any()) else None

    def forget(self, slots: Tensor) -> None:
        """New jobs have taken these slots."""
        for _, answer in self._known:
            answer[slots] = torch.nan

    def pick(self, index: Tensor) -> None:
        """Only the slots at `index` are left, in this order."""
        for number, (shown, lead) in enumerate(self._known):
            self._known[number] = shown.index_select(0, index), lead[index]
