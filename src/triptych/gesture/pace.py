"""Turns a source into pictures at the right moment, each with the time it was taken.

Live cameras run by themselves; files shown live are held back to their own pace; in lockstep
nothing waits and the medium's time is the only time.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from triptych.gesture.publish.clock import Stamps
from triptych.gesture.sources.shot import Shot, Source
from triptych.gesture.types import Frame

_HOLD_SECONDS = 0.1
"""Pictures that stand longer than this are shown again and again, or their lease would run out."""
_LATE_SECONDS = 0.5


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

    Pictures that come too late are left out; one that stands for long is repeated.
    """
    offset = 0.0
    start: float | None = None
    before: float | None = None
    for source in sources:
        last: Shot | None = None
        length = 0.0
        while (shot := source.read()) is not None:
            if start is None:
                start = now() - shot.t
            t = offset + shot.t
            length = shot.t + 1 / source.fps
            while (wait := start + t - now()) > 0:
                if wait > _HOLD_SECONDS and last is not None and last.frame is not None:
                    before = clock = now()
                    yield Timed(clock - start, clock, last.frame.copy(), last.problem)
                    wait = min(_HOLD_SECONDS, start + t - now())
                sleep(max(wait, 0.0))
            clock = now()
            if clock - (start + t) > _LATE_SECONDS:
                start = clock - t
            elif clock - (start + t) > 1 / source.fps and shot.frame is not None:
                continue
            jumped = before is not None and not 0 <= clock - before <= Stamps.JUMP_SECONDS
            before = clock
            last = Shot(t, shot.frame.copy(), shot.problem) if shot.frame is not None else None
            yield Timed(t, clock, shot.frame, shot.problem, jumped)
        offset += length
