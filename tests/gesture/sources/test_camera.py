import queue
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from triptych.errors import Unavailable
from triptych.gesture.sources.camera import CameraSource
from triptych.gesture.sources.shot import Shot
from triptych.gesture.types import Frame

DEADLINE = 20.0  # seconds a loaded machine may take


class Clock:
    """Seconds that pass only when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The seconds that have passed."""
        return self.now


class FakeCapture:
    """A camera that delivers what the test puts into it; None unplugs it."""

    def __init__(self, size_wh: tuple[int, int] = (64, 48)) -> None:
        self.size_wh = size_wh
        self.frames: queue.Queue[Frame | Exception | None] = queue.Queue()
        self.released = threading.Event()

    def read(self) -> Frame | None:
        """Block for what the test puts in next."""
        while not self.released.is_set():
            try:
                frame = self.frames.get(timeout=0.05)
            except queue.Empty:
                continue
            if isinstance(frame, Exception):
                raise frame
            return frame
        return None

    def release(self) -> None:
        """Give the camera back."""
        self.released.set()

    def show(self, value: int) -> None:
        """Deliver a noisy picture whose corner has `value`."""
        frame = np.random.default_rng(value).integers(20, 60, (48, 64, 3), dtype=np.uint8)
        frame[0, 0] = value
        self.frames.put(frame)


class Bench:
    """A camera source on a fake camera, a fake clock, and the cameras that it opened."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.opened: list[FakeCapture] = []
        self.plugged_in = True
        self.attempts = 0
        self.source = CameraSource("camera 0", 30, self._open, self.clock)

    def _open(self) -> FakeCapture:
        self.attempts += 1
        if not self.plugged_in:
            raise Unavailable("no camera")
        self.opened.append(FakeCapture())
        return self.opened[-1]

    @property
    def capture(self) -> FakeCapture:
        """The camera that was opened last."""
        return self.opened[-1]

    def read_until(self, wanted: Callable[[Shot], bool]) -> Shot:
        """Read on to the first shot that is wanted."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            shot = self.source.read()
            assert shot is not None
            if wanted(shot):
                return shot
        raise AssertionError("the shot that was waited for never came")


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    for capture in bench.opened:
        capture.release()
    bench.source.close()


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_picture_comes_with_the_clocks_time(bench: Bench) -> None:
    """A shot holds the camera's picture and the seconds since the camera was opened."""
    bench.clock.now += 3
    bench.capture.show(100)
    shot = bench.source.read()
    assert shot is not None
    assert shot.frame is not None
    assert shot.frame[0, 0, 0] == 100
    assert shot.t == pytest.approx(3)
    assert bench.source.live
    assert bench.source.size_wh == (64, 48)


def test_the_newest_picture_wins(bench: Bench) -> None:
    """A reader that was slow gets the newest picture, and none of those it missed."""
    for value in range(100, 110):
        bench.capture.show(value)
    wait_for(lambda: bench.capture.frames.empty())
    bench.capture.show(200)
    seen: list[int] = []

    def newest(shot: Shot) -> bool:
        assert shot.frame is not None
        seen.append(int(shot.frame[0, 0, 0]))
        return seen[-1] == 200

    bench.read_until(newest)
    assert len(seen) <= 2  # at most the one that lay in the box, and the newest


def test_no_picture_for_half_a_second_is_a_problem(bench: Bench) -> None:
    """A driver that hangs leads to shots without a frame, and `read` never hangs with it."""
    bench.capture.show(100)
    assert bench.source.read() is not None
    bench.clock.now += 0.6
    shot = bench.source.read()
    assert shot is not None
    assert shot.frame is None
    assert "no pictures" in shot.problem
    assert shot.t == pytest.approx(0.6)
    bench.capture.show(101)
    assert bench.read_until(lambda shot: shot.frame is not None).t == pytest.approx(0.6)


def test_a_camera_may_take_a_while_to_wake_up(bench: Bench) -> None:
    """Before the first picture the patience is longer, but not endless."""
    bench.clock.now += 1.5
    reader = threading.Thread(target=bench.source.read, daemon=True)
    reader.start()
    reader.join(0.3)
    assert reader.is_alive()
    bench.clock.now += 1
    reader.join(DEADLINE)
    assert not reader.is_alive()


def test_black_and_repeated_pictures_are_withheld(bench: Bench) -> None:
    """Black pictures for over half a second arrive as a problem, not as pictures."""
    for _ in range(8):
        bench.clock.now += 0.1
        bench.capture.frames.put(np.zeros((48, 64, 3), np.uint8))
        shot = bench.source.read()
        assert shot is not None
    assert shot.frame is None
    assert "black" in shot.problem


def test_a_camera_that_comes_back_is_opened_again(bench: Bench) -> None:
    """Unplugged: released and reported; attempts fail; plugged in again: pictures again."""
    first = bench.capture
    bench.plugged_in = False
    first.frames.put(None)
    wait_for(first.released.is_set)
    bench.clock.now += 3
    shot = bench.source.read()
    assert shot is not None
    assert shot.frame is None
    assert "unplugged" in shot.problem
    wait_for(lambda: bench.attempts >= 3)
    bench.plugged_in = True
    wait_for(lambda: len(bench.opened) == 2)
    bench.capture.show(150)
    shot = bench.read_until(lambda shot: shot.frame is not None)
    assert shot.frame is not None
    assert shot.frame[0, 0, 0] == 150


def test_a_driver_that_raises_is_a_lost_camera(bench: Bench) -> None:
    """An exception of the driver does not end the source; the camera is opened again."""
    bench.capture.frames.put(RuntimeError("USB fell out"))
    wait_for(lambda: len(bench.opened) == 2)
    bench.capture.show(150)
    assert bench.read_until(lambda shot: shot.frame is not None)


def test_other_sizes_and_grey_pictures_are_brought_to_the_stated_size(bench: Bench) -> None:
    """After a change of mode every frame still has the stated size and three channels."""
    bench.capture.frames.put(np.full((480, 640), 90, np.uint8))
    shot = bench.source.read()
    assert shot is not None
    assert shot.frame is not None
    assert shot.frame.shape == (48, 64, 3)


def test_closing_releases_the_camera_and_ends_the_source(bench: Bench) -> None:
    """After `close`, also when called twice, the camera is free and `read` gives None."""
    bench.capture.show(1)
    bench.source.close()
    bench.source.close()
    assert bench.capture.released.wait(DEADLINE)
    assert bench.source.read() is None


def test_a_camera_that_cannot_be_opened_at_first_raises() -> None:
    """What the opener raises comes out of the constructor."""

    def refuse() -> FakeCapture:
        raise Unavailable("Camera 7 cannot be opened")

    with pytest.raises(Unavailable, match="Camera 7"):
        CameraSource("camera 7", 30, refuse)
