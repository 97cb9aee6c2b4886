"""The accuracy half of the comparison with MediaPipe: its head, and hands that get numbers."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def accuracy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, beside the worker that it shares."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("hand_accuracy")


def hands_folder(folder: Path) -> Path:
    """Hands of three signs that are nothing alike."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(90):
        label = ("palm", "fist", "ok")[i % 3]
        spread = {"palm": 0.3, "fist": 0.05, "ok": 0.15}[label]
        angles = np.linspace(np.pi, 2 * np.pi, 21)
        points = np.stack([0.5 + spread * np.cos(angles), 0.7 + spread * np.sin(angles)], 1)
        points[[0, 5, 9, 13, 17]] = [
            [0.5, 0.8],
            [0.45, 0.7],
            [0.48, 0.69],
            [0.52, 0.69],
            [0.55, 0.7],
        ]
        points += rng.normal(0, 0.005, points.shape)
        landmarks = [[float(x), float(y), 0.0] for x, y in points]
        rows.append(
            {"file": f"{i}.png", "label": label, "raw_label": label, "person": str(i),
             "source": "drawn", "licence": "CC0", "evidence": "strong", "split": "train",
             "context": "frame", "width": 100, "height": 100,
             "teacher": {"hands": [{"landmarks": landmarks, "handedness": "Left", "score": 1.0}],
                         "faces": [], "person": 0.0}}
        )  # fmt: skip
    (folder / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_the_head_is_the_same_in_either_environment(accuracy: ModuleType, tmp_path: Path) -> None:
    """What scikit-learn trained tells signs apart when NumPy alone runs it."""
    hand_worker = sys.modules["hand_worker"]
    told = accuracy.train_head(hands_folder(tmp_path), tmp_path / "head.npz")
    assert told["hands"] == 90
    with np.load(tmp_path / "head.npz") as head:
        arrays = dict(head)
    hits = 0
    for row in map(json.loads, (tmp_path / "labels.jsonl").read_text().splitlines()):
        points = np.array(row["teacher"]["hands"][0]["landmarks"])[:, :2] * 100
        scores = hand_worker.scores_of(points, arrays)
        assert sum(scores.values()) == pytest.approx(1.0)
        hits += max(scores, key=lambda name: scores[name]) == row["label"]
    assert hits >= 86


def test_landmarks_are_normalised_as_our_own_reader_does(accuracy: ModuleType) -> None:
    """The head sees what our shape answer sees."""
    from triptych.gesture.learn.hand_reader import normalise_landmarks

    points = np.random.default_rng(1).uniform(0, 1, (21, 2))
    ours = normalise_landmarks(torch.from_numpy(points)[None])[0].numpy()
    assert np.allclose(sys.modules["hand_worker"].normalised(points), ours)


def test_a_hand_that_overlaps_is_the_same_hand(accuracy: ModuleType) -> None:
    """MediaPipe's hands get a number each, kept while they overlap, whatever their order."""
    left, right = [0.1, 0.1, 0.3, 0.3], [0.6, 0.6, 0.8, 0.8]
    moved = [0.12, 0.1, 0.32, 0.3]
    pictures = [
        [{"box": left}, {"box": right}],
        [{"box": right}, {"box": moved}],
        [],
        [{"box": left}],
    ]
    numbers = [[hand["track"] for hand in hands] for hands in accuracy._tracked(pictures)]
    assert numbers == [[1, 2], [2, 1], [], [3]]
