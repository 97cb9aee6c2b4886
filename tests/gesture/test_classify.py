import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from triptych.errors import BadInput
from triptych.gesture.classify import classify
from triptych.gesture.types import GESTURES, Box, Face, Frame, Hand, Scene


def look(frame: Frame) -> Scene:
    """A palm and a face whose score is the brightness of the picture."""
    scores = dict.fromkeys(GESTURES, 0.0) | {"palm": 0.875, "other": 0.125}
    hand = Hand(Box(0.1, 0.2, 0.3, 1 / 3), scores)
    face = Face(Box(0.4, 0.4, 0.6, 0.6), float(np.float32(frame.mean() / 255)))
    return Scene(0.0, (hand,), (face,))


def write(path: Path, value: int) -> Path:
    cv2.imwrite(str(path), np.full((8, 8, 3), value, np.uint8))
    return path


def test_the_object_of_a_picture_is_the_contract(tmp_path: Path) -> None:
    """File, hands with box, gesture, score and all scores, faces, and presence."""
    path = write(tmp_path / "a.png", 204)
    (row,) = classify([path], look, face_enter=0.7, enter=0.7)
    assert json.loads(json.dumps(row)) == {
        "file": str(path),
        "hands": [
            {
                "box": [0.1, 0.2, 0.3, 0.33333],
                "gesture": "palm",
                "score": 0.875,
                "scores": dict.fromkeys(GESTURES, 0.0) | {"palm": 0.875, "other": 0.125},
            }
        ],
        "faces": [{"box": [0.4, 0.4, 0.6, 0.6], "score": 0.8}],
        "present": True,
    }


def test_a_doubtful_sign_is_no_sign(tmp_path: Path) -> None:
    """Below `enter` the gesture is `other`, and its own score stands beside it."""
    (row,) = classify([write(tmp_path / "a.png", 204)], look, face_enter=0.7, enter=0.9)
    assert isinstance(row, dict)
    assert (row["hands"][0]["gesture"], row["hands"][0]["score"]) == ("other", 0.125)


def test_a_weak_face_is_nobody_present(tmp_path: Path) -> None:
    """Below `face_enter` the face is told, and presence denied."""
    (row,) = classify([write(tmp_path / "a.png", 100)], look, face_enter=0.7, enter=0.7)
    assert isinstance(row, dict)
    assert row["present"] is False
    assert len(row["faces"]) == 1


def test_bad_files_are_named_and_the_others_still_read(tmp_path: Path) -> None:
    """Folders give their pictures by name; each bad file gives its sentence in its place."""
    folder = tmp_path / "folder"
    folder.mkdir()
    write(folder / "10.png", 100)
    write(folder / "9.png", 100)
    (folder / "1.png").write_text("no picture")
    empty = tmp_path / "empty"
    empty.mkdir()
    last = write(tmp_path / "z.png", 100)
    rows = list(classify([folder, empty, tmp_path / "missing.png", last], look, 0.7, 0.7))
    said = [str(row) if isinstance(row, BadInput) else Path(row["file"]).name for row in rows]
    assert "1.png is not a picture" in said[0]
    assert said[1:3] == ["9.png", "10.png"]
    assert "holds no pictures" in said[3]
    assert "no file" in said[4]
    assert said[5] == "z.png"


class FakePerceiver:
    """Stands in for the models."""

    def __init__(self, config: object) -> None:
        del config

    def look_still(self, frame: Frame) -> Scene:
        """The drawn scene."""
        return look(frame)


def test_the_command_prints_json_lines_and_ends_with_2_for_a_bad_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good pictures on stdout, sentences on stderr, exit status 2 at the end."""
    from triptych.gesture.cli import app

    monkeypatch.setattr("triptych.gesture.perceive.perceiver.Perceiver", FakePerceiver)
    good, bad = write(tmp_path / "a.png", 255), tmp_path / "b.png"
    result = CliRunner().invoke(app, ["classify", str(bad), str(good), "--json"])
    assert result.exit_code == 2
    (line,) = result.stdout.splitlines()
    assert json.loads(line)["present"] is True
    assert result.stderr == f"triptych: There is no file {bad}.\n"
    result = CliRunner().invoke(app, ["classify", str(good)])
    assert result.exit_code == 0
    assert result.stdout == f"{good}: palm 0.88; somebody is present\n"
