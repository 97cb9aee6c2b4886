"""A hand as numbers: place and size do not count, shape and turn do."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from triptych.gesture.teach.features import EMBEDDING, LENGTH, features, shape
from triptych.gesture.types import GESTURES, Box, Hand

POINTS = np.random.default_rng(0).uniform(0.2, 0.6, (21, 2)).astype(np.float32)
HAND = Hand(Box(0, 0, 1, 1), dict.fromkeys(GESTURES, 0.1), POINTS, np.ones(EMBEDDING, np.float32))

spots = arrays(np.float64, (21, 2), elements=st.floats(-1, 1, width=32))


@given(spots, st.floats(-3, 3), st.floats(-3, 3), st.floats(0.2, 5))
def test_place_and_size_do_not_count(points, x, y, size):
    """Moved and magnified, a hand has the same shape, unless its palm is a single point."""
    palm = points[[0, 5, 9, 13, 17]]
    if np.ptp(palm, axis=0).max() < 0.05:
        return
    moved = points * size + [x, y]
    assert shape(moved) == pytest.approx(shape(points), abs=1e-3)


def test_the_turn_counts():
    """A thumb up is no thumb down."""
    assert np.abs(shape(-POINTS) - shape(POINTS)).max() > 1


def test_the_picture_is_made_square():
    """The same hand in a wide and in a square picture has the same shape."""
    wide = replace(HAND, landmarks=POINTS / [2, 1])
    one, other = features(HAND, 1.0), features(wide, 2.0)
    assert one is not None
    assert other == pytest.approx(one, abs=1e-5)
    assert one.shape == (LENGTH,)


@pytest.mark.parametrize(
    "broken",
    [
        {"landmarks": None},
        {"embedding": None},
        {"landmarks": POINTS * np.nan},
        {"embedding": np.ones(3, np.float32)},
    ],
)
def test_what_is_not_whole_is_nothing(broken):
    """Without landmarks or embedding, or with broken ones, there are no features."""
    assert features(replace(HAND, **broken), 1.0) is None
