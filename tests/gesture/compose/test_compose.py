"""Composed clips: what happens in them is known, and the same seed gives the same pictures."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from triptych.data.hands import read_clips
from triptych.errors import BadInput
from triptych.gesture.compose import compose
from triptych.gesture.compose.film import frames_of
from triptych.gesture.compose.plan import (
    MIX,
    QUIET_SECONDS,
    Key,
    Layer,
    Take,
    quiet_takes,
    sign_takes,
)
from triptych.gesture.compose.stock import Stock, stock_of

HAND = [[0.5 + 0.2 * np.cos(i), 0.5 + 0.3 * np.sin(i), 0.0] for i in range(21)]
FACE = [0.4, 0.1, 0.6, 0.45, 0.9]


@pytest.fixture(scope="module")
def hands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of labels.jsonl with a drawn picture for each part, `val` and a few of `train`."""
    folder = tmp_path_factory.mktemp("hands")
    rows: list[dict[str, Any]] = []

    def add(
        label: str, context: str, person: str, *, hand: bool, face: bool, split: str = "val"
    ) -> None:
        side = 100 if context == "crop" else 320
        picture = np.full((side, side, 3), 40 + 5 * len(rows), np.uint8)
        cv2.circle(picture, (side // 2, side // 4), side // 8, (90, 140, 200), -1)
        name = f"{len(rows):03d}.png"
        cv2.imwrite(str(folder / name), picture)
        teacher = {
            "hands": [{"landmarks": HAND, "handedness": "Left", "score": 1.0}] if hand else [],
            "faces": [FACE] if face else [],
            "person": 0.3 if face else 0.0,
        }
        rows.append(
            {"file": name, "label": label, "raw_label": label, "person": person,
             "source": "ardamavi" if context == "crop" else "drawn", "licence": "CC0",
             "evidence": "strong", "split": split, "context": context, "width": side,
             "height": side, "teacher": teacher}
        )  # fmt: skip

    for who in ("ann", "bob"):
        for label in ("fist", "palm", "other", "other"):
            add(label, "frame", who, hand=True, face=True)
        for label in ("palm", "ok", "one", "peace", "other"):
            add(label, "crop", who, hand=True, face=False)
        add("none", "frame", who, hand=False, face=True)
        add("none", "frame", who, hand=True, face=True)
    add("none", "room", "", hand=False, face=False, split="train")
    (folder / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "clips").mkdir()
    (folder / "clips" / "manifest.json").write_text("[]")
    return folder


@pytest.fixture(scope="module")
def stock(hands: Path) -> Stock:
    """What there is to compose from."""
    return stock_of(hands, "val")


def test_signs_come_in_turn_and_are_held_as_long_as_said(stock: Stock) -> None:
    """Each of the five meanings equally often, three holds of four a second long."""
    takes = sign_takes(stock, 40, 0)
    meant = Counter("one" if take.label == "two_up" else take.label for take in takes)
    assert meant == {"fist": 8, "palm": 8, "ok": 8, "one": 8, "peace": 8}
    held = Counter(round(t.sign_to - t.sign_from, 6) for t in takes if t.sign_from and t.sign_to)
    assert held == {1.0: 30, 3.0: 10}
    for take in takes:
        assert take.sign_from and take.sign_to and take.sign_from >= 1.5
        assert take.seconds > take.sign_to + 1.0
        if take.kind == "raised":
            (layer,) = take.layers
            up = [key for key in layer.keys if key.y < 0.9]
            assert (up[0].t, up[-1].t) == (take.sign_from, take.sign_to)


def test_an_hour_without_a_sign_has_its_mix(stock: Stock) -> None:
    """Shares of minutes as they are stated, also in a part of an hour."""
    takes = quiet_takes(stock, 20, 0)
    assert Counter(take.kind for take in takes) == {k: round(20 * v) for k, v in MIX.items()}
    assert sum(take.seconds for take in takes) == 20 * 60
    assert {take.label for take in takes} == {"none"}


def test_hands_that_talk_along_hold_no_sign(stock: Stock) -> None:
    """A hand that looks like a sign of ours rests for no longer than 0.15 s."""
    takes = [take for take in quiet_takes(stock, 30, 3) if take.kind == "gesturing"]
    signs = {p.file for has in stock.cutouts.values() for p in has if p.label != "other"}
    rests = [
        b.t - a.t
        for take in takes
        for layer in take.layers
        if layer.file in signs
        for a, b in pairwise(layer.keys)
        if (a.x, a.y) == (b.x, b.y)
    ]
    assert len(rests) > 10 and max(rests) <= 0.15
    assert all(layer.keys[0].t < QUIET_SECONDS for take in takes for layer in take.layers)


def test_the_same_seed_gives_the_same_pictures(stock: Stock, hands: Path) -> None:
    """And another seed others."""
    first, again = sign_takes(stock, 3, 7), sign_takes(stock, 3, 7)
    assert first == again != sign_takes(stock, 3, 8)
    for take in first:
        frames = list(frames_of(take, hands))
        assert len(frames) == round(take.seconds * take.fps)
        assert all(
            np.array_equal(a, b) for a, b in zip(frames, frames_of(take, hands), strict=True)
        )


def test_a_layer_is_where_its_path_says(hands: Path) -> None:
    """A bright picture moves over a dark room from left to right, and is gone before and after."""
    keys = (Key(0.5, 0.25, 0.5, 0.3), Key(1.5, 0.75, 0.5, 0.3))
    bright, dark = "021.png", "000.png"
    take = Take("a.mp4", "none", "drawn", "val", "", (0, 0, 0), 2.0, 10.0, ((0.0, dark),),
                (Layer(bright, keys, whole=True),))  # fmt: skip
    frames = list(frames_of(take, hands))
    bare = frames[0].astype(float)

    def centre(frame: Any) -> float:
        there = np.abs(frame - bare).max(axis=2) > 60
        columns = there.sum(axis=0)
        return float((columns * np.arange(len(columns))).sum() / columns.sum() / len(columns))

    assert centre(frames[5]) == pytest.approx(0.25, abs=0.06)
    assert centre(frames[10]) == pytest.approx(0.5, abs=0.06)
    assert centre(frames[15]) == pytest.approx(0.75, abs=0.06)


def test_what_is_written_can_be_read(hands: Path, tmp_path: Path) -> None:
    """A manifest as evaluation reads it, with every clip beside it and all that is known."""
    manifest = compose(tmp_path / "out", hands, "val", 2, 1.0, 3, 0)
    clips = read_clips(manifest)
    assert [clip.label for clip in clips] == ["fist", "palm", "none", *["unlabelled"] * 3]
    assert clips[0].sign_from is not None and clips[2].kind == "talking"
    assert [clip.motion for clip in clips[3:]] == ["wave", "raise", "swipe"]
    for clip in clips:
        film = cv2.VideoCapture(str(manifest.parent / clip.file))
        assert film.get(cv2.CAP_PROP_FRAME_COUNT) == clip.frames
        assert film.get(cv2.CAP_PROP_FPS) == clip.fps
    recipe = json.loads(manifest.read_text())[0]["recipe"]
    assert recipe["seed"] == [0, 1, 0] and recipe["back"]


def test_bad_orders_are_one_sentence(hands: Path, tmp_path: Path) -> None:
    """A folder that holds something, a split that is none, a split without pictures."""
    (tmp_path / "mine.txt").touch()
    with pytest.raises(BadInput, match="is not empty"):
        compose(tmp_path, hands, "val", 1, 0, 0, 0)
    with pytest.raises(BadInput, match="no split all"):
        compose(tmp_path / "a", hands, "all", 1, 0, 0, 0)
    with pytest.raises(BadInput, match="has no pictures of split wild to play the bystanders"):
        compose(tmp_path / "a", hands, "wild", 1, 0, 0, 0)
    assert not (tmp_path / "a").exists()
