"""Hands before a plain wall, cut out: seeds from the landmarks, borders from GrabCut.

GrabCut: Rother, Kolmogorov and Blake 2004 (OpenCV's implementation).
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.types import Frame

FINGERS = (
    (0, 1, 2, 3, 4),
    (0, 5, 6, 7, 8),
    (0, 9, 10, 11, 12),
    (0, 13, 14, 15, 16),
    (0, 17, 18, 19, 20),
)
_cache: dict[Path, NDArray[np.uint8] | None] = {}


def cut_out(path: Path, picture: Frame, landmarks: NDArray[np.float32]) -> NDArray[np.uint8] | None:
    """The hand's mask [H, W], 0..255 with a soft border, or None where no clean cut was found."""
    if path not in _cache:
        _cache[path] = _cut(picture, landmarks)
    return _cache[path]


def _cut(picture: Frame, landmarks: NDArray[np.float32]) -> NDArray[np.uint8] | None:
    height, width = picture.shape[:2]
    span = float((landmarks.max(axis=0) - landmarks.min(axis=0)).max())
    mask = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    points = np.round(landmarks).astype(np.int32)
    near = np.zeros_like(mask)
    bones = np.zeros_like(mask)
    for finger in FINGERS:
        line = points[list(finger)].reshape(-1, 1, 2)
        cv2.polylines(near, [line], False, 1, max(1, round(span * 0.28)))
        cv2.polylines(bones, [line], False, 1, max(1, round(span * 0.03)))
    palm = points[[0, 5, 9, 13, 17]].reshape(-1, 1, 2)
    cv2.fillPoly(bones, [palm], 1)
    cv2.fillPoly(near, [palm], 1)
    below = int(points[0, 1])
    near[below:] = 1  # the arm
    mask[near == 0] = cv2.GC_BGD
    mask[near == 1] = cv2.GC_PR_FGD
    mask[bones == 1] = cv2.GC_FGD
    try:
        cv2.grabCut(
            picture,
            mask,
            None,  # type: ignore[arg-type]
            np.zeros((1, 65)),
            np.zeros((1, 65)),
            2,
            cv2.GC_INIT_WITH_MASK,
        )
    except cv2.error:
        return None
    hand = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    share = hand.mean()
    # A mask that swallows all of the allowed region has found no border.
    if not 0.03 < share < 0.7 or (hand * near).sum() > 0.97 * near.sum():
        return None
    return cv2.GaussianBlur(hand * 255, (3, 3), 0).astype(np.uint8)
