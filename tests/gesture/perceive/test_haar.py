"""The talk's face finder, kept as a baseline."""

import numpy as np
import pytest

from triptych.gesture.config import Config
from triptych.gesture.demo.features import Expression, Features
from triptych.gesture.demo.person import Person, draw_person
from triptych.gesture.demo.room import draw_room
from triptych.gesture.demo.shading import Light
from triptych.gesture.perceive.detector import intersection_over_union
from triptych.gesture.perceive.haar import HaarFaces
from triptych.gesture.perceive.perceiver import Perceiver
from triptych.gesture.types import Box, Frame


@pytest.fixture
def drawn() -> tuple[Frame, Box]:
    """A person in a room, and where the face is."""
    frame = draw_room(np.random.default_rng(3), (960, 720))
    box = draw_person(frame, Person(Features()), Expression(), Light(), (480, 300), 320)
    return frame, box


def test_a_drawn_face_is_found_where_it_is(drawn: tuple[Frame, Box]) -> None:
    """One of the faces lies on the drawn one, in fractions of the picture; each scores 1."""
    frame, box = drawn
    faces = HaarFaces().find(frame)
    assert max(intersection_over_union(face.box, box) for face in faces) > 0.4
    assert {face.score for face in faces} == {1.0}


@pytest.mark.parametrize("shape", [(1, 1), (1, 8000), (8000, 1), (4320, 7680), (30, 30)])
def test_pictures_of_any_shape_are_searched(shape: tuple[int, int]) -> None:
    """Flat pictures from one pixel to 8K hold no face and are no error."""
    assert HaarFaces().find(np.full((*shape, 3), 120, np.uint8)) == []


def test_the_configuration_chooses_it(drawn: tuple[Frame, Box]) -> None:
    """`perceive.faces`: with "haar" scores are the cascade's ones, with "network" its own."""
    frame, _box = drawn
    haar = Config.model_validate({"perceive": {"faces": "haar"}})
    assert [face.score for face in Perceiver(haar).look_still(frame).faces] == [
        face.score for face in HaarFaces().find(frame)
    ]
    assert all(0 < face.score < 1 for face in Perceiver(Config()).look_still(frame).faces)
