"""Draws letters.png, the alphabet that the package ships.

Run `python -m triptych.gesture.show.make_letters` after a change of the letters; it needs the
`train` extra, whose matplotlib brings the font. Each letter of DejaVu Sans Bold (free licence, see
LETTERS-LICENCE.txt) becomes a small signed distance field (Green, 2007), sharp at any size.
"""

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.show.letters import BASELINE, CELL, COLUMNS, EM, LEFT, SPREAD

_FINE = 8
_RANGES = ((0x20, 0x7F), (0xA1, 0xAD), (0xAE, 0x180), (0x2010, 0x2027), (0x20AC, 0x20AD))


def _outline(letter: str) -> tuple[NDArray[np.uint8], float]:
    """The letter drawn large and its advance in ems."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath, TextToPath

    font = FontProperties(family="DejaVu Sans", weight="bold")
    side = CELL * _FINE
    picture = np.zeros((side, side), np.uint8)
    blank = letter.isspace()
    path = None if blank else TextPath((0, 0), letter, size=EM * _FINE, prop=font)
    rings = path.to_polygons(closed_only=True) if path is not None else []
    places = [
        np.round((np.asarray(ring) * [1, -1] + [LEFT * _FINE, BASELINE * _FINE]) * 16).astype(
            np.int32
        )
        for ring in rings
    ]
    if places:
        cv2.fillPoly(picture, places, 255, cv2.LINE_8, 4)
    width, _, _ = TextToPath().get_text_width_height_descent(letter + letter, font, False)
    return picture, width / 2 / font.get_size_in_points()


def _distance(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """128 on the outline, 255 `SPREAD` pixels inside, 0 as far outside."""
    inside = cv2.distanceTransform(picture, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform(255 - picture, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    far = cv2.resize(inside - outside, (CELL, CELL), interpolation=cv2.INTER_AREA) / _FINE
    return np.clip(128 + far * (127 / SPREAD), 0, 255).astype(np.uint8)


def main() -> None:
    """Write letters.png and letters.json (letter -> advance in ems) beside this file."""
    letters = "".join(chr(code) for low, high in _RANGES for code in range(low, high))
    rows = -(-len(letters) // COLUMNS)
    sheet = np.zeros((rows * CELL, COLUMNS * CELL), np.uint8)
    advances: dict[str, float] = {}
    for number, letter in enumerate(letters):
        picture, advance = _outline(letter)
        y, x = number // COLUMNS * CELL, number % COLUMNS * CELL
        sheet[y : y + CELL, x : x + CELL] = _distance(picture)
        advances[letter] = round(advance, 4)
    folder = Path(__file__).parent
    cv2.imwrite(str(folder / "letters.png"), sheet, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    text = json.dumps(advances, ensure_ascii=True, separators=(",", ":"))
    (folder / "letters.json").write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
