"""The measure against closed forms; the shipped file; files that are no use."""

import numpy as np
import pytest

from triptych.errors import BrokenModel
from triptych.gesture.model_files import reader_now
from triptych.gesture.teach import background as module
from triptych.gesture.teach.background import FILE, Background, distances, whitening
from triptych.gesture.teach.features import EMBEDDING, LENGTH
from triptych.gesture.types import GESTURES, SIGNS


def test_distances_are_those_of_the_textbook():
    """The expanded square agrees with the plain one."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(7, LENGTH)), rng.normal(size=(5, LENGTH))
    plain = np.array([[np.linalg.norm(x - y) for y in b] for x in a])
    assert distances(a, b) == pytest.approx(plain, abs=1e-4)
    assert distances(a, a).diagonal() == pytest.approx(0, abs=1e-3)


def test_whitening_makes_signs_round(monkeypatch):
    """Without shrinkage, within a sign every direction varies alike, whatever it was before."""
    monkeypatch.setattr(module, "SHRINK", 0.0)
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 1000)
    mix = rng.normal(size=(42, 42))
    rows = np.zeros((3000, LENGTH), np.float32)
    rows[:, 0] = 1
    rows[:, EMBEDDING:] = rng.normal(size=(3000, 42)) @ mix + 50 * labels[:, None]
    matrix = whitening(rows, labels, "shape")
    points = rows[:, EMBEDDING:] @ matrix[EMBEDDING:, EMBEDDING:]
    own = [points[labels == i] - points[labels == i].mean(axis=0) for i in range(3)]
    spread = np.cov(np.concatenate(own).T)
    assert spread * 42 == pytest.approx(np.eye(42), abs=0.02)
    # Hence the mean squared distance to the own middle is 1.
    assert np.mean([(z**2).sum(axis=1).mean() for z in own]) == pytest.approx(1, abs=0.01)


def test_uses_leave_out_what_they_leave_out():
    """The shape alone ignores the embedding, and the other way round."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, LENGTH)).astype(np.float32)
    labels = np.arange(60) % 3
    assert not whitening(rows, labels, "shape")[:EMBEDDING].any()
    assert not whitening(rows, labels, "embedding")[EMBEDDING:].any()


def test_the_shipped_file_belongs_to_the_shipped_reader():
    """A new reader needs a new file: `triptych gesture train negatives` makes it."""
    held = Background.load(reader_now())
    assert set(held.kinds.tolist()) == set(range(len(GESTURES)))
    assert all(len(held.of(name)) >= 10 for name in SIGNS)
    assert len(held.of("other")) >= 200
    assert np.isfinite(held.points).all()
    assert FILE.stat().st_size < 600_000


def test_another_reader_is_refused(world, tmp_path):
    """In one sentence that says what to do; with its own reader it is read back."""
    file = tmp_path / "background.npz"
    world.background.save(file)
    same = Background.load(world.background.reader, file)
    assert same.points == pytest.approx(world.background.points, abs=0.01)
    assert (same.kinds == world.background.kinds).all()
    with pytest.raises(BrokenModel, match="train negatives"):
        Background.load("b" * 64, file)


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY", None])
def test_a_damaged_file_is_one_sentence(tmp_path, content):
    """Missing, empty or cut off."""
    file = tmp_path / "background.npz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BrokenModel, match="missing or damaged"):
        Background.load("a" * 64, file)
