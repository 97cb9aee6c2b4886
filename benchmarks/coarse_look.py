"""What the detector's coarser look costs in hands and faces found.

    python benchmarks/coarse_look.py [--json] [--out FILE]

Webcam pictures of `val` people as they are, and set into a plain picture so that everything is
further away by the factor; shares of the teacher's hands and sure faces that are found.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from triptych.data.hands import HandPicture, read_hand_picture, read_hands
from triptych.errors import TriptychError, Unavailable
from triptych.gesture.config import Config
from triptych.gesture.perceive.detector import (
    COARSE_SIDE,
    LONGER_SIDE,
    Detector,
    intersection_over_union,
)
from triptych.gesture.perceive.perceiver import SAME_HAND
from triptych.gesture.types import Box, Frame
from triptych.results import provenance, to_json, write_result

FURTHER = (1.0, 1.8)
SURE_FACE = 0.65


def shares(hands: Path) -> dict[str, Any]:
    """The shares found for each look and distance; hands: the folder of labels.jsonl."""
    detector, stay = Detector(), Config().presence.face_stay
    pictures = [p for p in read_hands(hands, "val") if p.context == "frame" and p.hands]
    found: dict[str, Any] = {}
    for further in FURTHER:
        for side in (LONGER_SIDE, COARSE_SIDE):
            hits: dict[str, list[bool]] = {"hands": [], "faces": []}
            for picture in pictures:
                seen = detector.find(away(read_hand_picture(hands, picture), further), side)
                for box in places(picture, further):
                    over = (intersection_over_union(o.box, box) for o in seen["hand"])
                    hits["hands"].append(max(over, default=0.0) >= SAME_HAND)
                for face in picture.faces:
                    if face.score >= SURE_FACE:
                        box = Box(*(v / further for v in face.box_xyxy))
                        faces = [o.box for o in seen["face"] if o.score >= stay]
                        hits["faces"].append(
                            any(intersection_over_union(o, box) > 0.3 for o in faces)
                        )
            name = f"further_{further:g}_side_{side}".replace(".", "_")
            found[name] = {key: float(np.mean(value)) for key, value in hits.items()}
            found[name] |= {f"{key}_there": len(value) for key, value in hits.items()}
    return {"split": "val", "pictures": len(pictures), "found": found}


def away(frame: Frame, further: float) -> Frame:
    """The picture in the corner of a plain one that is larger by the factor."""
    height, width = frame.shape[:2]
    larger = np.full((round(height * further), round(width * further), 3), 90, np.uint8)
    larger[:height, :width] = frame
    return larger


def places(picture: HandPicture, further: float) -> list[Box]:
    """Where the teacher saw hands."""
    corners = [
        (h.landmarks[:, :2].min(axis=0), h.landmarks[:, :2].max(axis=0)) for h in picture.hands
    ]
    return [Box(*(float(v) / further for v in (*low, *high))) for low, high in corners]


def main() -> None:
    """Measure and print; exit status 2 with one sentence if there are no pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="write the result to this file, too")
    asked = parser.parse_args()
    try:
        if not os.environ.get("TRIPTYCH_DATA"):
            raise Unavailable("The hand pictures are needed: set TRIPTYCH_DATA to their folder.")
        result = shares(Path(os.environ["TRIPTYCH_DATA"], "hands"))
    except TriptychError as error:
        print(f"coarse_look: {error}", file=sys.stderr)
        sys.exit(2)
    if asked.out is not None:
        write_result(asked.out, result)
    print(to_json({**provenance(), **result}) if asked.json else result["found"])


if __name__ == "__main__":
    main()
