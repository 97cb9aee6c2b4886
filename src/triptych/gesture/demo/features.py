"""What is painted onto a face: skin, brows, beard, eyes, mouth and glasses.

All functions work in face units (see `triptych.gesture.demo.face`) on albedo [h, w, 3], the colour
that the surface itself has, 0..255.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from triptych.gesture.demo.shading import Colour, Look, blotches
from triptych.gesture.demo.solids import Plane

EYE_U, EYE_V, EYE_HALF = 0.3, -0.04, 0.135
"""Middle of the (right) eye and half its width, in face units."""


@dataclass(frozen=True, slots=True)
class Features:
    """What sets one face apart. Colours are blue, green, red; factors are around 1.

    hair: "short", "long", "bun", "curly" or "none". beard: 0..1. glasses: "", "clear" or "dark".
    """

    look: Look = field(default_factory=Look)
    width: float = 1.0
    jaw: float = 1.0
    nose: float = 1.0
    lips: float = 1.0
    brow: float = 1.0
    hair: str = "short"
    hair_colour: Colour = (26.0, 36.0, 54.0)
    hairline: float = -0.6
    beard: float = 0.0
    glasses: str = ""
    mask: bool = False
    iris: Colour = (40.0, 62.0, 92.0)


@dataclass(frozen=True, slots=True)
class Expression:
    """How the head is held: degrees of turn (to the picture's right) and tilt, the rest 0..1."""

    yaw: float = 0.0
    tilt: float = 0.0
    blink: float = 0.0
    talk: float = 0.0
    smile: float = 0.3


def step(values: Plane, low: Plane | float, high: Plane | float) -> Plane:
    """0 below `low`, 1 above `high`, smooth between; works with low > high, too."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def spot(u: Plane, v: Plane, at: tuple[float, float], reach: tuple[float, float]) -> Plane:
    """A soft spot around `at`, 1 in its middle, fading over `reach`."""
    return np.exp(-(((u - at[0]) / reach[0]) ** 2) - ((v - at[1]) / reach[1]) ** 2)


def mix(albedo: NDArray[np.float32], share: Plane, colour: Colour) -> None:
    """Paint `colour` over the surface, `share` [h, w] 0..1 of it."""
    for c in range(3):
        albedo[..., c] += (colour[c] - albedo[..., c]) * share


def paint_skin(u: Plane, v: Plane, features: Features, size: float) -> NDArray[np.float32]:
    """Bare skin with rosy cheeks and nose, brows and beard, [h, w, 3]."""
    albedo = np.empty((*u.shape, 3), np.float32)
    mottle = blotches((u.shape[0], u.shape[1]), size / 30, features.look.seed)
    rosy = 0.5 * spot(u, v, (0.36, 0.25), (0.2, 0.18)) + 0.5 * spot(
        u, v, (-0.36, 0.25), (0.2, 0.18)
    )
    rosy += 0.4 * spot(u, v, (0, 0.33), (0.12, 0.1))
    under = spot(u, v, (0.3, 0.07), (0.14, 0.05)) + spot(u, v, (-0.3, 0.07), (0.14, 0.05))
    for c in range(3):
        tone = features.look.skin[c] * (1 - (0.12, 0.1, 0.01)[c] * rosy - 0.06 * under)
        albedo[..., c] = tone + features.look.blotch * mottle * (-2.2, -2.0, 0.5)[c]
    grain = blotches((u.shape[0], u.shape[1]), 1.6, features.look.seed + 1)
    for sign in (-1.0, 1.0):
        d = (u * sign - EYE_U) / (0.19 * (0.9 + 0.1 * features.brow))
        arch = EYE_V - 0.175 - 0.03 * (1 - d * d) - 0.012 * d
        thick = 0.032 * features.brow * np.clip(1.05 - 0.5 * d, 0.3, 1.3)
        brow = step(np.abs(v - arch), thick, 0.35 * thick) * step(np.abs(d), 1, 0.86)
        mix(albedo, 0.8 * brow * np.clip(0.85 + 0.25 * grain, 0, 1), features.hair_colour)
    if features.beard:
        jaw = step(v - 0.74 + 1.15 * np.clip(np.abs(u) - 0.17, 0, 0.48), 0, 0.1)
        lip = step(np.abs(u), 0.3, 0.22) * step(v, 0.43, 0.47) * step(v, 0.56, 0.53)
        sides = step(np.abs(np.abs(u) - 0.25), 0.06, 0.03) * step(v, 0.47, 0.52)
        share = np.maximum(np.maximum(jaw, sides), lip) * np.clip(0.85 + 0.12 * grain, 0, 1)
        mix(albedo, features.beard * 0.85 * share, features.hair_colour)
    return albedo


def paint_mouth(
    albedo: NDArray[np.float32], u: Plane, v: Plane, features: Features, expression: Expression
) -> None:
    """Lips, the dark between them, and the nostrils."""
    d = u / 0.26
    inside = np.clip(1 - d * d, 0, 1)
    curve = 0.63 - 0.05 * expression.smile * (d * d)
    gap = 0.07 * expression.talk * inside
    bow = 0.052 * features.lips * inside * (1 - 0.35 * np.exp(-((d / 0.16) ** 2)))
    upper = _band(v, curve - gap / 2 - bow, curve - gap / 2)
    lower = _band(v, curve + gap / 2, curve + gap / 2 + 0.068 * features.lips * np.sqrt(inside))
    skin = features.look.skin
    rose = (skin[0] * 0.62 + 18, skin[1] * 0.55 + 10, skin[2] * 0.76 + 14)
    dark = (rose[0] * 0.85, rose[1] * 0.85, rose[2] * 0.88)
    wide = np.abs(d) < 1
    mix(albedo, 0.8 * upper * wide, dark)
    mix(albedo, 0.75 * lower * wide, rose)
    mix(
        albedo,
        wide * _band(v, curve - gap / 2 - 0.008, curve + gap / 2 + 0.008),
        (22.0, 18.0, 42.0),
    )
    for sign in (-1.0, 1.0):
        mix(albedo, 0.75 * spot(u, v, (0.055 * sign, 0.415), (0.032, 0.017)), (18.0, 20.0, 34.0))


def _band(v: Plane, low: Plane, high: Plane) -> Plane:
    """1 between two curves, with edges of 0.012."""
    return step(v - low, -0.006, 0.006) * step(high - v, -0.006, 0.006)


def paint_eye(
    albedo: NDArray[np.float32],
    u: Plane,
    v: Plane,
    sign: float,
    features: Features,
    expression: Expression,
    pixel: float,
) -> None:
    """One eye, on the side of `sign`, -1 or 1; `pixel`: a pixel in face units."""
    d = (u * sign - EYE_U) / EYE_HALF
    inside = np.clip(1 - d * d, 0, 1)
    open_ = 1 - expression.blink
    upper = EYE_V + 0.03 - 0.088 * open_ * inside**0.7
    lower = EYE_V + 0.03 + 0.03 * inside
    wide = np.abs(d) < 1
    soft = max(0.008, pixel)
    ball = step(v - upper, 0, soft) * step(lower - v, 0, soft) * wide
    shadow = 0.62 + 0.38 * step(v - upper, 0.0, 0.05)
    for c in range(3):
        albedo[..., c] += ((214.0, 218.0, 224.0)[c] * shadow - albedo[..., c]) * ball
    at = (EYE_U * sign, EYE_V + 0.004)
    distance = np.sqrt((u - at[0]) ** 2 + (v - at[1]) ** 2)
    mix(albedo, ball * step(distance, 0.062 + soft, 0.056), features.iris)
    mix(albedo, ball * step(distance, 0.03 + soft, 0.026), (10.0, 10.0, 12.0))
    glint = np.sqrt((u - at[0] + 0.018) ** 2 + (v - at[1] + 0.02) ** 2)
    mix(albedo, 0.9 * ball * step(glint, 0.014 + soft, 0.01), (250.0, 250.0, 250.0))
    lash = step(np.abs(v - upper), 0.013 + soft, 0.006) * wide
    mix(albedo, 0.85 * lash, (16.0, 18.0, 26.0))
    mix(albedo, 0.35 * step(np.abs(v - lower), 0.012, 0.004) * wide, (40.0, 44.0, 74.0))
    crease = step(np.abs(v - upper + 0.035), 0.014, 0.004) * (np.abs(d) < 0.95)
    mix(albedo, 0.3 * crease, (30.0, 36.0, 60.0))


def paint_glasses(albedo: NDArray[np.float32], u: Plane, v: Plane, kind: str, pixel: float) -> None:
    """Glasses of `kind`, "" for none; `pixel`: a pixel in face units."""
    if not kind:
        return
    rim, frame = max(0.022, pixel), np.zeros_like(u)
    lens = np.zeros_like(u)
    for sign in (-1.0, 1.0):
        across, down = (u * sign - 0.31) / 0.22, v / 0.16
        across, down = across * across, down * down
        edge = (np.sqrt(np.sqrt(across * across + down * down)) - 1) * 0.18
        frame = np.maximum(frame, step(np.abs(edge), rim, rim * 0.5))
        lens = np.maximum(lens, step(edge, 0.01, -0.01))
    bridge = step(np.abs(v + 0.05), rim, rim * 0.5) * (np.abs(u) < 0.1)
    temple = step(np.abs(v + 0.06), rim, rim * 0.5) * (np.abs(u) > 0.52)
    if kind == "dark":
        mix(albedo, 0.94 * lens, (22.0, 20.0, 20.0))
    else:
        mix(albedo, 0.08 * lens, (255.0, 250.0, 245.0))
    mix(albedo, np.maximum(frame, np.maximum(bridge, temple)), (28.0, 26.0, 26.0))
