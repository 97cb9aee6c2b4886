"""Text for labels and the away card, from an alphabet that the package ships.

OpenCV's own letters are pen strokes, so the shipped ones are DejaVu Sans Bold as a sheet of signed
distance fields, made by `make_letters`: Latin letters with all their accents. A letter that is not
there shows as an empty box, so nobody wonders where it went.
"""

import json
import unicodedata
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.errors import BrokenModel
from triptych.gesture.show.shapes import Coverage

EM, CELL, COLUMNS = 36, 60, 24
"""Pixels of an em and of a cell on the sheet, and cells in a row."""

LEFT, BASELINE, SPREAD = 10, 42, 5
"""Where a letter's origin lies in its cell, and how far distances reach, in sheet pixels."""

LINE = 1.25
"""From one line to the next, in ems."""


@cache
def _alphabet() -> tuple[NDArray[np.uint8], dict[str, tuple[int, float]]]:
    """The sheet, and for each letter its number and its advance in ems."""
    folder = Path(__file__).parent
    sheet = cv2.imread(str(folder / "letters.png"), cv2.IMREAD_GRAYSCALE)
    if sheet is None:
        raise BrokenModel(f"{folder / 'letters.png'} is missing or broken; install triptych again.")
    advances = json.loads((folder / "letters.json").read_text(encoding="ascii"))
    letters = {letter: (i, float(wide)) for i, (letter, wide) in enumerate(advances.items())}
    return np.asarray(sheet, np.uint8), letters


def _known(text: str) -> list[str]:
    """The text's letters, each one of the alphabet, or "" for one that is not there."""
    _, letters = _alphabet()
    shown: list[str] = []
    for letter in unicodedata.normalize("NFC", " ".join(text.split())):
        plain = unicodedata.normalize("NFKC", letter)
        if letter in letters:
            shown.append(letter)
        elif plain != letter and all(part in letters for part in plain):
            shown.extend(plain)
        elif not unicodedata.category(letter).startswith(("M", "C")):
            shown.append("")
    return shown


def _advance(letter: str) -> float:
    return _alphabet()[1][letter][1] if letter else 0.72


def text_width(text: str, em: float) -> float:
    """Width in pixels of one line of text whose em is `em` pixels."""
    return sum(_advance(letter) for letter in _known(text)) * em


def wrap(text: str, em: float, width: float) -> list[str]:
    """Break text into lines of at most `width` pixels, between words where possible."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", em) <= width:
            lines[-1] += f" {word}"
            continue
        while len(word) > 1 and text_width(word, em) > width:
            fits = 1
            while fits < len(word) - 1 and text_width(word[: fits + 1], em) <= width:
                fits += 1
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    return lines


def draw_text(text: str, em: float) -> Coverage:
    """One line of text, [1.5 em, text's width + 0.4 em]; the baseline is 1.1 em from the top."""
    sheet, letters = _alphabet()
    pad = 0.2 * em
    rows, cols = max(round(1.5 * em), 1), max(round(text_width(text, em) + 2 * pad), 1)
    ink = np.zeros((rows, cols), np.float32)
    scale = em / EM
    pen = pad
    for letter in _known(text):
        if letter:
            number = letters[letter][0]
            y, x = number // COLUMNS * CELL, number % COLUMNS * CELL
            cell = sheet[y : y + CELL, x : x + CELL]
        else:
            cell = _missing()
        _stamp(ink, cell, pen - LEFT * scale, 1.1 * em - BASELINE * scale, scale)
        pen += _advance(letter) * em
    return ink


def _stamp(ink: Coverage, cell: NDArray[np.uint8], left: float, top: float, scale: float) -> None:
    """Add one letter whose cell starts at (left, top) and is magnified by `scale`."""
    rows, cols = ink.shape
    side = CELL * scale
    x0, y0 = max(int(left), 0), max(int(top), 0)
    x1, y1 = min(int(left + side) + 1, cols), min(int(top + side) + 1, rows)
    if x0 >= x1 or y0 >= y1:
        return
    # Pixel centres of the line, seen from the sheet.
    shift_x = (x0 + 0.5 - left) / scale - 0.5
    shift_y = (y0 + 0.5 - top) / scale - 0.5
    move = np.array([[1 / scale, 0, shift_x], [0, 1 / scale, shift_y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    far = cv2.warpAffine(cell.astype(np.float32), move, (x1 - x0, y1 - y0), flags=flags)
    cover = np.clip(0.5 + (far - 128) * np.float32(SPREAD / 127 * scale), 0, 1)
    region = ink[y0:y1, x0:x1]
    np.maximum(region, cover, out=region)


@cache
def _missing() -> NDArray[np.uint8]:
    """The box that stands for a letter we do not have, as a distance field."""
    y, x = np.mgrid[0:CELL, 0:CELL].astype(np.float64)
    wide, tall = 0.24 * EM, 0.36 * EM
    middle_x, middle_y = LEFT + 0.36 * EM, BASELINE - tall
    edge = np.maximum(np.abs(x - middle_x) - wide, np.abs(y - middle_y) - tall)
    line = 0.05 * EM - np.abs(edge)
    return np.clip(128 + line * (127 / SPREAD), 0, 255).astype(np.uint8)
