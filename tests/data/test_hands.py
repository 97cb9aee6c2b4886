import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from triptych.data.check import check
from triptych.data.hands import read_clips, read_hand_picture, read_hands
from triptych.errors import BadInput


def record(**changes: Any) -> dict[str, Any]:
    hand = {"landmarks": [[0.1, 0.2, -0.3]] * 21, "handedness": "Left", "score": 0.9}
    return {
        "file": "images/a.png",
        "label": "ok",
        "raw_label": "F",
        "person": "anna",
        "source": "drawn",
        "licence": "CC0",
        "evidence": "strong",
        "split": "train",
        "context": "frame",
        "width": 8,
        "height": 6,
        "teacher": {"hands": [hand], "faces": [[0.1, 0.2, 0.3, 0.4, 0.5]], "person": 0.25},
        **changes,
    }


def write(folder: Path, *records: dict[str, Any]) -> Path:
    (folder / "images").mkdir(exist_ok=True)
    (folder / "clips").mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "images" / "a.png"), np.full((6, 8, 3), 77, np.uint8))
    lines = "".join(json.dumps(row) + "\n" for row in records)
    (folder / "labels.jsonl").write_text(lines + "\n")
    (folder / "clips" / "manifest.json").write_text("[]")
    return folder


def test_a_record_comes_back_whole(tmp_path: Path) -> None:
    """Labels, flags, boxes and what the teacher saw are all there, in stated shapes."""
    extra = {"flag": ";DARK;NATURAL_HANDS", "boxes": [[0, 0, 1, 0.5, "fist"]]}
    write(tmp_path, record(**extra))
    (picture,) = read_hands(tmp_path)
    assert picture.label == "ok"
    assert picture.person == "anna"
    assert picture.flags == {"DARK", "NATURAL_HANDS"}
    assert picture.boxes[0].box_xyxy == (0, 0, 1, 0.5)
    assert picture.boxes[0].name == "fist"
    assert picture.hands[0].landmarks.shape == (21, 3)
    assert picture.hands[0].landmarks.dtype == np.float32
    assert picture.hands[0].handedness == "Left"
    assert picture.faces[0].box_xyxy == (0.1, 0.2, 0.3, 0.4)
    assert picture.faces[0].score == 0.5
    assert picture.person_share == 0.25
    assert (read_hand_picture(tmp_path, picture) == 77).all()


def test_only_the_split_that_is_asked_for(tmp_path: Path) -> None:
    """`split` keeps the records of that split, in their order."""
    write(tmp_path, record(split="train"), record(split="wild"), record(split="train", person="b"))
    assert [picture.person for picture in read_hands(tmp_path, "train")] == ["anna", "b"]
    assert len(read_hands(tmp_path)) == 3


def test_a_context_that_names_a_box_is_a_frame(tmp_path: Path) -> None:
    """Some records name a box of the full picture as their context: they are webcam frames."""
    write(tmp_path, record(context="bbox 1,2,3,4"))
    assert read_hands(tmp_path)[0].context == "frame"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": "thumb"}, "line 2: label 'thumb' is not one of"),
        ({"split": "dev"}, "line 2: split 'dev' is not one of"),
        ({"teacher": {}}, "line 2: the key 'hands' is missing"),
        ({"boxes": [[0, 0, 1]]}, "line 2: a box has 3 values"),
        ({"width": "wide"}, "line 2: invalid literal"),
    ],
)
def test_the_line_that_is_wrong_is_named(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    """A bad record gets one sentence with file and line."""
    write(tmp_path, record(), record(**change))
    with pytest.raises(BadInput, match=words):
        read_hands(tmp_path)


def test_broken_files_are_named(tmp_path: Path) -> None:
    """Missing files, no JSON and missing pictures get a sentence each."""
    with pytest.raises(BadInput, match=r"no file .*labels\.jsonl"):
        read_hands(tmp_path)
    with pytest.raises(BadInput, match=r"no file .*manifest\.json"):
        read_clips(tmp_path)
    write(tmp_path, record(file="images/b.png"))
    with pytest.raises(BadInput, match=r"b\.png is missing"):
        read_hand_picture(tmp_path, read_hands(tmp_path)[0])
    (tmp_path / "labels.jsonl").write_text("{not json\n")
    with pytest.raises(BadInput, match="line 1"):
        read_hands(tmp_path)
    (tmp_path / "clips" / "manifest.json").write_text('[{"file": "a.mp4"}]')
    with pytest.raises(BadInput, match="the key 'label' is missing"):
        read_clips(tmp_path)


def test_the_check_finds_people_in_two_splits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person in two splits and a missing file are reported; a collective name is a note."""
    (tmp_path / "hands").mkdir()
    write(
        tmp_path / "hands",
        record(),
        record(split="test", file="images/gone.png"),
        record(person="basem"),
        record(person="basem", split="val"),
    )
    monkeypatch.setenv("TRIPTYCH_DATA", str(tmp_path))
    report = check("hands")
    assert report.counts == {"train": 2, "test": 1, "val": 1}
    assert any("1 people are in two splits, the first is anna" in p for p in report.problems)
    assert any("the first is images/gone.png" in p for p in report.problems)
    assert any("basem" in note for note in report.notes)
    assert not report.complete
