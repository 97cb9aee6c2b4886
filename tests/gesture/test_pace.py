"""Pictures come at the right moment, each with the time it was taken."""

from collections.abc import Iterator
from typing import Self

import numpy as np
import pytest

from triptych.gesture import pace
from triptych.gesture.sources.shot import Shot

FRAME = np.zeros((2, 2, 3), np.uint8)


class _World:
    """A clock that only sleeping, and reading a slow source, moves."""

    def __init__(self) -> None:
        self.clock = 500.0

    def now(self) -> float:
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.clock += seconds


class _Source:
    """Plays shots at given times; each read takes `slow` seconds."""

    size_wh = (2, 2)
    live = False

    def __init__(
        self, world: _World, times: list[float], fps: float = 10.0, slow: float = 0.0
    ) -> None:
        self.world, self.times, self.fps, self.slow = world, list(times), fps, slow

    def read(self) -> Shot | None:
        self.world.clock += self.slow
        return Shot(self.times.pop(0), FRAME) if self.times else None

    def close(self) -> None:
        self.times = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def played(world: _World, *sources: _Source) -> list[tuple[float, float]]:
    """(t, seconds since the start) of each picture."""
    start = world.clock
    timed = pace.played(iter(sources), world.now, world.sleep)
    return [(round(one.t, 6), round(one.taken_at - start, 6)) for one in timed]


def test_a_file_is_played_at_its_own_pace() -> None:
    """Each picture at its time."""
    times = [number / 20 for number in range(30)]
    world = _World()
    assert played(world, _Source(world, times, 20.0)) == [(t, t) for t in map(_round, times)]


def _round(t: float) -> float:
    return round(t, 6)


def test_a_picture_that_stands_for_long_is_shown_again() -> None:
    """Or its lease would run out: at least every tenth of a second."""
    world = _World()
    moments = [moment for _, moment in played(world, _Source(world, [0.0, 1.0, 2.0], 1.0))]
    assert moments[0] == 0.0
    assert moments[-1] == 2.0
    assert max(np.diff(moments)) <= 0.1 + 1e-6


def test_pictures_that_come_too_late_are_left_out() -> None:
    """But a picture is never waited for long, however slow the file."""
    world = _World()
    source = _Source(world, [number / 30 for number in range(60)], 30.0, slow=0.05)
    pictures = played(world, source)
    assert 15 <= len(pictures) < 60
    assert pictures[-1][0] > 1.8
    assert max(np.diff([moment for _, moment in pictures])) <= 0.15 + 1e-6


def test_time_runs_on_when_a_clip_is_played_again() -> None:
    """The second round starts where the first ended."""
    world = _World()
    pictures = played(world, _Source(world, [0.0, 0.1, 0.2]), _Source(world, [0.0, 0.1, 0.2]))
    assert [t for t, _ in pictures] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert [t for t, _ in pictures] == pytest.approx([moment for _, moment in pictures])


def test_lockstep_keeps_the_mediums_time_and_every_picture() -> None:
    """However slow."""
    world = _World()
    source = _Source(world, [0.0, 0.5, 7.0], slow=3.0)
    assert [one.t for one in pace.lockstep(source)] == [0.0, 0.5, 7.0]
    assert world.clock == 512.0


def test_a_camera_that_was_asleep_is_told_as_a_jump() -> None:
    """So that what was known before is forgotten."""
    world = _World()
    moments = [0.1, 0.2, 3600.0, 3600.1]

    def shots() -> Iterator[Shot | None]:
        for t in moments:
            world.clock = 500.0 + t
            yield Shot(t if t < 10 else t - 3599.7, FRAME)  # the camera's clock slept, too
        yield None

    source = _Source(world, [])
    iterator = shots()
    source.read = lambda: next(iterator)  # type: ignore[method-assign]
    timed = list(pace.camera(source, world.now))
    assert [one.jumped for one in timed] == [False, False, True, False]
    assert [one.taken_at - 500.0 for one in timed] == pytest.approx(moments)
