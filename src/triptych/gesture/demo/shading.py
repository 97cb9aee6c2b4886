"""Light on skin and cloth: a height field becomes colours.

Wrapped diffuse light whose shadows turn red as light scatters in skin, light from above for the
sky, darkness in crevices, shadows that bodies throw on each other, and a faint gloss. Colours are
squared before and square-rooted after, a cheap stand-in for the sRGB curve.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.demo.solids import FAR, HeightField, Plane

Colour = tuple[float, float, float]
"""Blue, green, red, 0..255."""

_TONES = np.array(  # red, green, blue from the lightest skin to the darkest
    [
        [252, 220, 202],
        [240, 196, 170],
        [226, 174, 142],
        [204, 146, 110],
        [164, 108, 76],
        [118, 74, 52],
        [80, 52, 40],
        [56, 38, 31],
    ],
    np.float64,
)

SKIN, CLOTH, HAIR = 0, 1, 2
"""Materials of bodies."""


@dataclass(frozen=True, slots=True)
class Light:
    """One room's light.

    towards: vector from the scene to the lamp, x right, y down, z to the viewer. key and ambient:
    strength of the lamp and of the room. tint: blue, green, red factors of the lamp.
    """

    towards: tuple[float, float, float] = (-0.45, -0.6, 0.75)
    key: float = 0.85
    ambient: float = 0.42
    tint: Colour = (0.96, 1.0, 1.04)


def skin_colour(darkness: float, warmth: float = 0.0) -> Colour:
    """The colour of skin; `darkness` 0..1, `warmth` about -1..1 from cool to ruddy."""
    at = np.clip(darkness, 0, 1) * (len(_TONES) - 1)
    low = min(int(at), len(_TONES) - 2)
    red, green, blue = _TONES[low] + (_TONES[low + 1] - _TONES[low]) * (at - low)
    return float(blue - 6 * warmth), float(green - 3 * warmth), float(red + 4 * warmth)


@dataclass(frozen=True, slots=True)
class Look:
    """What a hand and its arm are covered with.

    skin, cloth and hair: colours. pale: 0..1, how much lighter than the back of the hand its palm
    is. blotch: strength of the skin's mottling. seed: of mottling and cloth folds.
    """

    skin: Colour = (142.0, 174.0, 226.0)
    cloth: Colour = (120.0, 84.0, 52.0)
    hair: Colour = (26.0, 36.0, 54.0)
    pale: float = 0.15
    blotch: float = 1.0
    seed: int = 0


def _thrown(height: Plane, light: NDArray[np.float64], scale: float) -> Plane:
    """Share of the lamp that nearer bodies hold off, 0..1; `height` [h, w] at any resolution."""
    shade = np.zeros_like(height)
    rows, cols = height.shape
    for step in (0.05, 0.1, 0.17, 0.27):
        reach = step * scale
        dx, dy, dz = light * reach / max(light[2], 0.35)
        move = np.array([[1, 0, -dx], [0, 1, -dy]], np.float32)
        near = cv2.warpAffine(
            height, move, (cols, rows), flags=cv2.INTER_LINEAR, borderValue=float(FAR)
        )
        blocked = np.clip((near - height - dz) / (0.02 * scale), 0, 1) * (1.0 - step * 1.8)
        np.maximum(shade, blocked.astype(np.float32), out=shade)
    return np.asarray(cv2.GaussianBlur(shade, (0, 0), max(0.018 * scale, 0.5)), np.float32)


def _crevices(height: Plane, scale: float) -> Plane:
    """How deep each pixel lies below its surroundings, 0..1."""
    floor = np.where(height == FAR, height[height != FAR].min() - 0.05 * scale, height)
    deep = np.zeros_like(height)
    for width, weight in ((0.022, 0.6), (0.06, 0.55)):
        around = cv2.GaussianBlur(floor, (0, 0), max(width * scale, 0.6))
        deep += weight * np.clip((around - floor) / (width * scale), 0, 1)
    return np.clip(deep, 0, 1)


def held_and_deep(
    height: Plane, light: Light, scale: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Thrown shadows and crevices, [h, w] each 0..1, worked out at half resolution."""
    rows, cols = height.shape
    small = (max(cols // 2, 1), max(rows // 2, 1))
    half = np.asarray(cv2.resize(height, small, interpolation=cv2.INTER_NEAREST), np.float32)
    towards = np.array(light.towards) / np.linalg.norm(light.towards)
    held = cv2.resize(_thrown(half, towards, scale / 2), (cols, rows))
    deep = cv2.resize(_crevices(half, scale / 2), (cols, rows))
    return np.asarray(held, np.float32), np.asarray(deep, np.float32)


def relight(
    albedo: NDArray[np.float32],
    normals: NDArray[np.float32],
    held: NDArray[np.float32],
    deep: NDArray[np.float32],
    skin: NDArray[np.float32],
    light: Light,
    gloss: float = 0.05,
) -> NDArray[np.float32]:
    """What a camera sees, [N, 3] 0..255, of surfaces whose own colours are `albedo` [N, 3].

    normals: [3, N], any length. held, deep: as `held_and_deep` gives them. skin: 0..1, how much
    light scatters under the surface.
    """
    towards = np.array(light.towards) / np.linalg.norm(light.towards)
    unit = normals / np.sqrt((normals * normals).sum(0) + 1e-6)
    facing = unit[0] * towards[0] + unit[1] * towards[1] + unit[2] * towards[2]
    lit = (1 - 0.75 * held) * light.key
    sky = light.ambient * (0.8 - 0.25 * unit[1]) * (1 - 0.62 * deep)
    shine = gloss * np.clip(facing, 0, 1) ** 12 * lit
    out = np.empty_like(albedo)
    for c in range(3):
        wrap = 0.2 + skin * (-0.04, 0.04, 0.22)[c]
        diffuse = np.clip((facing + wrap) / (1 + wrap), 0, 1)
        bounce = (0.015, 0.036, 0.09)[c] * deep * skin  # between folds of skin, light turns red
        glow = lit * diffuse * light.tint[c] * (1 - 0.5 * deep) + sky * (1 + bounce)
        value = (albedo[:, c] / 255) ** 2 * glow + shine
        out[:, c] = np.sqrt(np.clip(value, 0, 1)) * 255
    return out


def shade(
    field: HeightField, look: Look, light: Light, scale: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colours [h, w, 3] (BGR, 0..255) and coverage [h, w] (0..1); `scale`: a hand in pixels."""
    rows, cols = field.height.shape
    solid = field.height != FAR
    colours = np.zeros((rows, cols, 3), np.float32)
    cover = solid.astype(np.float32)
    if not solid.any():
        return colours, cover
    held, deep = held_and_deep(field.height, light, scale)
    _, _, _, crease, nail, palm = field.layers[:, solid]
    skin = (field.material[solid] == SKIN).astype(np.float32)
    mottle = blotches((rows, cols), scale / 24, look.seed)[solid]
    hair = field.material[solid] == HAIR
    pale = look.pale * np.clip(palm * 1.5 + 0.3, 0, 1)
    albedo = np.empty((crease.size, 3), np.float32)
    for c in range(3):
        tone = look.skin[c] + pale * ((150.0, 172.0, 228.0)[c] - look.skin[c])
        of_nail = (188.0, 196.0, 234.0)[c] * (0.25 + look.skin[2] / 300)
        tone = tone + 0.45 * nail * (of_nail - tone)
        tone = tone + look.blotch * mottle * (-2.6, -2.4, 0.6)[c]
        tone = tone * (1 - (0.37, 0.31, 0.19)[c] * np.clip(crease, 0, 1))
        fabric = np.where(hair, look.hair[c], look.cloth[c]) * (1 + 0.03 * mottle)
        albedo[:, c] = np.maximum(fabric + skin * (tone - fabric), 3)
    colours[solid] = relight(albedo, field.layers[:3, solid], held[solid], deep[solid], skin, light)
    return colours, cover


def blotches(shape: tuple[int, int], grain: float, seed: int) -> NDArray[np.float32]:
    """Smooth noise of unit strength, [h, w], with blotches of about `grain` pixels."""
    rows, cols = shape
    grain = max(grain, 1.0)
    rough = np.random.default_rng(seed).normal(
        0, 1, (max(int(rows / grain), 2), max(int(cols / grain), 2))
    )
    smooth = cv2.resize(rough.astype(np.float32), (cols, rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth, np.float32)
