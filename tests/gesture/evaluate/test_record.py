"""Score files: what was seen in clips, kept without pictures, decided again to the same events."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from triptych.data.hands import Clip
from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.demo import demo_clip, demo_script
from triptych.gesture.evaluate import evaluate, record
from triptych.gesture.evaluate.record import Recording, decisions, load, save, watch
from triptych.gesture.types import GESTURES, Box, Face, Hand, Scene

CLIP = Clip("demo.mp4", "none", "drawn", 0, 24.0, "Apache-2.0", "drawn", "test", "drawn")


def scenes(count: int = 60) -> tuple[Scene | float, ...]:
    """Somebody who holds up a palm, with numbers that no short decimal stands for."""
    rng = np.random.default_rng(0)
    found: list[Scene | float] = []
    for i in range(count):
        t = i / 15
        score = float(rng.uniform(0.9, 1.0))
        scores = dict.fromkeys(GESTURES, (1 - score) / 7) | {"palm": score}
        points = rng.random((21, 2)).astype(np.float32)
        hand = Hand(Box(0.6, 0.4, 0.8, float(rng.uniform(0.7, 0.71))), scores, points, None, 1)
        found.append(Scene(t, (hand,), (Face(Box(0.4, 0.1, 0.6, 0.4), 0.95),), t))
    return (*found, count / 15)


def test_a_score_file_decides_to_the_same_events(tmp_path: Path) -> None:
    """Every decision, and so every event, is the same as without the file, bit for bit."""
    recording = Recording(CLIP, scenes())
    save(tmp_path / "a.jsonl.gz", [recording, recording])
    first, second = load(tmp_path / "a.jsonl.gz")
    assert first.clip == second.clip == CLIP
    wanted = list(decisions(recording, Config()))
    assert any(event.event == "gesture" for one in wanted for event in one.events)
    assert list(decisions(first, Config())) == list(decisions(second, Config())) == wanted


def test_the_same_scores_are_the_same_bytes(tmp_path: Path) -> None:
    """Written, read and written again, whatever the file's name."""
    save(tmp_path / "a.jsonl.gz", [Recording(CLIP, scenes())])
    save(tmp_path / "b.jsonl.gz", load(tmp_path / "a.jsonl.gz"))
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_the_demo_is_recorded_and_decided_again(tmp_path: Path) -> None:
    """Real networks on real frames: the file's events are the script's, and it holds no pixels."""
    seconds = demo_script()[2]["t"] + 1.5
    recording = watch(demo_clip(), CLIP, Config())
    kept = Recording(CLIP, tuple(s for s in recording.scenes if isinstance(s, Scene)))
    assert len(kept.scenes) == len(recording.scenes) > 100
    save(tmp_path / "demo.jsonl.gz", [kept])
    (again,) = load(tmp_path / "demo.jsonl.gz")
    live = [e for d in decisions(kept, Config()) for e in d.events]
    assert [e for d in decisions(again, Config()) for e in d.events] == live
    wanted = [e["event"] for e in demo_script() if e["t"] < seconds]
    assert [e.event for e in live][: len(wanted)] == wanted
    text = gzip.decompress((tmp_path / "demo.jsonl.gz").read_bytes()).decode()
    assert all(json.loads(line)["hands"][0]["embedding"] is None
               for line in text.splitlines() if json.loads(line).get("hands"))  # fmt: skip


def test_evaluate_reads_a_score_file(tmp_path: Path) -> None:
    """The same numbers as from the clips; other settings can be tried on it."""
    save(tmp_path / "a.jsonl.gz", [Recording(CLIP, scenes())])
    found = evaluate(tmp_path / "a.jsonl.gz", Config())
    assert found["events"]["wrong"] == 1
    strict = Config().tuned("decide.hold_seconds", 2.0).tuned("decide.enter", 0.99)
    assert evaluate(tmp_path / "a.jsonl.gz", strict)["events"]["wrong"] == 0


def line(value: Any) -> bytes:
    """One line of a score file."""
    return gzip.compress(json.dumps(value).encode() + b"\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no gzip", "is not a score file"),
        (gzip.compress(b"{"), "is not a score file"),
        (line({"clip": {"file": "a"}}), "is not a score file"),
        (line({"t": 1.0}), "line 1: A line of the recording is not a scene"),
        (line({"blind": 0.0})[:-8], "is not a score file"),
    ],
)
def test_what_is_no_score_file_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    """The file is named, and the line."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=said) as raised:
        evaluate(path, Config())
    assert str(path) in str(raised.value)


def test_scores_need_clips_and_a_name(tmp_path: Path) -> None:
    """Pictures have no events, and a name says what a file is."""
    with pytest.raises(BadInput, match="only of clips"):
        evaluate(tmp_path / "labels.jsonl", Config(), scores=tmp_path / "a.jsonl.gz")
    with pytest.raises(BadInput, match="must end with"):
        record.save(tmp_path / "scores.txt", [])
    with pytest.raises(BadInput, match="There is no file"):
        evaluate(tmp_path / "gone.jsonl.gz", Config())
