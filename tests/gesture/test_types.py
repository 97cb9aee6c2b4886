"""The nouns of the panel say what they are in numbers."""

import pytest

from triptych.gesture.types import GESTURES, Box, Event, Hand


def hand(**scores: float) -> Hand:
    return Hand(Box(0, 0, 1, 1), dict.fromkeys(GESTURES, 0.0) | scores)


@pytest.mark.parametrize(
    ("scores", "judged"),
    [
        ({"fist": 0.9, "other": 0.1}, "fist"),
        ({"fist": 0.7, "other": 0.2, "none": 0.1}, "other"),
        ({"fist": 0.7, "other": 0.1, "none": 0.2}, "none"),
        ({"one": 0.5, "two_up": 0.4, "other": 0.1}, "one"),
        ({"two_up": 0.5, "one": 0.2, "other": 0.3}, "other"),
        ({"peace": 0.5, "one": 0.4, "other": 0.1}, "other"),
        ({"other": 0.6, "palm": 0.4}, "other"),
        ({"none": 1.0}, "none"),
    ],
)
def test_a_sign_counts_from_a_probability_on(scores, judged):
    """One and two fingers count together; a doubtful sign is another hand, or none."""
    assert hand(**scores).judged(0.8) == judged


def test_a_box_knows_its_size_and_middle():
    """Width, height, area and centre in fractions; a box turned inside out has no area."""
    box = Box(0.1, 0.2, 0.5, 0.4)
    assert (box.width, box.height) == pytest.approx((0.4, 0.2))
    assert box.area == pytest.approx(0.08)
    assert box.centre == pytest.approx((0.3, 0.3))
    assert Box(0.5, 0, 0.1, 1).area == 0


def test_an_event_is_one_flat_object():
    """Time to the millisecond, the event's name, and its details beside them."""
    event = Event(1.23456, "gesture", {"name": "fist", "meaning": "no"})
    assert event.as_json() == {"t": 1.235, "event": "gesture", "name": "fist", "meaning": "no"}
