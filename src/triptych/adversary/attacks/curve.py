"""Robust accuracy against epsilon, without attacking every example at every epsilon.

What fools an example within a small ball lies in every larger one. So the largest epsilon is
tried first, and for each example that falls, the epsilon where it begins to is found by bisection,
all examples at once with one epsilon each. An example that falls at d is known to fall from d on.
A minimum-norm attack needs no search: it is run once, and its distances are the whole curve.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from triptych.adversary.attacks.attack import attack
from triptych.adversary.attacks.found import Forward
from triptych.adversary.attacks.method import Method
from triptych.adversary.attacks.options import Options
from triptych.adversary.attacks.result import Work
from triptych.adversary.attacks.threat import Threat
from triptych.errors import BadInput


def robust_curve(
    model: Forward,
    pictures: Tensor,
    labels: Tensor,
    threat: Threat,
    epsilons: Sequence[float],
    method: Method | Sequence[Method] | None = None,
    *,
    options: Options | None = None,
) -> tuple[dict[float, float], Work]:
    """Robust accuracy at each of `epsilons`, and the work that it took.

    threat: its epsilon does not count. The curve never rises. Raises BadInput without epsilons.
    """
    if not epsilons:
        raise BadInput("A curve needs at least one epsilon.")
    sizes = torch.tensor(sorted(set(map(float, epsilons))), dtype=torch.float64)
    methods = [method] if isinstance(method, Method) else list(method or ())
    if methods and all(each.minimum for each in methods):
        free = replace(threat, epsilon=float("inf"))
        found = attack(model, pictures, labels, free, methods, options=options)
        falls = torch.where(found.success, found.distance, torch.inf).cpu()
        return _curve(sizes, found.right.cpu()[:, None] & (falls[:, None] > sizes)), found.work
    last = len(sizes)
    # Example i withstands sizes below lowest[i], and falls from highest[i] on; last means never.
    lowest = torch.zeros(len(pictures), dtype=torch.int64)
    highest = torch.full_like(lowest, last)
    asked = torch.full_like(lowest, last - 1)
    right, work, open_ = None, Work(), torch.ones_like(lowest, dtype=torch.bool)
    while bool(open_.any()):
        where = open_.nonzero().squeeze(1)
        index = where.to(pictures.device)
        each = replace(threat, epsilon=sizes[asked[where]])
        found = attack(model, pictures[index], labels[index], each, method, options=options)
        work = work.plus(found.work)
        if right is None:
            right = found.right.cpu()
        fell = found.success.cpu()
        distance = found.distance.cpu()
        reach = torch.searchsorted(sizes, distance)  # the smallest epsilon that holds the picture
        highest[where[fell]] = torch.minimum(asked[where[fell]], reach[fell])
        lowest[where[~fell]] = asked[where[~fell]] + 1
        lowest[where[~found.right.cpu()]] = last
        open_ = lowest < highest
        asked = ((lowest + highest) // 2).clamp_max(last - 1)
    if right is None:
        return {float(size): float("nan") for size in sizes}, work
    return _curve(sizes, right[:, None] & (torch.arange(last)[None] < highest[:, None])), work


def _curve(sizes: Tensor, withstands: Tensor) -> dict[float, float]:
    """Epsilon -> the share of examples [N, epsilons] that withstand it."""
    return dict(zip(sizes.tolist(), withstands.double().mean(0).tolist(), strict=True))
