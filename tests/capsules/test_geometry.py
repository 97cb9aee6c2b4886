"""Poses against matrices: squashing, composing and inverting are what they say."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from triptych.capsules.geometry import apply, area, compose, invert, squash

raws = st.lists(st.floats(-6, 6), min_size=6, max_size=6).map(
    lambda numbers: torch.tensor(numbers, dtype=torch.float64)
)
kinds = st.sampled_from(["affine", "similarity"])


def matrix(pose):
    """The 3x3 matrix of a pose."""
    return np.vstack([pose.numpy().reshape(2, 3), [0, 0, 1]])


@given(raws, kinds)
def test_a_pose_after_its_inverse_is_the_identity(raw, kind):
    """P times P⁻¹ is the identity, both ways, for every squashed pose."""
    pose = squash(raw, kind)
    identity = torch.tensor([1.0, 0, 0, 0, 1, 0], dtype=torch.float64)
    assert torch.allclose(compose(pose, invert(pose)), identity, atol=1e-9)
    assert torch.allclose(compose(invert(pose), pose), identity, atol=1e-9)


@given(raws, raws)
def test_composing_is_multiplying_matrices(left, right):
    """compose is the product of the 3x3 matrices, and invert their inverse."""
    outer, inner = squash(left), squash(right)
    assert np.allclose(matrix(compose(outer, inner)), matrix(outer) @ matrix(inner))
    assert np.allclose(matrix(invert(outer)), np.linalg.inv(matrix(outer)))


@given(raws, raws, st.floats(-1, 1), st.floats(-1, 1))
def test_applying_a_composition_is_applying_twice(left, right, x, y):
    """Points go through the inner pose first."""
    outer, inner = squash(left), squash(right)
    point = torch.tensor([x, y], dtype=torch.float64)
    twice = apply(outer, apply(inner, point))
    assert torch.allclose(apply(compose(outer, inner), point), twice)


@given(raws)
def test_an_affine_pose_is_shear_after_scale_after_rotation(raw):
    """squash multiplies the paper's factors in their order."""
    sx, sy, angle, shear, x, y = raw.tolist()
    sx, sy = (1 / (1 + math.exp(-s)) + 0.01 for s in (sx, sy))
    cos, sin = math.cos(2 * math.pi * angle), math.sin(2 * math.pi * angle)
    linear = (
        np.array([[1, math.tanh(5 * shear)], [0, 1]])
        @ np.diag([sx, sy])
        @ np.array([[cos, -sin], [sin, cos]])
    )
    expected = np.column_stack([linear, [math.tanh(5 * x), math.tanh(5 * y)]])
    pose = squash(raw)
    assert np.allclose(pose.numpy().reshape(2, 3), expected)
    assert area(pose).item() == pytest.approx(sx * sy)


@given(raws)
def test_a_similarity_keeps_angles(raw):
    """The columns of a similarity are orthogonal and equally long."""
    linear = matrix(squash(raw, "similarity"))[:2, :2]
    product = linear.T @ linear
    assert product[0, 1] == pytest.approx(0, abs=1e-12)
    assert product[0, 0] == pytest.approx(product[1, 1])


@given(raws, st.floats(0.1, 10))
def test_shifts_stay_on_the_canvas_and_a_smaller_gain_keeps_their_gradient(raw, gain):
    """Q12: |t| <= 1 always; at the same raw value a smaller gain leaves a larger gradient."""
    pose = squash(raw, gain=gain)
    assert pose[[2, 5]].abs().max() <= 1
    at = torch.full((6,), 1.0, dtype=torch.float64, requires_grad=True)
    steep = torch.autograd.grad(squash(at, gain=5.0)[2], at)[0][4]
    gentle = torch.autograd.grad(squash(at, gain=0.5)[2], at)[0][4]
    assert gentle > 100 * steep


@given(raws, st.floats(0.02, 0.24))
def test_a_pose_turns_no_further_than_it_may(raw, turn):
    """Either way by `turn` full turns at most; a little is turned as if there were no bound."""
    sx, _, _, s, _, _ = squash(raw, "similarity", turn=turn).tolist()
    assert abs(math.atan2(s, sx)) <= 2 * math.pi * turn + 1e-9
    little = raw * torch.tensor([1, 1, 1e-4 * turn, 1, 1, 1])
    assert torch.allclose(squash(little, turn=turn), squash(little), atol=1e-6)


def test_single_precision_inverts_the_smallest_scales():
    """With both scales at their floor of 0.01, P P⁻¹ is still the identity to 1e-4."""
    raw = torch.tensor([[-30.0, -30, a / 7, 0.3, 0.1, -0.2] for a in range(7)])
    pose = squash(raw)
    assert torch.allclose(
        compose(pose, invert(pose)), torch.tensor([1.0, 0, 0, 0, 1, 0]), atol=1e-4
    )
