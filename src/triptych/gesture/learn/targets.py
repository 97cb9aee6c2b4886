"""Boxes -> the heat maps and sides that the detector learns, and back.

Each object is a Gaussian blob on its kind's heat map (CenterNet); every cell near its centre learns
the distances to the box's four sides (FCOS).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.learn.detector import KINDS, STRIDE
from triptych.gesture.learn.mosaic import Objects


def targets(objects: Objects, size_wh: tuple[int, int]) -> dict[str, NDArray[np.float32]]:
    """heat [2, h, w], mask [2, h, w], sides [2, 4, h, w] and weight [2, h, w] at stride 8."""
    w, h = size_wh[0] // STRIDE, size_wh[1] // STRIDE
    heat = np.zeros((2, h, w), np.float32)
    mask = np.ones((2, h, w), np.float32)
    sides = np.ones((2, 4, h, w), np.float32)
    weight = np.zeros((2, h, w), np.float32)
    ys, xs = np.mgrid[:h, :w].astype(np.float32)
    cx, cy = (xs + 0.5) * STRIDE, (ys + 0.5) * STRIDE
    for kind, *box in objects.blind:
        x0, y0, x1, y1 = box
        mask[int(kind)][(cx > x0) & (cx < x1) & (cy > y0) & (cy < y1)] = 0
    for kind, boxes in enumerate((objects.hands, objects.faces)):
        for x0, y0, x1, y1 in sorted(boxes.tolist(), key=lambda b: -(b[2] - b[0]) * (b[3] - b[1])):
            width, height = x1 - x0, y1 - y0
            if min(width, height) < 5:
                mask[kind][(cx > x0 - 4) & (cx < x1 + 4) & (cy > y0 - 4) & (cy < y1 + 4)] = 0
                continue
            mx, my = (x0 + x1) / 2, (y0 + y1) / 2
            sx, sy = max(width / 7, 5), max(height / 7, 5)
            blob = np.exp(-((cx - mx) ** 2) / (2 * sx**2) - (cy - my) ** 2 / (2 * sy**2))
            row, column = min(int(my / STRIDE), h - 1), min(int(mx / STRIDE), w - 1)
            blob[row, column] = 1
            heat[kind] = np.maximum(heat[kind], blob)
            mask[kind][row, column] = 1
            near = blob > 0.5
            near &= (cx > x0) & (cx < x1) & (cy > y0) & (cy < y1)
            near[row, column] = True
            for i, distance in enumerate((cx - x0, cy - y0, x1 - cx, y1 - cy)):
                sides[kind, i][near] = np.maximum(distance[near], 0.5)
            weight[kind][near] = blob[near]
    return {"heat": heat, "mask": mask, "sides": sides, "weight": weight}


def decode(
    heat: NDArray[np.float32], sides: NDArray[np.float32], floor: float
) -> dict[str, list[tuple[float, NDArray[np.float32]]]]:
    """heat [2, h, w] in 0..1, sides [2, 4, h, w] -> kind -> (score, box [4] pixels), best first."""
    found: dict[str, list[tuple[float, NDArray[np.float32]]]] = {}
    for index, kind in enumerate(KINDS):
        scores = heat[index]
        peaks = (scores >= cv2.dilate(scores, np.ones((3, 3), np.uint8))) & (scores >= floor)
        rows, columns = np.nonzero(peaks)
        found[kind] = []
        for row, column in zip(rows, columns, strict=True):
            x, y = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
            left, top, right, bottom = sides[index, :, row, column]
            box = np.array([x - left, y - top, x + right, y + bottom], np.float32)
            found[kind].append((float(scores[row, column]), box))
        found[kind].sort(key=lambda item: -item[0])
    return found
