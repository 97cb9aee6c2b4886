"""Where a picture is put before it is counted: exactly inside the threat model.

Attacks project in the pictures' own precision, where 0.3 + 8/255 may round to just outside. Here
the projection is done in float64 and each coordinate is rounded towards the clean picture, so the
distance, computed in float64, never exceeds epsilon.
"""

from functools import lru_cache

import torch
from torch import Tensor

from triptych.adversary.attacks.norms import spread
from triptych.adversary.attacks.rows import where_rows
from triptych.adversary.attacks.threat import Threat

LEVELS = 255
"""Steps from one end of the box to the other in an 8-bit picture."""


def walls(threat: Threat, dtype: torch.dtype) -> tuple[float, float]:
    """The box's ends as the pictures' own precision has them."""
    return _in_precision(threat.low, dtype), _in_precision(threat.high, dtype)


@lru_cache
def _in_precision(value: float, dtype: torch.dtype) -> float:
    return float(torch.tensor(value, dtype=dtype))


def enforce(threat: Threat, point: Tensor, clean: Tensor, epsilon: Tensor) -> Tensor:
    """The nearest picture to `point` [B, ...] that the threat model allows, in clean's precision.

    epsilon: [B] float64. Never further from `clean` than epsilon and never outside the box.
    """
    point = torch.where(point.isnan(), clean, point)
    if threat.grid:
        return on_grid(threat, point, clean, epsilon)
    low, high = walls(threat, clean.dtype)
    origin = clean.double()
    exact = threat.geometry.project(point.double(), origin, epsilon, low, high)
    rounded = exact.to(clean.dtype)
    too_far = (rounded.double() - origin).abs() > (exact - origin).abs()
    rounded = torch.where(too_far, torch.nextafter(rounded, clean), rounded)
    # The projection rounds, too, in its last place: a step or two of that size mends it.
    while bool((far := threat.geometry.length(rounded.double() - origin) > epsilon).any()):
        rounded = where_rows(far, torch.nextafter(rounded, clean), rounded)
    return rounded


def on_grid(threat: Threat, point: Tensor, clean: Tensor, epsilon: Tensor) -> Tensor:
    """The 8-bit picture for `point`, within epsilon [B] of `clean` counted in whole levels.

    Rounds to the nearest level; where that leaves an L2 or L1 ball, towards the clean picture.
    """
    span = threat.high - threat.low
    origin = levels(threat, clean)
    wanted = (point.double() - threat.low) / span * LEVELS
    radius = spread(epsilon if threat.norm == "l0" else epsilon / span * LEVELS, wanted)
    if threat.norm == "linf":
        reach = (radius + 1e-6).floor()  # 8/255 * 255 must be 8 whole levels
        chosen = wanted.round().clamp(origin - reach, origin + reach).clamp(0, LEVELS)
    else:
        chosen = wanted.round().clamp(0, LEVELS)
        far = threat.geometry.length(chosen - origin) > radius.flatten() * (1 + 1e-9)
        towards_clean = origin + (wanted - origin).trunc()
        chosen = torch.where(spread(far, wanted) > 0, towards_clean, chosen)
        # What is still outside was outside before; it can only be left as it was.
        far = threat.geometry.length(chosen - origin) > radius.flatten() * (1 + 1e-9)
        chosen = torch.where(spread(far, wanted) > 0, origin, chosen)
    value = (threat.low + chosen / LEVELS * span).to(clean.dtype)
    return torch.where(chosen == origin, clean, value)


def levels(threat: Threat, picture: Tensor) -> Tensor:
    """The nearest 8-bit level of each value, 0..255, float64."""
    return ((picture.double() - threat.low) / (threat.high - threat.low) * LEVELS).round()
