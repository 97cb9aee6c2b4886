"""Is somebody there? Covers on weak evidence, uncovers only on strong, sustained, fresh evidence.

What is unknown counts as absent: a face that was looked for too long ago, a score that is no
number, a gap between pictures.
"""

import math
from typing import Final

from triptych.gesture.config import Presence as Settings
from triptych.gesture.decide.person import usable_face
from triptych.gesture.types import NO_SIGN, Hand, Scene

MAX_GAP: Final = 0.35
"""Seconds between two looks for faces beyond which evidence is no longer sustained."""

SURE_HAND: Final = 0.8
"""A tracked hand at least this sure to be one keeps the picture shown."""

HAND_ALONE: Final = 3.0
"""Seconds for which an idle hand keeps the picture shown after the last face or plain sign: a hand
may hide a face for a moment, but what looks like a hand in an empty room must not keep it open."""

MAX_LAPSE: Final = 0.25
"""Seconds for which a sign may be read less plainly, or not at all, and still be the same."""

PLAIN_SIGN: Final = 0.9
"""A tracked hand that makes a sign, built in or taught, at least this plainly can uncover the
picture."""

NEAR_HAND: Final = 0.15
"""Such a hand is at least this share of the picture's height: where a person is too close for the
face to be seen the hand is large, and small things in a room are easily taken for hands."""

_ROUNDING: Final = 1e-9


class Presence:
    """Starts absent.

    Present after every look for faces over `return_seconds`, with no gap above 0.35 s, has found
    one of at least `face_enter`, or every picture of that time one hand that plainly makes a sign
    (a raised hand is a person, too, where the camera does not see the face). Absent again when no
    face of at least `face_stay`, no such sign and no sure hand has been seen for `away_seconds`:
    with 5 pictures a second at most 0.2 s later than that. A hand that makes no sign counts only
    for 3 s after the last face or sign. Anybody's face counts.
    """

    def __init__(self) -> None:
        self.present = False
        self._looked_at = -math.inf
        self._seen_at = -math.inf
        self._clear_since: float | None = None
        self._signing_since: float | None = None
        self._signing = 0
        self._signed_at = -math.inf
        self._vouched_at = -math.inf

    def step(self, scene: Scene, settings: Settings) -> bool:
        """Take in one picture; True if somebody is there."""
        self._look(scene, settings)
        self._watch_hands(scene)
        needed = settings.return_seconds - _ROUNDING
        faced = self._clear_since is not None and self._looked_at - self._clear_since >= needed
        signed = self._signing_since is not None and self._signed_at - self._signing_since >= needed
        if signed:
            self._seen_at = self._vouched_at = self._signed_at
        if self.present:
            alone = scene.t - self._vouched_at > HAND_ALONE
            if not alone and any(_is_sure(hand) for hand in scene.hands):
                self._seen_at = scene.t
            if scene.t - self._seen_at >= settings.away_seconds - _ROUNDING:
                self.present = False
                self._clear_since = self._signing_since = None
        else:
            self.present = faced or signed
        return self.present

    def _look(self, scene: Scene, settings: Settings) -> None:
        look = scene.faces_at
        is_new = self._looked_at < look <= scene.t
        if is_new:
            if any(usable_face(face, settings.face_stay) for face in scene.faces):
                self._seen_at = self._vouched_at = look
            if not any(usable_face(face, settings.face_enter) for face in scene.faces):
                self._clear_since = None
            elif self._clear_since is None or look - self._looked_at > MAX_GAP:
                self._clear_since = look
            self._looked_at = look
        if scene.t - self._looked_at > MAX_GAP:
            self._clear_since = None

    def _watch_hands(self, scene: Scene) -> None:
        """Since when has one and the same hand been making a sign, but for short lapses?"""
        signing = [hand.track for hand in scene.hands if _is_plain_sign(hand)]
        lapsed = scene.t - self._signed_at > MAX_LAPSE
        if self._signing_since is not None and self._signing in signing and not lapsed:
            self._signed_at = scene.t
        elif lapsed or self._signing_since is None:
            self._signing_since = None
            if signing:
                self._signing, self._signing_since = signing[0], scene.t
                self._signed_at = scene.t


def _is_plain_sign(hand: Hand) -> bool:
    signs = (score for name, score in hand.scores.items() if name not in NO_SIGN)
    plain = max(signs, default=0.0)
    near = hand.box.height >= NEAR_HAND
    return near and hand.track > 0 and PLAIN_SIGN <= plain <= 1.0 + _ROUNDING


def _is_sure(hand: Hand) -> bool:
    # A NaN fails the comparison, a missing score must not pass it.
    return hand.track > 0 and 0.0 <= hand.scores.get("none", 1.0) <= 1.0 - SURE_HAND + _ROUNDING
