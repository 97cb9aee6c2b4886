"""Draws a head: a relief of brow, eyes, nose, mouth and chin on an egg, lit like the hands.

Everything on the face is placed in face units: the head is 2 high (v from -1 at the crown to +1
at the chin) and about 1.5 wide (u); turning the head slides u around the egg.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.demo.features import (
    EYE_U,
    EYE_V,
    Expression,
    Features,
    mix,
    paint_eye,
    paint_glasses,
    paint_mouth,
    paint_skin,
    spot,
    step,
)
from triptych.gesture.demo.shading import Light, blotches, held_and_deep, relight
from triptych.gesture.demo.solids import FAR, Plane
from triptych.gesture.types import Frame


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
    bridge = np.clip((v + 0.18) / 0.5, 0, 1) * step(v, 0.5, 0.36)
    out = 0.15 * nose * bridge * np.exp(-((u / (0.06 + 0.05 * np.clip(v + 0.1, 0, 1))) ** 2))
    out += 0.1 * nose * spot(u, v, (0, 0.33), (0.1, 0.09))
    out += 0.04 * spot(u, v, (0, -0.24), (0.5, 0.1))
    for sign in (-1.0, 1.0):
        out += 0.06 * nose * spot(u, v, (0.105 * sign, 0.36), (0.055, 0.05))
        out -= 0.085 * spot(u, v, (EYE_U * sign, EYE_V - 0.01), (0.18, 0.1))
        out += 0.05 * spot(u, v, (EYE_U * sign, EYE_V), (0.12, 0.07))
        out += 0.05 * spot(u, v, (0.36 * sign, 0.22), (0.2, 0.17))
        out -= 0.03 * expression.smile * spot(u, v, (0.3 * sign, 0.5), (0.06, 0.12))
    out += 0.05 * features.lips * spot(u, v, (0, 0.57), (0.2, 0.05))
    out += 0.06 * features.lips * spot(u, v, (0, 0.68), (0.17, 0.055))
    out -= 0.035 * spot(u, v, (0, 0.625), (0.22, 0.02))
    out -= 0.03 * spot(u, v, (0, 0.77), (0.16, 0.05))
    out += 0.06 * spot(u, v, (0, 0.9), (0.16, 0.1))
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
    face = step(np.abs(x) - wide, pixel, -pixel) * (np.abs(v) < 1)
    fall = np.clip(1 - np.abs(v) ** np.where(v < 0, 2.6, 3.6), 0, 1)
    egg = 0.8 * np.sqrt(np.clip(1 - inside**2, 0, 1) * fall)
    relief = np.where(seen, _relief(u, v, features, expression), 0)
    if features.mask:
        relief = relief * (1 - step(v, 0.2, 0.4)) + 0.12 * spot(u, v, (0, 0.45), (0.3, 0.3))
    height = (egg + relief * np.sqrt(np.clip(1 - inside**2, 0, 1))).astype(np.float32)
    hair, dome = _hair(x, u, v, face, features, pixel)
    ears = _ears(x, v, expression, pixel) * (1 - face)
    height = np.maximum(height * face, np.maximum(dome, 0.12 * ears))
    head = np.maximum(face, np.minimum(ears + hair, 1))
    height = np.where(head > 0.02, height * size / 2, FAR).astype(np.float32)
    solid = head > 0.02
    normals = _normals(np.where(solid, height, 0))
    albedo = paint_skin(u, v, features, size)
    paint_mouth(albedo, u, v, features, expression)
    for sign in (-1.0, 1.0):
        paint_eye(albedo, u, v, sign, features, expression, pixel)
    if features.mask:
        over = step(v, 0.2, 0.23) * seen * step(np.abs(u), 0.6, 0.57)
        strap = step(np.abs(np.abs(v - 0.42) - 0.2 - 0.3 * (np.abs(u) - 0.6)), 0.02, 0.01)
        over = np.maximum(over, strap * (np.abs(u) > 0.57) * face)
        mix(albedo, over, (205.0, 196.0, 178.0))
    paint_glasses(albedo, u, v, features.glasses, pixel)
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


def _ears(x: Plane, v: Plane, expression: Expression, pixel: float) -> Plane:
    """Two ears at the sides; the one that the head turns away from shows more."""
    ears = np.zeros_like(x)
    for sign in (-1.0, 1.0):
        out = 0.69 + 0.05 * float(np.clip(-sign * expression.yaw / 25, -1.6, 1))
        shape = ((x * sign - out) / 0.11) ** 2 + ((v - 0.1 + 0.3 * (x * sign - out)) / 0.2) ** 2
        ears = np.maximum(
            ears, step(shape, 1 + 8 * pixel, 1 - 8 * pixel) * (1 - 0.25 * (shape < 0.25))
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
    shape = step(radius, 1 + 4 * pixel, 1 - 4 * pixel)
    dome = 0.95 * np.sqrt(np.clip(1.06 - radius, 0, 1)) * shape
    temples = features.hairline + wave + 0.9 * np.clip(np.abs(u) - 0.46, 0, 1) ** 0.8
    temples = temples + 1.6 * np.clip(np.abs(u) - 0.6, 0, 1)
    above = step(v - temples, 0.05, -0.05) * face
    end = {"short": -0.02, "long": 2.0, "bun": -0.02, "curly": 0.5}[features.hair]
    beside = step(v + 0.4 * (np.abs(x) - 0.73), end + 0.12, end - 0.02) * (1 - face)
    hair = shape * (above + beside)
    if features.hair == "bun":
        knot = step(np.sqrt((x / 0.3) ** 2 + ((v + 1.08) / 0.26) ** 2), 1.06, 0.98) * (1 - face)
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
