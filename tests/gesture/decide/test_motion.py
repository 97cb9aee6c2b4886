"""Fast hands are locked, trembling ones are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.decide.motion import MotionLock


def follow(make, places, fastest=4.0, track=1):
    """Which of the (t, x) places of a hand 0.1 wide are locked."""
    lock = MotionLock()
    hands = [(t, make.hand(x=x, track=track)) for t, x in places]
    return [bool(lock.step(t, [hand], fastest)) for t, hand in hands]


@pytest.mark.parametrize("fps", [5, 15, 30, 60])
@pytest.mark.parametrize(("speed", "locked"), [(3.0, False), (5.0, True)])
def test_same_speed_same_verdict_at_every_rate(make, fps, speed, locked):
    """Hand widths a second decide, however many pictures a second there are."""
    places = [(t, 0.1 * speed * t) for t in make.times(0.0, 1.0, fps)]
    verdicts = follow(make, places)
    assert all(v is locked for (t, _), v in zip(places, verdicts, strict=True) if t >= 0.25)


def test_unlocks_soon_after_it_stops(make):
    """A hand that has stopped is read again within the window."""
    places = [(t, min(t, 1.0)) for t in make.times(0.0, 2.0, 30)]
    verdicts = dict(zip([t for t, _ in places], follow(make, places), strict=True))
    assert verdicts[places[29][0]]
    assert not any(v for t, v in verdicts.items() if t > 1.15)


@given(st.lists(st.floats(-0.01, 0.01), min_size=60, max_size=60))
def test_jitter_is_not_motion(make, noise):
    """A box that trembles by a tenth of its width each way stays readable at 60 a second."""
    places = [(i / 60, 0.5 + dx) for i, dx in enumerate(noise)]
    assert not any(follow(make, places))


def test_unknown_speed_counts_as_still(make):
    """A hand just seen, one without a track, and one lost for long are not locked."""
    assert follow(make, [(0.0, 0.1), (0.05, 0.9)]) == [False, False]
    assert not any(follow(make, [(t, t) for t in make.times(0, 1, 30)], track=0))
    assert follow(make, [(0.0, 0.1), (0.6, 0.9)]) == [False, False]


def test_hands_are_told_apart(make):
    """Only the moving one of two hands is locked."""
    lock = MotionLock()
    for t in make.times(0.0, 0.5, 30):
        fast = lock.step(t, [make.hand(x=0.2, track=1), make.hand(x=t, track=2)], 4.0)
    assert fast == {2}


def test_repeated_times_do_no_harm(make):
    """Of pictures with one time the last counts."""
    assert follow(make, [(0.0, 0.9), (0.0, 0.1), (0.2, 0.12), (0.2, 0.12)]) == [False] * 4
