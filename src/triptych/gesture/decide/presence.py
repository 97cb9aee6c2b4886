"""Is somebody there? Covers on weak evidence, uncovers only on strong, sustained, fresh evidence.

What is unknown counts as absent: a face that was looked for too long ago, a score that is no
number, a gap between pictures.
"""

import math
from typing import Final

from triptych.gesture.config import Presence as Settings
from triptych.gesture.decide.person import usable_face
from triptych.gesture.types import Hand, Scene

MAX_GAP: Final = 0.35
"""Seconds between two looks for faces beyond which evidence is no longer sustained."""

SURE_HAND: Final = 0.8
"""A tracked hand at least this sure to be one keeps the picture shown; it never uncovers it."""

_ROUNDING: Final = 1e-9


class Presence:
    """Starts absent.

    Present after every look for faces over `return_seconds`, with no gap above 0.35 s, has found
    one of at least `face_enter`; absent again when no face of at least `face_stay` and no sure hand
    has been seen for `away_seconds`: with 5 pictures a second at most 0.2 s later than that.
    Anybody's face counts.
    """

    def __init__(self) -> None:
        self.present = False
        self._looked_at = -math.inf
        self._seen_at = -math.inf
        self._clear_since: float | None = None

    def step(self, scene: Scene, settings: Settings) -> bool:
        """Take in one picture; True if somebody is there."""
        self._look(scene, settings)
        if self.present:
            if any(_is_sure(hand) for hand in scene.hands):
                self._seen_at = scene.t
            if scene.t - self._seen_at >= settings.away_seconds - _ROUNDING:
                self.present = False
                self._clear_since = None
        elif self._clear_since is not None:
            self.present = self._looked_at - self._clear_since >= (
                settings.return_seconds - _ROUNDING
            )
        return self.present

    def _look(self, scene: Scene, settings: Settings) -> None:
        look = scene.faces_at
        is_new = self._looked_at < look <= scene.t
        if is_new:
            if any(usable_face(face, settings.face_stay) for face in scene.faces):
                self._seen_at = look
            if not any(usable_face(face, settings.face_enter) for face in scene.faces):
                self._clear_since = None
            elif self._clear_since is None or look - self._looked_at > MAX_GAP:
                self._clear_since = look
            self._looked_at = look
        if scene.t - self._looked_at > MAX_GAP:
            self._clear_since = None


def _is_sure(hand: Hand) -> bool:
    # A NaN fails the comparison, a missing score must not pass it.
    return hand.track > 0 and 0.0 <= hand.scores.get("none", 1.0) <= 1.0 - SURE_HAND + _ROUNDING
