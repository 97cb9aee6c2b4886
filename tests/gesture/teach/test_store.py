"""What is kept: whole, readable by its owner alone, free of pictures, and safe to read."""

import json
import os
import stat
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.errors import BadInput, Unavailable
from triptych.gesture.teach import store
from triptych.gesture.teach.signs import NAME, RESERVED, Wrong, checked_name, proposed_name


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "triptych" / "signs"


def test_a_sign_is_read_back_as_it_was_kept(world, folder):
    """To four digits of its numbers; a second one of the same name replaces it."""
    sign = world.taught("heart")
    kept = store.save_sign(sign, folder)
    (read,), problems = store.load_signs(folder)
    assert problems == []
    assert (read.name, read.text, read.icon, read.meaning) == ("heart", "Heart", "⭐", "heart")
    assert (read.reader, read.day) == (sign.reader, sign.day)
    assert read.examples == pytest.approx(sign.examples, abs=1e-4)
    assert (kept.examples == read.examples).all()
    store.save_sign(world.taught("heart", "horns"), folder)
    assert len(store.load_signs(folder)[0]) == 1


@pytest.mark.skipif(os.name != "posix", reason="permissions as on Unix")
def test_nobody_else_can_read_it(world, folder):
    """Files are 0600 and their folder 0700, whatever the umask."""
    before = os.umask(0)
    try:
        store.save_sign(world.taught("heart"), folder)
        store.add_wrong(Wrong("fist", "a" * 64, world.rows("fist")), folder)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_only_numbers_are_kept(world, folder):
    """The file holds names, texts and rows of numbers; nothing of the size of a picture."""
    store.save_sign(world.taught("heart"), folder)
    (path,) = folder.iterdir()
    held = json.loads(path.read_text())
    assert set(held) == {
        *("kind", "version", "name", "text", "icon", "meaning", "reader", "day", "examples")
    }
    assert np.asarray(held["examples"]).shape == (10, 170)
    assert path.stat().st_size < 40_000


def test_a_full_disk_leaves_the_old_file(world, folder, monkeypatch):
    """Nothing half-written stays behind, and the sign that was there is still there."""
    store.save_sign(world.taught("heart"), folder)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        store.save_sign(world.taught("heart", "horns"), folder)
    assert [path.name for path in folder.iterdir()] == ["sign-heart.json"]
    (read,), _ = store.load_signs(folder)
    assert read.examples[0, 128:] == pytest.approx(world.places["heart"], abs=0.4)


def test_forgetting_leaves_nothing(world, folder):
    """Neither the sign nor its corrections; what is not there is named with what is."""
    store.save_sign(world.taught("heart"), folder)
    store.add_wrong(Wrong("heart", "a" * 64, world.rows("idle")), folder)
    store.add_wrong(Wrong("fist", "a" * 64, world.rows("idle")), folder)
    with pytest.raises(BadInput, match="no taught sign 'horns': taught are heart"):
        store.forget_sign("horns", folder)
    store.forget_sign("heart", folder)
    assert store.load_signs(folder) == ([], [])
    assert [entry.sign for entry in store.load_wrong(folder)[0]] == ["fist"]
    with pytest.raises(BadInput, match="none has been taught"):
        store.forget_sign("../heart", folder)


def test_an_own_picture_travels_with_the_sign(world, folder, tmp_path):
    """It is laid down as a PNG beside the sign, and in the shared file."""
    mine = tmp_path / "mine.png"
    cv2.imwrite(str(mine), np.full((8, 8, 3), 200, np.uint8))
    sign = world.taught("heart")
    kept = store.save_sign(type(sign)(**{**_fields(sign), "icon": str(mine)}), folder)
    assert Path(kept.icon) == folder / "sign-heart.png"
    assert Path(kept.icon).read_bytes() == mine.read_bytes()
    shared = tmp_path / "shared.json"
    store.write(shared, store.SignFile.of(kept).model_dump_json().encode())
    elsewhere = tmp_path / "elsewhere"
    learnt = store.read_sign(shared, elsewhere)
    assert Path(learnt.icon).read_bytes() == mine.read_bytes()
    mine.write_bytes(b"not a PNG")
    with pytest.raises(BadInput, match="not a PNG"):
        store.save_sign(type(sign)(**{**_fields(sign), "icon": str(mine)}), folder)


def _fields(sign):
    return {name: getattr(sign, name) for name in sign.__dataclass_fields__}


BROKEN = [
    b"",
    b"{}",
    b"[1]",
    b"\xff\xfe",
    b'{"kind": "other"}',
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_file_is_one_sentence_and_the_others_are_read(world, folder, content):
    """It is named, nothing is lost."""
    store.save_sign(world.taught("heart"), folder)
    (folder / "sign-horns.json").write_bytes(content)
    signs, (problem,) = store.load_signs(folder)
    assert [sign.name for sign in signs] == ["heart"]
    assert "sign-horns.json" in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "../../etc"),
        ("name", "fist"),
        ("examples", [[0.0] * 3]),
        ("examples", []),
        ("examples", [[float("nan")] * 170]),
        ("text", "x" * 99),
        ("png", "!!"),
        ("png", "aGVsbG8="),
        ("version", 2),
        ("surprise", 1),
    ],
)
def test_a_file_from_a_stranger_is_checked(world, folder, tmp_path, key, value):
    """No name that leads elsewhere, no numbers that are none, no picture that is no PNG."""
    held = json.loads(store.SignFile.of(world.taught("heart")).model_dump_json())
    path = tmp_path / "from-a-stranger.json"
    path.write_text(json.dumps({**held, key: value}))
    with pytest.raises(BadInput, match=r"from-a-stranger\.json"):
        store.read_sign(path, folder)
    assert not folder.exists() or list(folder.iterdir()) == []


def test_there_is_an_end_to_it(world, folder):
    """Too many signs are refused, too many corrections of one sign drop the oldest."""
    for i in range(store.MOST_SIGNS):
        store.save_sign(world.taught(f"sign_{i}", "heart"), folder)
    with pytest.raises(BadInput, match="forget one first"):
        store.save_sign(world.taught("one_more", "heart"), folder)
    store.save_sign(world.taught("sign_3", "horns"), folder)
    for _ in range(30):
        store.add_wrong(Wrong("fist", "a" * 64, world.rows("fist", 5)), folder)
    (entry,), _ = store.load_wrong(folder)
    assert len(entry.examples) == store.MOST_EXAMPLES


@given(st.text(max_size=60), st.lists(st.sampled_from(["sign", "a", "sign_2"]), max_size=3))
def test_a_name_can_be_made_of_any_text(text, taken):
    """It is allowed, free, and no reserved word."""
    name = proposed_name(text, tuple(taken))
    assert NAME.fullmatch(name)
    assert name not in taken
    assert name not in RESERVED
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["", "Heart", "1st", "thumbs up", "ä", "a" * 33, "a-b", "../x"])
def test_a_bad_name_is_refused_with_a_better_one(name):
    """The sentence proposes a name that would do."""
    with pytest.raises(BadInput, match="cannot be a sign's name") as raised:
        checked_name(name)
    assert NAME.fullmatch(str(raised.value).rstrip(".").rsplit(" ", 1)[1])


@pytest.mark.parametrize("name", ["fist", "other", "yes"])
def test_words_that_mean_something_are_no_names(name):
    """Else an event could not tell which is meant."""
    with pytest.raises(BadInput, match=f"The name {name} already means something"):
        checked_name(name)
