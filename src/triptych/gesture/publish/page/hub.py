"""What the publisher's thread and the web server's thread share, and nothing else.

The publisher must never wait for a browser. It leaves its newest status here, and a small copy of
its picture only if a browser has asked for one: a request is answered by the first picture that is
published after it, so that nothing old is ever shown and nothing is ever queued.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from triptych.gesture.publish.messages import Command, Status, Teach
from triptych.gesture.publish.page.wire import encode, picture_header
from triptych.gesture.types import Box, Event, Frame

PREVIEW_WIDTH = 640
"""Pictures are shrunk to at most this many pixels across."""

PREVIEW_SECONDS = 1 / 15
"""The least time between two pictures for the browsers."""

JPEG_QUALITY = 80

LOG_LENGTH = 200
"""How many events a page that is opened late still gets to see."""

COMMANDS_LENGTH = 64
"""How many commands may wait for the publisher, which takes them at each frame."""


@dataclass(frozen=True)
class Picture:
    """One published picture, shrunk.

    at: `time.monotonic()` when it was published. covered: whether it is the away card. words: where
    words are drawn on it.
    """

    at: float
    pixels: Frame
    covered: bool
    words: Box | None = None

    @cached_property
    def message(self) -> bytes:
        """What a browser gets, encoded once however many of them watch."""
        _, jpeg = cv2.imencode(".jpg", self.pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        return picture_header(self.covered, self.words) + jpeg.tobytes()


@dataclass
class Hub:
    """The meeting point. All methods may be called from any thread and return at once.

    settings: what the sliders stand at, by dotted key of the configuration.
    """

    settings: dict[str, float] = field(default_factory=dict[str, float])
    status: Status | None = None
    picture: Picture | None = None
    closing: bool = False
    _wanted: bool = False
    _due: float = 0.0
    _lines: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    _last_line: int = 0
    _commands: deque[Command | Teach] = field(default_factory=deque[Command | Teach])
    _states: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # The publisher's side.

    def show(self, frame: Frame, status: Status) -> None:
        """Take note of what is published now; copies the picture only if a browser waits for it."""
        self.status = status
        if not self._wanted or time.monotonic() < self._due:
            return
        # In this order, a request that comes meanwhile is answered now or stays wanted.
        self._wanted = False
        now = time.monotonic()
        self._due = now + PREVIEW_SECONDS
        self.picture = Picture(now, _shrunk(frame), status.covered is not None, status.words)

    def log(self, event: Event) -> None:
        """Add an event to the page's log, with the time of day."""
        with self._lock:
            self._last_line += 1
            line = {"type": "event", "at": time.time(), "what": event.as_json()}
            self._lines.append((self._last_line, encode(line)))

    def tell(self, kind: str, what: Mapping[str, Any]) -> None:
        """Leave the newest message of a kind for every browser; only the newest counts."""
        text = encode({"type": kind, **what})
        with self._lock:
            number, before = self._states.get(kind, (0, ""))
            if text != before:
                self._states = {**self._states, kind: (number + 1, text)}

    def commands(self) -> list[Command | Teach]:
        """All that was asked for since the last call, oldest first."""
        if not self._commands:
            return []
        with self._lock:
            commands = list(self._commands)
            self._commands.clear()
        return commands

    # The browsers' side.

    def want_picture(self) -> float:
        """Ask for a picture; the answer is the first whose `at` is not before the time returned."""
        asked_at = time.monotonic()
        self._wanted = True
        return asked_at

    def lines_after(self, number: int) -> list[tuple[int, str]]:
        """The log lines with a higher number, oldest first, each with its number."""
        if number == self._last_line:
            return []
        with self._lock:
            return [line for line in self._lines if line[0] > number]

    @property
    def states(self) -> Mapping[str, tuple[int, str]]:
        """Kind -> the number and text of its newest message; never changes, is replaced."""
        return self._states

    def ask(self, command: Command | Teach) -> bool:
        """Hand a command to the publisher; False if too many are waiting already."""
        with self._lock:
            if len(self._commands) >= COMMANDS_LENGTH:
                return False
            self._commands.append(command)
            if isinstance(command, Command) and command.name == "tune":
                self.settings = {**self.settings, command.setting: command.value}
        return True


def _shrunk(frame: Frame) -> Frame:
    """A copy, at most `PREVIEW_WIDTH` across (the publisher will reuse its buffer)."""
    height, width = frame.shape[:2]
    if width <= PREVIEW_WIDTH:
        return frame.copy()
    size_wh = (PREVIEW_WIDTH, max(1, round(height * PREVIEW_WIDTH / width)))
    return np.asarray(cv2.resize(frame, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
