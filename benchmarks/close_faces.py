"""Faces that fill the picture: found with and without the detector's second look at half the size.

Cuts each sure face of the webcam pictures of `val` out with a margin (in sizes of the face) and
asks whether it is found well enough to keep the picture shown. `--json` prints one object; needs
TRIPTYCH_DATA.
"""

import argparse
import os
from pathlib import Path

import numpy as np

from triptych.data.hands import read_hands
from triptych.gesture.config import Config
from triptych.gesture.perceive import detector
from triptych.gesture.sources.pictures import read_picture
from triptych.gesture.types import Frame
from triptych.results import to_json, write_result

SURE = 0.8
MARGINS = (0.0, 0.15, 0.4)


def close_ups(folder: Path, margin: float) -> list[Frame]:
    """Each sure face with `margin` around it."""
    found: list[Frame] = []
    for picture in read_hands(folder, "val"):
        if picture.context != "frame":
            continue
        frame = read_picture(folder / picture.file)
        height, width = frame.shape[:2]
        for face in picture.faces:
            if face.score < SURE:
                continue
            x0, y0, x1, y1 = face.box_xyxy
            wide, tall = margin * (x1 - x0), margin * (y1 - y0)
            rows = slice(int(max(0, y0 - tall) * height), int(min(1, y1 + tall) * height))
            columns = slice(int(max(0, x0 - wide) * width), int(min(1, x1 + wide) * width))
            found.append(np.ascontiguousarray(frame[rows, columns]))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    folder = Path(os.environ["TRIPTYCH_DATA"]) / "hands"
    stay = Config().presence.face_stay
    numbers: dict[str, dict[str, float]] = {}
    clear = detector.CLEAR_FACE
    for margin in MARGINS:
        frames = close_ups(folder, margin)
        row = {"faces": float(len(frames))}
        for name, least in (("one_look", 0.0), ("two_looks", clear)):
            detector.CLEAR_FACE = least
            network = detector.Detector()
            best = (max((f.score for f in network.find(x)["face"]), default=0.0) for x in frames)
            row[name] = float(np.mean([score >= stay for score in best]))
        numbers[f"margin_{margin:.0%}".rstrip("%")] = row
    if arguments.out:
        write_result(arguments.out, {"found": numbers})
    if arguments.json:
        print(to_json({"found": numbers}))
    else:
        for margin, row in numbers.items():
            print(f"{margin} %: {row['one_look']:.3f} -> {row['two_looks']:.3f}")


if __name__ == "__main__":
    main()
