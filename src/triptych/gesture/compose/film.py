"""A take -> its pictures: what is behind, the layers before it, and what a webcam does to both."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triptych.data.hands import iterate_hands
from triptych.errors import BadInput
from triptych.gesture.compose.plan import Key, Layer, Take
from triptych.gesture.learn.cutout import cut_out
from triptych.gesture.types import Frame

LONGER_SIDE = 480
"""Pixels of the canvas, which has the shape of what is behind."""

CHANGE = 0.1
"""Seconds in which one picture behind dissolves into the next."""

MARGIN = 1.06
"""The camera sees a little less than the whole picture, so that it can sway."""

Patch = tuple[NDArray[np.float32], tuple[float, float], float]
"""[H, W, 4] BGR and opacity 0..1, the centre of what matters in it, and its height; pixels."""


def frames_of(take: Take, hands: Path) -> Iterator[Frame]:
    """The pictures of a take in order, each [H, W, 3]; hands: the folder of labels.jsonl."""
    rng = np.random.default_rng([*take.seed, 3])
    behind = _Behind(take, hands)
    width, height = behind.size_wh
    camera = _Sway(rng, (0.012, 0.012, 0.015, 0.02))
    hands_sway = [_Sway(rng, (0.012, 0.012, 0.015, 0.03)) for _ in take.layers]
    webcam = _Webcam(rng, (height, width))
    last: Frame | None = None
    stuck = 0
    for number in range(round(take.seconds * take.fps)):
        t = number / take.fps
        if stuck == 0 and last is not None and rng.random() < webcam.drops / take.fps:
            stuck = int(rng.integers(1, 1 + max(1, round(0.15 * take.fps))))
        picture = behind.at(t, camera)
        for layer, sway in zip(take.layers, hands_sway, strict=True):
            if layer.keys[0].t <= t <= layer.keys[-1].t:
                _lay(picture, layer, t, 1 / take.fps, hands, sway)
        frame = webcam.see(picture, t, rng)
        if stuck and last is not None:
            stuck -= 1
            frame = last
        last = frame
        yield frame


class _Sway:
    """A slow, smooth, endless movement: x, y, growth and turn, each a sum of three sines."""

    def __init__(self, rng: Generator, amplitudes: tuple[float, float, float, float]) -> None:
        self._a = np.array(amplitudes)[:, None] * rng.uniform(0.2, 1.0, (4, 3)) / 2
        self._f = rng.uniform(0.1, 1.2, (4, 3)) * np.array([1.0, 1.0, 2.0])
        self._p = rng.uniform(0, 2 * np.pi, (4, 3))

    def at(self, t: float) -> tuple[float, float, float, float]:
        x, y, grow, turn = (self._a * np.sin(2 * np.pi * self._f * t + self._p)).sum(axis=1)
        return float(x), float(y), 1.0 + float(grow), float(np.rad2deg(turn))


class _Behind:
    """What is behind the layers: pictures one after the other, or a film forth and back."""

    def __init__(self, take: Take, hands: Path) -> None:
        self._hands = hands
        self._back = take.back
        self._film = self._back[0][1].endswith(".mp4")
        self._fps = take.fps
        main = 1 % len(self._back)  # the sign's picture, where there are several
        first = _film(hands / self._back[0][1])[0] if self._film else self._picture(main)
        height, width = first.shape[:2]
        scale = LONGER_SIDE / max(height, width)
        self.size_wh = round(width * scale) // 2 * 2, round(height * scale) // 2 * 2

    def _picture(self, index: int) -> Frame:
        return _read(self._hands / self._back[index][1])

    def at(self, t: float, camera: _Sway) -> NDArray[np.float32]:
        """[H, W, 3] float32, 0..255."""
        if self._film:
            film = _film(self._hands / self._back[0][1])
            place = round(t * 25.0) % (2 * len(film) - 2 or 1)
            return self._seen(film[min(place, 2 * len(film) - 2 - place)], t, camera)
        now = sum(start <= t for start, _ in self._back) - 1
        picture = self._seen(self._picture(now), t, camera)
        share = (t - self._back[now][0]) / CHANGE
        if now > 0 and share < 1.0:
            before = self._seen(self._picture(now - 1), t, camera)
            picture = (before + (picture - before) * share).astype(np.float32)
        return picture

    def _seen(self, picture: Frame, t: float, camera: _Sway) -> NDArray[np.float32]:
        width, height = self.size_wh
        x, y, grow, turn = camera.at(t)
        rows, columns = picture.shape[:2]
        scale = max(width / columns, height / rows) * MARGIN * grow
        matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), turn, scale)
        matrix[:, 2] += (width * (0.5 + x) - columns / 2, height * (0.5 + y) - rows / 2)
        seen = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
        return seen.astype(np.float32)


def _lay(
    picture: NDArray[np.float32], layer: Layer, t: float, shutter: float, hands: Path, sway: _Sway
) -> None:
    """Draw a layer at time `t` in place; blurred along its path where it moves fast."""
    patch, centre, extent = _patch(hands, layer.file, layer.mirror, layer.whole)
    height, width = picture.shape[:2]
    now, before = _at(layer.keys, t), _at(layer.keys, t - shutter / 2)
    moved = np.hypot((now.x - before.x) * width, (now.y - before.y) * height)
    looks = 3 if moved > 4 else 1
    matrices: list[NDArray[np.float64]] = []
    for look in range(looks):
        key = _at(layer.keys, t - shutter / 2 * look / looks)
        x, y, grow, turn = (0.0, 0.0, 1.0, 0.0) if layer.whole else sway.at(t)
        scale = key.height * height / extent * grow
        matrix = cv2.getRotationMatrix2D(centre, key.degrees + turn, scale)
        matrix[:, 2] += (
            width * (key.x + x * key.height) - centre[0],
            height * (key.y + y * key.height) - centre[1],
        )
        matrices.append(np.asarray(matrix, np.float64))
    rows, columns = patch.shape[:2]
    corners = np.array([[0, 0, 1], [columns, 0, 1], [0, rows, 1], [columns, rows, 1]]).T
    reached = np.concatenate([matrix @ corners for matrix in matrices], axis=1)
    x0, y0 = np.clip(np.floor(reached.min(axis=1)), 0, (width, height)).astype(int).tolist()
    x1, y1 = np.clip(np.ceil(reached.max(axis=1)), 0, (width, height)).astype(int).tolist()
    if x0 >= x1 or y0 >= y1:
        return
    total = np.zeros((y1 - y0, x1 - x0, 4), np.float32)
    for matrix in matrices:
        shifted = matrix - np.array([[0, 0, x0], [0, 0, y0]])
        total += cv2.warpAffine(patch, shifted, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
    total /= looks
    place = picture[y0:y1, x0:x1]
    place *= 1.0 - total[..., 3:]
    place += total[..., :3]


def _at(keys: tuple[Key, ...], t: float) -> Key:
    """The place at time `t`: from key to key with a soft start and stop."""
    if t <= keys[0].t:
        return keys[0]
    for a, b in pairwise(keys):
        if t < b.t:
            share = (t - a.t) / (b.t - a.t)
            share *= share * (3 - 2 * share)
            return Key(
                t,
                a.x + share * (b.x - a.x),
                a.y + share * (b.y - a.y),
                a.height + share * (b.height - a.height),
                a.degrees + share * (b.degrees - a.degrees),
            )
    return keys[-1]


class _Webcam:
    """One camera's light, noise and stuck pictures."""

    def __init__(self, rng: Generator, shape: tuple[int, int]) -> None:
        self._gain = rng.uniform(0.75, 1.2)
        self._flicker = rng.uniform(0.0, 0.06), rng.uniform(0.05, 0.5)
        grain = rng.normal(0, rng.uniform(1.5, 7.0), (shape[0] + 64, shape[1] + 64, 1))
        self._grain = np.repeat(grain.astype(np.float32), 3, axis=2)
        self._blur = float(rng.choice([0.0, 0.0, 0.6, 1.0]))
        self.drops = float(rng.choice([0.0, 0.0, 0.1, 0.5]))  # a second

    def see(self, picture: NDArray[np.float32], t: float, rng: Generator) -> Frame:
        depth, pace = self._flicker
        gain = self._gain * (1 + depth * np.sin(2 * np.pi * pace * t))
        if self._blur:
            picture = cast(NDArray[np.float32], cv2.GaussianBlur(picture, (0, 0), self._blur))
        y, x = rng.integers(0, 64, 2)
        height, width = picture.shape[:2]
        grain = np.ascontiguousarray(self._grain[y : y + height, x : x + width])
        return cast(Frame, cv2.addWeighted(picture, gain, grain, 1.0, 0.0, dtype=cv2.CV_8U))


