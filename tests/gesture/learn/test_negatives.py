"""Which hands teaching is compared with: whose they are, and what they are known to show."""

from dataclasses import replace

import numpy as np
import pytest

from triptych.data.hands import HandPicture, NamedBox, TeacherHand
from triptych.errors import BadInput
from triptych.gesture.learn.negatives import (
    IDLE_EACH,
    METRIC_EACH,
    SeenHand,
    background_of,
    few_of_each,
    relaxed_hands,
    seen_hands,
)
from triptych.gesture.types import GESTURES, SIGNS, Box, Hand, Scene

RNG = np.random.default_rng(0)


def points(x, y, up=True):
    """Landmarks of a hand about (x, y) whose fingers point up or down."""
    made = np.tile([x, y, 0.0], (21, 1)) + RNG.uniform(-0.05, 0.05, (21, 3))
    made[[0, 12], 1] = (y + 0.1, y - 0.1) if up else (y - 0.1, y + 0.1)
    return made.astype(np.float32)


PICTURE = HandPicture(
    file="a.png",
    label="palm",
    raw_label="5",
    person="p",
    source="s",
    licence="MIT",
    evidence="strong",
    split="train",
    context="frame",
    width=100,
    height=100,
    flags=frozenset(),
    boxes=(),
    faces=(),
    hands=(TeacherHand(points(0.3, 0.3), "Left", 1.0),),
    person_share=0.5,
)


class Perceiver:
    """Sees the hands that it is made with."""

    def __init__(self, *hands):
        self.hands = hands

    def look_still(self, frame):
        """The hands."""
        return Scene(0.0, self.hands)

    look = look_still

    def look_mirrored(self, frame, hand):
        """The same hand."""
        return hand


def hand(landmarks):
    """A hand that was seen there."""
    flat = landmarks[:, :2]
    box = Box(*(flat.min(axis=0) - 0.01).tolist(), *(flat.max(axis=0) + 0.01).tolist())
    scores = dict.fromkeys(GESTURES, 1 / 8)
    return Hand(box, scores, flat, np.ones(128, np.float32))


@pytest.fixture
def shows(monkeypatch):
    """Picture and hands that are seen in it -> what each is taken to show."""
    monkeypatch.setattr(
        "triptych.gesture.learn.negatives.read_picture", lambda path: np.zeros((9, 9, 3), np.uint8)
    )

    def seen(picture, *hands, tmp=None):
        from pathlib import Path

        return [one.sign for one in seen_hands(Path(), [picture], Perceiver(*hands))]

    return seen


RAISED, LYING, FAR = points(0.3, 0.3), points(0.7, 0.7, up=False), points(0.7, 0.2)


def test_the_label_speaks_of_the_raised_hand_alone(shows):
    """The other one is idle where it hangs, and unknown where it is up, too."""
    two = replace(PICTURE, hands=(*PICTURE.hands, TeacherHand(LYING, "Right", 1.0)))
    assert shows(two, hand(PICTURE.hands[0].landmarks), hand(LYING)) == ["palm", "idle"]
    up = replace(PICTURE, hands=(*PICTURE.hands, TeacherHand(points(0.7, 0.6), "Right", 1.0)))
    assert shows(up, hand(up.hands[0].landmarks), hand(up.hands[1].landmarks)) == ["palm", ""]


def test_what_nobody_saw_beside_a_hand_is_none(shows):
    """Where the teacher saw a hand, what else is found is something else."""
    assert shows(PICTURE, hand(PICTURE.hands[0].landmarks), hand(FAR)) == ["palm", "none"]


def test_pictures_without_a_sign_show_idle_hands(shows):
    """Or things that look like hands."""
    none = replace(PICTURE, label="none")
    assert shows(none, hand(PICTURE.hands[0].landmarks), hand(FAR)) == ["idle", "none"]


@pytest.mark.parametrize(
    "unsure",
    [
        {"label": "unlabelled"},
        {"label": "other", "flags": frozenset({"FIST_LIKE_x"})},
        {
            "hands": (),
            "boxes": (
                NamedBox(
                    (
                        0.6,
                        0.6,
                        0.8,
                        0.8,
                    ),
                    "2-hand",
                ),
            ),
        },
    ],
)
def test_what_nobody_knows_teaches_nothing(shows, unsure):
    """An unlabelled hand may make any sign."""
    assert set(shows(replace(PICTURE, **unsure), hand(PICTURE.hands[0].landmarks))) <= {"", "none"}


def test_near_copies_are_left_out():
    """A person gives a few pictures of each sign; other signs give none."""
    copies = [replace(PICTURE, file=f"{i}.png") for i in range(50)]
    assert len(few_of_each(copies)) == METRIC_EACH
    assert len(few_of_each([replace(one, label="none") for one in copies])) == IDLE_EACH
    assert few_of_each([replace(one, label="other") for one in copies]) == []


def seen(sign, person):
    """A hand of somebody."""
    rows = RNG.normal(size=(2, 170)).astype(np.float32)
    return SeenHand("f", person, "s", "train", sign, "", rows, np.full(8, 1 / 8, np.float32))


def test_every_kind_is_in_the_background():
    """Idle hands count as `other`; each person gives a few."""
    hands = [seen(sign, f"p{i}") for sign in (*SIGNS, "idle", "none") for i in range(5)]
    made = background_of(hands + [seen("fist", "p0") for _ in range(40)])
    assert {GESTURES[kind] for kind in made.kinds} == set(GESTURES)
    assert len(made.of("fist")) == 7  # four others, and three of p0
    with pytest.raises(BadInput, match="show no hand"):
        background_of([seen("fist", "p")])


def test_hands_at_rest_are_drawn_where_the_reader_sees_them():
    """Each with its mirror image, by chance but always the same."""
    (one,) = relaxed_hands(Perceiver(hand(RAISED)), 1)
    assert (one.sign, one.rows.shape) == ("idle", (2, 170))
