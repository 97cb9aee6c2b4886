"""Between perceive and decide: scenes whose hands also have the scores of the taught signs."""

from dataclasses import replace
from typing import Protocol

import numpy as np

from triptych.gesture.teach.features import Features, features
from triptych.gesture.teach.recogniser import Recogniser
from triptych.gesture.types import Frame, Hand, Scene


class Perceives(Protocol):
    """What sees hands: `perceive.Perceiver`."""

    def look(self, frame: Frame, t: float) -> Scene:
        """What is in this picture of a video."""
        ...

    def look_still(self, frame: Frame) -> Scene:
        """What is in a single picture."""
        ...

    def look_mirrored(self, frame: Frame, hand: Hand) -> Hand | None:
        """The same hand, mirrored."""
        ...


class Seeing:
    """A perceiver that knows the taught signs; `recogniser` may be exchanged at any time."""

    def __init__(self, perceiver: Perceives, recogniser: Recogniser) -> None:
        self._perceiver = perceiver
        self.recogniser = recogniser

    def look(self, frame: Frame, t: float) -> Scene:
        """The scene at `t` seconds."""
        return self._named(frame, self._perceiver.look(frame, t))

    def look_still(self, frame: Frame) -> Scene:
        """What is in a single picture."""
        return self._named(frame, self._perceiver.look_still(frame))

    def examples(self, frame: Frame, hand: Hand) -> Features | None:
        """[2, 170]: a hand as it is and as its mirror image; None if it cannot be read plainly.

        People teach with one hand and use both.
        """
        aspect = frame.shape[1] / frame.shape[0]
        mirrored = self._perceiver.look_mirrored(frame, hand)
        rows = [features(seen, aspect) for seen in (hand, mirrored) if seen is not None]
        plain = [row for row in rows if row is not None]
        return np.stack(plain) if len(plain) == 2 else None

    def _named(self, frame: Frame, scene: Scene) -> Scene:
        if not self.recogniser.knows_anything:
            return scene
        aspect = frame.shape[1] / frame.shape[0]
        return replace(scene, hands=tuple(self._scored(hand, aspect) for hand in scene.hands))

    def _scored(self, hand: Hand, aspect: float) -> Hand:
        row = features(hand, aspect)
        if row is None:
            return hand
        return replace(hand, scores=self.recogniser.scores(hand.scores, row))
