"""Laying small pictures over frames."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.gesture.show.patch import lay, over, patch_of


def _pixels(rng: np.random.Generator, rows: int, cols: int) -> np.ndarray:
    opacity = rng.random((rows, cols, 1), np.float32)
    return np.concatenate([rng.random((rows, cols, 3), np.float32) * opacity, opacity], axis=2)


@settings(max_examples=60)
@given(
    st.integers(0, 1000),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(-14, 14),
    st.integers(-14, 14),
    st.floats(0, 1),
)
def test_lay_equals_the_formula_and_touches_nothing_else(
    seed: int, rows: int, cols: int, x: int, y: int, opacity: float
) -> None:
    """Inside, frame * (1 - a) + colour within two grey levels; outside, not a bit changes."""
    rng = np.random.default_rng(seed)
    pixels = _pixels(rng, rows, cols)
    frame = rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    expected = frame.astype(float)
    touched = np.zeros(frame.shape[:2], bool)
    for row in range(rows):
        for col in range(cols):
            if 0 <= row + y < 9 and 0 <= col + x < 11:
                whole = pixels[row, col].astype(float) * opacity
                under = expected[row + y, col + x]
                expected[row + y, col + x] = under * (1 - whole[3]) + whole[:3] * 255
                touched[row + y, col + x] = True
    before = frame.copy()
    lay(frame, patch_of(pixels), (x, y), opacity)
    assert np.abs(frame - expected)[touched].max(initial=0) <= 2
    assert np.array_equal(frame[~touched], before[~touched])


def test_invisible_patch_changes_nothing() -> None:
    """Opacity 0 leaves every pixel as it is."""
    frame = np.full((8, 8, 3), 123, np.uint8)
    lay(frame, patch_of(_pixels(np.random.default_rng(0), 8, 8)), (0, 0), 0.0)
    assert (frame == 123).all()


@pytest.mark.parametrize("opaque", [0.0, 1.0])
def test_over_with_a_clear_and_a_solid_top(opaque: float) -> None:
    """A clear top shows the bottom, a solid one hides it."""
    rng = np.random.default_rng(1)
    bottom = _pixels(rng, 4, 4)
    top = np.full((4, 4, 4), opaque, np.float32)
    assert np.allclose(over(top, bottom), top if opaque else bottom)
