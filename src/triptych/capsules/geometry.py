"""Poses: affine maps of the plane, how networks speak them, and how they are put together.

A pose is the top two rows of a 3x3 matrix, row by row: `[a, b, x, c, d, y]` is the map
(u, v) -> (a u + b v + x, c u + d v + y). It takes a thing's own coordinates to those of what holds
it: a template's to the canvas, an object's to the viewer. All coordinates are in [-1, 1], where -1
and 1 are the centres of the outermost pixels; x grows to the right, y downwards.

Source: Kosiorek et al. 2019, section 2, and the official code's `geometric_transform`.
"""

import math
from typing import Literal

import torch
from torch import Tensor

PoseKind = Literal["affine", "similarity"]

SMALLEST_SCALE = 0.01
"""No pose is smaller, so every pose can be inverted."""


def squash(
    raw: Tensor,
    kind: PoseKind = "affine",
    gain: float = 5.0,
    smallest: float = SMALLEST_SCALE,
    largest: float = 1.0,
    turn: float = math.inf,
) -> Tensor:
    """Any six numbers -> a pose that shrinks, turns, shears and moves within the canvas.

    raw: [..., 6], any values, in the order scale x, scale y, angle, shear, shift x, shift y; a
    similarity uses one scale, the angle and the shifts. Scales become `largest` sigmoid +
    `smallest`, shifts and shear tanh(gain * raw) (quirk Q12: with the official gain of 5 a part at
    the border has next to no gradient), the angle 2 pi raw, or, if it may be `turn` full turns at
    most, 2 pi turn tanh(raw / turn). Returns [..., 6]: shear after scale after rotation.
    """
    scale_x, scale_y, angle, shear, x, y = raw.unbind(-1)
    if turn < math.inf:
        angle = turn * torch.tanh(angle / turn)
    cos, sin = torch.cos(2 * math.pi * angle), torch.sin(2 * math.pi * angle)
    scale_x = largest * torch.sigmoid(scale_x) + smallest
    x, y = torch.tanh(gain * x), torch.tanh(gain * y)
    if kind == "similarity":
        return torch.stack([scale_x * cos, -scale_x * sin, x, scale_x * sin, scale_x * cos, y], -1)
    scale_y = largest * torch.sigmoid(scale_y) + smallest
    shear = torch.tanh(gain * shear)
    return torch.stack(
        [
            scale_x * cos + shear * scale_y * sin,
            -scale_x * sin + shear * scale_y * cos,
            x,
            scale_y * sin,
            scale_y * cos,
            y,
        ],
        -1,
    )


def compose(outer: Tensor, inner: Tensor) -> Tensor:
    """The pose that does `inner` first, then `outer`; both [..., 6], broadcast together."""
    a, b, x, c, d, y = outer.unbind(-1)
    e, f, s, g, h, t = inner.unbind(-1)
    return torch.stack(
        [
            a * e + b * g,
            a * f + b * h,
            a * s + b * t + x,
            c * e + d * g,
            c * f + d * h,
            c * s + d * t + y,
        ],
        -1,
    )


def invert(pose: Tensor) -> Tensor:
    """The pose [..., 6] that undoes `pose` [..., 6]: the adjugate over the determinant.

    A squashed pose has a determinant of at least `smallest` squared. Of a pose without an inverse
    the result is infinite or NaN.
    """
    a, b, x, c, d, y = pose.unbind(-1)
    over = 1 / (a * d - b * c)
    p, q, r, s = d * over, -b * over, -c * over, a * over
    return torch.stack([p, q, -(p * x + q * y), r, s, -(r * x + s * y)], -1)


def apply(pose: Tensor, points: Tensor) -> Tensor:
    """Where points [..., 2] (x, y) go under poses [..., 6], broadcast together; [..., 2]."""
    a, b, x, c, d, y = pose.unbind(-1)
    u, v = points.unbind(-1)
    return torch.stack([a * u + b * v + x, c * u + d * v + y], -1)


def area(pose: Tensor) -> Tensor:
    """How much a pose [..., 6] enlarges areas: the size of its determinant, [...]."""
    a, b, _, c, d, _ = pose.unbind(-1)
    return (a * d - b * c).abs()
