"""Drawn movements over real hands, and the network that learns from them."""

import json
from pathlib import Path

import numpy as np
import pytest

from triptych.errors import BrokenModel
from triptych.gesture.decide.movement import FEATURES, MOVEMENTS
from triptych.gesture.learn import train_motion
from triptych.gesture.learn.train import Options
from triptych.gesture.learn.trajectories import STEPS, UNSURE, Shape, sequence
from triptych.gesture.motion_weights import load_motion


def shapes() -> list[Shape]:
    """An open hand and a closed one."""
    angles = np.linspace(-0.9, 0.9, 21)
    fan = np.stack([np.sin(angles), 0.5 - np.cos(angles)], 1)
    return [Shape(fan * 0.6, True), Shape(fan * 0.3, False)]


def test_sequences_are_what_they_are_labelled() -> None:
    """Every label occurs; a hand that rises goes up just before, one that swipes goes across."""
    rng = np.random.default_rng(0)
    drawn = [sequence(shapes(), rng) for _ in range(300)]
    assert {int(v) for _, y in drawn for v in np.unique(y)} == {UNSURE, 0, 1, 2, 3}
    for found, labels in drawn:
        assert found.shape == (STEPS, FEATURES) and np.isfinite(found).all()
        rise = np.flatnonzero(labels == MOVEMENTS.index("raise"))
        if len(rise):
            assert found[max(rise[0] - 14, 0) : rise[0], 2].sum() < -0.5
        swipe = np.flatnonzero(labels == MOVEMENTS.index("swipe"))
        if len(swipe):
            assert abs(found[max(swipe[0] - 9, 0) : swipe[0] + 1, 1].sum()) > 0.6


def test_the_same_seed_draws_the_same() -> None:
    """Sequences depend on the generator alone."""
    a = sequence(shapes(), np.random.default_rng(3))
    b = sequence(shapes(), np.random.default_rng(3))
    assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])


def test_training_writes_weights_that_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One command: weights with their hash, numbers and a card; damaged ones are refused."""
    monkeypatch.setattr(train_motion, "shapes_of", lambda data, split: shapes())
    monkeypatch.setattr(train_motion, "VALIDATION", 20)
    path = train_motion.train_motion(Options(tmp_path, tmp_path / "run", 2, threads=1))
    network = load_motion(path.parent)
    chances, _ = network.step(np.zeros(FEATURES), np.zeros(network.units))
    assert chances.sum() == pytest.approx(1.0)
    result = json.loads((path.parent / "result.json").read_text())
    assert set(result["val"]) == {f"ticks_right_{name}" for name in MOVEMENTS}
    assert "drawn" in (path.parent / "motion.md").read_text()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(BrokenModel, match="damaged"):
        load_motion(path.parent)
    with pytest.raises(BrokenModel, match="cannot be read"):
        load_motion(tmp_path)
