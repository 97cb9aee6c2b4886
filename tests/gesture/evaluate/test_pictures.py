"""Metrics of single pictures: by hand, and through a manifest with a scripted perceiver."""

import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.evaluate import evaluate, pictures, summary
from triptych.gesture.evaluate.pictures import Outcome, f1, macro_f1
from triptych.gesture.types import GESTURES, Box, Face, Frame, Hand, Scene
from triptych.results import to_json


def outcome(sign: str, seen: str) -> Outcome:
    """One picture; only signs matter here."""
    return Outcome("anna", "frame", sign, seen, True, 0, False, False)


def test_f1_by_hand() -> None:
    """Two of three palms found, one fist taken for a palm: 2 * 2 / (3 + 3)."""
    outcomes = [
        outcome("palm", "palm"),
        outcome("palm", "palm"),
        outcome("palm", ""),
        outcome("fist", "palm"),
        outcome("fist", "fist"),
        outcome("", ""),
    ]
    assert f1(outcomes, "palm") == pytest.approx(2 / 3)
    assert f1(outcomes, "fist") == pytest.approx(2 / 3)
    assert math.isnan(f1(outcomes, "ok"))
    assert macro_f1(outcomes) == pytest.approx(2 / 3)


def test_a_sign_seen_where_there_is_none_costs() -> None:
    """Macro-F1 counts signs that are there; false ones lower the F1 of the sign they claim."""
    assert macro_f1([outcome("ok", "ok")]) == 1
    assert macro_f1([outcome("ok", "ok"), outcome("", "ok")]) == pytest.approx(2 / 3)
    assert macro_f1([outcome("ok", "ok"), outcome("", "peace")]) == 1
    assert math.isnan(macro_f1([outcome("", "peace")]))
    assert math.isnan(macro_f1([]))


HAND = Box(0.4, 0.4, 0.6, 0.6)
FACE = Box(0.1, 0.1, 0.3, 0.3)


class Scripted:
    """Reads what to see from a picture's first pixel: (gesture, has a face, hand in its place)."""

    def __init__(self, _config: Config) -> None:
        pass

    def look_still(self, frame: Frame) -> Scene:
        """A hand making the gesture whose number is the picture's blue."""
        gesture, face, place = frame[0, 0].tolist()
        hands = []
        if GESTURES[gesture] != "none":
            scores = dict.fromkeys(GESTURES, 0.0) | {GESTURES[gesture]: 1.0}
            hands.append(Hand(HAND if place else Box(0.7, 0.7, 0.9, 0.9), scores))
        return Scene(0.0, tuple(hands), (Face(FACE, face / 100),) if face else ())


def record(folder: Path, name: str, **changes: Any) -> dict[str, Any]:
    """A record of a picture that shows a palm and a face, and the picture itself."""
    seen = changes.pop("seen", ("palm", 90, 1))
    frame = np.zeros((8, 8, 3), np.uint8)
    frame[:] = (GESTURES.index(seen[0]), *seen[1:])
    (folder / "images").mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "images" / name), frame)
    landmarks = [[0.4, 0.4, 0], *[[0.5, 0.5, 0]] * 19, [0.6, 0.6, 0]]
    return {
        "file": f"images/{name}",
        "label": "palm",
        "raw_label": "",
        "person": "anna",
        "source": "drawn",
        "licence": "CC0",
        "evidence": "strong",
        "split": "test",
        "context": "frame",
        "width": 8,
        "height": 8,
        "teacher": {
            "hands": [{"landmarks": landmarks, "handedness": "Left", "score": 0.9}],
            "faces": [[*FACE.as_list(), 0.9]],
            "person": 0.25,
        },
        **changes,
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and the scripted perceiver in the networks' place."""
    monkeypatch.setattr(pictures, "Perceiver", Scripted)
    return tmp_path


def measure(folder: Path, *records: dict[str, Any], name: str = "labels.jsonl") -> dict[str, Any]:
    """The metrics of the records, of the test split."""
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in records))
    return evaluate(path, Config(), "test")


