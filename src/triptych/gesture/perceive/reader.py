"""One hand's crop -> its gesture, landmarks and embedding; see `learn/hand_reader.py`."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.perceive.runtime import load_session
from triptych.gesture.types import GESTURES, Box, Frame, Hand

SIZE = 128
"""Width and height of the crop that the network reads, pixels."""

REACH = 1.5
"""Side of the crop, in units of the larger extent of the landmarks."""

MARGIN = 0.1
"""Landmarks sit on joints; a hand's box has this much flesh around them, in units of the extent."""

ANSWERS = ("appearance", "shape", "both")
Answer = Literal["appearance", "shape", "both"]


class HandReader:
    """Reads hands; `answer` chooses which of the network's classifiers is believed."""

    def __init__(self, answer: Answer = "both") -> None:
        self._session = load_session("hand_reader.onnx")
        self._answer = ANSWERS.index(answer)

    def read(self, frame: Frame, boxes: list[Box], tracks: list[int] | None = None) -> list[Hand]:
        """One `Hand` for each box (fractions of the picture), in the same order."""
        if not boxes:
            return []
        squares = [crop_square(box, frame.shape[1], frame.shape[0]) for box in boxes]
        crops = np.stack([cut(frame, square) for square in squares])
        scores, landmarks, embeddings = (
            np.asarray(array) for array in self._session.run(None, {"crops": crops})
        )
        size = np.array([frame.shape[1], frame.shape[0]], np.float32)
        hands: list[Hand] = []
        for i, (x, y, side) in enumerate(squares):
            points = ((np.array([x, y]) + landmarks[i] * side) / size).astype(np.float32)
            by_name = zip(GESTURES, scores[i, self._answer].tolist(), strict=True)
            hands.append(
                Hand(
                    box=box_around(points * size, size),
                    scores=dict(by_name),
                    landmarks=points,
                    embedding=embeddings[i],
                    track=tracks[i] if tracks else 0,
                )
            )
        return hands


def crop_square(box: Box, width: int, height: int) -> tuple[int, int, int]:
    """A hand's box -> left, top and side in pixels of the square that the network wants to see.

    Whole pixels, so that landmarks are put back exactly where the crop came from. The side is at
    most twice the picture's, whatever the box: a runaway track must not eat the memory.
    """
    x, y = box.centre
    extent = max(box.width * width, box.height * height) / (1 + 2 * MARGIN)
    side = min(max(extent * REACH, 8.0), 2.0 * max(width, height, 4))
    return round(x * width - side / 2), round(y * height - side / 2), round(side)


def cut(frame: Frame, square: tuple[int, int, int]) -> Frame:
    """The square as [128, 128, 3]; what lies outside the picture is black."""
    x0, y0, side = square
    x1, y1 = x0 + side, y0 + side
    inside = frame[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    if inside.shape[:2] != (side, side):
        whole = np.zeros((side, side, 3), np.uint8)
        if inside.size:
            top, left = max(-y0, 0), max(-x0, 0)
            whole[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
        inside = whole
    method = cv2.INTER_AREA if side > SIZE else cv2.INTER_LINEAR
    return cv2.resize(inside, (SIZE, SIZE), interpolation=method).astype(np.uint8)


def box_around(points: NDArray[np.float32], size: NDArray[np.float32]) -> Box:
    """Landmarks [21, 2] in pixels -> the hand's box in fractions of a picture of `size` (w, h)."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARGIN * float((high - low).max())
    x0, y0 = ((low - margin) / size).tolist()
    x1, y1 = ((high + margin) / size).tolist()
    return Box(x0, y0, x1, y1)
