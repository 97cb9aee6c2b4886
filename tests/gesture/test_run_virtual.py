"""From the analyser to a virtual camera, with a backend of our own in place of a driver."""

import threading
import time
from functools import partial
from typing import Any

import numpy as np
import pytest

from triptych.gesture.run import Order, run
from triptych.testing.faulty import faulty_parts

pyvirtualcam = pytest.importorskip("pyvirtualcam", reason="pip install triptych[virtualcam]")


class _Backend:
    """A device that keeps what it shows."""

    frames: list[Any]
    closed = False

    def __init__(self, **wanted: Any) -> None:
        type(self).frames = []
        self.wanted = wanted

    def close(self) -> None:
        type(self).closed = True

    def send(self, frame: Any) -> None:
        self.frames.append(frame.copy())

    def device(self) -> str:
        return "/dev/none"

    def native_fourcc(self) -> None:
        return None


def test_the_device_starts_and_ends_with_the_card_and_shows_pictures_in_between(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what the driver cannot do when we are killed is said."""
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {"ours": _Backend})
    stop = threading.Event()

    def press_stop() -> None:
        deadline = time.monotonic() + 40
        while len({f.tobytes() for f in getattr(_Backend, "frames", [])}) < 10:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        stop.set()

    thread = threading.Thread(target=press_stop)
    thread.start()
    order = Order("flat", ["virtual"], make_parts=partial(faulty_parts, size_wh=(64, 36)))
    assert run(order, stop) == 0
    thread.join()
    frames = [frame.tobytes() for frame in _Backend.frames]
    card = frames[0]
    assert frames[-10:] == [card] * 10
    assert len(set(frames)) >= 10
    assert np.frombuffer(card, np.uint8).size == 64 * 36 * 3
    assert _Backend.closed
    assert "/dev/none has no timeout" in capsys.readouterr().err
