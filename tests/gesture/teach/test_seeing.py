"""Scenes on their way from perceive to decide."""

import numpy as np

from triptych.gesture.teach.recogniser import recogniser_of
from triptych.gesture.teach.seeing import Seeing
from triptych.gesture.types import GESTURES, Box, Hand, Scene

FRAME = np.zeros((90, 160, 3), np.uint8)


class Perceiver:
    """Sees one hand whose features are `row`."""

    def __init__(self, row):
        points = row[128:].reshape(21, 2) * [90 / 160, 1]  # square units -> fractions
        scores = dict.fromkeys(GESTURES, 0.0) | {"other": 1.0}
        self.hand = Hand(Box(0, 0, 1, 1), scores, points.astype(np.float32), row[:128], track=3)
        self.mirrored = self.hand

    def look(self, frame, t):
        """The hand."""
        return Scene(t, (self.hand,))

    def look_still(self, frame):
        """The hand."""
        return Scene(0.0, (self.hand,))

    def look_mirrored(self, frame, hand):
        """The hand in the mirror, if it is found there."""
        return self.mirrored


def test_hands_get_the_scores_of_taught_signs(world):
    """In videos and single pictures; nothing else about them changes."""
    row = world.rows("heart", spread=0.0)[0]
    perceiver = Perceiver(row)
    seeing = Seeing(perceiver, recogniser_of(None))
    assert seeing.look(FRAME, 1.0).hands == (perceiver.hand,)
    # The fake hand's shape is normalised anew, so it is taught as it is seen.
    examples = seeing.examples(FRAME, perceiver.hand)
    assert examples.shape == (2, 170)
    sign = world.taught("heart")
    sign = type(sign)("heart", "", "", "heart", sign.reader, np.tile(examples, (3, 1)))
    world.background = type(world.background)(
        world.background.reader,
        world.background.whiten,
        world.background.points + 9,
        world.background.kinds,
    )
    seeing.recogniser = recogniser_of(world.background, [sign])
    for scene in (seeing.look(FRAME, 1.0), seeing.look_still(FRAME)):
        (hand,) = scene.hands
        assert hand.gesture == "heart"
        assert hand.track == 3
        assert hand.box == perceiver.hand.box


def test_a_hand_that_is_lost_in_the_mirror_is_no_example(world):
    """Both sides are needed."""
    perceiver = Perceiver(world.rows("heart")[0])
    perceiver.mirrored = None
    assert Seeing(perceiver, recogniser_of(None)).examples(FRAME, perceiver.hand) is None
