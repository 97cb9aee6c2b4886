"""Exact Euclidean projections onto a norm ball intersected with the box.

Both are written for a displacement u from the clean picture, whose sign in each coordinate the
nearest allowed displacement keeps, so only magnitudes m = |u| and the room to the box's wall in
that direction, `room`, matter. With ball and box at once the answer is not "project, then clip"
(Croce and Hein 2021, "Mind the box", section 2); the one number that the optimality conditions
leave open is found by sorting its breakpoints.
"""

import torch
from torch import Tensor


def onto_l1(magnitude: Tensor, room: Tensor, radius: Tensor) -> Tensor:
    """Nearest point to `magnitude` with sum at most `radius` and entries within 0..`room`.

    magnitude, room: [B, D], >= 0. radius: [B], >= 0. Returns [B, D].
    The answer is min(max(m - t, 0), room) for a threshold t >= 0: its sum g(t) is piecewise linear
    and falling, with breakpoints where an entry leaves zero (t = m) or hits
    its wall (t = m - room).
    """
    inside = torch.minimum(magnitude, room)
    breaks, order = torch.cat([magnitude, magnitude - room], dim=1).sort(dim=1, descending=True)
    ones = torch.ones_like(magnitude)
    # Walking t downwards, an entry starts to grow at t = m and stops at its wall.
    growing = torch.cat([ones, -ones], dim=1).gather(1, order).cumsum(1)
    fallen = torch.cat([torch.zeros_like(breaks[:, :1]), breaks[:, :-1] - breaks[:, 1:]], dim=1)
    grown_before = torch.cat([torch.zeros_like(breaks[:, :1]), growing[:, :-1]], dim=1)
    total = (grown_before * fallen).cumsum(1)  # g at each breakpoint, rising along the row
    reached = total >= radius[:, None]
    first = torch.where(reached.any(1), reached.int().argmax(1), breaks.shape[1] - 1)[:, None]
    above = total.gather(1, first) - radius[:, None]
    slope = grown_before.gather(1, first).clamp_min(1)
    threshold = (breaks.gather(1, first) + above / slope).clamp_min(0)
    shrunk = torch.minimum((magnitude - threshold).clamp_min(0), room)
    return torch.where((inside.sum(1) <= radius)[:, None], inside, shrunk)


def onto_l2(magnitude: Tensor, room: Tensor, radius: Tensor) -> Tensor:
    """Nearest point to `magnitude` with Euclidean length at most `radius`, entries in 0..`room`.

    magnitude, room: [B, D], >= 0. radius: [B], >= 0. Returns [B, D].
    The answer is min(s m, room) for a scale s in [0, 1]: its squared length is that of the entries
    at their wall plus s^2 times that of the others, with breakpoints at s = room / m.
    """
    inside = torch.minimum(magnitude, room)
    far = torch.full_like(magnitude, torch.inf)
    breaks, order = torch.where(magnitude > 0, room / magnitude, far).sort(dim=1)
    squares = magnitude.square().gather(1, order)
    walls = room.square().gather(1, order)
    zero = torch.zeros_like(squares[:, :1])
    at_wall = torch.cat([zero, walls.cumsum(1)], dim=1)  # [B, D + 1]: with k entries at the wall
    free = torch.cat([squares.flip(1).cumsum(1).flip(1), zero], dim=1)
    left = (radius.square()[:, None] - at_wall).clamp_min(0)
    scale = (left / free.clamp_min(torch.finfo(free.dtype).tiny)).sqrt()
    # With k entries at the wall, the scale must lie beyond the k-th breakpoint, not the next.
    beyond = torch.cat([breaks, far[:, :1]], dim=1)
    fits = scale <= beyond
    first = fits.int().argmax(1)[:, None]
    chosen = scale.gather(1, first).clamp(0, 1)
    shrunk = torch.minimum(chosen * magnitude, room)
    return torch.where((inside.square().sum(1).sqrt() <= radius)[:, None], inside, shrunk)
