"""Lays rings and badges over the picture.

Everything is drawn once, for the size of the picture; a frame then costs a product and a sum on
the few pixels that the badge covers. Place and text are as others see them: nothing is mirrored.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from triptych.gesture.config import Config
from triptych.gesture.show.icons import icon
from triptych.gesture.show.label import labelled
from triptych.gesture.show.patch import Patch, Pixels, lay, over, patch_of
from triptych.gesture.show.shapes import Canvas
from triptych.gesture.types import Box, Decision, Frame

_DIM = 0.55  # of a sign that is held but has not fired yet
_MARGIN = 0.035  # from the picture's edge, as a share of its height


@dataclass(frozen=True, slots=True)
class _Placed:
    """A patch, where its top left goes, and the part of the picture that it hides."""

    patch: Patch
    corner_xy: tuple[int, int]
    box: Box


class Painter:
    """Draws what a `Decision` says onto frames of `size_wh` pixels.

    Raises `BadConfig` when an icon of the configuration is no picture that can be used.
    """

    def __init__(self, config: Config, size_wh: tuple[int, int]) -> None:
        self._size_wh = size_wh
        self._place = config.show.place
        self._pixels = max(round(config.show.size * min(size_wh[1], size_wh[0])), 1)
        self._badges: dict[str, _Placed] = {}
        self._rings: dict[str, Patch] = {}
        self._sweep, self._band = _ring(self._pixels)
        for sign in config.names:
            look = config.sign(sign)
            pixels = icon(look.icon, self._pixels, f"signs.{sign}.icon")
            text = look.text if config.show.labels else ""
            self._badges[sign] = self._badge(pixels, text)
            self._rings[sign] = patch_of(over(_track(self._band), pixels * _DIM))

    def paint(self, frame: Frame, decision: Decision) -> Box | None:
        """Draw the ring or the badge, if there is one, onto `frame` in place.

        While a badge is on show, the ring of the next sign is drawn beside it. The away card is
        none of the painter's business. Returns where the badge is: what mirrors the picture must
        leave its words as they are.
        """
        badge, ring = decision.badge, decision.ring
        place = None
        if badge is not None:
            placed = self._badges[badge.sign]
            lay(frame, placed.patch, placed.corner_xy, badge.opacity)
            place = placed.box
        if ring is not None:
            row = 0 if badge is None else 1
            lay(frame, self._swept(ring.sign, ring.progress), self._corner(row))
        return place

    def _swept(self, sign: str, progress: float) -> Patch:
        """The dimmed icon with its ring closed up to `progress`, 0..1."""
        still = self._rings[sign]
        edge = float(np.clip(progress, 0, 1)) * 255
        ramp = np.clip((edge - np.arange(256)) * 128, 0, 255).astype(np.uint8)
        if progress >= 1:
            ramp[:] = 255
        closed = cv2.multiply(cv2.LUT(self._sweep, ramp), self._band, scale=1 / 255)
        closed = cv2.merge([closed, closed, closed])
        rest = cv2.subtract(np.full_like(closed, 255), closed)
        light = cv2.add(cv2.multiply(still.light, rest, scale=1 / 255), closed)
        keep = cv2.multiply(still.keep, rest, scale=1 / 255)
        return Patch(np.asarray(light, np.uint8), np.asarray(keep, np.uint8))

    def _badge(self, pixels: Pixels, text: str) -> _Placed:
        """Icon and label as one patch, the icon towards the picture's edge."""
        x, y = self._corner(0)
        if not text.strip():
            return self._placed(pixels, (x, y))
        room = max(self._size_wh[0] - self._pixels - 2 * self._margin(), 0)
        right = self._place.endswith("right")
        whole = labelled(pixels, text, room, right)
        beside = whole.shape[1] - self._pixels
        return self._placed(whole, (x - beside if right else x, y))

    def _placed(self, pixels: Pixels, corner_xy: tuple[int, int]) -> _Placed:
        (x, y), (width, height) = corner_xy, self._size_wh
        # All but the soft shadow around it.
        rows, columns = np.nonzero(pixels[..., 3] >= 0.5)
        sides = (
            (x + columns.min(initial=pixels.shape[1])) / width,
            (y + rows.min(initial=pixels.shape[0])) / height,
            (x + columns.max(initial=-1) + 1) / width,
            (y + rows.max(initial=-1) + 1) / height,
        )
        return _Placed(patch_of(pixels), corner_xy, Box(*np.clip(sides, 0.0, 1.0).tolist()))

    def _margin(self) -> int:
        return round(_MARGIN * self._size_wh[1])

    def _corner(self, row: int) -> tuple[int, int]:
        """Top left of the icon in the first place (0) or the one next to it (1)."""
        width, height = self._size_wh
        margin = self._margin()
        step = row * round(self._pixels * 1.08)
        x = width - margin - self._pixels if self._place.endswith("right") else margin
        y = height - margin - self._pixels - step
        return x, y if self._place.startswith("bottom") else margin + step


def _ring(pixels: int) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel the angle from the top, clockwise, 0..255, and the ring's coverage."""
    grid = np.arange(pixels) - (pixels - 1) / 2
    angle = np.arctan2(grid[None, :], -grid[:, None]) / (2 * np.pi) % 1.0
    canvas = Canvas(pixels)
    canvas.disc((0.0, 0.0), 0.97)
    canvas.disc((0.0, 0.0), 0.83, 0)
    band = canvas.coverage()
    return np.minimum(angle * 255, 254).astype(np.uint8), (band * 255).astype(np.uint8)


def _track(band: np.ndarray) -> Pixels:
    """The ring's dark, half transparent bed."""
    pixels = np.zeros((*band.shape, 4), np.float32)
    pixels[..., 3] = band.astype(np.float32) * (0.55 / 255)
    return pixels
