"""Under which conditions a picture shows its hand: side, distance, light, blur.

Measured on the hand that shows the sign, where the manifest says where it is: the raised one, as
the teacher saw it, or a box that people drew.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.data.hands import HandPicture
from triptych.gesture.types import Box, Frame

SIDE = 128
"""Sharpness is measured on the hand at this size in pixels, as the network sees it."""

BOUNDS = {"distance": (0.15, 0.3), "brightness": (70.0, 150.0), "blur": (60.0, 250.0)}
"""Where one group ends and the next begins; see `conditions`."""

NAMES = {
    "distance": ("far", "middle", "near"),
    "brightness": ("dark", "middle", "bright"),
    "blur": ("blurred", "soft", "sharp"),
}


def conditions(picture: HandPicture, frame: Frame) -> dict[str, str]:
    """Condition -> group; empty where nobody said where the hand is.

    side: `left` or `right` hand of the person, as the teacher saw it. distance: the hand's larger
    extent in shorter sides of the picture. brightness: mean grey, 0..255. blur: variance of the
    Laplacian of the hand's square at 128 pixels.
    """
    box, side = _raised(picture)
    if box is None:
        return {}
    found = {"side": side} if side else {}
    grey = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
    height, width = grey.shape
    extent = max(box.width * width, box.height * height)
    found["distance"] = _group("distance", extent / min(width, height))
    square = _square(grey, box)
    if square.size:
        found["brightness"] = _group("brightness", float(square.mean()))
        small = cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        found["blur"] = _group("blur", float(cv2.Laplacian(small, cv2.CV_64F).var()))
    return found


def _raised(picture: HandPicture) -> tuple[Box | None, str]:
    if picture.hands:
        raised = min(picture.hands, key=lambda hand: float(hand.landmarks[:, 1].mean()))
        x0, y0 = raised.landmarks[:, :2].min(axis=0).tolist()
        x1, y1 = raised.landmarks[:, :2].max(axis=0).tolist()
        return Box(x0, y0, x1, y1), raised.handedness.lower()
    boxes = [box for box in picture.boxes if box.name.endswith("hand")]
    return (Box(*boxes[0].box_xyxy), "") if len(boxes) == 1 else (None, "")


def _group(name: str, value: float) -> str:
    return NAMES[name][sum(value >= bound for bound in BOUNDS[name])]


def _square(grey: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The hand's part of the picture."""
    height, width = grey.shape
    rows = slice(max(int(box.y0 * height), 0), max(int(np.ceil(box.y1 * height)), 0))
    columns = slice(max(int(box.x0 * width), 0), max(int(np.ceil(box.x1 * width)), 0))
    return grey[rows, columns]
