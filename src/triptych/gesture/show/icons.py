"""The five icons, drawn for this project, emoji, and pictures that people bring along.

Each built-in icon is a white sign on a round badge of its own colour with a white rim and a soft
shadow. Sign and colour both tell them apart; the colours keep their distance for people who see
red and green alike (after Okabe and Ito, 2008).
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from triptych.errors import BadConfig
from triptych.gesture.show.emoji import emoji, looks_like_emoji
from triptych.gesture.show.patch import Pixels, over
from triptych.gesture.show.pictures import read_picture
from triptych.gesture.show.shapes import Canvas, Coverage, arc, turned

Colour = tuple[int, int, int]

DISC = 0.82
"""Radius of the badge, rim included, as a share of half the icon's width."""

_RIM = 0.075

_EMOJI = 0.53
"""Side of an emoji on its badge, as a share of the icon's."""

_SLATE: Colour = (104, 82, 66)
_PAPER: Colour = (250, 247, 244)


def _cross(canvas: Canvas) -> None:
    canvas.stroke([(-0.27, -0.27), (0.27, 0.27)], 0.19)
    canvas.stroke([(0.27, -0.27), (-0.27, 0.27)], 0.19)


def _question(canvas: Canvas) -> None:
    bow = arc((0.0, -0.19), 0.215, 180, 398)
    canvas.stroke([*bow, (0.0, 0.07), (0.0, 0.15)], 0.145)
    canvas.disc((0.0, 0.38), 0.09)


def _check(canvas: Canvas) -> None:
    canvas.stroke([(-0.33, 0.04), (-0.09, 0.27), (0.35, -0.23)], 0.18)


def _speech(canvas: Canvas) -> None:
    canvas.box((-0.43, -0.36), (0.43, 0.2), 0.16)
    canvas.polygon([(-0.27, 0.1), (0.06, 0.1), (-0.26, 0.46)])
    for x in (-0.22, 0.0, 0.22):
        canvas.disc((x, -0.08), 0.07, 0)


def _wave(canvas: Canvas) -> None:
    pivot, tilt = (0.0, 0.2), 14.0
    fingers = (
        ((-0.17, 0.1), (-0.235, -0.2)),
        ((-0.06, 0.05), (-0.085, -0.345)),
        ((0.06, 0.05), (0.07, -0.345)),
        ((0.17, 0.1), (0.215, -0.245)),
    )
    for line in fingers:
        canvas.stroke(turned(line, tilt, pivot), 0.105)
    canvas.stroke(turned([(-0.12, 0.33), (-0.385, 0.09)], tilt, pivot), 0.115)
    palm = [(-0.215, 0.05), (0.222, 0.05), (0.2, 0.3), (0.1, 0.43), (-0.08, 0.43), (-0.22, 0.26)]
    canvas.polygon(turned(palm, tilt, pivot))
    canvas.stroke(turned([*palm, palm[0]], tilt, pivot), 0.03)
    for radius in (0.47, 0.58):
        canvas.stroke(arc((0.02, 0.06), radius, -38, -4), 0.055)
        canvas.stroke(arc((0.02, 0.06), radius, 148, 182), 0.055)


_DRAWN: dict[str, tuple[Callable[[Canvas], None], Colour]] = {
    "no": (_cross, (38, 52, 196)),
    "question": (_question, (178, 106, 22)),
    "yes": (_check, (98, 138, 14)),
    "comment": (_speech, (168, 66, 112)),
    "goodbye": (_wave, (14, 122, 196)),
}

BUILT_IN = tuple(_DRAWN)
"""Names of the icons that are always there."""


def icon(name: str, pixels: int, where: str = "icon") -> Pixels:
    """An icon of `pixels` by `pixels`: a built-in one, an emoji, or the PNG file at a path.

    where: the setting to blame in the `BadConfig` that a useless one raises.
    """
    if name in _DRAWN:
        sign, colour = _DRAWN[name]
        canvas = Canvas(max(pixels, 1), zoom=1.12)
        sign(canvas)
        return _badge(_ink(canvas.coverage(), (255, 255, 255)), colour)
    if looks_like_emoji(name):
        return _emoji_badge(name, max(pixels, 1), where)
    if not Path(name).suffix:
        known = ", ".join(BUILT_IN)
        raise BadConfig(
            f"{where} = {name!r} is no icon: it must be one of {known}, an emoji, or the path of "
            "a PNG file."
        )
    return _fitted(Path(name), max(pixels, 1), where)


def icon_png(name: str, pixels: int) -> bytes:
    """The icon as a PNG file with transparency, for the page. Raises `BadConfig`, too."""
    shown = icon(name, pixels)
    plain = shown.copy()
    plain[..., :3] /= np.maximum(shown[..., 3:], 1e-6)
    _, coded = cv2.imencode(".png", np.clip(plain * 255 + 0.5, 0, 255).astype(np.uint8))
    return coded.tobytes()


def _ink(coverage: Coverage, colour: Colour, opacity: float = 1.0) -> Pixels:
    pixels = np.empty((*coverage.shape, 4), np.float32)
    pixels[..., 3] = coverage * opacity
    for c in range(3):
        pixels[..., c] = pixels[..., 3] * (colour[c] / 255)
    return pixels


def _disc(pixels: int, radius: float) -> Coverage:
    canvas = Canvas(pixels)
    canvas.disc((0.0, 0.0), radius)
    return canvas.coverage()


def _emoji_badge(name: str, pixels: int, where: str) -> Pixels:
    drawn = emoji(name, max(round(_EMOJI * pixels), 1))
    if drawn is None:
        raise BadConfig(
            f"{where} = {name!r} is not one emoji that can be drawn here: choose another, or give "
            "the path of a PNG file."
        )
    ink, coloured = drawn
    before = (pixels - len(ink)) // 2
    around = (before, pixels - len(ink) - before)
    return _badge(np.pad(ink, (around, around, (0, 0))), _PAPER if coloured else _SLATE)


def _badge(sign: Pixels, colour: Colour) -> Pixels:
    pixels = len(sign)
    shadow = np.roll(_disc(pixels, DISC), max(round(pixels * 0.02), 0), axis=0)
    shadow = cv2.GaussianBlur(shadow, (0, 0), max(pixels * 0.035, 0.3))
    below = _ink(np.asarray(shadow, np.float32), (0, 0, 0), 0.45)
    rim = _ink(_disc(pixels, DISC), (255, 255, 255))
    face = _ink(_disc(pixels, DISC - _RIM), colour)
    glow = np.linspace(1.14, 0.9, pixels, dtype=np.float32)[:, None, None]
    face[..., :3] = np.minimum(face[..., :3] * glow, face[..., 3:])
    return over(sign, over(face, over(rim, below)))


def _fitted(path: Path, pixels: int, where: str) -> Pixels:
    """Somebody's picture, whole, in the middle of a transparent square."""
    picture = read_picture(path, where)
    rows, cols = picture.shape[:2]
    scale = pixels / max(rows, cols)
    size = max(round(cols * scale), 1), max(round(rows * scale), 1)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    shown = cv2.resize(picture, size, interpolation=way)
    square = np.zeros((pixels, pixels, 4), np.float32)
    x, y = (pixels - size[0]) // 2, (pixels - size[1]) // 2
    square[y : y + size[1], x : x + size[0]] = shown
    return square
