"""The talk's face finder: a Haar cascade (Viola and Jones 2001), kept as the baseline that it is.

It misses faces with sunglasses or masks and faces turned aside; the default network does not.
"""

import cv2
import numpy as np

from triptych.gesture.perceive.detector import Found
from triptych.gesture.types import Box, Frame

LONGER_SIDE = 512
"""The size at which the talk's program ran it."""


class HaarFaces:
    """Frontal faces by OpenCV's shipped cascade."""

    def __init__(self) -> None:
        path = cv2.data.haarcascades + "haarcascade_frontalface_default.xml"  # type: ignore[attr-defined]
        self._cascade = cv2.CascadeClassifier(path)

    def find(self, frame: Frame) -> list[Found]:
        """[H, W, 3] BGR -> faces. The cascade has no confidence, so every face scores 1."""
        grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        height, width = grey.shape
        scale = min(1.0, LONGER_SIDE / max(height, width))
        w, h = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(grey, (w, h), interpolation=cv2.INTER_AREA)
        boxes = np.asarray(self._cascade.detectMultiScale(small, 1.1, 4)).reshape(-1, 4)
        return [
            Found(Box(x / w, y / h, (x + side_w) / w, (y + side_h) / h), 1.0)
            for x, y, side_w, side_h in boxes.tolist()
        ]
