"""The dark pill with the sign's text that sticks out from behind an icon."""

import cv2
import numpy as np

from triptych.gesture.show.letters import draw_text, text_width
from triptych.gesture.show.patch import Pixels, over
from triptych.gesture.show.shapes import Coverage

_HEIGHT = 0.54  # of the icon
_EM = 0.5  # of the pill's height
_PAPER = (0.13, 0.11, 0.1)  # blue, green, red
_OPACITY = 0.84
_BEHIND = 0.43  # of the icon's width, from its middle, hides what is behind it


def labelled(shown: Pixels, text: str, room: int, right: bool) -> Pixels:
    """The icon `shown` [s, s, 4] with its text beside it, [s, w, 4].

    room: pixels that there are for the label beside the icon; a longer text is cut and ends in
    three dots. right: the icon is at the right end, the text to its left.
    """
    side = shown.shape[0]
    height = max(round(_HEIGHT * side), 1)
    em, pad = _EM * height, 0.5 * height
    overlap = (0.5 - _BEHIND) * side
    fits = room - 1.5 * pad + overlap
    while len(text) > 1 and text_width(text, em) > fits:
        text = text.removesuffix("…")[:-1].rstrip() + "…"
    beside = max(round(text_width(text, em) + 1.5 * pad - overlap), 0)
    whole = np.zeros((side, side + beside, 4), np.float32)
    middle = side / 2 if not right else beside + side / 2
    end = 0.0 if right else float(side + beside)
    paper = _rounded(whole.shape[:2], min(middle, end), max(middle, end), height)
    whole[..., 3] = paper * _OPACITY
    for c in range(3):
        whole[..., c] = whole[..., 3] * _PAPER[c]
    ink = draw_text(text, em)
    top = round(side / 2 - 0.74 * em)  # the middle of capital letters on the icon's middle
    left = round(pad - 0.2 * em) if right else round(side - overlap + 0.5 * pad - 0.2 * em)
    spot = _part(whole, top, left, ink.shape)
    ink = ink[: spot.shape[0], : spot.shape[1], None]
    spot[...] = over(np.repeat(ink, 4, axis=2), spot)
    at = beside if right else 0
    whole[:, at : at + side] = over(shown, whole[:, at : at + side])
    return whole


def _part(whole: Pixels, top: int, left: int, shape: tuple[int, ...]) -> Pixels:
    top, left = max(top, 0), max(left, 0)
    return whole[top : top + shape[0], left : left + shape[1]]


def _rounded(shape: tuple[int, ...], start: float, end: float, height: int) -> Coverage:
    """A bar with round ends across [h, w], as smooth as a distance field makes it."""
    radius = height / 2
    x = np.arange(shape[1], dtype=np.float32) + 0.5
    y = np.arange(shape[0], dtype=np.float32)[:, None] + 0.5 - shape[0] / 2
    nearest = np.clip(x, min(start + radius, end), max(end - radius, start))
    distance = cv2.magnitude(
        np.repeat((x - nearest)[None], shape[0], axis=0), np.repeat(y, shape[1], axis=1)
    )
    return np.clip(radius - distance, 0, 1).astype(np.float32)
