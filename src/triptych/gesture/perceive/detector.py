"""Hands and faces of a whole picture, found by one network in one pass."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.perceive.runtime import load_session
from triptych.gesture.types import Box, Frame

LONGER_SIDE = 320
"""The picture is shrunk until its longer side has this many pixels."""

COARSE_SIDE = 256
"""The same for a coarser look at two thirds of the price. On validation people it finds as many of
their faces and raised hands, also at nearly twice the distance (`benchmarks/coarse_look.py`)."""

STRIDE = 8
KINDS = ("hand", "face")
CLEAR_FACE = 0.5
"""A face of this score needs no second look."""

FLOOR = 0.15
"""Peaks below this are not worth mentioning."""


@dataclass(frozen=True, slots=True)
class Found:
    """One object: its box in fractions of the picture, and the network's confidence, 0..1."""

    box: Box
    score: float


class Detector:
    """Finds hands and faces; see `learn/detector.py` for the network."""

    def __init__(self) -> None:
        self._session = load_session("detector.onnx")

    def find(self, frame: Frame, longer_side: int = LONGER_SIDE) -> dict[str, list[Found]]:
        """[H, W, 3] BGR -> {"hand": [...], "face": [...]}, each best first.

        longer_side: pixels that the picture is shrunk to. Where no face is clear, the picture is
        looked at once more at half the size, in which a face that fills it is as large as those
        that the network knows.
        """
        found = self._look(frame, longer_side)
        if not any(face.score >= CLEAR_FACE for face in found["face"]):
            faces = found["face"] + self._look(frame, LONGER_SIDE // 2)["face"]
            found["face"] = suppress(sorted(faces, key=lambda face: -face.score))
        return found

    def _look(self, frame: Frame, longer_side: int) -> dict[str, list[Found]]:
        height, width = frame.shape[:2]
        scale = longer_side / max(height, width)
        w, h = max(1, round(width * scale)), max(1, round(height * scale))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        # Sides must be multiples of 32; what is added stays black, as in training.
        canvas = np.zeros((-(-h // 32) * 32, -(-w // 32) * 32, 3), np.uint8)
        cv2.resize(frame, (w, h), dst=canvas[:h, :w], interpolation=method)
        heat, sides = self._session.run(None, {"picture": canvas[None]})
        return decode(np.asarray(heat)[0], np.asarray(sides)[0], (w, h))


def decode(
    heat: NDArray[np.float32], sides: NDArray[np.float32], size_wh: tuple[int, int]
) -> dict[str, list[Found]]:
    """Peaks of the heat maps -> boxes.

    heat: [2, h, w], 0..1. sides: [2, 4, h, w], pixels from the cell's centre to the left, top,
    right and bottom side. size_wh: the part of the network's input that holds the picture.
    """
    width, height = size_wh
    found: dict[str, list[Found]] = {}
    for index, kind in enumerate(KINDS):
        scores = heat[index]
        peaks = (scores >= cv2.dilate(scores, np.ones((3, 3), np.uint8))) & (scores >= FLOOR)
        objects: list[Found] = []
        for row, column in np.argwhere(peaks).tolist():
            x, y = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
            left, top, right, bottom = (float(side) for side in sides[index, :, row, column])
            box = Box(
                (x - left) / width, (y - top) / height, (x + right) / width, (y + bottom) / height
            )
            objects.append(Found(box, float(scores[row, column])))
        found[kind] = suppress(sorted(objects, key=lambda item: -item.score))
    return found


def suppress(objects: list[Found], limit: float = 0.5) -> list[Found]:
    """Best first, without what overlaps a better one by more than `limit`: a wide map's twins."""
    kept: list[Found] = []
    for candidate in objects:
        if all(intersection_over_union(candidate.box, other.box) <= limit for other in kept):
            kept.append(candidate)
    return kept


def intersection_over_union(a: Box, b: Box) -> float:
    """Overlap of two boxes, 0..1."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    inner = max(width, 0.0) * max(height, 0.0)
    return inner / max(a.area + b.area - inner, 1e-12)
