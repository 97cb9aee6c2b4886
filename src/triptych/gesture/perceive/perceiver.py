"""Detect rarely, track always: what is in each picture of a video, at a small cost.

The detector looks for hands and faces a few times a second; in between, each known hand is read
in the square around its last landmarks. A second hand is looked for at the detector's slow rate
too, never in every picture: that gate is what makes trackers dear. A picture in which it looks is
the dearest, so there a hand that was read a moment ago is not read again. While a hand is
followed the look is a coarser one; without a hand every other look is, once somebody has plainly
been there for a second, and by then the picture is uncovered.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from triptych.gesture.config import Config
from triptych.gesture.perceive.detector import (
    CLEAR_FACE,
    COARSE_SIDE,
    LONGER_SIDE,
    Detector,
    Found,
    intersection_over_union,
)
from triptych.gesture.perceive.haar import HaarFaces
from triptych.gesture.perceive.hush import without_hush
from triptych.gesture.perceive.reader import HandReader
from triptych.gesture.perceive.stir import BLOCKS_WH, blocks, stirs
from triptych.gesture.types import Box, Face, Frame, Hand, Scene

SEARCH_SECONDS = 0.165
"""Between two looks for hands and faces while it is open whether anybody is there."""

SETTLED_SECONDS = 1.0
"""Somebody sits there once each look of this long has found a clear face."""

REFRESH_SECONDS = 0.2
"""The same while a hand is followed or somebody just sits there: presence needs five a second."""

STIRRED_SECONDS = 0.1
"""The same while no hand is followed and something stirs: a hand on its way up, or who comes in."""

FRESH_SECONDS = 0.05
"""A reading of this age stands for one of its own in a picture that is searched."""

NEW_HAND = 0.3
"""Detector score from which a hand is followed; in a single picture every peak is read."""

SAME_HAND = 0.25
"""Overlap from which a detection and a followed hand are the same."""

NO_HAND = 0.6
"""Probability of `none` at which a followed hand is given up."""

MISSES = 2
"""A followed hand that the detector does not see in this many looks is given up."""


@dataclass(frozen=True, slots=True)
class Track:
    """A hand that is being followed: its number, where it was last, looks that missed it."""

    number: int
    box: Box
    misses: int = 0


class Perceiver:
    """Pictures of one video in order -> scenes. Time comes with each picture."""

    def __init__(self, config: Config) -> None:
        self._detector = Detector()
        self._haar = HaarFaces() if config.perceive.faces == "haar" else None
        self._reader = HandReader(config.perceive.classifier)
        self._most = config.perceive.hands
        self._tracks: tuple[Track, ...] = ()
        self._faces: tuple[Face, ...] = ()
        self._looked_at = float("-inf")
        self._clear_since: float | None = None
        self._coarse = self._stirred = False
        self._looked_blocks = np.zeros((*BLOCKS_WH[::-1], 3), np.int16)
        self._hands: list[Hand] = []
        self._read_at = float("-inf")
        self._next_number = 1

    def look(self, frame: Frame, t: float) -> Scene:
        """What is in this picture; `t` in seconds, rising from picture to picture."""
        fresh: dict[int, Hand] = {}
        # A hair of tolerance keeps the rhythm of a camera whose pictures come a little early.
        if not 0 <= t - self._looked_at < self._pause(frame, t) - 0.01:
            self._search(frame, t)
            if 0 < t - self._read_at <= FRESH_SECONDS:
                fresh = {hand.track: hand for hand in self._hands}
        self._hands = _believed(self._read(frame, fresh))
        if not fresh:
            self._read_at = t
        hands = without_hush(self._hands, self._faces)
        boxes = {hand.track: hand.box for hand in hands}
        self._tracks = tuple(
            replace(track, box=boxes[track.number])
            for track in self._tracks
            if track.number in boxes
        )
        return Scene(t, tuple(hands), self._faces, self._looked_at)

    def look_still(self, frame: Frame) -> Scene:
        """What is in a single picture; hands are read twice, the second time where they are."""
        hands, faces = self._find(frame, coarse=False)
        boxes = [found.box for found in hands[: self._most]]
        first = self._reader.read(frame, boxes)
        again = [hand.box for hand in first if _finite(hand)]
        hands = without_hush(_believed(self._reader.read(frame, again)), faces)
        return Scene(0.0, tuple(hands), faces)

    def _read(self, frame: Frame, fresh: Mapping[int, Hand]) -> list[Hand]:
        """The hands that are followed, oldest first; `fresh` ones, by number, as they are."""
        numbers = [track.number for track in self._tracks]
        boxes = [track.box for track in self._tracks if track.number not in fresh]
        read = self._reader.read(frame, boxes, [n for n in numbers if n not in fresh])
        known = {**fresh, **{hand.track: hand for hand in read}}
        return [known[number] for number in numbers]

    def look_mirrored(self, frame: Frame, hand: Hand) -> Hand | None:
        """The same hand as its mirror image, as the other hand would be seen; None if it is lost.

        Its box and landmarks are places in the mirrored picture.
        """
        box = hand.box
        mirrored = Box(1 - box.x1, box.y0, 1 - box.x0, box.y1)
        flipped = np.ascontiguousarray(frame[:, ::-1])
        read = self._reader.read(flipped, [mirrored], [hand.track])
        return next(iter(_believed(read)), None)

    def _find(self, frame: Frame, coarse: bool) -> tuple[list[Found], tuple[Face, ...]]:
        found = self._detector.find(frame, COARSE_SIDE if coarse else LONGER_SIDE)
        faces = found["face"] if self._haar is None else self._haar.find(frame)
        return found["hand"], tuple(Face(face.box, face.score) for face in faces)

    def _settled(self, t: float) -> bool:
        return self._clear_since is not None and t - self._clear_since >= SETTLED_SECONDS

    def _pause(self, frame: Frame, t: float) -> float:
        """Seconds to let pass between the last look and the next one."""
        since = t - self._looked_at
        self._stirred = (
            not self._tracks
            and since >= STIRRED_SECONDS - 0.01
            and stirs(self._looked_blocks, blocks(frame))
        )
        if self._stirred:
            return STIRRED_SECONDS
        return REFRESH_SECONDS if self._tracks or self._settled(t) else SEARCH_SECONDS

    def _search(self, frame: Frame, t: float) -> None:
        """Look at the whole picture: refresh the faces, give up lost hands, take up new ones."""
        just_sits = self._settled(t) and not self._stirred
        self._coarse = bool(self._tracks) or (just_sits and not self._coarse)
        self._looked_blocks = blocks(frame)
        hands, self._faces = self._find(frame, self._coarse)
        if not any(face.score >= CLEAR_FACE for face in self._faces):
            self._clear_since = None
        elif self._clear_since is None:
            self._clear_since = t
        self._looked_at = t
        tracks: list[Track] = []
        for track in self._tracks:
            seen = [h for h in hands if intersection_over_union(h.box, track.box) >= SAME_HAND]
            if seen:
                hands = [h for h in hands if h not in seen]
                tracks.append(replace(track, misses=0))
            elif track.misses + 1 < MISSES:
                tracks.append(replace(track, misses=track.misses + 1))
        new = [hand for hand in hands if hand.score >= NEW_HAND]
        for hand in new[: self._most - len(tracks)]:
            tracks.append(Track(self._next_number, hand.box))
            self._next_number += 1
        self._tracks = tuple(tracks)


def _believed(hands: list[Hand]) -> list[Hand]:
    """The readings that are hands, each hand once: two squares may close in on the same one."""
    kept: list[Hand] = []
    for hand in hands:
        # The first of two is the older track.
        alone = all(intersection_over_union(hand.box, other.box) < 0.5 for other in kept)
        if alone and _finite(hand) and hand.scores["none"] < NO_HAND:
            kept.append(hand)
    return kept


def _finite(hand: Hand) -> bool:
    """Whether scores and landmarks are numbers, so that the hand can be believed and followed."""
    points = hand.landmarks
    return all(map(math.isfinite, hand.scores.values())) and (
        points is None or bool(np.isfinite(points).all())
    )
