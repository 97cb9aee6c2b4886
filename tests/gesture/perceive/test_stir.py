"""What stirs in a picture: blocks that changed, at any size of picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.perceive.stir import BLOCKS_WH, CHANGED, STIRRED, blocks, stirs
from triptych.gesture.types import Frame


def grey(height: int, width: int, level: int = 100) -> Frame:
    """A picture of one colour."""
    return np.full((height, width, 3), level, np.uint8)


@pytest.mark.parametrize("size_hw", [(90, 160), (480, 640), (720, 1280), (1080, 1920)])
@pytest.mark.parametrize(("changed", "expected"), [(STIRRED - 1, False), (STIRRED, True)])
def test_enough_blocks_stir(size_hw: tuple[int, int], changed: int, expected: bool) -> None:
    """A patch that covers so many blocks, and no others."""
    height, width = size_hw
    across, down = BLOCKS_WH
    after = grey(height, width)
    after[: height // down, : changed * width // across] += 4 * CHANGED
    assert stirs(blocks(grey(height, width)), blocks(after)) is expected


@given(st.integers(-CHANGED, CHANGED))
def test_a_lamp_that_flickers_does_not_stir(step: int) -> None:
    """Nor does the automatic exposure of a camera, a few levels at a time."""
    assert not stirs(blocks(grey(90, 160)), blocks(grey(90, 160, 100 + step)))


def test_noise_does_not_stir() -> None:
    """The grain of a camera in the dark, 12 levels of standard deviation."""
    generator = np.random.default_rng(0)

    def grainy() -> Frame:
        noise = generator.normal(100, 12, (720, 1280, 3))
        return np.clip(noise, 0, 255).astype(np.uint8)

    assert not stirs(blocks(grainy()), blocks(grainy()))


@pytest.mark.parametrize("size_hw", [(1, 1), (1, 2000), (2000, 1), (7, 5), (4320, 7680)])
def test_any_size_will_do(size_hw: tuple[int, int]) -> None:
    """From one pixel to 8K, each has the same blocks."""
    seen = blocks(grey(*size_hw))
    assert seen.shape == (9, 16, 3)
    assert (seen == 100).all()
