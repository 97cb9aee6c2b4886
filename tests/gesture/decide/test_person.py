"""Among several people one is listened to."""

import math

import pytest

from triptych.gesture.decide.person import MainPerson
from triptych.gesture.types import Box, Face


def tracks(people, scene):
    """Tracks of the hands that are read."""
    return [hand.track for hand in people.step(scene, 0.4, 0.6)]


def test_larger_face_wins_and_owns_the_near_hand(make):
    """The hand beside the large face is read, the one beside the small face is not."""
    faces = [make.face(0.4, size=0.3), make.face(0.8, size=0.1)]
    hands = [make.hand(x=0.2, track=1), make.hand(x=0.85, y=0.45, track=2)]
    assert tracks(MainPerson(), make.scene(0.0, *hands, faces=faces)) == [1]


def test_of_equal_faces_the_central_one_wins(make):
    """Size being equal, the face in the middle is the main person's."""
    faces = [make.face(0.1), make.face(0.5, 0.5)]
    hands = [make.hand(x=0.1, track=1), make.hand(x=0.55, track=2)]
    assert tracks(MainPerson(), make.scene(0.0, *hands, faces=faces)) == [2]


def test_hands_in_the_lap_are_not_read(make):
    """Idle hands make fists: only a hand held up to the chest or higher is a raised one."""
    face = make.face(0.5, 0.25, size=0.15)
    raised, resting = make.hand(y=0.6, track=1), make.hand(y=0.7, track=2)
    assert tracks(MainPerson(), make.scene(0.0, raised, resting, faces=[face])) == [1]


def test_similar_faces_do_not_flicker(make):
    """Once chosen, a face stays the main one while the other is only a little larger."""
    people = MainPerson()
    hands = [make.hand(x=0.3, track=1), make.hand(x=0.7, track=2)]
    for i in range(20):
        left = 0.21 if i % 2 == 0 else 0.19
        faces = [make.face(0.3, size=left), make.face(0.7, size=0.2)]
        assert tracks(people, make.scene(i / 5, *hands, faces=faces)) == [1]


def test_a_much_larger_face_takes_over(make):
    """Somebody who sits down right in front becomes the main person."""
    people = MainPerson()
    hands = [make.hand(x=0.3, track=1), make.hand(x=0.7, track=2)]
    near = make.face(0.7, size=0.4)
    tracks(people, make.scene(0.0, *hands, faces=[make.face(0.3)]))
    assert tracks(people, make.scene(0.2, *hands, faces=[make.face(0.3), near])) == [2]


def test_what_hardly_is_a_face_does_not_take_over(make):
    """A hand in the lap that looks a little like a face is not the person it belongs to."""
    people = MainPerson()
    lap = make.hand(x=0.55, y=0.8, size=0.2, track=1)
    face, hardly = make.face(0.5, 0.15, size=0.1), make.face(0.55, 0.8, size=0.2, score=0.5)
    for t in (0.0, 0.2, 0.4):
        assert tracks(people, make.scene(t, lap, faces=[face, hardly])) == []
    clear = make.face(0.55, 0.6, size=0.25, score=0.9)
    assert tracks(people, make.scene(0.6, lap, faces=[face, clear])) == [1]


def test_a_face_behind_does_not_take_over_at_once(make):
    """The main person is remembered for a second when their face is not found."""
    people = MainPerson()
    hands = [make.hand(x=0.35, track=1), make.hand(x=0.9, y=0.45, track=2)]
    behind = make.face(0.9, size=0.1)
    tracks(people, make.scene(0.0, *hands, faces=[make.face(0.4), behind]))
    for t in (0.2, 0.6, 1.0):
        assert tracks(people, make.scene(t, *hands, faces=[behind])) == [1]
    assert tracks(people, make.scene(1.2, *hands, faces=[behind])) == [1, 2]


def test_without_faces_all_hands_are_read(make):
    """With nobody to belong to, every hand counts."""
    hands = [make.hand(track=1), make.hand(x=0.9, track=2)]
    assert tracks(MainPerson(), make.scene(0.0, *hands, faces=[])) == [1, 2]


def test_faces_are_kept_between_looks(make):
    """A scene that repeats an older look changes nothing."""
    people = MainPerson()
    hands = [make.hand(x=0.35, track=1), make.hand(x=0.9, y=0.45, track=2)]
    faces = [make.face(0.4, size=0.3), make.face(0.9, size=0.1)]
    tracks(people, make.scene(0.0, *hands, faces=faces))
    assert tracks(people, make.scene(0.1, *hands, faces=[], faces_at=0.0)) == [1]


@pytest.mark.parametrize(
    "face",
    [
        Face(Box(0.8, 0.5, 0.95, 0.8), math.nan),
        Face(Box(0.8, 0.5, 0.95, 0.8), 0.1),
        Face(Box(0.8, 0.5, 0.95, 0.8), 7.0),
        Face(Box(math.nan, 0.5, 0.95, 0.8), 0.9),
        Face(Box(0.8, 0.5, 0.8, 0.8), 0.9),
    ],
)
def test_unsure_and_broken_faces_own_no_hand(make, face):
    """A face that is unsure, or no box at all, takes no hand away from the main person."""
    scene = make.scene(0.0, make.hand(x=0.9, track=2), faces=[make.face(0.3), face])
    assert tracks(MainPerson(), scene) == [2]


def test_broken_hands_are_left_out(make):
    """A hand without a real box is nobody's."""
    bad = make.hand(x=math.nan, track=1)
    empty = make.hand(size=0.0, track=2)
    assert tracks(MainPerson(), make.scene(0.0, bad, empty)) == []
