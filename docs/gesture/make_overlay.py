"""Makes docs/gesture/overlay.png, the README's picture, from the shipped demo clip.

    python docs/gesture/make_overlay.py

Each tile is a picture of the clip with what the overlay shows at that moment of the script: the
ring while a sign is held, the badge once it has fired, the card while nobody is there.
"""

from pathlib import Path

import av
import cv2
import numpy as np

from triptych.gesture.config import Config
from triptych.gesture.demo import demo_clip, demo_script
from triptych.gesture.show.card import away_card
from triptych.gesture.show.painter import Painter
from triptych.gesture.types import Badge, Decision, Frame, Ring

TILE_WH = (400, 225)
COLUMNS = 3
GAP = 6
HOLD = 0.5


def picture_at(clip: Path, seconds: float) -> Frame:
    """The clip's first picture at or after `seconds`."""
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= seconds:
                return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    raise SystemExit(f"{clip} ends before {seconds} s.")


def tiles() -> list[Frame]:
    """One tile for each thing that happens, the first sign twice: ring, then badge."""
    config = Config()
    made: list[Frame] = []
    for entry in demo_script():
        shown = picture_at(demo_clip(), entry["t"] + 0.9)
        size_wh = (shown.shape[1], shown.shape[0])
        if entry["event"] == "away":
            made.append(away_card(size_wh, config))
        elif entry["event"] == "gesture":
            painter = Painter(config, size_wh)
            sign = entry["name"]
            ring = Ring(sign, 0.7) if not made else None
            badge = Badge(sign, 1.0) if made else None
            if ring is not None:
                shown = picture_at(demo_clip(), entry["t"] + 0.7 * HOLD)
            painter.paint(shown, Decision(entry["t"], None, ring, badge))
            made.append(shown)
    small = (cv2.resize(tile, TILE_WH, interpolation=cv2.INTER_AREA) for tile in made)
    return [tile.astype(np.uint8) for tile in small]


def main() -> None:
    """Write the picture beside this file."""
    made = tiles()
    rows = -(-len(made) // COLUMNS)
    width, height = TILE_WH
    sheet = np.full((rows * (height + GAP) - GAP, COLUMNS * (width + GAP) - GAP, 3), 255, np.uint8)
    for number, tile in enumerate(made):
        y, x = number // COLUMNS * (height + GAP), number % COLUMNS * (width + GAP)
        sheet[y : y + height, x : x + width] = tile
    # Two bits less a colour: no eye sees it, and the file is half as large.
    sheet = np.where(sheet == 255, 255, (sheet + 1) & 0xFC).astype(np.uint8)
    path = Path(__file__).with_name("overlay.png")
    cv2.imwrite(str(path), sheet, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
