"""Several people in the picture: whose hands are read.

The main person is the one with the largest and most central face. A hand belongs to the face that
is nearest to it, measured in sizes of that face; only the main person's raised hands are read.
"""

import math
from typing import Final

from triptych.gesture.types import Box, Face, Hand, Scene

STICKY: Final = 1.5
"""Another face must outweigh the main person's by this factor to take over."""

RAISED: Final = 2.5
"""A hand is raised down to this many heights of the face below its centre: to the chest, not to the
lap or the table, where idle hands make fists."""

REMEMBER: Final = 1.0
"""Seconds for which the main person is remembered when their face is not found."""


class MainPerson:
    """Keeps track of the main person's face, so that two similar faces do not flicker.

    A face weighs its area times its centrality: 1 in the middle of the picture, falling to 0.2
    in its corners.
    """

    def __init__(self) -> None:
        self._face: Box | None = None
        self._others: list[Box] = []
        self._seen_at = -math.inf
        self._looked_at = -math.inf

    def step(self, scene: Scene, face_stay: float, face_enter: float) -> list[Hand]:
        """The raised hands of the main person; all hands if no face has been seen for a while.

        face_stay: faces less sure than this do not count. face_enter: only a face at least so sure
        becomes the main person's; what looks a little like one may be a hand or a thing.
        """
        if self._looked_at < scene.faces_at <= scene.t:
            self._looked_at = scene.faces_at
            boxes = [face.box for face in scene.faces if usable_face(face, face_stay)]
            clear = [face.box for face in scene.faces if usable_face(face, face_enter)]
            self._look(boxes, clear, scene.faces_at)
        if scene.t - self._seen_at > REMEMBER:
            self._face = None
        hands = [hand for hand in scene.hands if _is_real(hand.box)]
        main = self._face
        if main is None:
            return hands
        return [
            hand
            for hand in hands
            if hand.box.centre[1] - main.centre[1] <= RAISED * main.height
            and all(_reach(hand.box, main) <= _reach(hand.box, other) for other in self._others)
        ]

    def _look(self, boxes: list[Box], clear: list[Box], t: float) -> None:
        known = self._face if t - self._seen_at <= REMEMBER else None
        if known is None:
            chosen = max(clear, key=_weight, default=None)
        else:
            same = min(boxes, key=lambda box: _reach(box, known), default=None)
            if same is None or _reach(same, known) > 1.0:
                # Turned away or hidden for a moment: a face behind must not take over at once.
                self._others = boxes
                return
            rivals = [box for box in clear if box is not same]
            chosen = max([same, *rivals], key=lambda b: _weight(b) * (STICKY if b is same else 1.0))
        self._others = [box for box in boxes if box is not chosen]
        self._face = chosen
        if chosen is not None:
            self._seen_at = t


def usable_face(face: Face, least: float) -> bool:
    """True if a face is at least so sure (a NaN is not) and has a real box."""
    return least <= face.score <= 1.0 + 1e-6 and _is_real(face.box)


def _is_real(box: Box) -> bool:
    return all(map(math.isfinite, box.as_list())) and box.width > 0.0 and box.height > 0.0


def _weight(face: Box) -> float:
    x, y = face.centre
    off_centre = min(math.hypot(x - 0.5, y - 0.5) / math.hypot(0.5, 0.5), 1.0)
    return face.area * (1.0 - 0.8 * off_centre)


def _reach(box: Box, face: Box) -> float:
    """Distance between the centres in sizes of the face."""
    (x, y), (face_x, face_y) = box.centre, face.centre
    return math.hypot((x - face_x) / face.width, (y - face_y) / face.height)
