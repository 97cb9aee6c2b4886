"""A clip at a glance."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from triptych.errors import BadInput
from triptych.gesture.publish.sinks.contact import ContactSheet
from triptych.gesture.types import Event


def grey(value: int) -> np.ndarray:
    return np.full((90, 160, 3), value, np.uint8)


def test_each_event_is_on_the_sheet_and_the_rest_fills_the_gaps(tmp_path: Path) -> None:
    """Twelve pictures in the order of time, those of the events among them."""
    path = tmp_path / "sheet.png"
    sheet = ContactSheet(path)
    for number in range(200):  # 20 s; the picture's grey tells its time
        t = number / 10
        if number in (31, 150):
            sheet.note(Event(t, "gesture", {"name": "ok", "meaning": "yes", "score": 0.9}))
        sheet.send(grey(number), t)
    sheet.close()
    picture = cv2.imread(str(path))
    assert picture is not None
    tile_height = picture.shape[0] // 3
    greys = [
        int(picture[row * tile_height + 20, column * 320 + 20, 0])
        for row in range(3)
        for column in range(4)
    ]
    assert greys == sorted(greys)
    assert min(abs(value - 34) for value in greys) <= 2
    assert min(abs(value - 153) for value in greys) <= 2
    assert max(np.diff(greys)) < 40


def test_one_picture_is_a_sheet_and_none_is_no_file(tmp_path: Path) -> None:
    """Short clips work, too."""
    ContactSheet(tmp_path / "none.png").close()
    assert not (tmp_path / "none.png").exists()
    sheet = ContactSheet(tmp_path / "one.png")
    sheet.send(grey(7), 0.0)
    sheet.close()
    assert cv2.imread(str(tmp_path / "one.png")) is not None


def test_a_sheet_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    """Before anything is played."""
    with pytest.raises(BadInput, match="cannot be written"):
        ContactSheet(tmp_path / "missing" / "sheet.png")
