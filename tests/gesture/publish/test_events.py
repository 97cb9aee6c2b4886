"""Events reach the terminal, files and programs as they fire."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.errors import BadInput
from triptych.gesture.publish.events import EventFile, event_line, to_stdout_json, to_terminal
from triptych.gesture.types import Event

YES = Event(3.2104, "gesture", {"name": "ok", "meaning": "yes", "score": 0.97})


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (YES, "   3.21 s  gesture        yes        (ok, 0.97)"),
        (Event(12.0, "away"), "  12.00 s  away"),
        (Event(1.0, "odd", {"why": "so"}), "   1.00 s  odd            why=so"),
    ],
)
def test_people_get_one_line(
    event: Event, line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the time in front, and the same in the terminal."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert event_line(event) == line
    to_terminal()(event)
    assert capsys.readouterr().out == line + "\n"


def test_a_file_has_each_event_at_once_and_keeps_what_was_there(tmp_path: Path) -> None:
    """Readers need not wait for the end of the run."""
    path = tmp_path / "events.jsonl"
    path.write_text('{"t": 1.0, "event": "away"}\n')
    file = EventFile(path)
    file(YES)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["event"] == "away"
    assert lines[1] == {
        "t": 3.21,
        "event": "gesture",
        "name": "ok",
        "meaning": "yes",
        "score": 0.97,
    }
    file.close()
    file.close()
    file(YES)
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_costs_the_log_and_not_the_call(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, once."""
    file = EventFile(Path("/dev/full"))
    file(YES)
    file(YES)
    file.close()
    said = capsys.readouterr().err
    assert said.count("The events file /dev/full was closed") == said.count("triptych:") == 1


def test_an_events_file_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    """Before anything starts."""
    with pytest.raises(BadInput, match="cannot be written"):
        EventFile(tmp_path)


JSON = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)


@given(
    st.floats(0, 1e6),
    st.text(),
    st.dictionaries(st.text().filter(lambda key: key not in ("t", "event")), JSON),
)
def test_events_survive_json(t: float, name: str, detail: dict[str, object]) -> None:
    """Whatever they hold, each is one line that reads back."""
    stream = io.StringIO()
    event = Event(t, name, detail)
    to_stdout_json(stream)(event)
    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue()) == event.as_json()
