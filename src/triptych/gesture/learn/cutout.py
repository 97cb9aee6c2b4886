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
KNUCKLES = (5, 9, 13, 17)
AROUND = 0.5
"""How much of a picture around the hand is looked at, in units of the hand's extent."""

LEAST, MOST = 32, 256
"""Extent of a hand, pixels, that can be cut out; pixels that the cut is made at, at most: GrabCut
takes 0.2 s for a whole webcam picture."""

ARM = 0.4
"""Width of the arm, in units of the hand's extent."""

_cache: dict[tuple[Path, float], NDArray[np.uint8] | None] = {}


def cut_out(path: Path, picture: Frame, landmarks: NDArray[np.float32]) -> NDArray[np.uint8] | None:
    """The hand's mask [H, W], 0..255 with a soft border, or None where no clean cut was found."""
    key = path, float(landmarks.sum())  # a picture may show two hands
    if key not in _cache:
        _cache[key] = _cut_near(picture, landmarks)
    return _cache[key]


def _cut_near(picture: Frame, landmarks: NDArray[np.float32]) -> NDArray[np.uint8] | None:
    """The cut, made on what is about the hand, at a small size."""
    height, width = picture.shape[:2]
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    extent = float((high - low).max())
    margin = AROUND * extent
    x0, y0 = np.maximum(low - margin, 0).astype(int).tolist()
    x1, y1 = np.minimum(high + margin, (width, height)).astype(int).tolist()
    if extent < LEAST or min(x1 - x0, y1 - y0) < LEAST:
        return None
    scale = min(1.0, MOST / max(x1 - x0, y1 - y0))
    size = max(8, round((x1 - x0) * scale)), max(8, round((y1 - y0) * scale))
    near = cv2.resize(picture[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
    points = (landmarks - (x0, y0)) * (size[0] / (x1 - x0), size[1] / (y1 - y0))
    cut = _cut(near.astype(np.uint8), points.astype(np.float32))
    if cut is None:
        return None
    mask = np.zeros((height, width), np.uint8)
    mask[y0:y1, x0:x1] = cv2.resize(cut, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    return mask


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
    wrist = landmarks[0]
    down = wrist - landmarks[list(KNUCKLES)].mean(axis=0)
    elbow = wrist + down / max(float(np.linalg.norm(down)), 1e-6) * 2 * span
    arm = np.round(np.stack([wrist, elbow])).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(near, [arm], False, 1, max(1, round(span * ARM)))
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
