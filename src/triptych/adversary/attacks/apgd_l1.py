"""Auto-PGD for the L1 ball (Croce and Hein 2021, "Mind the box").

L1's steepest step moves one value, which gets nowhere. Here a step moves the values with the
largest gradients, as many as the best picture so far has changed, and fewer as it settles; then the
picture is projected onto ball and box at once. The search begins in a ball three times as large,
goes on in one twice as large, and ends in the right one (section 4).
"""

from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor

from triptych.adversary.attacks.norms import spread
from triptych.adversary.attacks.rows import Rows, State, where_rows
from triptych.adversary.attacks.rules import Seen, positive, project, random_start
from triptych.adversary.attacks.threat import Threat

PHASES: Final = ((0.3, 3.0), (0.6, 2.0), (1.0, 1.0))
"""Until which share of the steps the ball has how many times the radius."""

PERIOD: Final = 0.04
"""Share of the steps between two looks at how many values have changed."""

SPARSER: Final = 1.5
"""By how much fewer values move than the best picture has changed, and by how much steps shrink."""

SETTLED: Final = 0.95
"""Where that number is above this share of what it was, the step shrinks; else it starts anew."""

SHORTEST: Final = 0.1
"""The shortest step, in radii; the longest is one radius."""

FIRST: Final = 0.2
"""Share of the values that move at first."""


@dataclass(frozen=True, slots=True)
class SparseStep:
    """Algorithm 1 of the paper, each row at a step of its own."""

    uses_gradient: ClassVar[bool] = True
    steps: int

    def __post_init__(self) -> None:
        positive("steps", self.steps)

    def start(self, rows: Rows, threat: Threat) -> tuple[Tensor, State]:
        """A random point of the largest ball."""
        radius = self._radius(rows)
        points = random_start(threat, rows, radius)
        return points, self._fresh(points, radius)

    def next(self, rows: Rows, seen: Seen, state: State, threat: Threat) -> tuple[Tensor, State]:
        """Look how far it has settled, step with few values, and project."""
        values = seen.values.double()
        better = values > state["value"]
        value = torch.where(better, values, state["value"])
        best = where_rows(better, seen.points, state["best"])
        slope = where_rows(better, seen.slope, state["slope"])

        period = max(1, int(PERIOD * self.steps))
        radius = self._radius(rows)
        check = (rows.step > 0) & (rows.step % period == 0)
        changed = (best != rows.clean).flatten(1).sum(1).double()
        fewer = check & (changed < SETTLED * state["changed"])
        size = torch.where(check & ~fewer, state["size"] / SPARSER, state["size"])
        size = torch.where(fewer, radius, size).clamp(SHORTEST * radius, radius)
        share = changed / best[0].numel() / SPARSER
        moves = torch.where(check, share, state["moves"])
        state = {
            "best": best,
            "slope": slope,
            "value": value,
            "size": size,
            "moves": moves,
            "changed": torch.where(check, changed, state["changed"]),
        }
        # Where fewer values have changed, the search goes on from the best picture.
        points = where_rows(fewer, best, seen.points)
        step = _few(where_rows(fewer, slope, seen.slope), moves)
        points = project(threat, points + step * spread(size, step), rows, radius)

        ahead = self._radius(rows, 1)
        smaller = ahead < radius  # the next look is in a smaller ball: begin from the best, there
        begun = project(threat, best, rows, ahead)
        points = where_rows(smaller, begun, points)
        fresh = self._fresh(points, ahead)
        return points, {name: where_rows(smaller, fresh[name], state[name]) for name in state}

    def _radius(self, rows: Rows, later: int = 0) -> Tensor:
        """The radius [B] at the rows' steps, or so many steps later."""
        done = (rows.step + later).double() / max(1, self.steps)
        times = torch.full_like(rows.epsilon, PHASES[-1][1])
        for until, factor in reversed(PHASES[:-1]):
            times = torch.where(done < until, factor, times)
        return times * rows.epsilon

    def _fresh(self, points: Tensor, radius: Tensor) -> State:
        return {
            "best": points.clone(),
            "slope": torch.zeros_like(points),
            "value": torch.full_like(radius, -torch.inf),
            "size": radius.clone(),
            "moves": torch.full_like(radius, FIRST),
            "changed": torch.full_like(radius, points[0].numel() if len(points) else 0),
        }


def _few(slope: Tensor, share: Tensor) -> Tensor:
    """Equal steps, together of length 1, in the share [B] of values with the largest slope."""
    flat = slope.flatten(1)
    size = flat.abs()
    count = (share * flat.shape[1]).floor().clamp(1, flat.shape[1]).long()
    least = size.sort(dim=1, descending=True).values.gather(1, count[:, None] - 1)
    step = torch.where(size >= least, flat.sign(), 0.0)
    length = step.abs().sum(1, keepdim=True)
    return (step / torch.where(length > 0, length, 1)).reshape(slope.shape)
