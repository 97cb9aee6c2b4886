"""The analyser's ear: what the publisher tells it, and the end of the publisher itself.

An analyser without a publisher has no business watching anybody: it ends at once, by the end of
the pipe on every system and by the kernel's own signal on Linux.
"""

import contextlib
import ctypes
import os
import queue
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection

from triptych.gesture.publish.messages import Begin, Command, Go, Teach

_GRACE_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


class Inbox:
    """Reads the pipe on a thread.

    quit: set when the publisher asks for the end, or is gone (then the process ends by force after
    a second, whatever hangs).
    """

    def __init__(self, pipe: Connection) -> None:
        self.quit = threading.Event()
        self._pipe = pipe
        self._begin: queue.SimpleQueue[Begin | None] = queue.SimpleQueue()
        self._wishes: queue.SimpleQueue[Command | Teach] = queue.SimpleQueue()
        self._credits = threading.Semaphore(0)
        threading.Thread(target=self._listen, name="from the publisher", daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                match self._pipe.recv():
                    case Begin() as begin:
                        self._begin.put(begin)
                    case Go():
                        self._credits.release()
                    case (Command(name="tune") | Teach()) as wish:
                        self._wishes.put(wish)
                    case Command(name="quit"):
                        self._leave()
                    case _:
                        pass
        self._leave()
        time.sleep(_GRACE_SECONDS)
        os._exit(1)

    def _leave(self) -> None:
        self.quit.set()
        self._begin.put(None)
        self._credits.release()

    def wait_begin(self) -> Begin | None:
        """Wait for the publisher's start; None if it wants the end instead."""
        return self._begin.get()

    def wait_credit(self) -> None:
        """Lockstep: wait until the publisher has taken in a picture, or `quit`."""
        self._credits.acquire()

    def wishes(self) -> list[Command | Teach]:
        """The settings to change and what to teach, oldest first."""
        found: list[Command | Teach] = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._wishes.get_nowait())
        return found


def live_and_die_with(publisher_pid: int) -> None:
    """Leave Ctrl-C to the publisher, and end when it ends, even if it is killed while we hang."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != publisher_pid:  # it died before we asked to be told
            os._exit(1)
