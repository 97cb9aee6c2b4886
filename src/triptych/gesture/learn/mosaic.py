"""Pictures scaled, shifted and turned into the tiles of a mosaic, with what is in them.

Mosaics: Bochkovskiy et al. 2020 (arXiv 2004.10934).
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triptych.gesture.types import Frame


def _no_regions() -> NDArray[np.float32]:
    return np.zeros((0, 5), np.float32)


@dataclass(frozen=True, slots=True)
class Objects:
    """What is in a picture, in pixels; boxes [N, 4] = x0, y0, x1, y1.

    hands_known, faces_known, doubtful: as in `SceneExample`. blind: regions [N, 5] (0 for hands or
    1 for faces, then the box) in which nothing is learnt; filled when placed by `mapped`.
    """

    hands: NDArray[np.float32]
    faces: NDArray[np.float32]
    doubtful: NDArray[np.float32]
    hands_known: bool
    faces_known: bool
    blind: NDArray[np.float32] = field(default_factory=_no_regions)

    @staticmethod
    def none() -> "Objects":
        """Nothing, and that is known."""
        empty = np.zeros((0, 4), np.float32)
        return Objects(empty, empty, empty, True, True)

    def mapped(self, matrix: NDArray[np.float64], size_wh: tuple[int, int]) -> "Objects":
        """Through an affine map [2, 3] into a picture of `size_wh`, without what falls outside."""

        def through(boxes: NDArray[np.float32], kept: float) -> NDArray[np.float32]:
            if len(boxes) == 0:
                return boxes
            corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
            corners = corners @ matrix[:, :2].T + matrix[:, 2]
            low, high = corners.min(axis=1), corners.max(axis=1)
            inside_low = np.clip(low, 0, size_wh)
            inside_high = np.clip(high, 0, size_wh)
            share = np.prod(inside_high - inside_low, axis=1) / np.prod(high - low, axis=1)
            boxes = np.concatenate([inside_low, inside_high], axis=1).astype(np.float32)
            return boxes[share > kept]

        doubtful = through(self.doubtful, 0.05)
        blind = [[1, *box] for box in doubtful.tolist()]
        if not self.hands_known:
            blind.append([0, 0, 0, *size_wh])
        if not self.faces_known:
            blind.append([1, 0, 0, *size_wh])
        return Objects(
            through(self.hands, 0.4),
            through(self.faces, 0.4),
            doubtful,
            self.hands_known,
            self.faces_known,
            np.array(blind, np.float32).reshape(-1, 5),
        )

    def moved(self, x: float, y: float) -> "Objects":
        """Shifted by (x, y) pixels."""
        shift = np.array([x, y, x, y], np.float32)
        return Objects(
            self.hands + shift,
            self.faces + shift,
            self.doubtful + shift,
            self.hands_known,
            self.faces_known,
            self.blind + np.array([0, x, y, x, y], np.float32),
        )

    def with_(self, other: "Objects") -> "Objects":
        """These and the others; what is not known of either is in `blind`."""
        return Objects(
            np.concatenate([self.hands, other.hands]),
            np.concatenate([self.faces, other.faces]),
            np.concatenate([self.doubtful, other.doubtful]),
            True,
            True,
            np.concatenate([self.blind, other.blind]),
        )


def place(
    picture: Frame, objects: Objects, size_wh: tuple[int, int], rng: Generator
) -> tuple[Frame, Objects]:
    """The picture scaled, shifted, turned a little and perhaps mirrored into a tile."""
    height, width = picture.shape[:2]
    fit = min(size_wh[0] / width, size_wh[1] / height)
    scale = fit * float(np.exp(rng.uniform(np.log(0.45), np.log(2.2))))
    angle = np.deg2rad(rng.normal(0, 6))
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[cos, -sin], [sin, cos]])
    if rng.random() < 0.5:
        turn[:, 0] *= -1
    turn[0] *= np.exp(rng.uniform(-0.12, 0.12))
    # Look at an object most of the time, so that close-ups are not of the wall.
    boxes = np.concatenate([objects.hands, objects.faces])
    focus = np.array([width, height]) * rng.uniform(0.3, 0.7, 2)
    if len(boxes) and rng.random() < 0.7:
        box = boxes[int(rng.integers(len(boxes)))]
        focus = (box[:2] + box[2:]) / 2
    target = np.array(size_wh) * rng.uniform(0.2, 0.8, 2)
    if scale <= fit:  # all of it fits: keep it in the tile
        focus, target = np.array([width, height]) / 2, np.array(size_wh) * rng.uniform(0.4, 0.6, 2)
    shift = target - turn @ focus
    matrix = np.concatenate([turn, shift[:, None]], axis=1)
    flags = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    border = cv2.BORDER_REPLICATE if rng.random() < 0.4 else cv2.BORDER_CONSTANT
    source = picture
    if scale < 0.5:  # shrink first: an affine warp alone would alias
        source = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        matrix_small = matrix.copy()
        matrix_small[:, :2] *= 2
    else:
        matrix_small = matrix
    colour = tuple(float(v) for v in rng.integers(0, 256, 3))
    placed = cv2.warpAffine(
        source, matrix_small, size_wh, flags=flags, borderMode=border, borderValue=colour
    )
    return placed.astype(np.uint8), objects.mapped(matrix, size_wh)


def tiles(rng: Generator, side: int) -> list[tuple[int, int, int, int]]:
    """Tiles (x0, y0, x1, y1) of a square: one half of the time, else two or four.

    Many small ones show faces and hands as seen from afar.
    """
    draw = rng.random()
    if draw < 0.5:
        return [(0, 0, side, side)]
    cut = int(rng.uniform(0.3, 0.7) * side)
    if draw < 0.75:
        if rng.random() < 0.5:
            return [(0, 0, cut, side), (cut, 0, side, side)]
        return [(0, 0, side, cut), (0, cut, side, side)]
    row = int(rng.uniform(0.3, 0.7) * side)
    return [
        (0, 0, cut, row),
        (cut, 0, side, row),
        (0, row, cut, side),
        (cut, row, side, side),
    ]
