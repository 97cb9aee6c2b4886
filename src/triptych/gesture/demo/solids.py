"""Round cones as a height field: the smooth bodies that hands, arms and necks are drawn from.

Seen straight on, the front of a round cone (two spheres and the cone around them) has a closed
form, so a hand of thirty of them is drawn in milliseconds without a mesh. Surfaces that meet are
joined with the polynomial smooth maximum (Quilez, 2013).
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating[Any]]

FAR = np.float32(-1e4)
"""The height where there is no surface, in pixels."""


@dataclass(frozen=True, slots=True)
class RoundCone:
    """One body, in pixels: x to the right, y down, z towards the viewer.

    back: unit vector out of the side that carries knuckles and nail, zero if there is none.
    blend: over how many pixels of height it melts into what it touches.
    creases: (place in 0..1 along the axis, depth 0..1) of folds on the side away from `back`.
    nail: whether a nail lies on its back. material: which of the painter's materials it has.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    start_radius: float
    end_radius: float
    back: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    blend: float = 1.0
    creases: tuple[tuple[float, float], ...] = ()
    wrinkle: float = 0.0
    nail: bool = False
    material: int = 0


class HeightField:
    """What the bodies add up to: height, normal and marks of every pixel.

    height: [h, w] pixels, `FAR` where empty. layers: [6, h, w] normal x, y, z (unit vector), crease
    0..1, nail 0..1, palm side -1..1. material: [h, w] of the front body.
    """

    def __init__(self, width: int, height: int) -> None:
        self.height: Plane = np.full((height, width), FAR, np.float32)
        self.layers: Plane = np.zeros((6, height, width), np.float32)
        self.material = np.zeros((height, width), np.uint8)

    def add(self, cone: RoundCone) -> None:
        """Put one body into the field, in front of or melted into what is there."""
        rows, cols = self.height.shape
        reach = max(cone.start_radius, cone.end_radius)
        low = np.floor(np.minimum(cone.start, cone.end)[:2] - reach).astype(int)
        high = np.ceil(np.maximum(cone.start, cone.end)[:2] + reach).astype(int) + 1
        x0, y0 = max(low[0], 0), max(low[1], 0)
        x1, y1 = min(high[0], cols), min(high[1], rows)
        if x0 >= x1 or y0 >= y1:
            return
        front = _front(cone, x0, y0, x1, y1)
        if front is None:
            return
        where, height, layers = front
        blend = float(cone.blend)
        old = self.height[y0:y1, x0:x1].reshape(-1)[where]
        share = np.clip(0.5 + 0.5 * (height - old) / blend, 0, 1)
        joined = old + (height - old) * share + blend * share * (1 - share)
        ys, xs = where // (x1 - x0) + y0, where % (x1 - x0) + x0
        self.height[ys, xs] = np.where(old == FAR, height, joined)
        self.layers[:, ys, xs] += (layers - self.layers[:, ys, xs]) * share
        self.material[ys, xs] = np.where(share > 0.5, cone.material, self.material[ys, xs])


def _front(
    cone: RoundCone, x0: int, y0: int, x1: int, y1: int
) -> tuple[NDArray[np.intp], Plane, Plane] | None:
    """Flat indices of the box's pixels that the cone covers, their heights and layers."""
    start, end = cone.start, cone.end
    if start[2] > end[2] + 1e-9 and np.hypot(*(end - start)[:2]) < 1e-3:
        start, end = end, start
    axis = end - start
    length = max(float(np.linalg.norm(axis)), 1e-6)
    flat = max(float(np.hypot(axis[0], axis[1])), 1e-3)
    ux, uy = float(axis[0]) / flat, float(axis[1]) / flat
    cosine, sine = flat / length, float(axis[2]) / length
    xs = np.arange(x0, x1, dtype=np.float32) - np.float32(start[0])
    ys = np.arange(y0, y1, dtype=np.float32)[:, None] - np.float32(start[1])
    along = xs * ux + ys * uy
    across = ys * ux - xs * uy
    ra, slope = float(cone.start_radius), float(cone.end_radius - cone.start_radius) / length
    bx, by, bz = (float(v) for v in cone.back)
    radius = ra + slope * np.clip(along / cosine, 0, length)
    bulge = np.sqrt(np.maximum(radius * radius - across * across, 0))
    s = np.clip((along + bulge * sine) / cosine, 0, length)
    radius = ra + slope * s
    off = along - s * cosine
    left = radius * radius - across * across - off * off
    where = np.flatnonzero(left > 0)
    if where.size == 0:
        return None
    left, s, radius = left.reshape(-1)[where], s.reshape(-1)[where], radius.reshape(-1)[where]
    off, across = off.reshape(-1)[where], across.reshape(-1)[where]
    rise = np.sqrt(left)
    height = (np.float32(start[2]) + s * sine + rise).astype(np.float32)
    layers = np.empty((6, where.size), np.float32)
    layers[0] = (off * ux - across * uy) / radius
    layers[1] = (off * uy + across * ux) / radius
    layers[2] = rise / radius
    palm = -(layers[0] * bx + layers[1] * by + layers[2] * bz)
    layers[3] = _folds(cone, s / length, palm)
    layers[4] = _nail(cone, s, length, palm) if cone.nail else 0
    layers[5] = palm
    return where, height, layers


def _folds(cone: RoundCone, place: Plane, palm: Plane) -> Plane:
    """Depth of the folds on the palm side and of the wrinkles over the knuckles."""
    depth = np.zeros_like(palm)
    width = 0.035
    front = np.clip(palm * 1.6, 0, 1)
    for at, strength in cone.creases:
        depth += strength * np.exp(-(((place - at) / width) ** 2)) * front
    if cone.wrinkle:
        ripple = 0.5 + 0.5 * np.cos(place * 95.0)
        depth += cone.wrinkle * np.exp(-((place / 0.16) ** 2)) * ripple * np.clip(-palm, 0, 1)
    return depth.astype(np.float32)


def _nail(cone: RoundCone, s: Plane, length: float, palm: Plane) -> Plane:
    """How much each pixel belongs to the nail, which covers the outer half of the back."""
    mid, half = length + 0.05 * float(cone.end_radius), 1.05 * float(cone.end_radius)
    inside = 1 - ((s - mid) / half) ** 2 - ((1 + palm) / 0.32) ** 2
    return np.clip(inside * 4, 0, 1).astype(np.float32)