@pytest.mark.parametrize("name", ["labels.jsonl", "mine.jsonl"])
def test_all_numbers_of_a_manifest(folder: Path, name: str) -> None:
    """Signs, hands, faces, contexts and confusion, each counted as the pictures say."""
    metrics = measure(
        folder,
        record(folder, "a.png"),
        record(folder, "b.png", person="ben", seen=("fist", 90, 0)),
        record(folder, "c.png", person="ben", label="two_up", seen=("one", 10, 1)),
        record(folder, "d.png", person="cem", label="other", seen=("peace", 0, 1)),
        record(folder, "e.png", person="cem", label="none", seen=("none", 90, 1)),
        record(folder, "f.png", label="unlabelled"),
        record(folder, "g.png", context="crop60"),
        record(folder, "h.png", split="val", person="dan"),
        name=name,
    )
    assert metrics["manifest"] == name
    assert metrics["pictures"] == 5
    assert metrics["people"] == 3
    assert metrics["per_class"]["palm"]["f1"] == pytest.approx(2 / 3)
    assert metrics["per_class"]["one"]["f1"] == 1
    assert set(metrics["per_class"]) == {"palm", "one"}
    assert metrics["macro_f1"] == pytest.approx(5 / 6)
    assert metrics["sign_seen_where_none"] == 0.5
    assert metrics["hands_found"] == pytest.approx(2 / 3)
    assert metrics["faces_found"] == pytest.approx(3 / 5)
    assert metrics["by_context"] == {"frame": {"pictures": 5, "macro_f1": pytest.approx(5 / 6)}}
    assert metrics["confusion"] == {
        "none": {"peace": 1, "none": 1},
        "one": {"one": 1},
        "palm": {"palm": 1, "fist": 1},
    }
    low, high = metrics["macro_f1_ci95"]
    assert 0 <= low <= metrics["macro_f1"] <= high <= 1
    assert json.loads(to_json(metrics))["pictures"] == 5


def test_a_weak_face_of_the_teacher_is_not_sure(folder: Path) -> None:
    """Faces that the teacher doubts count among all faces, not among the sure ones."""
    weak = {"hands": [], "faces": [[*FACE.as_list(), 0.5]], "person": 0.2}
    metrics = measure(
        folder,
        record(folder, "a.png"),
        record(folder, "b.png", teacher=weak, seen=("palm", 0, 1)),
    )
    assert metrics["sure_faces_found"] == 1.0
    assert metrics["faces_found"] == 0.5


def test_a_face_on_a_hand_is_not_clear(folder: Path) -> None:
    """Where the teacher saw a hand in the same place, a face of 0.7 is no clear one; of 0.9 is."""
    rows = []
    for name, score in (("a.png", 0.7), ("b.png", 0.9)):
        row = record(folder, name, seen=("palm", 0, 1))
        row["teacher"]["faces"] = [[0.45, 0.45, 0.55, 0.55, score]]
        rows.append(row)
    rows.append(record(folder, "c.png"))
    metrics = measure(folder, *rows)
    assert metrics["sure_faces_found"] == pytest.approx(1 / 3)
    assert metrics["clear_faces_found"] == pytest.approx(1 / 2)


def test_a_record_of_ones_own_needs_a_file_and_a_label(folder: Path) -> None:
    """Without people, each picture is somebody else's; what cannot be known is null."""
    keep = ("file", "label")
    rows = [record(folder, "a.png"), record(folder, "b.png", label="none", seen=("palm", 0, 1))]
    path = folder / "mine.jsonl"
    path.write_text("".join(json.dumps({k: row[k] for k in keep}) + "\n" for row in rows))
    metrics = evaluate(path, Config())
    assert metrics["people"] == 2
    assert metrics["macro_f1"] == pytest.approx(2 / 3)
    assert metrics["sign_seen_where_none"] == 1.0
    assert json.loads(to_json(metrics))["faces_found"] is None
    assert "by_side" not in metrics


