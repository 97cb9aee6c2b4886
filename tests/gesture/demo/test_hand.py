"""The drawn hand: landmarks, poses and pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.gesture.demo.anatomy import POSES, Anatomy, bend, blend, jitter
from triptych.gesture.demo.hand import DrawnHand, View, draw_hand
from triptych.gesture.demo.variety import random_hand
from triptych.gesture.types import SIGNS


def _canvas() -> np.ndarray:
    return np.full((200, 180, 3), 90, np.uint8)


def test_every_sign_and_other_has_a_pose() -> None:
    """All signs of the product, and hands that make none of them, can be drawn."""
    assert set(POSES) == {*SIGNS, "other"}


@pytest.mark.parametrize("gesture", POSES)
@pytest.mark.parametrize("left", [False, True])
def test_hand_is_drawn_where_its_landmarks_are(gesture: str, left: bool) -> None:
    """The picture has changed at all landmarks that lie on it, and nowhere far from them."""
    canvas = _canvas()
    hand = DrawnHand(POSES[gesture][0], View(left=left))
    landmarks = draw_hand(canvas, hand, (90, 170), 130)
    assert landmarks.shape == (21, 2)
    changed = np.abs(canvas.astype(int) - 90).sum(-1) > 12
    assert all(changed[round(float(y)), round(float(x))] for x, y in landmarks)
    assert not changed[:20].any()


def test_left_hand_mirrors_the_right() -> None:
    """A left hand's landmarks are the right hand's, mirrored about the wrist."""
    pose = POSES["ok"][0]
    right = draw_hand(_canvas(), DrawnHand(pose), (90, 170), 130)
    left = draw_hand(_canvas(), DrawnHand(pose, View(left=True)), (90, 170), 130)
    assert np.allclose(180 - right[:, 0], left[:, 0], atol=1e-3)
    assert np.allclose(right[:, 1], left[:, 1], atol=1e-3)


def test_shapes_say_which_sign_it_is() -> None:
    """Fingertips are up, down, together, apart or touching as the sign demands."""
    tips = {g: bend(POSES[g][0], Anatomy()).joints[[4, 8, 12, 16, 20]] for g in SIGNS}
    assert (tips["palm"][1:, 1] > 0.7).all()
    assert (tips["fist"][1:, 1] < 0.5).all()
    assert tips["one"][1, 1] > 0.8 and (tips["one"][2:, 1] < 0.5).all()
    apart = {g: np.linalg.norm(tips[g][1] - tips[g][2]) for g in ("two_up", "peace")}
    assert apart["two_up"] < 0.15 < 0.3 < apart["peace"]
    assert np.linalg.norm(tips["ok"][0] - tips["ok"][1]) < 0.1


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from(sorted(POSES)))
def test_bones_keep_their_lengths(seed: int, gesture: str) -> None:
    """Whatever the jitter, fingers neither stretch nor shrink, and nothing is infinite."""
    pose = jitter(POSES[gesture][0], np.random.default_rng(seed))
    joints = bend(pose, Anatomy()).joints
    for first, length in ((5, 0.235), (9, 0.26), (13, 0.24), (17, 0.185), (1, 0.215)):
        assert np.linalg.norm(joints[first + 1] - joints[first]) == pytest.approx(length, rel=1e-6)


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.sampled_from(sorted(POSES)))
def test_random_hands_are_reproducible(seed: int, gesture: str) -> None:
    """The same seed gives the same hand, and drawing it twice the same pixels."""
    pictures = []
    for _ in range(2):
        canvas = _canvas()
        draw_hand(canvas, random_hand(np.random.default_rng(seed), gesture), (90, 170), 110)
        pictures.append(canvas)
    assert np.array_equal(*pictures)


def test_hand_beyond_the_canvas_is_cut_off() -> None:
    """A hand outside leaves the canvas alone, one at the edge does not fail."""
    canvas = _canvas()
    hand = DrawnHand(POSES["fist"][0])
    draw_hand(canvas, hand, (-900.0, 100.0), 130)
    assert (canvas == 90).all()
    draw_hand(canvas, hand, (0.0, 100.0), 130)
    assert (canvas != 90).any()


def test_blend_runs_from_one_pose_to_the_other() -> None:
    """Halfway between two poses the angles are halfway."""
    start, end = POSES["fist"][0], POSES["palm"][0]
    half = blend(start, end, 0.5)
    assert half.flexion[0][0] == pytest.approx((start.flexion[0][0] + end.flexion[0][0]) / 2)
    assert np.allclose(blend(start, end, 1.0).flexion, end.flexion)
