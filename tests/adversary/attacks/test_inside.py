"""What is counted lies exactly inside the threat model."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from triptych.adversary import Threat
from triptych.adversary.attacks.inside import enforce, levels

seeds = st.integers(0, 10_000)


def scene(seed, dtype, count=6):
    generator = torch.Generator().manual_seed(seed)
    clean = torch.rand(count, 3, 4, generator=generator, dtype=torch.float64).to(dtype)
    far = clean + torch.randn(count, 3, 4, generator=generator, dtype=torch.float64).to(dtype)
    return clean, far


@given(
    seeds,
    st.sampled_from(["linf", "l2", "l1"]),
    st.floats(0, 2),
    st.sampled_from([torch.float32, torch.float64]),
)
def test_epsilon_is_never_exceeded(seed, norm, epsilon, dtype):
    """Computed in float64, no distance is above epsilon, and no value outside the box."""
    clean, far = scene(seed, dtype)
    threat = Threat(norm, epsilon)
    found = enforce(threat, far, clean, threat.epsilons(6))
    assert found.dtype == dtype
    assert float(threat.geometry.length(found.double() - clean.double()).max()) <= epsilon
    assert 0 <= float(found.min()) <= float(found.max()) <= 1


@given(seeds, st.sampled_from(["linf", "l2", "l1"]))
def test_what_is_well_inside_is_left_as_it_is(seed, norm):
    """A picture away from the ball's surface passes unchanged."""
    clean, far = scene(seed, torch.float32)
    picture = far.clamp(0, 1)
    found = enforce(Threat(norm, 99.0), picture, clean, torch.full((6,), 99.0).double())
    assert torch.equal(found, picture)


def test_epsilon_zero_is_the_clean_picture_whatever_the_box():
    """Even where the box's ends have no exact float32, nothing moves."""
    clean = torch.tensor([[0.1, -0.1, 0.05]])
    threat = Threat("l2", 0.0, low=-0.1, high=0.1)
    assert torch.equal(enforce(threat, clean + 1, clean, threat.epsilons(1)), clean)


@given(seeds, st.sampled_from(["linf", "l2", "l1"]), st.integers(0, 40))
def test_the_grid_holds_whole_levels_within_epsilon(seed, norm, reach):
    """On the grid every value is one of 256, and the distance in levels is within epsilon."""
    clean, far = scene(seed, torch.float32)
    clean = (clean * 255).round() / 255
    threat = Threat(norm, reach / 255, grid=True)
    found = enforce(threat, far, clean, threat.epsilons(6))
    steps = levels(threat, found)
    assert float((found.double() * 255 - steps).abs().max()) < 1e-4
    moved = threat.geometry.length(steps - levels(threat, clean))
    assert float(moved.max()) <= reach + 1e-9
    assert 0 <= float(steps.min()) <= float(steps.max()) <= 255


def test_the_grid_uses_all_of_epsilon():
    """8/255 is eight whole levels, not seven because of rounding."""
    clean = torch.arange(256).float()[None] / 255
    threat = Threat("linf", 8 / 255, grid=True)
    found = enforce(threat, clean + 1, clean, threat.epsilons(1))
    moved = levels(threat, found) - levels(threat, clean)
    assert moved[0, :248].tolist() == [8.0] * 248
    assert moved[0, 247:].tolist() == [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0]


@pytest.mark.parametrize("norm", ["l2", "l1"])
def test_the_grid_rounds_to_the_nearest_where_it_may(norm):
    """With room to spare, values go to the nearest level, up or down."""
    clean = torch.zeros(1, 2)
    point = torch.tensor([[3.4, 7.6]]) / 255
    threat = Threat(norm, 1.0, grid=True)
    found = enforce(threat, point, clean, threat.epsilons(1))
    assert levels(threat, found).tolist() == [[3.0, 8.0]]
