"""A camera: newest picture wins, a lost camera is looked for again, doubtful pictures are withheld.

A thread of its own grabs without pause into a box for one picture, so neither a slow reader nor
a driver that hangs can make pictures old.
"""

import threading
import time
from collections.abc import Callable
from typing import Self

import numpy as np

from triptych.gesture.sources.camera_health import PATIENCE_SECONDS, CameraHealth
from triptych.gesture.sources.capture import Capture
from triptych.gesture.sources.pictures import letterbox
from triptych.gesture.sources.shot import Shot
from triptych.gesture.types import Frame

REPORT_SECONDS = 0.1
"""How often `read` says that there is still no picture."""

WARM_UP_SECONDS = 2.0
"""How long the very first picture may take; cameras are slow to wake up."""

FIRST_WAIT, LONGEST_WAIT = 0.25, 2.0
"""Seconds between attempts to open a lost camera: doubled from the first to the longest."""


class CameraSource:
    """One camera, from which the newest picture is read.

    `read` gives a shot without a frame, and the problem in a few words, while there has been no
    picture for half a second, or only black or bit-identical ones: then nobody may be shown.

    open_capture: opens the camera; called once here (what it raises comes out), and again, until
    it succeeds, after the camera was lost. clock: monotonic seconds.
    """

    live = True

    def __init__(
        self,
        name: str,
        fps: float,
        open_capture: Callable[[], Capture],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.fps = fps
        self._open_capture = open_capture
        self._clock = clock
        self._opened_at = clock()
        capture = open_capture()
        self.size_wh = capture.size_wh
        self._lock = threading.Condition()
        self._box: tuple[float, Frame, str] | None = None  # one picture, never a queue
        self._overdue_at = self._now() + WARM_UP_SECONDS
        self._trouble = "the camera gives no pictures"
        self._closing = threading.Event()
        self._thread = threading.Thread(
            target=self._grab_forever, args=(capture,), name=f"grab {name}", daemon=True
        )
        self._thread.start()

    def read(self) -> Shot | None:
        """Wait for the next picture and give it, or the problem if there is none; None once closed.

        While there is no picture it answers every `REPORT_SECONDS`.
        """
        give_up = time.monotonic() + REPORT_SECONDS
        with self._lock:
            while not self._closing.is_set():
                if self._box is not None:
                    t, frame, problem = self._box
                    self._box = None
                    return Shot(t, None if problem else frame, problem)
                now = self._now()
                if now > self._overdue_at and time.monotonic() >= give_up:
                    return Shot(now, None, self._trouble)
                self._lock.wait(REPORT_SECONDS / 2)
        return None

    def close(self) -> None:
        """Stop grabbing and release the camera; safe to call twice."""
        self._closing.set()
        with self._lock:
            self._lock.notify_all()
        self._thread.join(timeout=2.0)  # a driver that hangs is left to the end of the process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _now(self) -> float:
        return self._clock() - self._opened_at

    def _grab_forever(self, capture: Capture | None) -> None:
        while not self._closing.is_set():
            if capture is None:
                capture = self._reopen()
                continue
            self._grab_until_lost(capture)
            capture.release()
            capture = None

    def _grab_until_lost(self, capture: Capture) -> None:
        health = CameraHealth()
        while not self._closing.is_set():
            try:
                frame = capture.read()
                if frame is None:
                    self._trouble = "the camera was unplugged or gives no pictures"
                    return
                if frame.ndim == 2:
                    frame = np.repeat(frame[..., None], 3, axis=2)
            except Exception as error:  # a driver's failure is a lost camera, never ours
                self._trouble = f"the camera failed ({error})"
                return
            t = self._now()
            problem = health.judge(t, frame)
            with self._lock:
                self._overdue_at = t + PATIENCE_SECONDS
                self._box = (t, letterbox(frame, self.size_wh), problem)
                self._lock.notify_all()

    def _reopen(self) -> Capture | None:
        wait = FIRST_WAIT
        while not self._closing.wait(wait):
            try:
                return self._open_capture()
            except Exception:  # still gone: tried again for as long as the person wants
                wait = min(2 * wait, LONGEST_WAIT)
        return None
