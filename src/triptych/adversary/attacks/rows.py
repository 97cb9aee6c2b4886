"""What the slots hold: one row for each job that is being worked on.

A job is one example, attacked once: with one restart, one aim, one epsilon.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

State = dict[str, Tensor]
"""An attack's own memory, each entry [B, ...]."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The jobs in B slots.

    clean: pictures [B, ...]. labels: [B]. aims: [B], the class the objective climbs to, or -1.
    goals: [B], the class that counts as success, or -1 for any wrong one. epsilon: [B] float64.
    keys: [B] int64, the job's stream of random numbers. step: [B], updates done so far.
    restart: [B]. example: [B], which example of the call it is.
    """

    clean: Tensor
    labels: Tensor
    aims: Tensor
    goals: Tensor
    epsilon: Tensor
    keys: Tensor
    step: Tensor
    restart: Tensor
    example: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def pick(self, index: Tensor) -> "Rows":
        """The rows at `index`."""
        return Rows(**{f.name: getattr(self, f.name).index_select(0, index) for f in fields(self)})

    @classmethod
    def join(cls, parts: Sequence["Rows"]) -> "Rows":
        """The rows of all parts, one after the other."""
        return cls(**{f.name: torch.cat([getattr(p, f.name) for p in parts]) for f in fields(cls)})

    def put(self, index: Tensor, new: "Rows") -> None:
        """Replace the rows at `index`, in place."""
        for f in fields(self):
            getattr(self, f.name)[index] = getattr(new, f.name)


def pick_state(state: State, index: Tensor) -> State:
    """The memory of the rows at `index`."""
    return {name: value.index_select(0, index) for name, value in state.items()}


def put_state(state: State, index: Tensor, new: State) -> None:
    """Replace the memory of the rows at `index`, in place."""
    for name, value in new.items():
        state[name][index] = value


def where_rows(mask: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    """Choose whole rows by mask [B] from two tensors [B, ...]."""
    return torch.where(mask.view(-1, *(1,) * (yes.ndim - 1)), yes, no)
