"""Draws a head: a relief of brow, eyes, nose, mouth and chin on an egg, lit like the hands.

Everything on the face is placed in face units: the head is 2 high (v from -1 at the crown to +1
at the chin) and about 1.5 wide (u); turning the head slides u around the egg.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.demo.shading import (
    Colour,
    Light,
    Look,
    blotches,
    held_and_deep,
    relight,
)
from triptych.gesture.demo.solids import FAR, Plane
from triptych.gesture.types import Frame

_EYE_U, _EYE_V, _EYE_HALF = 0.3, -0.04, 0.135


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


def draw_head(
    canvas: Frame,
    features: Features,
    expression: Expression,
    light: Light,
    centre_xy: tuple[float, float],
    size: float,
) -> None:
    """Draw a head of `size` pixels from crown to chin around `centre_xy`; cut off at the edges."""
    fine = max(1.0, 140 / size)
    half = round(size * 0.8 * fine)
    grid = np.arange(-half, half + 1, dtype=np.float32) / np.float32(size * fine / 2)
    tilt = np.radians(expression.tilt)
    c, s = float(np.cos(tilt)), float(np.sin(tilt))
    x = c * grid + s * grid[:, None]
    v = -s * grid + c * grid[:, None]
    colours, cover = _render(x, v, features, expression, light, size * fine)
    side = max(round(len(grid) / fine), 1)
    colours = cv2.resize(colours, (side, side), interpolation=cv2.INTER_AREA)
    cover = cv2.resize(cover, (side, side), interpolation=cv2.INTER_AREA)
    left, top = round(centre_xy[0] - side / 2), round(centre_xy[1] - side / 2)
    rows, cols = canvas.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, cols), min(top + side, rows)
    if x0 >= x1 or y0 >= y1:
        return
    part = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    under = canvas[y0:y1, x0:x1]
    share = cover[part][..., None]
    under[...] = np.clip(colours[part] * share + under * (1 - share) + 0.5, 0, 255)


def _step(values: Plane, low: Plane | float, high: Plane | float) -> Plane:
    """0 below `low`, 1 above `high`, smooth between; works with low > high, too."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _spot(u: Plane, v: Plane, at: tuple[float, float], reach: tuple[float, float]) -> Plane:
    return np.exp(-(((u - at[0]) / reach[0]) ** 2) - ((v - at[1]) / reach[1]) ** 2)


def _outline(v: Plane, features: Features) -> Plane:
    """Half the width of the head at height v, 0 beyond crown and chin."""
    upper = np.sqrt(np.clip(1 - np.abs(v) ** 2.3, 0, 1))
    lower = np.clip(1 - np.abs(v) ** 3.6, 0, 1) ** 0.5 * (
        1 - (0.25 / features.jaw) * np.clip(v, 0, 1) ** 1.6
    )
    return 0.73 * features.width * np.where(v < 0, upper, lower)


def _relief(u: Plane, v: Plane, features: Features, expression: Expression) -> Plane:
    """How far brow, nose, lips and chin stand out of the egg."""
    nose = features.nose
    bridge = np.clip((v + 0.18) / 0.5, 0, 1) * _step(v, 0.5, 0.36)
    out = 0.15 * nose * bridge * np.exp(-((u / (0.06 + 0.05 * np.clip(v + 0.1, 0, 1))) ** 2))
    out += 0.1 * nose * _spot(u, v, (0, 0.33), (0.1, 0.09))
    out += 0.04 * _spot(u, v, (0, -0.24), (0.5, 0.1))
    for sign in (-1.0, 1.0):
        out += 0.06 * nose * _spot(u, v, (0.105 * sign, 0.36), (0.055, 0.05))
        out -= 0.085 * _spot(u, v, (_EYE_U * sign, _EYE_V - 0.01), (0.18, 0.1))
        out += 0.05 * _spot(u, v, (_EYE_U * sign, _EYE_V), (0.12, 0.07))
        out += 0.05 * _spot(u, v, (0.36 * sign, 0.22), (0.2, 0.17))
        out -= 0.03 * expression.smile * _spot(u, v, (0.3 * sign, 0.5), (0.06, 0.12))
    out += 0.05 * features.lips * _spot(u, v, (0, 0.57), (0.2, 0.05))
    out += 0.06 * features.lips * _spot(u, v, (0, 0.68), (0.17, 0.055))
    out -= 0.035 * _spot(u, v, (0, 0.625), (0.22, 0.02))
    out -= 0.03 * _spot(u, v, (0, 0.77), (0.16, 0.05))
    out += 0.06 * _spot(u, v, (0, 0.9), (0.16, 0.1))
    return out


