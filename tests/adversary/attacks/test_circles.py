"""Pictures met again, and what does not count as that."""

import pytest
import torch

from triptych.adversary.attacks.circles import LONGEST, Circles


def walk(period, count, lead=lambda number: 1.0, start=0):
    """The passes at which one slot, which circles with this period from `start` on, is back."""
    circles, met = Circles(), []
    for number in range(count):
        place = number if number < start else start + (number - start) % period
        shown = torch.full((1, 1, 2, 2), float(place))
        found = circles.back(shown, torch.tensor([lead(number)], dtype=torch.float64))
        if found is not None and bool(found.any()):
            met.append(number)
    return met


@pytest.mark.parametrize("period", [1, 2, LONGEST])
@pytest.mark.parametrize("start", [0, 5, 6])
def test_short_circles_are_seen_soon(period, start):
    """Once round, or one step later, and never before."""
    met = walk(period, 30, start=start)
    assert met
    assert start + period <= met[0] <= start + max(period, 2) + 1


@pytest.mark.parametrize("period", [3, 5, 30])
def test_what_is_no_short_circle_is_not_one(period):
    """Other circles, and no circle at all, go on."""
    assert walk(period, 30) == []


def test_another_answer_to_the_same_picture_is_no_circle():
    """A random model may be fooled the next time."""
    assert walk(2, 30, lead=lambda number: 1 + 1e-3 * number) == []


def test_slots_are_forgotten_and_moved():
    """A new job in a slot is compared with nothing; the others keep their memory when picked."""
    circles, lead = Circles(), torch.zeros(3, dtype=torch.float64)
    shown = torch.arange(3.0).view(3, 1)
    for _ in range(3):
        circles.back(shown, lead.clone())
    circles.forget(torch.tensor([1]))
    found = circles.back(shown, lead.clone())
    assert found is not None
    assert found.tolist() == [True, False, True]
    circles.back(shown, lead.clone())
    circles.pick(torch.tensor([2, 0]))
    assert circles.back(shown[[0, 2]], lead[:2]) is None
    circles.back(shown[[0, 2]], lead[:2])
    found = circles.back(shown[[2, 0]], lead[:2])
    assert found is not None
    assert found.tolist() == [True, True]
