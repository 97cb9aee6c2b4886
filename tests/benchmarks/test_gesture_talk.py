"""What the talk's experiments conclude from: scores, differences, costs and covered faces."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from triptych.gesture.learn.metrics import five_sign_f1
from triptych.gesture.types import GESTURES

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a script of the benchmarks, which find each other as when they are run."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield import_module
    for name in ("gesture_talk", "talk_numbers", "talk_cost", "talk_faces"):
        sys.modules.pop(name, None)


def test_counts_give_the_macro_f1_of_the_labels(script: Any) -> None:
    """However the hands are spread over people, their counts add up to the same score."""
    numbers, rng = script("talk_numbers"), np.random.default_rng(0)
    truth, guess = rng.integers(0, len(GESTURES), (2, 400))
    people = [f"p{n}" for n in rng.integers(0, 9, 400)]
    table = numbers.counts(truth, guess, people)
    assert table.shape == (9, 6, 6) and table.sum() == 400
    assert numbers.macro_f1(table.sum(0)) == pytest.approx(five_sign_f1(truth, guess))
    assert np.isnan(numbers.macro_f1(np.zeros((6, 6))))


def test_a_difference_is_shown_only_if_people_and_seeds_agree(script: Any) -> None:
    """Better on everybody: shown. The same, or better for some seeds only: not shown."""
    numbers = script("talk_numbers")
    right = np.zeros((12, 6, 6))
    right[:, range(5), range(5)] = 4
    wrong = right.copy()
    wrong[:, 0, 0], wrong[:, 0, 1] = 2, 2
    better = numbers.difference([right, right], [wrong, wrong])
    assert better["shown"] and better["mean"] > 0 and better["ci95"][0] > 0
    assert numbers.difference([wrong] * 2, [right] * 2)["mean"] == pytest.approx(-better["mean"])
    same = numbers.difference([right, wrong], [right, wrong])
    assert not same["shown"] and same["mean"] == 0
    assert not numbers.difference([right, wrong], [wrong, right])["shown"]
    one = right.copy()
    one[1:] = wrong[1:]  # a single person for whom it is better says nothing of the next
    assert not numbers.difference([one, one], [wrong, wrong])["shown"]


def test_multiply_adds_are_those_of_the_closed_form(script: Any) -> None:
    """Output pixels x output channels x weights of each, and a linear layer's weights."""
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 5),
    )
    count = script("talk_cost").multiply_adds(network, torch.zeros(1, 3, 16, 16))
    assert count == 64 * 8 * 27 + 64 * 8 * 9 + 40


def test_few_pictures_of_a_person_are_spread_over_the_film(
    script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First and last among them; who has few keeps all."""
    talk = script("gesture_talk")

    class Shot:
        def __init__(self, person: str, number: int) -> None:
            self.person, self.label, self.number = person, "fist", number

    shots = [Shot("anna", n) for n in range(100)] + [Shot("ben", n) for n in range(2)]
    kept = talk.few(shots, 3)
    assert [(s.person, s.number) for s in kept] == [
        ("anna", 0),
        ("anna", 50),
        ("anna", 99),
        ("ben", 0),
        ("ben", 1),
    ]
    chosen = [{s.person for s in talk.some_people(shots, 2, seed)} for seed in range(2)]
    assert chosen == [{"anna"}, {"ben"}]


def test_covers_hide_the_face_and_nothing_else(script: Any) -> None:
    """Each cover changes a good part of the face's box and leaves the rest of the picture."""
    faces = script("talk_faces")
    frame = np.full((200, 300, 3), 120, np.uint8)
    box = np.array([[100, 50, 180, 150]], np.float32)
    for cover in ("sunglasses", "mask"):
        changed = (faces.COVERS[cover](frame, box) != frame).any(axis=2)
        assert changed[50:150, 100:180].mean() > 0.15
        changed[45:160, 95:185] = False
        assert not changed.any()
    assert np.array_equal(faces.COVERS["as they are"](frame, box), frame)


def test_a_face_counts_once_and_wrong_boxes_are_counted(script: Any) -> None:
    """Two boxes on one face find one; a box on no face is wrong."""
    faces = script("talk_faces")
    frame, where = np.zeros((100, 100, 3), np.uint8), np.array([[10, 10, 30, 30]], np.float32)
    box = faces.Box
    boxes = [box(0.1, 0.1, 0.3, 0.3), box(0.12, 0.1, 0.3, 0.3), box(0.7, 0.7, 0.9, 0.9)]
    assert faces._found(boxes, where, frame) == (1, 1, 1)
    assert faces._found([], where, frame) == (0, 1, 0)
