"""Keeps one analyser process: starts it, listens to it, and kills it when it hangs.

The analyser is a process of its own so that nothing it does (a crash in native code, a hang that
holds the interpreter lock, all memory eaten) can stop the publisher from showing the card.
"""

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from triptych.gesture.publish.messages import Begin, Command, FromAnalyser, Go, Teach
from triptych.gesture.publish.slot import Slot, SlotReader

AnalyserMain = Callable[[Connection, int], None]
"""What runs in the child: gets its end of the pipe and the publisher's process id; pickled."""


class Keeper:
    """One analyser, from its start to its end. A new analyser gets a new keeper and a new slot.

    news: set whenever a message has come in. Never blocks: messages are read on a thread.
    """

    def __init__(self, main: AnalyserMain, news: threading.Event) -> None:
        self._news = news
        self._messages: queue.SimpleQueue[FromAnalyser] = queue.SimpleQueue()
        self._slot: Slot | None = None
        self.reader: SlotReader | None = None
        """The publisher's end of the slot; None before `begin`."""
        self.heard_at = time.monotonic()
        """When the analyser last said anything (`time.monotonic`)."""
        self._hung_up = threading.Event()
        context = multiprocessing.get_context("spawn")
        self._pipe, child = context.Pipe()
        self._process = context.Process(
            target=main, args=(child, os.getpid()), name="triptych analyser", daemon=True
        )
        with _no_interrupt():
            self._process.start()
        child.close()
        threading.Thread(target=self._listen, name="from the analyser", daemon=True).start()

    @property
    def pid(self) -> int:
        """The analyser's process id."""
        return self._process.pid or 0

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                message: Any = self._pipe.recv()
                self.heard_at = time.monotonic()
                self._messages.put(message)
                self._news.set()
        self._hung_up.set()
        self._news.set()
        self._pipe.close()

    def messages(self) -> list[FromAnalyser]:
        """What the analyser has said since the last call, in order."""
        found: list[FromAnalyser] = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._messages.get_nowait())
        return found

    @property
    def gone(self) -> bool:
        """True once the analyser can say nothing more, and all it said has been taken."""
        return self._hung_up.is_set() and self._messages.empty()

    def begin(
        self,
        size_wh: tuple[int, int],
        *,
        lockstep: bool,
        loop: bool,
        epoch: float | None,
        tuned: dict[str, float],
    ) -> None:
        """Give the analyser its slot for pictures of `size_wh` and let it start."""
        self._slot = Slot(size_wh)
        self.reader = SlotReader(self._slot)
        self._send(Begin(self._slot.name, size_wh, lockstep, loop, epoch, tuned))

    def go(self) -> None:
        """Tell an analyser in lockstep that one more picture has been taken in."""
        self._send(Go())

    def tune(self, command: Command) -> None:
        """Pass a setting on. The caller waits for `Tuned` before the next: so this never blocks."""
        self._send(command)

    def teach(self, asked: Teach) -> None:
        """Pass a wish on. The caller waits for `Noted` before the next: so this never blocks."""
        self._send(asked)

    def _send(self, message: object) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send(message)

    def close(self, patience: float = 0.0) -> None:
        """End the analyser: ask it to quit, wait `patience` seconds, then kill; remove the slot."""
        self.reader = None
        if patience:
            self._send(Command("quit"))
            self._process.join(patience)
        self._process.kill()
        self._process.join(5.0)
        # The pipe is closed by the thread that reads it, which ends because its other end died.
        if self._slot is not None:
            self._slot.close()
            self._slot = None


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """Have a process that is started in here ignore Ctrl-C: it is the publisher who decides."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # or its own start, inside, would lift our mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
