"""Emoji as icons: in colour where the system has a font for that, else white on a slate badge.

The package ships Noto Emoji Bold (SIL Open Font Licence, see EMOJI-LICENCE.txt), so every emoji
can be drawn on every machine; colours come from the fonts of Windows, macOS and most Linuxes.
"""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.show.patch import Pixels

SHIPPED = Path(__file__).with_name("emoji.ttf")

COLOURED = (
    "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
    "/usr/share/fonts/noto/NotoColorEmoji.ttf",
    "/usr/share/fonts/noto-emoji/NotoColorEmoji.ttf",
    "/usr/share/fonts/google-noto-emoji/NotoColorEmoji.ttf",
    "~/.local/share/fonts/NotoColorEmoji.ttf",
    "/System/Library/Fonts/Apple Color Emoji.ttc",
    "C:/Windows/Fonts/seguiemj.ttf",
)
"""Where systems keep their coloured emoji."""

LETTERS = 16
"""The longest emoji there are (families, flags of regions) have fewer code points than this."""

_BITMAPS = (109, 160, 137)
"""Sizes that fonts made of bitmaps come in: Noto's, then Apple's. Others take any."""

_NOWHERE = "\U0010fffe"  # a code point that is never a letter: shows what a missing one looks like


def looks_like_emoji(name: str) -> bool:
    """Whether `name` can only be meant as an emoji: no path, no word, not plain text."""
    short = 0 < len(name) <= LETTERS and not any(mark in name for mark in "/\\. ")
    # Keycaps are a digit and two marks; letters of all alphabets are no emoji.
    return short and not name.isascii() and not any(letter.isalpha() for letter in name)


def emoji(name: str, pixels: int) -> tuple[Pixels, bool] | None:
    """One emoji as [pixels, pixels, 4], and whether it has colours; None if no font has it."""
    for font in (*COLOURED, str(SHIPPED)):
        coloured = font != str(SHIPPED)
        drawn = _drawn(str(Path(font).expanduser()), name, coloured)
        if drawn is not None:
            return _fitted(drawn, pixels), coloured
    return None


@cache
def _drawn(path: str, name: str, coloured: bool) -> NDArray[np.float32] | None:
    """The emoji as large as the font has it, [h, w, 4] premultiplied BGR; None if it has not."""
    if not Path(path).is_file():
        return None
    from PIL import Image, ImageDraw, ImageFont

    for size in _BITMAPS:
        try:
            font = ImageFont.truetype(path, size)
            left, top, right, bottom = font.getbbox(name)
        except OSError:
            continue
        wide, tall = round(right - left), round(bottom - top)
        # Where letters cannot be joined, a sequence falls apart into several.
        if min(wide, tall) < 1 or wide > 1.6 * tall:
            return None
        shown: list[NDArray[np.float32]] = []
        for text in (name, _NOWHERE):
            sheet = Image.new("RGBA", (wide + 2, tall + 2))
            pen = ImageDraw.Draw(sheet)
            pen.text((1 - left, 1 - top), text, font=font, fill="white", embedded_color=coloured)
            shown.append(np.asarray(sheet, np.float32) / np.float32(255))
        pixels = shown[0]
        known = pixels[..., 3].any() and (pixels != shown[1]).any()
        if not known or (coloured and np.ptp(pixels[..., :3], axis=2).max() == 0):
            return None
        pixels = pixels[..., [2, 1, 0, 3]]
        pixels[..., :3] *= pixels[..., 3:]
        return pixels
    return None


def _fitted(drawn: NDArray[np.float32], pixels: int) -> Pixels:
    """Cut to its ink, and whole in the middle of a transparent square."""
    rows, columns = (np.flatnonzero(drawn[..., 3].any(axis=axis)) for axis in (1, 0))
    ink = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = pixels / max(ink.shape[:2])
    size = max(round(ink.shape[1] * scale), 1), max(round(ink.shape[0] * scale), 1)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    shown = np.clip(cv2.resize(ink, size, interpolation=way), 0, 1)
    square = np.zeros((pixels, pixels, 4), np.float32)
    x, y = (pixels - size[0]) // 2, (pixels - size[1]) // 2
    square[y : y + size[1], x : x + size[0]] = shown
    return square