@lru_cache(maxsize=512)
def _read(path: Path) -> Frame:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise BadInput(f"{path} is not a picture that can be read; fetch the data set again.")
    return picture.astype(np.uint8)


@lru_cache(maxsize=3)
def _film(path: Path) -> list[Frame]:
    """Up to 12 s of a film, at its own rate."""
    film = cv2.VideoCapture(str(path))
    frames: list[Frame] = []
    while len(frames) < 300:
        more, frame = film.read()
        if not more:
            break
        frames.append(frame.astype(np.uint8))
    if not frames:
        raise BadInput(f"{path} is not a film that can be read; fetch the data set again.")
    return frames


@lru_cache(maxsize=2)
def _landmarks(hands: Path) -> dict[str, NDArray[np.float32]]:
    """File -> landmarks of its first hand, fractions."""
    return {p.file: p.hands[0].landmarks[:, :2] for p in iterate_hands(hands) if p.hands}


@lru_cache(maxsize=64)
def _patch(hands: Path, file: str, mirror: bool, whole: bool) -> Patch:
    """A layer's picture with its opacity, colours multiplied by it."""
    picture = _read(hands / file)
    height, width = picture.shape[:2]
    if whole:
        opaque = np.ones((height, width, 1), np.float32)
        return np.dstack([picture, opaque]).astype(np.float32), (width / 2, height / 2), height
    points = _landmarks(hands)[file] * np.array([width, height], np.float32)
    mask = cut_out(hands / file, picture, points)
    if mask is None:
        # No clean cut: the hand with its wall, soft at the border.
        mask = np.zeros((height, width), np.uint8)
        mask[4:, 4:-4] = 255
        mask = cv2.GaussianBlur(mask, (7, 7), 0).astype(np.uint8)
    picture, mask = _with_sleeve(picture, mask, file)
    opacity = mask.astype(np.float32)[..., None] / 255
    patch = np.dstack([picture.astype(np.float32) * opacity, opacity]).astype(np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = ((low + high) / 2).tolist()
    if mirror:
        patch, x = np.ascontiguousarray(patch[:, ::-1]), width - 1 - x
    return patch, (x, y), float(high[1] - low[1])


def _with_sleeve(
    picture: Frame, mask: NDArray[np.uint8], file: str
) -> tuple[Frame, NDArray[np.uint8]]:
    """An arm in a plain sleeve below a wrist that the picture's border cuts off."""
    height, width = mask.shape
    there = np.flatnonzero(mask[height - 3] > 128)
    if len(there) < 4:
        return picture, mask
    rng = np.random.default_rng(list(file.encode()))
    colour = rng.uniform(30, 190) + rng.uniform(-30, 30, 3)
    left, right = float(there[0]), float(there[-1])
    wide = (right - left) * 0.2
    length = 3 * height
    pad = np.zeros((length, width), np.uint8)
    corners = np.array([[left - wide / 2, -1], [right + wide / 2, -1],
                        [right + 2 * wide, length], [left - 2 * wide, length]])  # fmt: skip
    cv2.fillPoly(pad, [np.round(corners).astype(np.int32)], 255, cv2.LINE_AA)
    shade = 1 - 0.5 * np.abs(np.linspace(-1, 1, width)) ** 2
    cloth = colour * shade[:, None] * rng.uniform(0.92, 1.08, (length, width, 1))
    cloth = np.clip(cloth, 0, 255).astype(np.uint8)
    return np.vstack([picture, cloth]), np.vstack([mask, pad])
