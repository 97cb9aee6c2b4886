"""A raised finger before the mouth asks for silence: it is no sign of ours.

The shape of the hand is the same as of `one`; what differs is where it is held. Of 242 photographs
for training that show one or two fingers and a clear face, none has the finger there.
"""

from collections.abc import Sequence
from dataclasses import replace

from triptych.gesture.types import FINGERS, Face, Hand

INDEX_TIP = 8
CLEAR = 0.4
"""Score from which a face's mouth is where the box says."""

ACROSS, DOWN = (0.25, 0.75), (0.35, 0.95)
"""Where the tip of a finger over the lips lies, in fractions of the face's box."""


def without_hush(hands: Sequence[Hand], faces: Sequence[Face]) -> list[Hand]:
    """The hands; fingers before a mouth count as `other`."""
    return [_hushed(hand) if _before_a_mouth(hand, faces) else hand for hand in hands]


def _before_a_mouth(hand: Hand, faces: Sequence[Face]) -> bool:
    if hand.landmarks is None or hand.gesture not in FINGERS:
        return False
    x, y = hand.landmarks[INDEX_TIP].tolist()
    for face in faces:
        if face.score >= CLEAR and face.box.width > 0 and face.box.height > 0:
            across = (x - face.box.x0) / face.box.width
            down = (y - face.box.y0) / face.box.height
            if ACROSS[0] < across < ACROSS[1] and DOWN[0] < down < DOWN[1]:
                return True
    return False


def _hushed(hand: Hand) -> Hand:
    scores = dict(hand.scores)
    for name in FINGERS:
        scores["other"] += scores[name]
        scores[name] = 0.0
    return replace(hand, scores=scores)
