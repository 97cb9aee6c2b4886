"""The network that reads a hand: what its answers may depend on."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.learn.hand_reader import (
    EMBEDDING,
    REACH,
    SIZE,
    HandReader,
    blobs,
    expected_position,
    normalise_landmarks,
    product,
)
from triptych.gesture.perceive import reader as runtime
from triptych.gesture.types import GESTURES


def landmarks(seed: int) -> torch.Tensor:
    """Two random hands."""
    return torch.from_numpy(np.random.default_rng(seed).random((2, 21, 2), np.float32))


@given(st.integers(0, 99), st.floats(-3, 3), st.floats(-3, 3), st.floats(0.2, 5))
def test_shape_knows_neither_place_nor_size(seed: int, x: float, y: float, scale: float) -> None:
    """Moving and scaling a hand changes nothing in the normalised landmarks."""
    points = landmarks(seed)
    moved = points * scale + torch.tensor([x, y])
    assert torch.allclose(normalise_landmarks(points), normalise_landmarks(moved), atol=1e-3)


def test_shape_knows_turn_and_side() -> None:
    """Turned and mirrored hands stay different: a thumb's direction means something."""
    points = landmarks(0)
    for other in (points.flip(2), points * torch.tensor([-1.0, 1.0])):
        assert not torch.allclose(normalise_landmarks(points), normalise_landmarks(other), atol=0.1)


def test_the_palm_is_centre_and_measure() -> None:
    """Wrist and knuckles have mean zero and mean distance one."""
    palm = normalise_landmarks(landmarks(1)).reshape(2, 21, 2)[:, [0, 5, 9, 13, 17]]
    assert torch.allclose(palm.mean(dim=1), torch.zeros(2, 2), atol=1e-5)
    assert torch.allclose(palm.norm(dim=2).mean(dim=1), torch.ones(2), atol=1e-5)


def test_a_hand_in_one_point_is_no_division_by_zero() -> None:
    """Landmarks that coincide give finite numbers."""
    assert torch.isfinite(normalise_landmarks(torch.full((1, 21, 2), 0.4))).all()


@pytest.mark.parametrize(("row", "column"), [(0, 0), (3, 8), (15, 15), (15, 0)])
def test_one_hot_heat_is_its_cell(row: int, column: int) -> None:
    """The position of a single peak is its cell's middle."""
    heat = torch.zeros(1, 1, 16, 16)
    heat[0, 0, row, column] = 100
    x, y = expected_position(heat)[0, 0].tolist()
    assert x == pytest.approx((column + 0.5) / 16, abs=1e-4)
    assert y == pytest.approx((row + 0.5) / 16, abs=1e-4)


def test_two_equal_peaks_meet_in_the_middle() -> None:
    """It is an expectation, not a maximum; a flat map points to the middle."""
    heat = torch.zeros(1, 2, 8, 8)
    heat[0, 0, 2, 1] = heat[0, 0, 4, 5] = 100
    x, y = expected_position(heat)[0, 0].tolist()
    assert (x, y) == pytest.approx((3.5 / 8, 3.5 / 8), abs=1e-4)
    assert expected_position(heat)[0, 1].tolist() == pytest.approx([0.5, 0.5], abs=1e-5)


def test_a_sign_needs_both() -> None:
    """Sure appearance is held back by a doubting shape; where both agree they grow surer."""
    sure, doubt = torch.full((1, 8), -4.0), torch.zeros(1, 8)
    sure[0, 0] = 4.0
    doubt[0, 6] = 9.0
    agreed, denied = product(sure, sure).softmax(1)[0], product(sure, doubt).softmax(1)[0]
    assert agreed[0] > sure.softmax(1)[0, 0] > denied[0]
    assert agreed.sum() == pytest.approx(1.0)


def test_shape_does_not_say_that_there_is_no_hand() -> None:
    """Whatever shape makes of `none` changes nothing."""
    one, other = torch.randn(2, 8), torch.randn(2, 8)
    changed = other.clone()
    changed[:, 7] = 50.0
    assert torch.allclose(product(one, other), product(one, changed))


def test_blobs_are_about_their_landmarks() -> None:
    """A blob's expectation is its landmark; a landmark outside the crop has none."""
    points = torch.tensor([[[0.4, 0.55], [1.2, 0.5]]])
    maps = blobs(points, 16)
    assert maps[0, 0].sum() == pytest.approx(1.0)
    assert maps[0, 1].sum() == 0.0
    found = expected_position(maps.clamp_min(1e-30).log())[0, 0].tolist()
    assert found == pytest.approx([0.4, 0.55], abs=2e-3)


@pytest.fixture(scope="module")
def network() -> HandReader:
    """Untrained."""
    torch.manual_seed(0)
    return HandReader().eval()


def test_answers_have_the_stated_shapes(network: HandReader) -> None:
    """Three answers over all gestures, 21 landmarks, one embedding for each crop."""
    with torch.no_grad():
        reading = network(torch.zeros(2, 3, SIZE, SIZE))
    assert {name: tuple(x.shape) for name, x in reading.logits.items()} == {
        name: (2, len(GESTURES)) for name in runtime.ANSWERS
    }
    assert reading.landmarks.shape == (2, 21, 2)
    assert reading.embedding.shape == (2, EMBEDDING)
    assert reading.heat.shape == (2, 21, SIZE // 8, SIZE // 8)


def test_signs_do_not_bend_the_landmarks(network: HandReader) -> None:
    """What the shape's answer learns stays behind the landmarks: they answer to the teacher."""
    network.zero_grad()
    reading = network(torch.rand(1, 3, SIZE, SIZE))
    (reading.logits["shape"] ** 2).sum().backward()
    assert network.heat.weight.grad is None
    assert network.shape_out.weight.grad is not None
    reading = network(torch.rand(1, 3, SIZE, SIZE))
    reading.landmarks.sum().backward()
    assert network.heat.weight.grad is not None


def test_training_and_runtime_cut_the_same_crops() -> None:
    """Size and reach of the crop are the same numbers in both rooms."""
    assert (SIZE, REACH) == (runtime.SIZE, runtime.REACH)
