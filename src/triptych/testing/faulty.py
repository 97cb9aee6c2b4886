"""An analyser made of fakes that breaks in a chosen way at a chosen point.

Every picture is one flat colour that spells the moment it was taken, so whoever receives one can
tell how old it is, and whether it is torn.
"""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np

from triptych.errors import BrokenModel
from triptych.gesture.config import Config
from triptych.gesture.parts import Parts
from triptych.gesture.publish import clock
from triptych.gesture.publish.slot import SlotWriter
from triptych.gesture.sources.shot import Shot
from triptych.gesture.types import CoverReason, Decision, Event, Frame, Scene

_WRAP_MS = 1 << 24

Where = Literal["nowhere", "open", "build", "read", "look", "paint", "write", "close"]
How = Literal[
    "kill", "stop", "abort", "raise", "error", "hang", "deaf", "slow", "blind", "frozen", "jump"
]


def picture_of(moment: float, size_wh: tuple[int, int]) -> Frame:
    """A flat picture [H, W, 3] that spells `moment` (seconds on the shared clock)."""
    ms = round(moment * 1000) % _WRAP_MS
    colour = [ms & 255, ms >> 8 & 255, ms >> 16 & 255]
    return np.full((size_wh[1], size_wh[0], 3), colour, np.uint8)


def age_of(frame: Frame, moment: float) -> float | None:
    """Seconds from a flat picture's own moment to `moment`; None if the picture is torn."""
    if (frame != frame[0, 0]).any():
        return None
    blue, green, red = (int(value) for value in frame[0, 0])
    age = (round(moment * 1000) - (blue | green << 8 | red << 16)) % _WRAP_MS
    return (age - _WRAP_MS if age > _WRAP_MS // 2 else age) / 1000


@dataclass(frozen=True)
class Fault:
    """What goes wrong, where, and at which picture; only once, as `mark` (a file) remembers.

    kill, stop: signals. abort: dies in native code. raise: a bug. error: a broken model. hang:
    never comes back. deaf: so, and holds the interpreter's lock. slow: 0.7 s a picture from then
    on. blind: no picture for a second. frozen, jump: the analyser's clock stands, or is an hour on.
    """

    how: How = "kill"
    where: Where = "nowhere"
    at: int = 0
    mark: Path = Path()
    again: bool = False

    def strike(self, where: Where, number: int = 0) -> None:
        """Go wrong if this is the place and the time."""
        if where != self.where or number < self.at or (self.mark.exists() and not self.again):
            return
        self.mark.write_text(f"{clock.now()}")
        match self.how:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "abort":
                _say_nothing_more()
                os.abort()
            case "raise":
                _say_nothing_more()
                raise RuntimeError("a fault that a test asked for")
            case "error":
                raise BrokenModel("The model is broken, as a test asked.")
            case "hang":
                time.sleep(3600)
            case "deaf":
                ctypes.PyDLL(None).sleep(3600)
            case _:
                pass

    @property
    def struck(self) -> bool:
        """True once it has gone wrong."""
        return self.mark.is_file()


def _say_nothing_more() -> None:
    """Spare the reader of a test report the long report of a death that was asked for."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


class FlatSource:
    """Flat pictures in the shared clock's colours; `length` None: for ever."""

    fps = 30.0
    name = "flat"

    def __init__(self, fault: Fault, live: bool, size_wh: tuple[int, int], length: int | None):
        fault.strike("open")
        self.live = live
        self.size_wh = size_wh
        self._fault = fault
        self._length = length
        self._number = 0
        self._opened_at = clock.now()
        self._blind_until = 0.0

    def read(self) -> Shot | None:
        """The next picture; a camera takes its time."""
        self._number += 1
        if self._length is not None and self._number > self._length:
            return None
        if not self.live:
            t = (self._number - 1) / self.fps
            return Shot(t, picture_of(t, self.size_wh))
        time.sleep(1 / self.fps)
        before = self._fault.struck
        self._fault.strike("read", self._number)
        taken_at = clock.now()
        if self._fault.how == "blind" and self._fault.struck and not before:
            self._blind_until = taken_at + 1.0
        t = taken_at - self._opened_at
        if taken_at < self._blind_until:
            return Shot(t, None, "The camera is blind for a moment.")
        return Shot(t, picture_of(taken_at, self.size_wh))

    def close(self) -> None:
        """Close."""
        self._fault.strike("close", self._number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class _Looker:
    def __init__(self, fault: Fault) -> None:
        fault.strike("build")
        self._fault = fault
        self._number = 0

    def look(self, frame: Frame, t: float) -> Scene:
        """See nothing; one picture a millisecond at best."""
        self._number += 1
        self._fault.strike("look", self._number)
        if self._fault.how == "slow" and self._fault.struck:
            time.sleep(0.7)
        return Scene(t)


class _Opener:
    """Uncovers 0.2 s after the start, and after each moment of blindness."""

    def __init__(self, events_every: float) -> None:
        self._open_at: float | None = None
        self._covered = True
        self._every = events_every
        self._next = events_every

    def step(self, scene: Scene) -> Decision:
        """Uncover in time; a `gesture` now and then if asked for."""
        events: list[Event] = []
        if self._open_at is None:
            self._open_at = scene.t + 0.2
        covered = scene.t < self._open_at
        if self._covered and not covered:
            events.append(Event(scene.t, "back"))
        self._covered = covered
        if self._every and scene.t >= self._next:
            self._next += self._every
            detail = {"name": "ok", "meaning": "yes", "score": 0.9}
            events.append(Event(scene.t, "gesture", detail))
        return Decision(scene.t, "starting" if covered else None, events=tuple(events))

    def blind(self, t: float, reason: CoverReason) -> Decision:
        """Cover and start over."""
        self._open_at = None
        events = () if self._covered else (Event(t, "away"),)
        self._covered = True
        return Decision(t, reason, events=events)

    def reconfigure(self, config: Config) -> None:
        """Nothing to change."""


class _Painter:
    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._number = 0

    def paint(self, frame: Frame, decision: Decision) -> None:
        """Leave the picture as it is."""
        self._number += 1
        self._fault.strike("paint", self._number)


def faulty_parts(
    fault: Fault = Fault(),
    *,
    live: bool = True,
    size_wh: tuple[int, int] = (320, 180),
    length: int | None = None,
    events_every: float = 0.0,
) -> Parts:
    """The parts of an analyser that breaks as `fault` says; use it through `functools.partial`."""
    _break_writing(fault)
    return Parts(
        open_source=lambda spec, config: FlatSource(fault, live, size_wh, length),
        perceiver=lambda config: _Looker(fault),
        decider=lambda config: _Opener(events_every),
        painter=lambda config, size_wh: _Painter(fault),
        now=_broken_clock(fault),
    )


def _break_writing(fault: Fault) -> None:
    if fault.where != "write":
        return
    written = 0

    def copy(into: Frame, frame: Frame) -> None:
        nonlocal written
        written += 1
        half = len(frame) // 2
        np.copyto(into[:half], frame[:half])
        fault.strike("write", written)
        np.copyto(into[half:], frame[half:])

    SlotWriter.copy = staticmethod(copy)


def _broken_clock(fault: Fault) -> Callable[[], float]:
    stopped: list[float] = []

    def now() -> float:
        if not fault.struck or fault.how not in ("frozen", "jump"):
            return clock.now()
        if fault.how == "jump":
            return clock.now() + 3600
        stopped.append(clock.now())
        return stopped[0]

    return now
