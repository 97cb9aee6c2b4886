"""Turns a source into pictures at the right moment, each with the time it was taken.

Live cameras run by themselves; files shown live are held back to their own pace; in lockstep
nothing waits and the medium's time is the only time.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from triptych.gesture.publish.clock import Stamps
from triptych.gesture.sources.shot import Source
from triptych.gesture.types import Frame

_HOLD_SECONDS = 0.1
"""Pictures that stand longer than this are shown again and again, or their lease would run out."""
_LATE_SECONDS = 0.5
"""A file that is further behind than this goes on from where it is."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A picture with its times.

    t: seconds on the source's clock. taken_at: seconds on the shared clock. jumped: True if more
    than a second, or less than nothing, passed since the picture before: what was known is old.
    """

    t: float
    taken_at: float
    frame: Frame | None
    problem: str
    jumped: bool = False


def camera(source: Source, now: Callable[[], float]) -> Iterator[Timed]:
    """Pictures as the camera yields them."""
    stamps = Stamps()
    before: float | None = None
    while (shot := source.read()) is not None:
        clock = now()
        jumped = before is not None and not 0 <= clock - before <= Stamps.JUMP_SECONDS
        before = clock
        yield Timed(shot.t, stamps.taken_at(shot.t, clock), shot.frame, shot.problem, jumped)


def lockstep(source: Source) -> Iterator[Timed]:
    """Every picture, in the medium's own time."""
    while (shot := source.read()) is not None:
        yield Timed(shot.t, shot.t, shot.frame, shot.problem)


def played(
    sources: Iterator[Source],
    now: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Timed]:
    """Files at the pace of their own time, one source after the other, time running on.

    Pictures that come too late are left out, but never for long; one that stands for long is
    repeated. A file that cannot be read fast enough slows down.
    """
    offset = 0.0
    start = before = now()
    first = True
    for source in sources:
        last: Frame | None = None
        length = 0.0
        while (shot := source.read()) is not None:
            t = offset + shot.t
            length = shot.t + 1 / source.fps
            if first:
                start = before = now() - t
            while (wait := start + t - now()) > 0:
                if last is not None and wait > _HOLD_SECONDS / 10 and _held(now() - before):
                    before = now()
                    yield Timed(before - start, before, last.copy(), "")
                sleep(min(wait, max(before + _HOLD_SECONDS - now(), 0.001)))
            clock = now()
            late = clock - (start + t)
            if late > _LATE_SECONDS:
                start = clock - t
            elif late > 1 / source.fps and not _held(clock - before) and shot.frame is not None:
                continue
            jumped = not first and not 0 <= clock - before <= Stamps.JUMP_SECONDS
            first, before = False, clock
            last = None if shot.frame is None else shot.frame.copy()  # it will be drawn on
            yield Timed(t, clock, shot.frame, shot.problem, jumped)
        offset += length


def _held(seconds: float) -> bool:
    return seconds >= _HOLD_SECONDS - 1e-9
