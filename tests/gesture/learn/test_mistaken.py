"""What our own detector takes for hands in pictures without a sign: whose places, and where."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from triptych.errors import BadInput
from triptych.gesture.demo.hand import draw_hand
from triptych.gesture.demo.variety import random_hand
from triptych.gesture.learn.examples import NO_SIGN, HandExample
from triptych.gesture.learn.mistaken import FISTS_TOO, mistaken_places, nearby
from triptych.gesture.perceive.reader import crop_square
from triptych.gesture.types import Box

SIZE_WH = (480, 360)


@pytest.fixture
def drawn(tmp_path: Path, shot):
    """A picture of one drawn hand that nobody has labelled, its record and its landmarks."""
    canvas = np.full((*SIZE_WH[::-1], 3), 180, np.uint8)
    landmarks = draw_hand(canvas, random_hand(np.random.default_rng(3), "palm"), (300, 220), 120.0)
    cv2.imwrite(str(tmp_path / "a.png"), canvas)
    record = shot(file="a.png", label="none", hands=(), width=SIZE_WH[0], height=SIZE_WH[1])
    return tmp_path, record, landmarks


def test_a_hand_that_nobody_found_is_a_place_without_a_sign(drawn) -> None:
    """It lies where the overlay will read it: its square is the runtime's for the same box."""
    folder, record, landmarks = drawn
    (place,) = mistaken_places(folder, [record])
    assert (place.label, place.person, place.landmarks) == (NO_SIGN, "anna", None)
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    assert place.centre == pytest.approx((low + high) / 2, abs=25)
    assert place.side == pytest.approx((high - low).max(), rel=0.3)


def test_a_hand_that_somebody_found_is_not(drawn, hand, named) -> None:
    """The teacher's hands, and the boxes that people drew, are learnt as what they are."""
    folder, record, landmarks = drawn
    low, high = landmarks.min(axis=0) / SIZE_WH, landmarks.max(axis=0) / SIZE_WH
    boxed = replace(record, boxes=(named("some-hand", *low.tolist(), *high.tolist()),))
    points = np.concatenate([landmarks / SIZE_WH, np.zeros((21, 1))], axis=1).astype(np.float32)
    seen = replace(record, hands=(replace(hand(0.5, 0.5, 0.2), landmarks=points),))
    assert mistaken_places(folder, [boxed, seen]) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"label": "palm"},
        {"label": "unlabelled"},
        {"label": "other", "flags": frozenset({"FIST_LIKE"})},
        {"label": "other", "person": FISTS_TOO[0]},
        {"context": "crop60"},
    ],
)
def test_pictures_that_may_show_a_sign_are_left_out(drawn, changes: dict[str, object]) -> None:
    """What is there could be one."""
    folder, record, _ = drawn
    assert mistaken_places(folder, [replace(record, **changes)]) == []


def test_a_missing_picture_is_said(drawn) -> None:
    """By its name."""
    folder, record, _ = drawn
    with pytest.raises(BadInput, match=r"gone\.png"):
        mistaken_places(folder, [replace(record, file="gone.png")])


def test_the_side_is_the_readers(drawn) -> None:
    """The training crop of the place is the square that the runtime cuts."""
    folder, record, _ = drawn
    (place,) = mistaken_places(folder, [record])
    half = place.side * 1.2 / 2  # the box has a margin of a tenth on either side
    x, y = place.centre
    width, height = SIZE_WH
    box = Box((x - half) / width, (y - half) / height, (x + half) / width, (y + half) / height)
    left, top, side = crop_square(box, width, height)
    assert side == pytest.approx(place.side * 1.5, abs=1)
    assert (left + side / 2, top + side / 2) == pytest.approx((x, y), abs=1)


def test_nearby_is_the_place_or_a_part_of_it() -> None:
    """Never another place: the middle stays within it, the square at most a tenth larger."""
    place = HandExample("a.png", "anna", NO_SIGN, (100.0, 80.0), 40.0)
    rng = np.random.default_rng(0)
    found = [nearby(place, rng) for _ in range(500)]
    assert all(0.6 * 40 <= p.side <= 1.1 * 40 for p in found)
    gaps = np.abs([np.subtract(p.centre, place.centre) for p in found]) / 40
    assert gaps.max() <= 0.2 and gaps.mean() == pytest.approx(0.1, abs=0.01)
    assert min(p.side for p in found) < 26 and max(p.side for p in found) > 42
