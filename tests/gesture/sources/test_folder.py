from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.errors import BadInput
from triptych.gesture.sources.folder import FPS, SECONDS_EACH, FolderSource, _natural, list_pictures
from triptych.gesture.sources.shot import Shot


def write(path: Path, value: int, size_wh: tuple[int, int] = (32, 24)) -> None:
    cv2.imwrite(str(path), np.full((size_wh[1], size_wh[0], 3), value, np.uint8))


def play(folder: Path) -> list[Shot]:
    with FolderSource(folder) as source:
        shots = []
        while (shot := source.read()) is not None:
            shots.append(shot)
        return shots


def test_pictures_come_in_natural_order_each_for_two_seconds(tmp_path: Path) -> None:
    """a2 comes before a10, and each picture stays for its two seconds."""
    for number in (10, 2, 1):
        write(tmp_path / f"a{number}.png", number)
    shots = play(tmp_path)
    values = [int(shot.frame[0, 0, 0]) for shot in shots if shot.frame is not None]
    each = round(SECONDS_EACH * FPS)
    assert values == [1] * each + [2] * each + [10] * each
    assert [shot.t for shot in shots] == pytest.approx([i / FPS for i in range(3 * each)])


def test_drawing_into_a_shot_leaves_the_next_one_alone(tmp_path: Path) -> None:
    """Each shot of a picture is a copy of its own."""
    write(tmp_path / "a.png", 50)
    with FolderSource(tmp_path) as source:
        first = source.read()
        assert first is not None
        assert first.frame is not None
        first.frame[:] = 0
        second = source.read()
        assert second is not None
        assert second.frame is not None
        assert (second.frame == 50).all()


def test_other_sizes_are_letterboxed_to_the_first(tmp_path: Path) -> None:
    """All frames have the size of the first picture, in proportion."""
    write(tmp_path / "1.png", 50, (40, 20))
    write(tmp_path / "2.png", 90, (20, 20))
    shots = play(tmp_path)
    last = shots[-1].frame
    assert last is not None
    assert last.shape == (20, 40, 3)
    assert (last[:, 10:30] == 90).all()
    assert (last[:, :10] == 0).all()


def test_large_pictures_are_scaled_down(tmp_path: Path) -> None:
    """A folder of 8K pictures plays at 1920 pixels a row."""
    write(tmp_path / "1.png", 50, (7680, 4320))
    assert FolderSource(tmp_path).size_wh == (1920, 1080)


def test_unreadable_pictures_are_named_and_passed_over(tmp_path: Path) -> None:
    """A text file named .png costs one shot without a frame that names it, and no time."""
    (tmp_path / "0.png").write_text("not a picture")
    write(tmp_path / "1.png", 50)
    (tmp_path / "notes.txt").write_text("ignored")
    (tmp_path / ".hidden.png").write_text("ignored")
    shots = play(tmp_path)
    problems = [shot for shot in shots if shot.frame is None]
    assert len(problems) == 1
    assert "0.png is not a picture" in problems[0].problem
    assert shots[1].t == 0
    assert len(shots) == 1 + round(SECONDS_EACH * FPS)


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    """A missing folder, an empty one and one of broken files each get one sentence."""
    with pytest.raises(BadInput, match="There is no folder"):
        list_pictures(tmp_path / "missing")
    (tmp_path / "sub").mkdir()
    with pytest.raises(BadInput, match="holds no pictures"):
        FolderSource(tmp_path / "sub")
    (tmp_path / "sub" / "a.jpg").write_bytes(b"")
    with pytest.raises(BadInput, match="None of the 1 pictures"):
        FolderSource(tmp_path / "sub")


@given(st.lists(st.text("a1²Ⅷ_9.", max_size=8)))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    """Names of any digits and letters have one order, whatever order they came in."""
    backwards = names[::-1]
    assert sorted(backwards, key=_natural) == sorted(names, key=_natural)
