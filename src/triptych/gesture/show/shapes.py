"""Vector shapes as coverage: drawn large, shrunk once, so that edges are smooth at any size.

Coordinates run from -1 to 1 in both directions, y down; a `Canvas` turns them into pixels.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Coverage = NDArray[np.float32]
"""[h, w], 0..1: how much of each pixel a shape covers."""

Point = tuple[float, float]

_FINE = 4  # how many times larger the canvas is than the result
_SHIFT = 4  # OpenCV's fixed-point bits for sub-pixel places


class Canvas:
    """A square on which shapes are drawn with full coverage; `value` 0 cuts out.

    zoom: how much larger than in their own coordinates shapes are drawn.
    """

    def __init__(self, pixels: int, zoom: float = 1.0) -> None:
        self._zoom = zoom
        self._pixels = max(pixels, 1)
        self._side = self._pixels * _FINE
        self._ink = np.zeros((self._side, self._side), np.uint8)

    def coverage(self) -> Coverage:
        """What has been drawn, [pixels, pixels]."""
        size = (self._pixels, self._pixels)
        small = cv2.resize(self._ink, size, interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) / np.float32(255)

    def disc(self, centre: Point, radius: float, value: int = 255) -> None:
        """A filled circle."""
        x, y = self._place([centre])[0]
        size = round(radius * self._side / 2 * self._zoom * (1 << _SHIFT))
        cv2.circle(self._ink, (int(x), int(y)), size, value, -1, cv2.LINE_AA, _SHIFT)

    def stroke(self, points: Sequence[Point], width: float, value: int = 255) -> None:
        """A line through `points` with round ends and joints."""
        thick = max(round(width * self._zoom * self._side / 2), 1)
        places = self._place(points)
        cv2.polylines(self._ink, [places], False, value, thick, cv2.LINE_AA, _SHIFT)

    def polygon(self, points: Sequence[Point], value: int = 255) -> None:
        """A filled polygon."""
        cv2.fillPoly(self._ink, [self._place(points)], value, cv2.LINE_AA, _SHIFT)

    def box(self, corner: Point, opposite: Point, radius: float, value: int = 255) -> None:
        """A filled rectangle with rounded corners."""
        (x0, y0), (x1, y1), r = corner, opposite, radius
        self.polygon([(x0 + r, y0), (x1 - r, y0), (x1 - r, y1), (x0 + r, y1)], value)
        self.polygon([(x0, y0 + r), (x1, y0 + r), (x1, y1 - r), (x0, y1 - r)], value)
        for x in (x0 + r, x1 - r):
            for y in (y0 + r, y1 - r):
                self.disc((x, y), r, value)

    def _place(self, points: Sequence[Point]) -> NDArray[np.int32]:
        scaled = (np.array(points, np.float64) * self._zoom + 1) / 2 * self._side - 0.5
        return np.round(scaled * (1 << _SHIFT)).astype(np.int32)


def arc(centre: Point, radius: float, start: float, end: float) -> list[Point]:
    """Points on a circle from `start` to `end` degrees, clockwise from the right."""
    turns = np.radians(np.linspace(start, end, max(int(abs(end - start) / 4), 2)))
    return [
        (float(centre[0] + radius * np.cos(t)), float(centre[1] + radius * np.sin(t)))
        for t in turns
    ]


def turned(points: Sequence[Point], degrees: float, centre: Point = (0.0, 0.0)) -> list[Point]:
    """`points` turned clockwise about `centre`."""
    c, s = float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))
    x0, y0 = centre
    return [(x0 + (x - x0) * c - (y - y0) * s, y0 + (x - x0) * s + (y - y0) * c) for x, y in points]
