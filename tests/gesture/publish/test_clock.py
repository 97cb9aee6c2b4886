"""When a picture was taken, on the clock that all processes share."""

import multiprocessing
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.publish.clock import Stamps, now


def test_all_processes_share_one_clock() -> None:
    """A child started meanwhile reads a time in between."""
    before = now()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        between = pool.apply(now)
    assert before < between < now()


@pytest.mark.skipif(sys.platform != "linux", reason="names Linux's clock")
def test_the_clock_counts_sleep() -> None:
    """It is the one that runs on while the machine is suspended."""
    assert abs(now() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 5.0


@given(st.lists(st.tuples(st.floats(0.001, 0.5), st.floats(0.0, 0.4)), min_size=1, max_size=50))
def test_a_picture_is_never_stamped_younger_than_the_freshest_proves(
    steps: list[tuple[float, float]],
) -> None:
    """Each picture waits some time before it is read; stamps grow with the source's time, and err
    by no more than the shortest wait seen so far."""
    stamps, t, waits, before = Stamps(), 0.0, list[float](), -1.0
    for forward, wait in steps:
        t += forward
        waits.append(wait)
        stamp = stamps.taken_at(t, 1000.0 + t + wait)
        assert stamp == pytest.approx(1000.0 + t + min(waits))
        assert stamp >= before - 0.4
        before = stamp


def test_after_a_sleep_stamps_start_over() -> None:
    """The source's clock stood still for an hour: its new pictures are new, not an hour old."""
    stamps = Stamps()
    assert stamps.taken_at(1.0, 101.0) == pytest.approx(101.0)
    assert stamps.taken_at(1.1, 3701.1) == pytest.approx(3701.1)
    assert stamps.taken_at(1.2, 3701.2) == pytest.approx(3701.2)