def test_conditions_are_told_apart(folder: Path) -> None:
    """Each group of side, distance, light and blur has its own numbers."""
    metrics = measure(folder, record(folder, "a.png"), record(folder, "b.png", seen=("fist", 0, 1)))
    assert metrics["by_side"]["left"]["pictures"] == 2
    assert metrics["by_side"]["left"]["macro_f1"] == pytest.approx(2 / 3)
    assert set(metrics["by_distance"]) == {"middle"}
    assert set(metrics["by_blur"]) == {"blurred"}


def test_what_is_taken_for_a_sign_is_named(folder: Path) -> None:
    """By its source's label; two fingers that somebody calls no sign are also left out once."""
    metrics = measure(
        folder,
        record(folder, "a.png", label="other", raw_label="like", seen=("fist", 0, 1)),
        record(folder, "b.png", label="other", raw_label="like", seen=("none", 0, 1)),
        record(folder, "c.png", label="other", raw_label="rock", seen=("none", 0, 1)),
        record(folder, "d.png", label="other", raw_label="two_up", seen=("two_up", 0, 1)),
    )
    assert metrics["taken_for_signs"] == {
        "like": {"pictures": 2, "fist": 1},
        "two_up": {"pictures": 1, "one": 1},
    }
    assert metrics["sign_seen_where_none"] == 0.5
    assert metrics["sign_seen_where_none_but_fingers"] == pytest.approx(1 / 3)
    assert metrics["macro_f1"] is metrics["macro_f1_but_fingers"] or math.isnan(metrics["macro_f1"])


def test_confidence_is_held_against_what_is_there(folder: Path) -> None:
    """Scores of 1: the calibration error is the share of wrong readings."""
    right, wrong = record(folder, "a.png"), record(folder, "b.png", seen=("fist", 0, 1))
    assert measure(folder, right, right, right, wrong)["calibration_error"] == pytest.approx(0.25)


def test_people_drawn_from_the_web_count_one_by_one(folder: Path) -> None:
    """A collective name stands for as many people as it has pictures."""
    metrics = measure(folder, *(record(folder, f"{i}.png", person="basem") for i in range(3)))
    assert metrics["people"] == 3


def test_what_cannot_be_known_is_null(folder: Path) -> None:
    """One person gives no interval; no face gives no share: JSON says null, the summary nan."""
    empty = {"hands": [], "faces": [], "person": 0.0}
    metrics = measure(folder, record(folder, "a.png", teacher=empty))
    told = json.loads(to_json(metrics))
    assert told["macro_f1_ci95"] == [None, None]
    assert told["faces_found"] is None
    assert "nan" in summary(metrics)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no labelled picture of split test"),
        ("{}\n", "line 1"),
        ("[1, 2]\n", "line 1"),
        ("no json\n", "line 1"),
        ("\x00", "line 1"),
    ],
)
def test_a_manifest_of_another_form_is_one_sentence(folder: Path, text: str, said: str) -> None:
    """The file and the line are named."""
    path = folder / "labels.jsonl"
    path.write_text(text)
    with pytest.raises(BadInput, match=said) as raised:
        evaluate(path, Config(), "test")
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_picture_that_is_not_there_is_named(folder: Path) -> None:
    """So is a file that is no picture."""
    row = record(folder, "a.png")
    (folder / "images" / "a.png").unlink()
    with pytest.raises(BadInput, match=r"names images/a\.png"):
        measure(folder, row)
    (folder / "images" / "a.png").write_text("text")
    with pytest.raises(BadInput, match=r"a\.png"):
        measure(folder, row)


@pytest.mark.parametrize("name", ["missing.jsonl", "missing.json", "labels.csv", ""])
def test_no_manifest_no_numbers(tmp_path: Path, name: str) -> None:
    """A missing file, another kind of file and a folder are one sentence each."""
    with pytest.raises(BadInput, match=name or str(tmp_path)):
        evaluate(tmp_path / name, Config())
