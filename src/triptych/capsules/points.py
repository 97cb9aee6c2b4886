"""Constellations: points of two squares and a triangle, each there or not, to be told apart.

The toy data of Kosiorek et al. 2019, section 3.1: every object comes with probability one half, at
any place, size and angle, and all points of a picture are shuffled. Which object a point belongs to
is known to the score alone. Easier than theirs in two ways: objects do not overlap, and pictures
are not stretched until their points touch the frame, which makes a lonely object large.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

OBJECTS, POINTS = 3, 11
"""Two squares of four points and a triangle of three."""

TURN = float(np.pi)

_LARGEST, _PLACES = 0.45, 1.5
_FRAME = _PLACES + _LARGEST * 2**0.5
"""Half the side of a square that holds every point: what becomes 1."""

_SQUARE = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]], np.float64)
_TRIANGLE = np.array([[-1, -0.8], [1, -0.8], [0, 1]], np.float64)
_SHAPES = (_SQUARE, _TRIANGLE, _SQUARE)
_OWNER = np.repeat(np.arange(OBJECTS), [len(shape) for shape in _SHAPES])


@dataclass(frozen=True)
class Constellations:
    """points: [B, 11, 2], x and y in [-1, 1], absent ones 0. presence: [B, 11], 1 or 0.

    owners: [B, 11], which object each point belongs to, 0 to 2; the triangle is 1.
    """

    points: Tensor
    presence: Tensor
    owners: Tensor


def draw(count: int, generator: np.random.Generator, turn: float = TURN) -> Constellations:
    """So many constellations, each of at least one object, their points in any order.

    turn: objects are turned by up to so many radians either way.
    """
    there = generator.random((count, OBJECTS)) < 0.5
    nobody = ~there.any(1)
    there[nobody, generator.integers(OBJECTS, size=int(nobody.sum()))] = True
    presence = there[:, _OWNER].astype(np.float32)
    angle = generator.uniform(-turn, turn, (count, OBJECTS))
    scale = generator.uniform(0.15, _LARGEST, (count, OBJECTS))
    shift = _apart(scale * 2**0.5, generator)[:, :, None]  # [B, 3, 1, 2]
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    turned = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)  # [B, 3, 2, 2]
    points = np.concatenate(
        [shape @ turned[:, k].swapaxes(-1, -2) + shift[:, k] for k, shape in enumerate(_SHAPES)], 1
    )
    points = points * presence[..., None] / _FRAME
    order = generator.permuted(np.tile(np.arange(POINTS), (count, 1)), axis=1)
    owners = np.tile(_OWNER, (count, 1))
    shuffled = np.take_along_axis(points, order[..., None], 1).astype(np.float32)
    return Constellations(
        torch.from_numpy(shuffled),
        torch.from_numpy(np.take_along_axis(presence, order, 1)),
        torch.from_numpy(np.take_along_axis(owners, order, 1)),
    )


def _apart(radius: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Centres [B, 3, 2], uniform among those where no two discs of these radii [B, 3] overlap."""
    centres = np.empty((*radius.shape, 2))
    left = np.arange(len(radius))
    while len(left):
        tried = generator.uniform(-_PLACES, _PLACES, (len(left), OBJECTS, 2))
        gap = np.linalg.norm(tried[:, :, None] - tried[:, None], axis=-1)  # [b, 3, 3]
        needed = radius[left][:, :, None] + radius[left][:, None]
        fits = ((gap >= needed) | np.eye(OBJECTS, dtype=bool)).all((1, 2))
        centres[left[fits]] = tried[fits]
        left = left[~fits]
    return centres


def assignment_accuracy(guessed: Tensor, owners: Tensor, presence: Tensor) -> float:
    """Share of the present points that are given to the right object, 0..1.

    guessed, owners: [B, N]; guesses of 3 or more (nobody's) are wrong. The names of the objects
    are matched anew for each picture, in the way that gets most of it right.
    """
    seen = presence > 0.5
    right = torch.stack(
        [
            ((torch.tensor([*names, -1])[guessed.clamp(max=OBJECTS)] == owners) & seen).sum(1)
            for names in permutations(range(OBJECTS))
        ]
    )
    return float(right.amax(0).sum() / seen.sum())