def _render(
    x: Plane, v: Plane, features: Features, expression: Expression, light: Light, size: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colours [h, w, 3] and coverage [h, w] of head and hair; `size` in pixels sets the blur."""
    pixel = 2.0 / size
    wide = _outline(v, features)
    inside = x / np.maximum(wide, 1e-3)
    angle = np.arcsin(np.clip(inside, -1, 1)) - float(np.radians(expression.yaw))
    u = (0.73 * np.sin(angle)).astype(np.float32)
    seen = np.cos(angle) > 0
    face = _step(np.abs(x) - wide, pixel, -pixel) * (np.abs(v) < 1)
    egg = 0.8 * np.sqrt(np.clip(1 - inside**2, 0, 1)) * np.sqrt(np.clip(1 - np.abs(v) ** 2.6, 0, 1))
    relief = np.where(seen, _relief(u, v, features, expression), 0)
    if features.mask:
        relief = relief * (1 - _step(v, 0.2, 0.4)) + 0.12 * _spot(u, v, (0, 0.45), (0.3, 0.3))
    height = (egg + relief * np.sqrt(np.clip(1 - inside**2, 0, 1))).astype(np.float32)
    hair, dome = _hair(x, u, v, face, features, pixel)
    ears = _ears(x, v, wide, expression, pixel) * (1 - face) * (1 - hair)
    height = np.maximum(height * face, np.maximum(dome, 0.12 * ears))
    head = np.maximum(np.maximum(face, ears), hair)
    height = np.where(head > 0.02, height * size / 2, FAR).astype(np.float32)
    solid = head > 0.02
    normals = _normals(np.where(solid, height, 0))
    albedo = _skin(u, v, features, size)
    _paint_mouth(albedo, u, v, features, expression)
    for sign in (-1.0, 1.0):
        _paint_eye(albedo, u, v, sign, features, expression, pixel)
    if features.mask:
        over = _step(v, 0.2, 0.23) * seen * _step(np.abs(u), 0.6, 0.57)
        strap = _step(np.abs(np.abs(v - 0.42) - 0.2 - 0.3 * (np.abs(u) - 0.6)), 0.02, 0.01)
        over = np.maximum(over, strap * (np.abs(u) > 0.57) * face)
        _mix(albedo, over, (205.0, 196.0, 178.0))
    _paint_glasses(albedo, u, v, features.glasses, pixel)
    strands = _strands(x.shape, size, features)
    for c in range(3):
        tone = features.hair_colour[c] * (1 + 0.28 * strands)
        albedo[..., c] += (tone - albedo[..., c]) * hair
    held, deep = held_and_deep(height, light, size * 0.8)
    colours = np.zeros((*x.shape, 3), np.float32)
    skin = (face * (1 - hair))[solid].astype(np.float32)
    colours[solid] = relight(
        np.maximum(albedo[solid], 2), normals[:, solid], held[solid], 0.8 * deep[solid], skin, light
    )
    return colours, head.astype(np.float32)


def _normals(height: Plane) -> NDArray[np.float32]:
    soft = cv2.GaussianBlur(height.astype(np.float32), (0, 0), 1.0)
    dx, dy = cv2.Sobel(soft, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(soft, cv2.CV_32F, 0, 1) / 8
    slope = [-np.clip(dx, -4, 4), -np.clip(dy, -4, 4), np.ones_like(soft)]
    return np.stack(slope).astype(np.float32)


def _mix(albedo: NDArray[np.float32], share: Plane, colour: Colour) -> None:
    for c in range(3):
        albedo[..., c] += (colour[c] - albedo[..., c]) * share


def _skin(u: Plane, v: Plane, features: Features, size: float) -> NDArray[np.float32]:
    """Bare skin with rosy cheeks and nose, brows and beard, [h, w, 3]."""
    albedo = np.empty((*u.shape, 3), np.float32)
    mottle = blotches((u.shape[0], u.shape[1]), size / 30, features.look.seed)
    rosy = 0.5 * _spot(u, v, (0.36, 0.25), (0.2, 0.18)) + 0.5 * _spot(
        u, v, (-0.36, 0.25), (0.2, 0.18)
    )
    rosy += 0.4 * _spot(u, v, (0, 0.33), (0.12, 0.1))
    under = _spot(u, v, (0.3, 0.07), (0.14, 0.05)) + _spot(u, v, (-0.3, 0.07), (0.14, 0.05))
    for c in range(3):
        tone = features.look.skin[c] * (1 - (0.12, 0.1, 0.01)[c] * rosy - 0.06 * under)
        albedo[..., c] = tone + features.look.blotch * mottle * (-2.2, -2.0, 0.5)[c]
    grain = blotches((u.shape[0], u.shape[1]), 1.6, features.look.seed + 1)
    for sign in (-1.0, 1.0):
        d = (u * sign - _EYE_U) / (0.19 * (0.9 + 0.1 * features.brow))
        arch = _EYE_V - 0.17 - 0.035 * (1 - d * d) + 0.02 * d
        thick = 0.032 * features.brow * np.clip(1.05 - 0.5 * d, 0.3, 1.3)
        brow = _step(np.abs(v - arch), thick, 0.35 * thick) * (np.abs(d) < 1)
        _mix(albedo, 0.8 * brow * np.clip(0.85 + 0.25 * grain, 0, 1), features.hair_colour)
    if features.beard:
        jaw = _step(v - 0.74 + 1.15 * np.clip(np.abs(u) - 0.17, 0, 0.48), 0, 0.1)
        lip = _step(np.abs(u), 0.3, 0.22) * _step(v, 0.43, 0.47) * _step(v, 0.56, 0.53)
        sides = _step(np.abs(np.abs(u) - 0.25), 0.06, 0.03) * _step(v, 0.47, 0.52)
        share = np.maximum(np.maximum(jaw, sides), lip) * np.clip(0.85 + 0.12 * grain, 0, 1)
        _mix(albedo, features.beard * 0.85 * share, features.hair_colour)
    return albedo


def _paint_mouth(
    albedo: NDArray[np.float32], u: Plane, v: Plane, features: Features, expression: Expression
) -> None:
    d = u / 0.235
    inside = np.clip(1 - d * d, 0, 1)
    curve = 0.622 - 0.03 * expression.smile * (d * d)
    gap = 0.07 * expression.talk * inside
    bow = 0.052 * features.lips * inside * (1 - 0.35 * np.exp(-((d / 0.16) ** 2)))
    upper = _band(v, curve - gap / 2 - bow, curve - gap / 2)
    lower = _band(v, curve + gap / 2, curve + gap / 2 + 0.068 * features.lips * np.sqrt(inside))
    skin = features.look.skin
    rose = (skin[0] * 0.62 + 18, skin[1] * 0.55 + 10, skin[2] * 0.76 + 14)
    dark = (rose[0] * 0.85, rose[1] * 0.85, rose[2] * 0.88)
    wide = np.abs(d) < 1
    _mix(albedo, 0.8 * upper * wide, dark)
    _mix(albedo, 0.75 * lower * wide, rose)
    _mix(
        albedo,
        wide * _band(v, curve - gap / 2 - 0.008, curve + gap / 2 + 0.008),
        (22.0, 18.0, 42.0),
    )
    for sign in (-1.0, 1.0):
        _mix(albedo, 0.75 * _spot(u, v, (0.055 * sign, 0.415), (0.032, 0.017)), (18.0, 20.0, 34.0))


def _band(v: Plane, low: Plane, high: Plane) -> Plane:
    """1 between two curves, with edges of 0.012."""
    return _step(v - low, -0.006, 0.006) * _step(high - v, -0.006, 0.006)


def _paint_eye(
    albedo: NDArray[np.float32],
    u: Plane,
    v: Plane,
    sign: float,
    features: Features,
    expression: Expression,
    pixel: float,
) -> None:
    d = (u * sign - _EYE_U) / _EYE_HALF
    inside = np.clip(1 - d * d, 0, 1)
    open_ = 1 - expression.blink
    upper = _EYE_V + 0.03 - 0.088 * open_ * inside**0.7
    lower = _EYE_V + 0.03 + 0.03 * inside
    wide = np.abs(d) < 1
    soft = max(0.008, pixel)
    ball = _step(v - upper, 0, soft) * _step(lower - v, 0, soft) * wide
    shadow = 0.62 + 0.38 * _step(v - upper, 0.0, 0.05)
    for c in range(3):
        albedo[..., c] += ((214.0, 218.0, 224.0)[c] * shadow - albedo[..., c]) * ball
    at = (_EYE_U * sign, _EYE_V + 0.004)
    distance = np.sqrt((u - at[0]) ** 2 + (v - at[1]) ** 2)
    _mix(albedo, ball * _step(distance, 0.062 + soft, 0.056), features.iris)
    _mix(albedo, ball * _step(distance, 0.03 + soft, 0.026), (10.0, 10.0, 12.0))
    glint = np.sqrt((u - at[0] + 0.018) ** 2 + (v - at[1] + 0.02) ** 2)
    _mix(albedo, 0.9 * ball * _step(glint, 0.014 + soft, 0.01), (250.0, 250.0, 250.0))
    lash = _step(np.abs(v - upper), 0.013 + soft, 0.006) * wide
    _mix(albedo, 0.85 * lash, (16.0, 18.0, 26.0))
    _mix(albedo, 0.35 * _step(np.abs(v - lower), 0.012, 0.004) * wide, (40.0, 44.0, 74.0))
    crease = _step(np.abs(v - upper + 0.035), 0.014, 0.004) * (np.abs(d) < 0.95)
    _mix(albedo, 0.3 * crease, (30.0, 36.0, 60.0))


def _paint_glasses(
    albedo: NDArray[np.float32], u: Plane, v: Plane, kind: str, pixel: float
) -> None:
    if not kind:
        return
    rim, frame = max(0.022, pixel), np.zeros_like(u)
    lens = np.zeros_like(u)
    for sign in (-1.0, 1.0):
        box = ((u * sign - 0.31) / 0.22) ** 4 + ((v - 0.0) / 0.16) ** 4
        edge = (box**0.25 - 1) * 0.18
        frame = np.maximum(frame, _step(np.abs(edge), rim, rim * 0.5))
        lens = np.maximum(lens, _step(edge, 0.01, -0.01))
    bridge = _step(np.abs(v + 0.05), rim, rim * 0.5) * (np.abs(u) < 0.1)
    temple = _step(np.abs(v + 0.06), rim, rim * 0.5) * (np.abs(u) > 0.52)
    if kind == "dark":
        _mix(albedo, 0.94 * lens, (22.0, 20.0, 20.0))
    else:
        _mix(albedo, 0.08 * lens, (255.0, 250.0, 245.0))
    _mix(albedo, np.maximum(frame, np.maximum(bridge, temple)), (28.0, 26.0, 26.0))


def _ears(x: Plane, v: Plane, wide: Plane, expression: Expression, pixel: float) -> Plane:
    """Two ears at the sides; the one that the head turns away from shows more."""
    ears = np.zeros_like(x)
    for sign in (-1.0, 1.0):
        out = 0.69 + 0.05 * float(np.clip(-sign * expression.yaw / 25, -1.6, 1))
        shape = ((x * sign - out) / 0.11) ** 2 + ((v - 0.1 + 0.3 * (x * sign - out)) / 0.2) ** 2
        ears = np.maximum(
            ears, _step(shape, 1 + 8 * pixel, 1 - 8 * pixel) * (1 - 0.25 * (shape < 0.25))
        )
    return ears


def _hair(
    x: Plane, u: Plane, v: Plane, face: Plane, features: Features, pixel: float
) -> tuple[Plane, Plane]:
    """Where the hair is, 0..1, and how high it stands: a shell down to a hairline on the face."""
    if features.hair == "none":
        return np.zeros_like(u), np.zeros_like(u)
    shell = {"short": 0.06, "long": 0.09, "bun": 0.05, "curly": 0.2}[features.hair]
    tall = {"short": 0.07, "long": 0.08, "bun": 0.06, "curly": 0.22}[features.hair]
    wave = 0.02 * np.sin(9 * u + 2) + 0.012 * np.sin(23 * u)
    radius = (np.abs(x) / (0.73 * features.width + shell)) ** 2.2
    radius = radius + (np.abs(v + 0.1) / (0.9 + tall)) ** 2.2
    if features.hair == "curly":
        frizz = blotches((x.shape[0], x.shape[1]), 0.05 / pixel * 2, features.look.seed + 3)
        radius = radius + 0.07 * frizz
    shape = _step(radius, 1 + 4 * pixel, 1 - 4 * pixel)
    dome = 0.95 * np.sqrt(np.clip(1.06 - radius, 0, 1)) * shape
    temples = features.hairline + wave + 0.9 * np.clip(np.abs(u) - 0.46, 0, 1) ** 0.8
    temples = temples + 1.6 * np.clip(np.abs(u) - 0.6, 0, 1)
    above = _step(v - temples, 0.05, -0.05) * face
    end = {"short": -0.02, "long": 2.0, "bun": -0.02, "curly": 0.5}[features.hair]
    beside = _step(v + 0.4 * (np.abs(x) - 0.73), end + 0.12, end - 0.02) * (1 - face)
    hair = shape * (above + beside)
    if features.hair == "bun":
        knot = _step(np.sqrt((x / 0.3) ** 2 + ((v + 1.08) / 0.26) ** 2), 1.06, 0.98) * (1 - face)
        hair, dome = np.maximum(hair, knot), np.maximum(dome, 0.3 * knot * (1 - face))
    return hair, dome * hair


def _strands(shape: tuple[int, ...], size: float, features: Features) -> Plane:
    """Streaks along the fall of the hair, about -2..2."""
    fine = blotches((shape[0], shape[1]), 2.0, features.look.seed + 2)
    if features.hair == "curly":
        return np.asarray(cv2.GaussianBlur(fine, (0, 0), size / 90) * 2.5, np.float32)
    return np.asarray(
        cv2.GaussianBlur(fine, (0, 0), sigmaX=0.6, sigmaY=size / 28) * 1.8, np.float32
    )
