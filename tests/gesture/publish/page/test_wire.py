import contextlib
import json
import math
import pickle
from base64 import b64encode
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.publish.messages import Command, Status, Teach
from triptych.gesture.publish.page.wire import (
    MESSAGE_BYTES,
    PNG_BYTES,
    MessageError,
    command_of,
    decode,
    encode,
    status_text,
)

LIMITS = {"decide.enter": (0.6, 0.95)}


@pytest.mark.parametrize(
    "text",
    [None, "", "nonsense", "[]", "1", "null", "{}", '{"type": 1}', "[" * 5000, '{"type": NaN'],
)
def test_what_is_no_message_is_refused(text: str | None) -> None:
    """Anything but an object with a type is a bad message, never another error."""
    with pytest.raises(MessageError):
        decode(text)


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ({"type": "cover"}, Command("cover")),
        ({"type": "uncover"}, Command("uncover")),
        (
            {"type": "tune", "setting": "decide.enter", "value": 0.7},
            Command("tune", "decide.enter", 0.7),
        ),
    ],
)
def test_commands(message: dict[str, Any], command: Command) -> None:
    """What the page sends becomes what the publisher understands."""
    assert command_of(decode(json.dumps(message)), LIMITS) == command


@pytest.mark.parametrize(
    "message",
    [
        {"type": "quit"},
        {"type": "tune"},
        {"type": "tune", "setting": "away.picture", "value": 1},
        {"type": "tune", "setting": ["decide.enter"], "value": 0.7},
        {"type": "tune", "setting": "decide.enter", "value": "0.7"},
        {"type": "tune", "setting": "decide.enter", "value": True},
        {"type": "tune", "setting": "decide.enter", "value": math.nan},
        {"type": "tune", "setting": "decide.enter", "value": 0.59},
        {"type": "tune", "setting": "decide.enter", "value": 1e999},
        {"type": "tune", "setting": "decide.enter", "value": 10**400},
    ],
)
def test_what_the_page_never_asks_is_refused(message: dict[str, Any]) -> None:
    """Unknown types and settings, and values out of range, are bad messages."""
    with pytest.raises(MessageError):
        command_of(message, LIMITS)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever arrives is a command or a bad message."""
    with contextlib.suppress(MessageError):
        assert isinstance(command_of(decode(text), LIMITS), Command)


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(numbers, numbers, numbers)
def test_a_status_is_always_json(fps: float, progress: float, share: float) -> None:
    """A browser can parse every status, even one with NaN in it."""
    text = status_text(Status(0.0, None, fps, 1.0, "palm", progress, share))
    parsed = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert parsed["type"] == "status"
    assert parsed["sign"] == "palm"


def test_odd_values_in_events_are_spelt_out() -> None:
    """NumPy numbers and NaN in an event's detail do not stop the log."""
    parsed = json.loads(encode({"score": math.nan, "n": np.float32(0.5), "o": object()}))
    assert parsed["score"] is None
    assert set(parsed) == {"score", "n", "o"}


def teach(**more: Any) -> Teach:
    """What a message about teaching asks for."""
    asked = command_of({"type": "teach", **more}, LIMITS)
    assert isinstance(asked, Teach)
    return asked


def test_teaching_is_asked_for_in_full() -> None:
    """Texts, an own picture in base64, and the moment of an event arrive as they were sent."""
    png = b64encode(b"PNG").decode()
    assert teach(do="start", text="I agree", icon="", png=png) == Teach(
        "start", text="I agree", png=b"PNG"
    )
    assert teach(do="forget", name="heart") == Teach("forget", name="heart")
    assert teach(do="wrong", t=3) == Teach("wrong", t=3.0)
    assert teach(do="keep") == Teach("keep")


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"do": "anything"},
        {"do": ["start"]},
        {"do": "start", "text": 3},
        {"do": "start", "text": "x" * 65},
        {"do": "start", "icon": None},
        {"do": "start", "png": "not base64!"},
        {"do": "start", "png": b64encode(bytes(PNG_BYTES + 1)).decode()},
        {"do": "wrong", "t": "now"},
        {"do": "wrong", "t": True},
        {"do": "wrong", "t": math.inf},
    ],
)
def test_teaching_that_the_page_never_asks_for_is_refused(more: dict[str, Any]) -> None:
    """A browser that sends it is not our page."""
    with pytest.raises(MessageError):
        command_of({"type": "teach", **more}, LIMITS)


def test_the_largest_icon_fits_into_a_message() -> None:
    """And into a pipe that nobody reads, beside a tune: passing it on never blocks."""
    text = encode({"type": "teach", "do": "start", "png": b64encode(bytes(PNG_BYTES)).decode()})
    assert len(text) <= MESSAGE_BYTES
    assert (
        len(pickle.dumps(Teach("start", "n" * 32, "t" * 64, "i" * 64, bytes(PNG_BYTES)))) < 60_000
    )
