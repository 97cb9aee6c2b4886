"""Augmentations keep what must stay: geometry is exact, pictures stay pictures."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.gesture.learn.augment import jitter_colour, jitter_webcam, occlude, square_crop
from triptych.gesture.types import Frame

places = st.floats(-500, 1500)


def through(matrix: np.ndarray, x: float, y: float) -> list[float]:
    """Where a point of the source goes."""
    return (matrix @ [x, y, 1]).tolist()


@given(places, places, st.floats(4, 900), st.booleans())
def test_a_square_fills_the_crop(x: float, y: float, side: float, mirror: bool) -> None:
    """Corners go to corners, the middle to the middle; mirrored, left and right change."""
    matrix = square_crop((x, y), side, 128, mirror=mirror)
    left, right = (128, 0) if mirror else (0, 128)
    half = side / 2
    assert through(matrix, x, y) == pytest.approx([64, 64], abs=1e-6)
    assert through(matrix, x - half, y - half) == pytest.approx([left, 0], abs=1e-6)
    assert through(matrix, x + half, y + half) == pytest.approx([right, 128], abs=1e-6)


@given(places, places, st.floats(4, 900), st.floats(-180, 180), st.booleans())
def test_turning_keeps_middle_and_size(
    x: float, y: float, side: float, degrees: float, mirror: bool
) -> None:
    """A turned square keeps its middle, its scale, and its side of the mirror."""
    matrix = square_crop((x, y), side, 128, degrees=degrees, mirror=mirror)
    assert through(matrix, x, y) == pytest.approx([64, 64], abs=1e-6)
    turn = matrix[:, :2] * side / 128
    assert turn @ turn.T == pytest.approx(np.eye(2), abs=1e-9)
    assert np.linalg.det(turn) == pytest.approx(-1 if mirror else 1)


def test_a_quarter_turn() -> None:
    """What was right of the middle comes below it."""
    matrix = square_crop((0, 0), 128, 128, degrees=90)
    assert through(matrix, 32, 0) == pytest.approx([64, 96])


@settings(max_examples=60)
@given(st.integers(0, 100_000), st.sampled_from([(128, 128), (256, 256), (9, 40)]))
@pytest.mark.parametrize("change", [jitter_colour, jitter_webcam, occlude])
def test_pictures_stay_pictures(
    change: Callable[[Frame, np.random.Generator], Frame], seed: int, shape: tuple[int, int]
) -> None:
    """Same shape, same type, and the same again with the same seed."""
    picture = np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)
    first = change(picture.copy(), np.random.default_rng(seed))
    again = change(picture.copy(), np.random.default_rng(seed))
    assert first.shape == picture.shape and first.dtype == np.uint8
    assert np.array_equal(first, again)


def test_jitter_changes_pictures_but_does_not_ruin_them() -> None:
    """Over many draws the picture differs, and is never all black or white."""
    picture = np.random.default_rng(0).integers(60, 200, (64, 64, 3), np.uint8)
    rng = np.random.default_rng(1)
    means = [float(jitter_colour(picture, rng).mean()) for _ in range(100)]
    assert np.std(means) > 5
    assert min(means) > 5 and max(means) < 250
    changed = [not np.array_equal(jitter_webcam(picture, rng), picture) for _ in range(300)]
    assert 0.7 < np.mean(changed) < 0.95


def test_a_webcam_loses_detail() -> None:
    """Most draws leave less of a fine pattern's contrast; what is left stays about as bright."""
    fine = np.kron(np.indices((64, 64)).sum(axis=0) % 2, np.ones((2, 2)))
    picture = np.repeat((80 + 90 * fine)[..., None], 3, axis=2).astype(np.uint8)
    rng = np.random.default_rng(2)
    made = [jitter_webcam(picture, rng).astype(float) for _ in range(200)]
    assert np.mean([m.std() < 0.8 * picture.std() for m in made]) > 0.5
    assert all(abs(m.mean() - picture.mean()) < 15 for m in made)


def test_occlusion_is_one_flat_rectangle() -> None:
    """Up to a third of each side, one colour; all around it stays."""
    picture = np.zeros((100, 80, 3), np.uint8)
    covered = occlude(picture.copy(), np.random.default_rng(3))
    rows, columns = np.nonzero((covered != picture).any(axis=2))
    patch = covered[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert len(np.unique(patch.reshape(-1, 3), axis=0)) == 1
    assert 10 <= patch.shape[0] <= 35 and 8 <= patch.shape[1] <= 28
