"""Small pictures with transparency, ready to be laid over a frame at the least cost.

Colours are premultiplied by their opacity once (Porter and Duff, 1984), so laying a patch over a
frame is one product and one sum on the pixels it covers.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.types import Frame

Pixels = NDArray[np.float32]
"""[h, w, 4] premultiplied blue, green, red and opacity, each 0..1."""


@dataclass(frozen=True, slots=True)
class Patch:
    """light: [h, w, 3] premultiplied BGR, 0..255. keep: [h, w, 3] what is kept of the frame."""

    light: Frame
    keep: Frame

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.light.shape[1], self.light.shape[0]


def patch_of(pixels: Pixels) -> Patch:
    """A patch that shows `pixels`."""
    whole = np.clip(pixels * 255 + 0.5, 0, 255).astype(np.uint8)
    keep = np.repeat(255 - whole[..., 3:], 3, axis=2)
    return Patch(np.ascontiguousarray(whole[..., :3]), keep)


def over(top: Pixels, bottom: Pixels) -> Pixels:
    """`top` laid over `bottom`, both [h, w, 4] and premultiplied."""
    return np.asarray(top + bottom * (1 - top[..., 3:]), np.float32)


def lay(frame: Frame, patch: Patch, corner_xy: tuple[int, int], opacity: float = 1.0) -> None:
    """Blend `patch` into `frame` in place, its top left at `corner_xy`; what sticks out is cut.

    opacity: 0..1; 0 leaves the frame as it is.
    """
    width, height = patch.size_wh
    x, y = corner_xy
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + width, frame.shape[1]), min(y + height, frame.shape[0])
    if x0 >= x1 or y0 >= y1 or opacity <= 0:
        return
    light = patch.light[y0 - y : y1 - y, x0 - x : x1 - x]
    keep = patch.keep[y0 - y : y1 - y, x0 - x : x1 - x]
    if opacity < 1:
        light = cv2.convertScaleAbs(light, alpha=opacity)
        keep = cv2.convertScaleAbs(keep, alpha=opacity, beta=255 * (1 - opacity))
    region = frame[y0:y1, x0:x1]
    cv2.multiply(region, keep, dst=region, scale=1 / 255)
    cv2.add(region, light, dst=region)
