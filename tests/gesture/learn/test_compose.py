"""Composed crops: hands where they are said to be, before scenes that hold none there."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from triptych.gesture.demo.anatomy import POSES
from triptych.gesture.demo.hand import DrawnHand, draw_hand
from triptych.gesture.learn import compose
from triptych.gesture.learn.augment import Jitter
from triptych.gesture.learn.compose import Composer, draw_cut_out, tone
from triptych.gesture.learn.examples import OTHER, HandExample, SceneExample
from triptych.gesture.types import GESTURES

STILL = Jitter(colour=False, rotation=False, crop=False, webcam=False)
NO_BOXES = np.zeros((0, 4), np.float32)
FACE = np.array([[120, 60, 200, 160]], np.float32)


def composer(folder: Path, monkeypatch: pytest.MonkeyPatch, hands: np.ndarray) -> Composer:
    """Over one grey scene with a face, and a few drawn hands."""
    monkeypatch.setattr(compose, "DRAWN", 12)
    cv2.imwrite(str(folder / "scene.png"), np.full((240, 320, 3), 90, np.uint8))
    scene = SceneExample("scene.png", "anna", (320, 240), hands, FACE, NO_BOXES, True, True)
    return Composer(folder, [scene], [])


def test_a_cut_out_is_a_hand_in_its_mask() -> None:
    """The same index gives the same hand; its landmarks lie where the mask is."""
    hand = draw_cut_out(3)
    again = draw_cut_out(3)
    assert (hand.picture == again.picture).all() and hand.label == again.label
    inside = [hand.mask[round(float(y)), round(float(x))] > 128 for x, y in hand.landmarks]
    assert np.mean(inside) > 0.9
    assert hand.mask[0, 0] == 0 and (hand.picture[0, 0] == 0).all()


def test_hands_are_where_their_landmarks_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The composed crop differs from the grey scene at the landmarks, and is centred on them."""
    made = composer(tmp_path, monkeypatch, NO_BOXES)
    rng = np.random.default_rng(0)
    for _ in range(20):
        crop = made.sample(rng, STILL, 128)
        points = crop["landmarks"] * 128
        assert crop["known"] == 1 and points.min() >= 0 and points.max() < 128
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        assert middle == pytest.approx([64, 64], abs=2)
        knuckle = crop["picture"][tuple(points[9].round().astype(int)[::-1])].astype(int)
        assert np.abs(knuckle - 90).max() > 8


def test_a_finger_before_the_mouth_is_no_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finger's tip lies in the lower half of the face; beside the face it keeps its label."""
    made = composer(tmp_path, monkeypatch, NO_BOXES)
    rng = np.random.default_rng(1)
    hand = made._finger(rng)
    placed = made._at_mouth(rng, hand)
    assert placed is not None
    tip = hand.landmarks[8] @ placed[1][:, :2].T + placed[1][:, 2]
    assert 120 < tip[0] < 200 and 100 < tip[1] < 160
    seen = [int(made.sample(rng, STILL, 64)["label"]) for _ in range(60)]
    assert OTHER in seen and any(GESTURES[label] != "other" for label in seen)


def test_no_hand_is_put_over_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hands in one crop, of which one has no label, would teach something wrong."""
    everywhere = np.array([[0, 0, 320, 240]], np.float32)
    made = composer(tmp_path, monkeypatch, everywhere)
    rng = np.random.default_rng(2)
    assert made._at_mouth(rng, made.drawn[0]) is None
    assert made._beside_face(rng, made.drawn[0]) is None


def test_a_photographed_hand_is_put_before_the_scene(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps label and weight; its white wall is gone, and its arm goes on to the crop's edge."""
    made = composer(tmp_path, monkeypatch, NO_BOXES)
    wall = np.full((150, 150, 3), 235, np.uint8)
    points = draw_hand(wall, DrawnHand(POSES["palm"][0], sleeve=9.0), (75, 130), 90)
    cv2.imwrite(str(tmp_path / "hand.png"), wall)
    palm = GESTURES.index("palm")
    example = HandExample("hand.png", "ben", palm, (75, 90), 90, points, weight=0.4)
    rng = np.random.default_rng(3)
    for _ in range(8):
        crop = made.put(example, rng, STILL, 128)
        assert crop is not None
        assert crop["label"] == palm and crop["weight"] == pytest.approx(0.4)
        picture, (x, y) = crop["picture"].astype(int), (crop["landmarks"][0] * 128).astype(int)
        assert (np.abs(picture - 235).max(axis=2) < 8).mean() < 0.03
        column = picture[min(y + 20, 127), max(x - 12, 0) : x + 12]
        assert (np.abs(column - 90).max(axis=1) > 8).any()
    unknown = HandExample("hand.png", "ben", palm, (75, 90), 90, None)
    assert made.put(unknown, rng, STILL, 128) is None


def test_skin_gets_another_tone() -> None:
    """Lighter or darker as a whole: what is brighter stays brighter, black stays black."""
    ramp = np.repeat(np.arange(0, 250, 10, dtype=np.uint8)[None, :, None], 3, axis=2)
    seen = [tone(ramp, np.random.default_rng(seed)) for seed in range(6)]
    assert all((np.diff(changed.astype(int), axis=1) >= 0).all() for changed in seen)
    assert all((changed[0, 0] == 0).all() for changed in seen)
    assert len({changed.tobytes() for changed in seen}) == 6
