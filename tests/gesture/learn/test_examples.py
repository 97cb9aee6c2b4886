"""Records -> what is learnt: which hand makes the sign, and what nobody knows."""

from dataclasses import replace

import numpy as np
import pytest

from triptych.gesture.learn.examples import (
    NONE,
    OTHER,
    UNKNOWN,
    box_of,
    hand_examples,
    overlap,
    scene_examples,
)
from triptych.gesture.perceive.reader import box_around
from triptych.gesture.types import GESTURES

PALM = GESTURES.index("palm")


def labels(*pictures: object) -> list[int]:
    """The label of every hand of the pictures."""
    return [example.label for example in hand_examples(pictures)]  # type: ignore[arg-type]


def test_one_hand_makes_the_sign(shot, hand) -> None:
    """Place and size are in pixels, the landmarks with them."""
    (example,) = hand_examples([shot(hands=(hand(0.25, 0.5, 0.2),))])
    assert example.label == PALM
    assert example.centre == pytest.approx((50, 50))
    assert example.side == pytest.approx(40)
    assert example.landmarks is not None
    assert example.landmarks[20] == pytest.approx([70, 40], abs=1e-3)
    assert (example.file, example.person, example.weight) == ("images/drawn/a.png", "anna", 1.0)


@pytest.mark.parametrize("order", [1, -1])
def test_the_raised_hand_makes_it(shot, hand, order: int) -> None:
    """Of two hands the higher one; of the other it is only known that it is a hand."""
    hands = (hand(0.2, 0.3, 0.2), hand(0.8, 0.8, 0.2))[::order]
    assert labels(shot(hands=hands)) == [PALM, UNKNOWN][::order]


def test_other_is_said_of_all_hands(shot, hand) -> None:
    """A picture of some other sign has no hand that makes one of ours."""
    both = (hand(0.2, 0.3, 0.2), hand(0.8, 0.8, 0.2))
    assert labels(shot(label="other", hands=both)) == [OTHER, OTHER]


def test_an_idle_hand_is_other(shot, hand) -> None:
    """Where no sign is made but a hand is seen, that hand is natural; so is one that hangs."""
    (natural,) = hand_examples([shot(label="none")])
    assert natural.label == OTHER and natural.idle
    hanging = hand(0.5, 0.5, 0.2)
    points = hanging.landmarks.copy()
    points[:, 1] = 1 - points[:, 1]
    for turned in (hanging, replace(hanging, landmarks=points)):
        (example,) = hand_examples([shot(label="other", hands=(turned,))])
        assert example.idle == (turned.landmarks[12, 1] > turned.landmarks[0, 1])
    (sign,) = hand_examples([shot()])
    assert not sign.idle


@pytest.mark.parametrize(
    "changes", [{"label": "unlabelled"}, {"flags": frozenset({"FIST_LIKE", "DARK"})}]
)
def test_what_cannot_be_told_is_unknown(shot, changes: dict[str, object]) -> None:
    """Unlabelled hands, and those like a fist but labelled otherwise, teach only that they are."""
    assert labels(shot(**changes)) == [UNKNOWN]


@pytest.mark.parametrize("changes", [{"label": "unlabelled"}, {}])
def test_a_hanging_hand_makes_no_sign_unless_told(shot, hand, changes: dict[str, object]) -> None:
    """Fingers below the wrist are at rest; what a label says of such a hand still holds."""
    raised = hand(0.5, 0.5, 0.2)
    hanging = replace(raised, landmarks=raised.landmarks * [1, -1, 1] + [0, 1, 0])
    expected = OTHER if changes else PALM
    assert labels(shot(hands=(hanging,), **changes)) == [expected]


def test_hands_from_the_web_are_idle_and_weigh_less(shot) -> None:
    """Cut-outs of many unknown people hardly ever show one of our signs."""
    (example,) = hand_examples([shot(label="unlabelled", person="basem")])
    assert example.label == OTHER
    assert 0 < example.weight < 1


def test_noisy_labels_weigh_less(shot) -> None:
    """They are believed a little."""
    (example,) = hand_examples([shot(flags=frozenset({"NOISY_LABEL"}))])
    assert 0 < example.weight < 1


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("ok-hand", "ok"),
        ("0-hand", "fist"),
        ("2-hand", "peace"),
        ("5-hand", "palm"),
        ("7-hand", "other"),
        ("two_up-hand", "two_up"),
    ],
)
def test_a_drawn_box_names_its_hand(shot, hand, named, name: str, sign: str) -> None:
    """The sign of the box on a hand counts more than the picture's label; elsewhere it does not."""
    hands = (hand(0.2, 0.5, 0.2), hand(0.7, 0.5, 0.2))
    on_second = named(name, 0.58, 0.38, 0.82, 0.62)
    found = labels(shot(label="fist", hands=hands, boxes=(on_second,)))
    assert found[1] == GESTURES.index(sign)
    elsewhere = named(name, 0.0, 0.0, 0.1, 0.1)
    assert labels(shot(label="fist", boxes=(elsewhere,))) == [GESTURES.index("fist")]


