"""Cutting a hand out of a plain wall."""

from pathlib import Path

import numpy as np
import pytest

from triptych.gesture.demo.anatomy import POSES
from triptych.gesture.demo.hand import DrawnHand, draw_hand
from triptych.gesture.learn import cutout
from triptych.gesture.learn.cutout import cut_out


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutout, "_cache", {})


@pytest.mark.parametrize("gesture", ["palm", "fist"])
def test_the_mask_is_the_drawn_hand(gesture: str) -> None:
    """It covers most of what the drawing changed and little of the wall; its border is soft."""
    wall = np.full((200, 200, 3), 235, np.uint8)
    picture = wall.copy()
    landmarks = draw_hand(picture, DrawnHand(POSES[gesture][0]), (100, 160), 110)
    mask = cut_out(Path("a"), picture, landmarks)
    assert mask is not None
    assert mask.shape == (200, 200) and mask.dtype == np.uint8
    # Below the wrist is the arm, which may stay or go.
    above = slice(0, int(landmarks[0, 1]))
    drawn = (np.abs(picture.astype(int) - 235).sum(axis=2) > 60)[above]
    cut = mask[above] > 127
    assert (cut & drawn).sum() > 0.9 * drawn.sum()
    assert (cut & ~drawn).sum() < 0.1 * drawn.sum()
    assert ((mask > 0) & (mask < 255)).any()


def test_a_hand_too_small_to_be_cut_gives_no_mask() -> None:
    """A hand of a few pixels has no border worth cutting along: it stays as it is."""
    picture = np.full((200, 200, 3), 235, np.uint8)
    landmarks = draw_hand(picture, DrawnHand(POSES["palm"][0], sleeve=3), (100, 190), 15)
    assert cut_out(Path("b"), picture, landmarks) is None


def test_a_mask_is_made_once() -> None:
    """The second time the picture is not looked at."""
    picture = np.full((200, 200, 3), 235, np.uint8)
    landmarks = draw_hand(picture, DrawnHand(POSES["palm"][0]), (100, 160), 110)
    first = cut_out(Path("c"), picture, landmarks)
    assert cut_out(Path("c"), np.zeros_like(picture), landmarks) is first


def test_each_of_two_hands_has_its_own_mask() -> None:
    """They stand in the same picture, each on its side of it."""
    picture = np.full((200, 400, 3), 235, np.uint8)
    hands = [draw_hand(picture, DrawnHand(POSES["palm"][0]), (x, 160), 110) for x in (90, 300)]
    masks = [cut_out(Path("d"), picture, landmarks) for landmarks in hands]
    for mask, side in zip(masks, (slice(0, 200), slice(200, 400)), strict=True):
        assert mask is not None
        assert (mask[:, side] > 127).sum() > 0.95 * (mask > 127).sum()
