"""Drawn webcam pictures and their truth."""

import cv2
import numpy as np
import pytest

from triptych.gesture.demo.features import Expression, Features
from triptych.gesture.demo.person import Person, draw_person
from triptych.gesture.demo.room import draw_room
from triptych.gesture.demo.scene import draw_scene
from triptych.gesture.demo.shading import Light
from triptych.gesture.demo.variety import random_person


def test_scene_is_reproducible_and_its_truth_lies_in_the_picture() -> None:
    """The same seed gives the same picture; hands have 21 landmarks inside their boxes."""
    for seed in range(4):
        first = draw_scene(np.random.default_rng(seed), (320, 240))
        second = draw_scene(np.random.default_rng(seed), (320, 240))
        assert np.array_equal(first.frame, second.frame)
        assert first.frame.shape == (240, 320, 3) and first.frame.dtype == np.uint8
        for hand in first.hands:
            inside = np.clip(hand.landmarks, 0, 1)
            assert hand.landmarks.shape == (21, 2)
            assert (inside >= [hand.box.x0, hand.box.y0]).all()
            assert (inside <= [hand.box.x1, hand.box.y1]).all()


def test_empty_room_has_neither_face_nor_hand() -> None:
    """Without people there is nothing to find."""
    scene = draw_scene(np.random.default_rng(1), (160, 120), people=0)
    assert scene.faces == () and scene.hands == ()


@pytest.mark.parametrize("hair", ["short", "long", "bun", "curly", "none"])
def test_a_detector_made_for_photographs_sees_the_drawn_face(hair: str) -> None:
    """OpenCV's Haar cascade, which never saw a drawing of ours, finds the face in its box."""
    frame = draw_room(np.random.default_rng(3), (480, 360))
    box = draw_person(frame, Person(Features(hair=hair)), Expression(), Light(), (240, 150), 160)
    folder = cv2.data.haarcascades  # type: ignore[attr-defined]
    cascade = cv2.CascadeClassifier(folder + "haarcascade_frontalface_default.xml")
    centres = [(x + w / 2, y + h / 2) for x, y, w, h in cascade.detectMultiScale(frame, 1.1, 4)]
    assert any(
        box.x0 * 480 < x < box.x1 * 480 and box.y0 * 360 < y < box.y1 * 360 for x, y in centres
    )


def test_anyone_can_be_drawn_partly_outside_the_picture() -> None:
    """People at the edge or beyond it are cut off without an error."""
    rng = np.random.default_rng(5)
    for at in ((-400.0, 50.0), (0.0, 0.0), (160.0, 300.0), (900.0, 100.0)):
        frame = np.full((120, 160, 3), 70, np.uint8)
        draw_person(frame, random_person(rng), Expression(), Light(), at, 80)
        assert frame.shape == (120, 160, 3)
