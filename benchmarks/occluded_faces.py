"""Faces with drawn masks and sunglasses: found as well as bare ones?

The pictures hold hardly any covered face, so covers are drawn onto the clear faces of webcam
pictures: dark glasses, a mask from the nose down, both. Colours are drawn by chance, seed 0. Says,
for each, the share that is found well enough to keep the picture shown. `--json` prints one object;
needs TRIPTYCH_DATA.
"""

import argparse
import os
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from triptych.data.hands import read_hands
from triptych.gesture.config import Config
from triptych.gesture.evaluate.intervals import bootstrap
from triptych.gesture.perceive.detector import Detector, intersection_over_union
from triptych.gesture.sources.pictures import read_picture
from triptych.gesture.types import Box, Frame
from triptych.results import to_json, write_result

SURE = 0.8
COVERS = ("bare", "sunglasses", "mask", "both")


def covered(frame: Frame, box: Box, cover: str, rng: Generator) -> Frame:
    """A copy with the cover drawn on the face at `box` (brows to chin, as the teacher boxes)."""
    drawn = frame.copy()
    height, width = frame.shape[:2]
    x0, y0 = box.x0 * width, box.y0 * height
    wide, tall = box.width * width, box.height * height
    if cover in ("sunglasses", "both"):
        tone = tuple(int(v) for v in rng.integers(5, 45, 3))
        for side in (0.3, 0.7):
            centre = (int(x0 + side * wide), int(y0 + 0.3 * tall))
            axes = (max(int(0.19 * wide), 1), max(int(0.13 * tall), 1))
            cv2.ellipse(drawn, centre, axes, 0, 0, 360, tone, -1, cv2.LINE_AA)
        bridge = (int(x0 + 0.1 * wide), int(y0 + 0.26 * tall))
        end = (int(x0 + 0.9 * wide), int(y0 + 0.26 * tall))
        cv2.line(drawn, bridge, end, tone, max(int(0.03 * tall), 1), cv2.LINE_AA)
    if cover in ("mask", "both"):
        shade = rng.uniform(60, 245) + rng.normal(0, 15, 3)
        tone = tuple(int(v) for v in np.clip(shade, 0, 255))
        outline = [(0.02, 0.58), (0.5, 0.48), (0.98, 0.58), (0.9, 0.88), (0.5, 1.05), (0.1, 0.88)]
        points = np.array([[x0 + u * wide, y0 + v * tall] for u, v in outline], np.int32)
        cv2.fillPoly(drawn, [points], tone, cv2.LINE_AA)
    return drawn


def measure(folder: Path, split: str) -> dict[str, object]:
    """Share of the clear faces of a split found under each cover."""
    network, stay = Detector(), Config().presence.face_stay
    hits: dict[str, list[tuple[str, bool]]] = {cover: [] for cover in COVERS}
    rng = np.random.default_rng(0)
    for picture in read_hands(folder, split):
        sure = [face for face in picture.faces if face.score >= SURE]
        if picture.context != "frame" or len(sure) != 1:
            continue
        box = Box(*sure[0].box_xyxy)
        frame = read_picture(folder / picture.file)
        for cover in COVERS:
            faces = network.find(covered(frame, box, cover, rng))["face"]
            near = (f.score for f in faces if intersection_over_union(f.box, box) > 0.3)
            hits[cover].append((picture.person, max(near, default=0.0) >= stay))
    result: dict[str, object] = {"faces": len(hits["bare"])}
    for cover, found in hits.items():
        people: dict[str, list[bool]] = {}
        for person, hit in found:
            people.setdefault(person, []).append(hit)
        result[cover] = float(np.mean([hit for _, hit in found]))
        result[f"{cover}_ci95"] = bootstrap(
            list(people.values()), lambda some: float(np.mean(some))
        )
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    folder = Path(os.environ["TRIPTYCH_DATA"]) / "hands"
    numbers = {split: measure(folder, split) for split in ("val", "test", "wild")}
    if arguments.out:
        write_result(arguments.out, {"found": numbers})
    print(to_json({"found": numbers}) if arguments.json else numbers)


if __name__ == "__main__":
    main()
