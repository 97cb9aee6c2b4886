"""Metrics of clips: what fired, when, and how often where nothing may."""

import json
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pytest

from triptych.data.hands import Clip
from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.evaluate import evaluate, record, summary
from triptych.gesture.evaluate.clips import ClipOutcome, outcome
from triptych.gesture.sources.shot import Shot
from triptych.gesture.types import GESTURES, Box, Face, Frame, Hand, Scene

Script = list[tuple[float, float, str]]


class FakeVideo:
    """Four seconds at 25 pictures a second whose pixel tells the time; one of them is broken."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = -1

    def __enter__(self) -> "FakeVideo":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def read(self) -> Shot | None:
        """The next picture."""
        self.number += 1
        if self.number > 100:
            return None
        if self.number == 99:
            return Shot(self.number / 25, None, "broken")
        return Shot(self.number / 25, np.full((9, 16, 3), self.number, np.uint8))


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Script]:
    """Clip name -> which sign is held from when to when, beside a face that is always there."""
    scripts: dict[str, Script] = {}
    playing: list[str] = []

    class FakePerceiver:
        def __init__(self, _config: Config) -> None:
            pass

        def look(self, _frame: Frame, t: float) -> Scene:
            hands = [
                Hand(
                    Box(0.6, 0.4, 0.8, 0.7),
                    dict.fromkeys(GESTURES, 0.0) | {sign: 1.0},
                    np.full((21, 2), 0.7, np.float32),
                    None,
                    1,
                )
                for start, end, sign in scripts[playing[-1]]
                if start <= t < end
            ]
            return Scene(t, tuple(hands), (Face(Box(0.4, 0.1, 0.6, 0.4), 0.95),), t)

    def open_video(path: Path) -> FakeVideo:
        playing.append(path.name)
        return FakeVideo(path)

    monkeypatch.setattr(record, "VideoSource", open_video)
    monkeypatch.setattr(record, "Perceiver", FakePerceiver)
    return scripts


def play(name: str, label: str, **more: Any) -> ClipOutcome:
    """What happens in a clip of that label."""
    known = Clip(**clip(name, label), **more)
    return outcome(record.watch(Path(name), known, Config()), Config())


def test_a_held_sign_fires_its_meaning_once(scripts: dict[str, Script]) -> None:
    """The clip tells what fired, when, and how long the clip was."""
    scripts["a.mp4"] = [(1.0, 3.0, "palm")]
    found = play("a.mp4", "palm")
    assert [meaning for _, meaning in found.fired] == ["question"]
    assert found.seconds == 4.0
    assert (found.right, found.wrong) == (True, 0)


def test_time_to_trigger_counts_from_when_a_sign_could_be_read(scripts: dict[str, Script]) -> None:
    """From its beginning where that is known, but not from before the picture was uncovered."""
    scripts["a.mp4"] = [(1.0, 3.0, "palm")]
    known = play("a.mp4", "palm", sign_from=1.0, sign_to=3.0)
    unknown = play("a.mp4", "palm")
    assert known.to_trigger is not None and 0.5 <= known.to_trigger <= 0.8
    assert unknown.to_trigger is not None and unknown.to_trigger == pytest.approx(
        known.to_trigger + 0.48
    )
    scripts["b.mp4"] = [(0.0, 3.0, "palm")]
    early = play("b.mp4", "palm", sign_from=0.0, sign_to=3.0)
    assert early.to_trigger is not None and 0.5 <= early.to_trigger <= 0.8


def test_time_to_clear_counts_where_the_icon_would_be_gone_anyway(
    scripts: dict[str, Script],
) -> None:
    """From the sign's end until its icon is gone; a short sign's icon stays for its own time."""
    scripts["long.mp4"] = [(0.5, 3.2, "palm")]
    long = play("long.mp4", "palm", sign_from=0.5, sign_to=3.2)
    assert long.to_clear is not None and 0.2 <= long.to_clear <= 0.5
    scripts["short.mp4"] = [(0.5, 1.5, "palm")]
    assert play("short.mp4", "palm", sign_from=0.5, sign_to=1.5).to_clear is None


def test_another_sign_is_a_wrong_event(scripts: dict[str, Script]) -> None:
    """It counts as wrong, and the wanted one as missed."""
    scripts["a.mp4"] = [(1.0, 3.0, "fist")]
    found = play("a.mp4", "palm")
    assert (found.right, found.wrong, found.to_trigger) == (False, 1, None)


def test_a_sign_out_of_its_time_is_a_wrong_event(scripts: dict[str, Script]) -> None:
    """What fires before the sign begins, or long after its end, was something else."""
    scripts["a.mp4"] = [(0.6, 2.0, "palm")]
    before = play("a.mp4", "palm", sign_from=2.0, sign_to=3.0)
    after = play("a.mp4", "palm", sign_from=0.1, sign_to=0.5)
    assert (before.right, before.wrong) == (after.right, after.wrong) == (False, 1)


def test_what_fires_is_told_by_kind_of_clip(tmp_path: Path, scripts: dict[str, Script]) -> None:
    """Rates of quiet clips and recall of signs, each for its kind."""
    scripts |= {"a.mp4": [(1.0, 3.0, "palm")], "b.mp4": [(1.0, 3.0, "ok")], "c.mp4": []}
    manifest = write(
        tmp_path,
        clip("a.mp4", "palm") | {"kind": "raised", "sign_from": 1.0, "sign_to": 3.0},
        clip("b.mp4", "none") | {"kind": "talking"},
        clip("c.mp4", "none") | {"kind": "empty room"},
    )
    found = evaluate(manifest, Config())
    assert found["false_by_kind"]["talking"]["per_hour"] == pytest.approx(900)
    assert found["false_by_kind"]["empty room"]["false"] == 0
    assert found["recall_by_kind"]["raised"]["found"] == 1.0
    assert found["events"]["in_time"] == 1.0
    assert "talking" in summary(found)


def clip(name: str, label: str, split: str = "test") -> dict[str, Any]:
    """An entry of the manifest."""
    return {
        "file": f"clips/{name}",
        "label": label,
        "what": "",
        "frames": 100,
        "fps": 25,
        "licence": "CC0",
        "source": "drawn",
        "split": split,
    }


def write(folder: Path, *entries: dict[str, Any]) -> Path:
    """A manifest in clips/, with files of the clips' names."""
    (folder / "clips").mkdir()
    for entry in entries:
        (folder / entry["file"]).touch()
    path = folder / "clips" / "manifest.json"
    path.write_text(json.dumps(entries))
    return path