def test_a_plain_hand_box_says_no_sign(shot, named) -> None:
    """ "hand" alone names none."""
    box = named("hand", 0.38, 0.38, 0.62, 0.62)
    assert labels(shot(boxes=(box,))) == [PALM]


def test_a_box_stands_in_for_landmarks(shot, named) -> None:
    """Where the teacher saw no hand but a person drew one box, that is the hand."""
    (example,) = hand_examples([shot(hands=(), boxes=(named("palm-hand", 0.2, 0.2, 0.5, 0.8),))])
    assert example.label == PALM
    assert example.landmarks is None
    assert example.centre == pytest.approx((70, 50))
    assert example.side == pytest.approx(60 / 1.2)
    two = (named("palm-hand", 0.2, 0.2, 0.5, 0.8), named("ok-hand", 0.6, 0.2, 0.9, 0.8))
    assert labels(shot(hands=(), boxes=two)) == []


def test_a_crop_is_a_hand_as_a_whole(shot) -> None:
    """Crops without landmarks: the whole picture; frames without: nothing to cut."""
    (example,) = hand_examples([shot(hands=(), context="crop60", width=60, height=60)])
    assert (example.label, example.centre) == (PALM, (30, 30))
    assert labels(shot(hands=(), context="frame")) == []
    assert labels(shot(hands=(), context="crop", label="none")) == [NONE]


def test_scenes_hold_hands_and_sure_faces(shot, hand, face) -> None:
    """Pixels; a face of middling score is doubtful, a weak one is nothing."""
    faces = (
        face(0.0, 0.0, 0.2, 0.4),
        face(0.3, 0.0, 0.4, 0.2, score=0.5),
        face(0.8, 0.8, 0.9, 0.9, score=0.1),
    )
    (scene,) = scene_examples([shot(faces=faces)])
    assert scene.faces == pytest.approx(np.array([[0, 0, 40, 40]]))
    assert scene.doubtful == pytest.approx(np.array([[60, 0, 80, 20]]))
    assert scene.hands.shape == (1, 4)
    assert scene.size_wh == (200, 100)
    assert scene.hands_known and scene.faces_known
    (nothing,) = scene_examples([shot(hands=(), label="none")])
    assert nothing.hands.shape == nothing.faces.shape == nothing.doubtful.shape == (0, 4)


def test_a_hand_taken_for_a_face_is_doubtful(shot, hand, face) -> None:
    """A face of modest score that lies on a hand is not learnt; a sure one is."""
    on_hand = (0.38, 0.28, 0.62, 0.72)
    (modest,) = scene_examples([shot(faces=(face(*on_hand, score=0.7),))])
    assert len(modest.faces) == 0 and len(modest.doubtful) == 1
    (sure,) = scene_examples([shot(faces=(face(*on_hand, score=0.95),))])
    assert len(sure.faces) == 1


def test_drawn_boxes_add_hands_that_the_teacher_missed(shot, named) -> None:
    """A box on a known hand is the same hand; other classes are no hands."""
    boxes = (
        named("palm-hand", 0.38, 0.28, 0.62, 0.72),
        named("ok-hand", 0.0, 0.0, 0.2, 0.4),
        named("person", 0.0, 0.0, 1.0, 1.0),
    )
    (scene,) = scene_examples([shot(boxes=boxes)])
    assert len(scene.hands) == 2
    assert scene.hands[1] == pytest.approx([0, 0, 40, 40])


def test_absence_is_only_learnt_where_somebody_looked(shot) -> None:
    """No hand found under a sign's label, or a person without a face: not known, not absent."""
    (missed,) = scene_examples([shot(hands=())])
    assert not missed.hands_known
    (room,) = scene_examples([shot(hands=(), label="none")])
    assert room.hands_known and room.faces_known
    (turned,) = scene_examples([shot(hands=(), label="none", person_share=0.4)])
    assert not turned.faces_known
    (crop,) = scene_examples([shot(context="crop", person_share=0.9)])
    assert crop.faces_known


def test_training_and_runtime_draw_the_same_box_around_landmarks(hand) -> None:
    """The detector learns the box that the tracker keeps, in pixels here and fractions there."""
    size = np.array([200, 100], np.float32)
    points = hand(0.5, 0.5, 0.2).landmarks[:, :2] * size
    there = box_around(points, size)
    assert box_of(points) == pytest.approx(np.array(there.as_list()) * [*size, *size], abs=1e-3)


def test_overlap_by_hand() -> None:
    """Half-covered twins share a third; neighbours nothing."""
    box = np.array([0, 0, 2, 2], np.float32)
    assert overlap(box, box) == pytest.approx(1)
    assert overlap(box, box + np.array([1, 0, 1, 0], np.float32)) == pytest.approx(1 / 3)
    assert overlap(box, box + 5) == 0
