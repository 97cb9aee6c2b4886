"""The away card: what others see instead of the room.

A calm evening gradient with a steaming cup, drawn for each size; nothing in it can be mistaken for
a person. Or a picture that the user chose, whole, on a dark ground.
"""

from pathlib import Path

import cv2
import numpy as np

from triptych.gesture.config import Config
from triptych.gesture.show.letters import LINE, draw_text, text_width, wrap
from triptych.gesture.show.patch import Pixels
from triptych.gesture.show.pictures import read_picture
from triptych.gesture.show.shapes import Canvas, Coverage, Point
from triptych.gesture.types import Frame

_TOP = np.array([92.0, 62.0, 44.0])  # blue, green, red
_BOTTOM = np.array([138.0, 112.0, 88.0])
_GLOW = np.array([150.0, 170.0, 190.0])
_INK = (236.0, 240.0, 244.0)


def away_card(size_wh: tuple[int, int], config: Config) -> Frame:
    """The card for pictures of `size_wh` pixels; raises `BadConfig` if its picture is no use."""
    if config.away.picture:
        return _letterboxed(read_picture(Path(config.away.picture), "away.picture"), size_wh)
    width, height = size_wh
    card = _evening(width, height)
    unit = min(width, height)
    lines, em = _set(config.away.text, width, height)
    cup = round(0.34 * unit)
    text_height = len(lines) * em * LINE
    gap = 0.07 * unit if lines else 0.0
    top = (height - cup - gap - text_height) / 2
    _blend(card, _cup(cup), (round((width - cup) / 2), round(top)), 0.95)
    for number, line in enumerate(lines):
        ink = draw_text(line, em)
        y = top + cup + gap + number * em * LINE - 0.2 * em
        _blend(card, ink, (round((width - ink.shape[1]) / 2), round(y)), 0.95)
    return card


def _set(text: str, width: int, height: int) -> tuple[list[str], float]:
    """The text in lines, and its em in pixels: as large as fits, at most three lines if it can."""
    em = 0.092 * min(width, height)
    lines = wrap(text, em, 0.84 * width)
    while len(lines) > 1 and em > 4 and len(lines) * em * LINE > 0.4 * height:
        em *= 0.9
        lines = wrap(text, em, 0.84 * width)
    widest = max((text_width(line, em) for line in lines), default=0.0)
    if widest > 0.96 * width:
        em *= 0.96 * width / widest
    return lines, em


def _evening(width: int, height: int) -> Frame:
    """A gradient from dusk to a warm glow behind the cup, dithered so that no bands show."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    across = np.linspace(-1, 1, width, dtype=np.float32) * (width / max(min(width, height), 1))
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] + 0.24
    down = down * (height / max(min(width, height), 1))
    glow = np.exp(-(across * across + down * down) / 0.7)[..., None]
    colours = (_TOP + (_BOTTOM - _TOP) * y).astype(np.float32)
    colours = colours + (_GLOW - colours) * (0.34 * glow).astype(np.float32)
    colours += np.random.default_rng(0).random((height, width, 1), np.float32) - 0.5
    return np.clip(colours + 0.5, 0, 255).astype(np.uint8)


def _cup(pixels: int) -> Coverage:
    """A cup on a saucer, with steam."""
    canvas = Canvas(pixels)
    canvas.disc((0.44, 0.16), 0.27)
    canvas.disc((0.44, 0.16), 0.15, 0)
    body: list[Point] = [(-0.56, -0.16), (0.46, -0.16)]
    body += _bowl(0.46, -0.56)
    canvas.polygon(body)
    canvas.box((-0.7, 0.72), (0.6, 0.82), 0.05)
    for x in (-0.3, -0.05, 0.2):
        ys = np.linspace(-0.86, -0.32, 40)
        wave = [(x + 0.07 * float(np.sin((y + 0.9) * 10.5)), float(y)) for y in ys]
        canvas.stroke(wave, 0.075)
    return canvas.coverage()


def _bowl(right: float, left: float) -> list[Point]:
    """The cup's round underside, from its right edge to its left one."""
    middle, half = (right + left) / 2, (right - left) / 2
    turns = np.linspace(0, np.pi, 60)
    # A superellipse: straight sides, round bottom.
    return [
        (
            middle + half * float(np.sign(np.cos(t)) * np.abs(np.cos(t)) ** 0.55),
            -0.16 + 0.8 * float(np.sin(t) ** 0.75),
        )
        for t in turns
    ]


def _blend(card: Frame, coverage: Coverage, corner_xy: tuple[int, int], opacity: float) -> None:
    """Put `coverage` onto the card in the colour of paper; what sticks out is cut."""
    x, y = corner_xy
    x0, y0 = max(x, 0), max(y, 0)
    x1 = min(x + coverage.shape[1], card.shape[1])
    y1 = min(y + coverage.shape[0], card.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    share = coverage[y0 - y : y1 - y, x0 - x : x1 - x, None] * opacity
    region = card[y0:y1, x0:x1]
    mixed = region + (np.array(_INK, np.float32) - region) * share
    region[...] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def _letterboxed(picture: Pixels, size_wh: tuple[int, int]) -> Frame:
    """The whole picture in the middle of a dark card; see-through parts show the dark."""
    width, height = size_wh
    rows, cols = picture.shape[:2]
    scale = min(width / cols, height / rows)
    size = min(max(round(cols * scale), 1), width), min(max(round(rows * scale), 1), height)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    shown = np.clip(cv2.resize(picture, size, interpolation=way), 0, 1)
    card = np.empty((height, width, 3), np.float32)
    card[:] = _TOP * 0.35
    x, y = (width - size[0]) // 2, (height - size[1]) // 2
    region = card[y : y + size[1], x : x + size[0]]
    region[...] = shown[..., :3] * 255 + region * (1 - shown[..., 3:])
    return np.clip(card + 0.5, 0, 255).astype(np.uint8)