def test_all_numbers_of_a_manifest(tmp_path: Path, scripts: dict[str, Script]) -> None:
    """Recall over clips with a sign, wrong events over all, false ones per hour over the quiet."""
    scripts |= {
        "palm.mp4": [(1.0, 3.0, "palm")],
        "fist.mp4": [],
        "ok.mp4": [(0.8, 3.0, "peace")],
        "quiet.mp4": [],
        "loud.mp4": [(1.0, 3.0, "palm")],
        "other.mp4": [],
    }
    manifest = write(
        tmp_path,
        clip("palm.mp4", "palm"),
        clip("fist.mp4", "fist"),
        clip("ok.mp4", "ok"),
        clip("quiet.mp4", "none"),
        clip("loud.mp4", "none"),
        clip("other.mp4", "other", "val"),
    )
    seen: list[int] = []
    metrics = evaluate(manifest, Config(), "test", lambda: seen.append(1))
    assert len(seen) == metrics["clips"] == 5
    assert metrics["events"]["recall"] == pytest.approx(1 / 3)
    assert metrics["events"]["wrong"] == 2
    assert 1.0 <= metrics["events"]["time_to_trigger_s"] <= 1.7
    assert metrics["quiet_hours"] == pytest.approx(8 / 3600)
    assert metrics["false_activations_per_hour"] == pytest.approx(450)
    low, high = metrics["false_activations_per_hour_ci95"]
    assert low < 450 < high
    assert metrics["per_clip"]["ok.mp4"]["fired"] == ["goodbye"]
    assert "wrong events" in summary(metrics)
    assert evaluate(manifest, Config(), None)["clips"] == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a manifest"),
        ("{}", "holds no clip"),
        ("[]", "holds no clip"),
        ("[5]", "not a manifest"),
        ('{"clips": []}', "not a manifest"),
        ("\x00\x01", "not a manifest"),
        (json.dumps([clip("a.mp4", "thumb")]), "label 'thumb' is not one of"),
        (json.dumps([{"file": "a.mp4", "label": "ok"}]), "the key 'what' is missing"),
        (json.dumps([clip("gone.mp4", "ok")]), "names clips/gone.mp4"),
        (json.dumps([clip("a.mp4", "ok", "val")]), "holds no clip of split test"),
    ],
)
def test_a_manifest_of_another_form_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    """The file is named, and what is wrong with it."""
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=said) as raised:
        evaluate(path, Config(), "test")
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)
