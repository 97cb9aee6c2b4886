"""Square attack: random search by squares, without gradients (Andriushchenko et al. 2020).

Extreme points of the ball are tried that differ from the best so far in one square window, which
shrinks as the search goes on. For L-infinity as in the paper. For L2 and L1 the paper's window of
two bumps is replaced by something plainer: a window of random signs is added to the best picture,
and the sum projected exactly onto ball and box.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor

from triptych.adversary.attacks.noise import mix, uniform
from triptych.adversary.attacks.norms import spread
from triptych.adversary.attacks.rows import Rows, State, where_rows
from triptych.adversary.attacks.rules import Seen, positive, project
from triptych.adversary.attacks.threat import Threat
from triptych.errors import BadInput

HALVINGS: Final = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""Queries of 10,000 after which the window's area is halved."""


@dataclass(frozen=True, slots=True)
class RandomSquares:
    """queries: pictures that are looked at. area: first share of the picture in the window."""

    uses_gradient: ClassVar[bool] = False
    queries: int
    area: float = 0.8

    def __post_init__(self) -> None:
        positive("queries", self.queries)
        if not 0 < self.area <= 1:
            raise BadInput(f"area is {self.area}, but must be above 0 and at most 1.")

    @property
    def steps(self) -> int:
        """Updates of one job: the first query is the start."""
        return self.queries - 1

    def start(self, rows: Rows, threat: Threat) -> tuple[Tensor, State]:
        """Vertical stripes of random sign. Raises BadInput for L0."""
        if threat.norm == "l0":
            raise BadInput("The square attack is not for l0; use sigma-zero.")
        shape = _as_image(rows.clean)
        draw = uniform(rows.keys, (shape[1], 1, shape[3]))
        stripes = torch.where(draw < 0.5, -1.0, 1.0).to(rows.clean.dtype).expand(shape)
        points = self._apply(rows, threat, rows.clean, stripes.reshape(rows.clean.shape), None)
        return points, {
            "best": points.clone(),
            "value": torch.full_like(rows.epsilon, -torch.inf),
        }

    def next(self, rows: Rows, seen: Seen, state: State, threat: Threat) -> tuple[Tensor, State]:
        """Keep the picture if it is better, and change one window of the best."""
        values = seen.values.double()
        better = values > state["value"]
        best = where_rows(better, seen.points, state["best"])
        value = torch.where(better, values, state["value"])
        window, signs = self._window(rows)
        return self._apply(rows, threat, best, signs, window), {"best": best, "value": value}

    def _window(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Where to change, and the sign for each channel: both [B, ...] like the pictures."""
        shape = _as_image(rows.clean)
        height, width = shape[2], shape[3]
        passed = rows.step.double() / max(self.steps, 1) * 10_000
        marks = torch.tensor(HALVINGS, dtype=torch.float64, device=passed.device)
        area = self.area * 0.5 ** (passed[:, None] > marks).sum(1).double()
        side = (area * height * width).sqrt() if height > 1 else area * width
        side = side.round().clamp(1, max(height, width))
        draw = uniform(mix(rows.keys, 400 + rows.step), (2 + shape[1],))
        mask = _span(draw[:, 0], side, height)[:, None, :, None]
        mask = mask & _span(draw[:, 1], side, width)[:, None, None, :]
        signs = torch.where(draw[:, 2:] < 0.5, -1.0, 1.0)[:, :, None, None].expand(shape)
        return (
            mask.expand(shape).reshape(rows.clean.shape),
            signs.reshape(rows.clean.shape).to(rows.clean.dtype),
        )

    def _apply(
        self, rows: Rows, threat: Threat, best: Tensor, signs: Tensor, window: Tensor | None
    ) -> Tensor:
        if threat.norm == "linf":
            corner = rows.clean + signs * spread(rows.epsilon, signs)
            return project(threat, corner if window is None else best.where(~window, corner), rows)
        bump = signs if window is None else signs * window
        length = spread(threat.geometry.length(bump), bump)
        return project(threat, best + bump / length * spread(rows.epsilon, bump), rows)


def _as_image(pictures: Tensor) -> tuple[int, int, int, int]:
    """The pictures' shape as [B, C, H, W]; anything else counts as one row of values."""
    if pictures.ndim == 4:
        return (pictures.shape[0], pictures.shape[1], pictures.shape[2], pictures.shape[3])
    return (len(pictures), 1, 1, math.prod(pictures.shape[1:]))


def _span(draw: Tensor, side: Tensor, extent: int) -> Tensor:
    """True on `side` neighbouring places of `extent`, begun where draw [B] in [0, 1) says."""
    length = side.clamp_max(extent)
    first = (draw * (extent - length + 1)).floor()[:, None]
    place = torch.arange(extent, dtype=torch.float64, device=draw.device)[None]
    return (place >= first) & (place < first + length[:, None])
