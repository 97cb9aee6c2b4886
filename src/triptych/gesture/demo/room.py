"""Draws the room behind a person: wall, window, shelves, pictures, a plant, out of focus."""

import cv2
import numpy as np

from triptych.gesture.demo.shading import Colour, blotches
from triptych.gesture.types import Frame


def draw_room(rng: np.random.Generator, size_wh: tuple[int, int], focus: float = 1.0) -> Frame:
    """A room of `size_wh` pixels, different for each state of `rng`.

    focus: blur of the background, 0 none, 1 as behind a webcam, 3 as with a fast lens.
    """
    width, height = size_wh
    room = _wall(rng, width, height)
    unit = height / 100
    for draw in (_window, _picture, _shelf, _door, _plant, _lamp):
        if rng.random() < 0.5:
            draw(room, rng, unit)
    if focus > 0:
        room = cv2.GaussianBlur(room, (0, 0), max(0.45 * unit * focus, 0.3))
    return room.astype(np.uint8)


def _wall(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A plastered wall in a plausible paint, lit from one side."""
    grey = rng.uniform(60, 235)
    paint = np.clip(grey + rng.normal(0, [14, 8, 14]), 15, 250)
    x = np.linspace(-1, 1, width)
    y = np.linspace(-1, 1, height)[:, None]
    glow = 1 + rng.normal(0, 0.14) * x + rng.normal(-0.06, 0.08) * y - 0.07 * (x * x + y * y)
    rough = blotches((height, width), height / 12, int(rng.integers(1 << 30)))
    wall = paint * (glow * (1 + 0.008 * rough))[..., None]
    return np.clip(wall, 0, 255).astype(np.float32)


def _paint(rng: np.random.Generator, low: float = 25, high: float = 210) -> Colour:
    grey, warm = rng.uniform(low, high), rng.normal(0, 25)
    blue, green, red = np.clip([grey - warm, grey + rng.normal(0, 10), grey + warm], 8, 250)
    return float(blue), float(green), float(red)


def _box(room: np.ndarray, x: float, y: float, w: float, h: float, colour: Colour) -> None:
    cv2.rectangle(room, (round(x), round(y)), (round(x + w), round(y + h)), colour, -1)


def _window(room: np.ndarray, rng: np.random.Generator, unit: float) -> None:
    w, h = rng.uniform(28, 55) * unit, rng.uniform(40, 70) * unit
    x, y = rng.uniform(-0.1, 0.9) * room.shape[1] - w / 3, rng.uniform(-12, 12) * unit
    bright = float(rng.uniform(170, 255))
    _box(room, x - 2 * unit, y - 2 * unit, w + 4 * unit, h + 4 * unit, _paint(rng, 150, 240))
    _box(room, x, y, w, h, (bright, bright * 0.98, bright * 0.94))
    _box(room, x, y + h * 0.6, w, h * 0.4, (bright * 0.75, bright * 0.85, bright * 0.75))
    bar = _paint(rng, 150, 240)
    _box(room, x + w / 2 - unit, y, 2 * unit, h, bar)
    _box(room, x, y + h * 0.4, w, 1.5 * unit, bar)
    if rng.random() < 0.5:
        cloth = np.array(_paint(rng))
        for i in range(12):
            fold = cloth * (0.85 + 0.2 * np.sin(i * 1.9))
            left = x - 6 * unit + i * 1.5 * unit
            _box(room, left, y - 4 * unit, 1.6 * unit, h + 12 * unit, tuple(fold.tolist()))


def _picture(room: np.ndarray, rng: np.random.Generator, unit: float) -> None:
    w, h = rng.uniform(14, 32) * unit, rng.uniform(14, 32) * unit
    x, y = rng.uniform(0, room.shape[1] - w), rng.uniform(3, 35) * unit
    _box(room, x, y, w, h, _paint(rng, 10, 90))
    _box(room, x + 1.5 * unit, y + 1.5 * unit, w - 3 * unit, h - 3 * unit, _paint(rng, 120, 245))
    for _ in range(4):
        at = (round(x + rng.uniform(0.25, 0.75) * w), round(y + rng.uniform(0.25, 0.75) * h))
        cv2.circle(room, at, round(rng.uniform(0.05, 0.18) * min(w, h)), _paint(rng), -1)


def _shelf(room: np.ndarray, rng: np.random.Generator, unit: float) -> None:
    w = rng.uniform(35, 80) * unit
    x, top = rng.uniform(-0.2, 0.9) * room.shape[1], rng.uniform(5, 30) * unit
    wood = _paint(rng, 40, 160)
    for board in range(int(rng.integers(1, 4))):
        y = top + (board + 1) * 24 * unit
        at = x + rng.uniform(0, 6) * unit
        while at < x + w - 3 * unit:
            thick, tall = rng.uniform(1.5, 4.5) * unit, rng.uniform(11, 19) * unit
            if rng.random() < 0.8:
                _box(room, at, y - tall, thick, tall, _paint(rng))
            at += thick
        _box(room, x, y, w, 2 * unit, wood)


def _door(room: np.ndarray, rng: np.random.Generator, unit: float) -> None:
    w, x = rng.uniform(35, 48) * unit, rng.uniform(-0.1, 0.9) * room.shape[1]
    leaf = _paint(rng, 90, 240)
    shadow = (leaf[0] * 0.8, leaf[1] * 0.8, leaf[2] * 0.8)
    _box(room, x - 2 * unit, 8 * unit, w + 4 * unit, 110 * unit, shadow)
    _box(room, x, 10 * unit, w, 110 * unit, leaf)
    for y, h in ((16, 32), (54, 50)):
        at = (round(x + 5 * unit), round(y * unit), round(w - 10 * unit), round(h * unit))
        cv2.rectangle(room, at, shadow, max(round(unit), 1))


def _plant(room: np.ndarray, rng: np.random.Generator, unit: float) -> None:
    x, y = rng.uniform(0, 1) * room.shape[1], rng.uniform(75, 100) * unit
    for _ in range(26):
        angle, reach = rng.normal(-np.pi / 2, 0.7), rng.uniform(12, 34) * unit
        tip = (x + np.cos(angle) * reach, y + np.sin(angle) * reach)
        green = float(rng.uniform(60, 150))
        axes = (round(rng.uniform(4, 7) * unit), round(rng.uniform(1.2, 2.4) * unit))
        at = (round(tip[0]), round(tip[1]))
        cv2.line(room, (round(x), round(y)), at, (30.0, 80.0, 60.0), max(round(unit / 2), 1))
        cv2.ellipse(
            room, at, axes, float(np.degrees(angle)), 0, 360, (green * 0.5, green, green * 0.6), -1
        )
    _box(room, x - 6 * unit, y, 12 * unit, 14 * unit, _paint(rng))


def _lamp(room: np.ndarray, rng: np.random.Generator, unit: float) -> None:
    x, y = rng.uniform(0, 1) * room.shape[1], rng.uniform(15, 50) * unit
    _box(room, x - 0.7 * unit, y, 1.4 * unit, 100 * unit, (40.0, 40.0, 44.0))
    shape = np.array(
        [
            [x - 5 * unit, y - 12 * unit],
            [x + 5 * unit, y - 12 * unit],
            [x + 9 * unit, y],
            [x - 9 * unit, y],
        ]
    )
    cv2.fillPoly(room, [np.round(shape).astype(np.int32)], (190.0, 225.0, 250.0))
