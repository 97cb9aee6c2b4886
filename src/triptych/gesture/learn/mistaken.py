"""Places that our own detector takes for hands in pictures that show no sign.

The teacher's hands are those it is sure of; what the overlay reads besides are folded hands, hands
before a mouth or chin, sleeves, fans and lamps. Whatever such a place is, it is no sign.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.random import Generator

from triptych.data.hands import HandPicture
from triptych.gesture.learn.examples import NO_SIGN, HandExample, box_of, drawn_boxes, overlap
from triptych.gesture.perceive.detector import Detector
from triptych.gesture.perceive.reader import MARGIN
from triptych.gesture.sources.pictures import read_picture

MOST = 6
"""Places taken from one picture, best first; the overlay reads no more of it."""

SAME = 0.3
"""Overlap from which a place is a hand that the teacher or a person has found already."""

CUT_OUTS = "crop60"
"""The context of 60-pixel cut-outs, which no camera sees."""

FISTS_TOO = ("rf100_woman1",)
"""People one of whose other signs holds up a fist."""


def mistaken_places(folder: Path, pictures: Sequence[HandPicture]) -> list[HandExample]:
    """The places in those of the pictures whose label says that no sign is shown.

    About 10 ms a picture. Raises `BadInput` if a picture is missing.
    """
    detector = Detector()
    found: list[HandExample] = []
    for picture in pictures:
        if not _shows_no_sign(picture):
            continue
        size = np.array([picture.width, picture.height], np.float32)
        known = [box_of(hand.landmarks[:, :2] * size) for hand in picture.hands]
        known += [box for box, _ in drawn_boxes(picture)]
        for place in detector.find(read_picture(folder / picture.file))["hand"][:MOST]:
            edges = place.box
            box = np.array([edges.x0, edges.y0, edges.x1, edges.y1], np.float32) * np.tile(size, 2)
            if any(overlap(box, other) > SAME for other in known):
                continue
            x, y = (box[:2] + box[2:]) / 2
            side = float((box[2:] - box[:2]).max()) / (1 + 2 * MARGIN)
            found.append(
                HandExample(
                    picture.file, picture.person, NO_SIGN, (float(x), float(y)), max(side, 4.0)
                )
            )
    return found


def nearby(place: HandExample, rng: Generator) -> HandExample:
    """The place or a part of it: the second look closes in on what the first one saw."""
    side = place.side * float(np.exp(rng.uniform(np.log(0.6), np.log(1.1))))
    x, y = np.array(place.centre) + rng.uniform(-0.2, 0.2, 2) * place.side
    return replace(place, centre=(float(x), float(y)), side=max(side, 4.0))


def _shows_no_sign(picture: HandPicture) -> bool:
    return (
        picture.label in ("other", "none")
        and picture.context != CUT_OUTS
        and picture.person not in FISTS_TOO
        and not any("FIST_LIKE" in flag for flag in picture.flags)
    )
