import time

import cv2
import numpy as np
import pytest

from triptych.gesture.publish.messages import Command, Status
from triptych.gesture.publish.page.hub import COMMANDS_LENGTH, LOG_LENGTH, PREVIEW_WIDTH, Hub
from triptych.gesture.types import Event

SEEN = Status(1.0, None)
COVERED = Status(1.0, "away")


def frame(width: int = 64, height: int = 48, value: int = 128) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def test_nothing_is_copied_while_nobody_asks() -> None:
    """Without a browser that waits, only the status is kept."""
    hub = Hub()
    hub.show(frame(), SEEN)
    assert hub.picture is None
    assert hub.status is SEEN


def test_one_request_gets_one_later_picture() -> None:
    """The answer is a picture published after the question, and the next needs a new question."""
    hub = Hub()
    hub.show(frame(), SEEN)
    asked_at = hub.want_picture()
    assert hub.picture is None
    hub.show(frame(), SEEN)
    assert hub.picture is not None
    first = hub.picture
    assert first.at >= asked_at
    hub.show(frame(), SEEN)
    assert hub.picture is first


def test_pictures_are_paced() -> None:
    """However fast the requests, two pictures are at least the pace apart."""
    hub = Hub()
    hub.want_picture()
    hub.show(frame(), SEEN)
    first = hub.picture
    hub.want_picture()
    hub.show(frame(), SEEN)
    if hub.picture is not first:  # a machine so slow that the pace had passed
        assert hub.picture and first and hub.picture.at - first.at >= 1 / 15


@pytest.mark.parametrize(
    ("size_wh", "shrunk_wh"),
    [((1280, 720), (640, 360)), ((320, 180), (320, 180)), ((4000, 1), (PREVIEW_WIDTH, 1))],
)
def test_pictures_are_shrunk(size_wh: tuple[int, int], shrunk_wh: tuple[int, int]) -> None:
    """Wide pictures shrink in proportion, narrow ones stay; the JPEG holds the same picture."""
    hub = Hub()
    hub.want_picture()
    hub.show(frame(*size_wh, value=77), SEEN)
    assert hub.picture is not None
    message = hub.picture.message
    decoded = cv2.imdecode(np.frombuffer(message[9:], np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape == (shrunk_wh[1], shrunk_wh[0], 3)
    assert abs(int(decoded.mean()) - 77) <= 2


@pytest.mark.parametrize(("status", "flag"), [(SEEN, 0), (COVERED, 1)])
def test_a_picture_says_whether_it_is_the_card(status: Status, flag: int) -> None:
    """The first byte tells the page, which mirrors people but not cards."""
    hub = Hub()
    hub.want_picture()
    hub.show(frame(), status)
    assert hub.picture is not None
    assert hub.picture.message[0] == flag


def test_the_publisher_may_reuse_its_buffer() -> None:
    """A picture that waits to be encoded does not change with the buffer it came from."""
    hub = Hub()
    buffer = frame(value=200)
    hub.want_picture()
    hub.show(buffer, SEEN)
    buffer[:] = 0
    assert hub.picture is not None
    assert hub.picture.pixels.min() == 200


def test_showing_costs_next_to_nothing_when_nobody_watches() -> None:
    """The best of many short runs stays under 50 microseconds a frame."""
    hub = Hub()
    picture = frame(1280, 720)
    rounds = []
    for _ in range(50):
        start = time.perf_counter()
        for _ in range(20):
            hub.show(picture, SEEN)
        rounds.append((time.perf_counter() - start) / 20)
    assert min(rounds) < 50e-6


def test_commands_come_in_order_and_once() -> None:
    """Draining returns what was asked, oldest first, and leaves nothing."""
    hub = Hub()
    asked = [Command("cover"), Command("tune", "decide.enter", 0.7), Command("uncover")]
    assert all(hub.ask(command) for command in asked)
    assert hub.commands() == asked
    assert hub.commands() == []
    assert hub.settings == {"decide.enter": 0.7}


def test_commands_do_not_pile_up() -> None:
    """A publisher that never drains is not flooded: further commands are refused, none is lost."""
    hub = Hub()
    taken = [hub.ask(Command("cover")) for _ in range(COMMANDS_LENGTH + 5)]
    assert taken == [True] * COMMANDS_LENGTH + [False] * 5
    assert len(hub.commands()) == COMMANDS_LENGTH
    assert hub.ask(Command("cover"))


def test_the_log_keeps_the_newest() -> None:
    """A browser gets the lines it has not had, and a late one the last few."""
    hub = Hub()
    for number in range(LOG_LENGTH + 10):
        hub.log(Event(float(number), "back"))
    lines = hub.lines_after(0)
    assert len(lines) == LOG_LENGTH
    assert [number for number, _ in lines] == list(range(11, LOG_LENGTH + 11))
    assert hub.lines_after(LOG_LENGTH + 9) == lines[-1:]
    assert hub.lines_after(LOG_LENGTH + 10) == []
