"""Projections, directions and draws against what defines them."""

from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.adversary.attacks.norms import NORMS

CLEAN = torch.tensor([[0.0, 0.1, 0.5, 0.9, 1.0, 0.3]], dtype=torch.float64)
names = st.sampled_from(sorted(NORMS))
BALLS = ["linf", "l2", "l1"]
"""The norms proper, whose balls are convex; L0 counts."""
numbers = st.floats(-2, 3, allow_subnormal=False)
points = st.lists(numbers, min_size=6, max_size=6).map(
    lambda row: torch.tensor([row], dtype=torch.float64)
)
radii = st.floats(0, 4).map(lambda radius: torch.tensor([radius], dtype=torch.float64))


def project(name, point, radius):
    return NORMS[name].project(point, CLEAN, radius, 0.0, 1.0)


@given(names, points, radii)
def test_a_projection_is_allowed_and_stays(name, point, radius):
    """The projection lies in the ball and the box, and projecting again changes nothing."""
    once = project(name, point, radius)
    assert float(NORMS[name].length(once - CLEAN)) <= float(radius) + 1e-9
    assert float(once.min()) >= 0
    assert float(once.max()) <= 1
    assert torch.allclose(project(name, once, radius), once, atol=1e-9)


@given(st.sampled_from(BALLS), points, points, radii)
def test_a_projection_is_the_nearest_allowed_point(name, point, other, radius):
    """From the projection, no allowed point lies in the direction of what was projected.

    That is what makes it the nearest of a convex set: (u - p) . (q - p) <= 0 for every q in it.
    """
    nearest, allowed = project(name, point, radius), project(name, other, radius)
    assert float(((point - nearest) * (allowed - nearest)).sum()) <= 1e-8


@given(points, st.integers(0, 6))
def test_the_l0_projection_is_the_best_of_all_choices(point, count):
    """Of all sets of `count` values that may change, none gives a nearer picture."""
    found = project("l0", point, torch.tensor([float(count)]))
    distance = float((point - found).square().sum())
    for chosen in combinations(range(6), count):
        other = CLEAN.clone()
        other[0, list(chosen)] = point.clamp(0, 1)[0, list(chosen)]
        assert distance <= float((point - other).square().sum()) + 1e-9


@given(names, points)
def test_what_is_allowed_is_its_own_projection(name, point):
    """A picture inside the box within a wide enough ball is left as it is."""
    inside = point.clamp(0, 1)
    assert torch.equal(project(name, inside, torch.tensor([10.0])), inside)


@pytest.mark.parametrize("name", NORMS)
def test_radius_zero_is_the_clean_picture(name):
    """With epsilon 0 everything projects to the clean picture, exactly."""
    far = CLEAN + torch.randn(1, 6, generator=torch.Generator().manual_seed(0))
    assert torch.equal(project(name, far, torch.zeros(1)), CLEAN)


@pytest.mark.parametrize("name", NORMS)
def test_an_infinite_radius_leaves_the_box_only(name):
    """With infinite epsilon the projection clips to the box."""
    far = CLEAN + torch.randn(1, 6, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(project(name, far, torch.tensor([torch.inf])), far.clamp(0, 1))


def test_l1_projection_of_a_worked_example():
    """Displacements 3, 1, 0 onto radius 2 in a wide box: threshold 1 leaves 2, 0, 0."""
    clean = torch.zeros(1, 3, dtype=torch.float64)
    point = torch.tensor([[3.0, 1.0, 0.0]], dtype=torch.float64)
    found = NORMS["l1"].project(point, clean, torch.tensor([2.0]), -9, 9)
    assert found.tolist() == [[2.0, 0.0, 0.0]]


def test_each_row_has_its_own_radius():
    """Rows projected together equal rows projected alone."""
    generator = torch.Generator().manual_seed(3)
    clean = torch.rand(5, 2, 3, generator=generator, dtype=torch.float64)
    far = clean + torch.randn(5, 2, 3, generator=generator, dtype=torch.float64)
    radius = torch.tensor([0.0, 0.1, 0.5, 1.0, 9.0], dtype=torch.float64)
    for norm in NORMS.values():
        together = norm.project(far, clean, radius, 0, 1)
        for i in range(5):
            one = slice(i, i + 1)
            alone = norm.project(far[one], clean[one], radius[one], 0, 1)
            assert torch.allclose(together[one], alone, atol=1e-12)


@pytest.mark.parametrize(("name", "best"), [("linf", True), ("l2", True), ("l1", False)])
def test_the_steepest_step_has_length_one_and_rises_most(name, best):
    """Its rise is the dual norm of the gradient; L1 spreads over 5 % and rises by less."""
    norm = NORMS[name]
    gradient = torch.randn(4, 100, generator=torch.Generator().manual_seed(0)).double()
    step = norm.steepest(gradient)
    assert torch.allclose(norm.length(step), torch.ones(4).double())
    rise, most = (step * gradient).sum(1), norm.dual(gradient)
    assert torch.allclose(rise, most) if best else ((0.5 * most < rise) & (rise < most)).all()


def test_l1_steps_move_the_steepest_coordinates():
    """Of 40 coordinates the two with the largest gradient move, half each."""
    gradient = torch.arange(40.0)[None].neg()
    step = NORMS["l1"].steepest(gradient)
    assert step[0, 38:].tolist() == [-0.5, -0.5]
    assert step[0, :38].abs().sum() == 0


@pytest.mark.parametrize("name", BALLS)
@pytest.mark.parametrize("size", [0.0, 1e-30])
def test_no_gradient_gives_no_nan(name, size):
    """A zero gradient gives a zero step; a tiny one a whole step."""
    step = NORMS[name].steepest(torch.full((2, 9), size))
    assert torch.isfinite(step).all()
    assert torch.allclose(NORMS[name].length(step), torch.full((2,), float(size > 0)))


def test_l0_steps_and_starts():
    """A step's largest value is 1, none without a gradient; a start moves as many as allowed."""
    norm = NORMS["l0"]
    assert norm.steepest(torch.tensor([[2.0, -4.0], [0.0, 0.0]])).tolist() == [[0.5, -1], [0, 0]]
    shift = norm.start(torch.zeros(50, 9).double(), torch.full((50,), 4.7), torch.arange(50))
    assert norm.length(shift).tolist() == [4] * 50
    assert float(shift.abs().max()) <= 1
    assert bool((shift != 0).any(0).all())


@pytest.mark.parametrize("name", BALLS)
def test_starts_fill_the_ball(name):
    """Draws lie in the ball, and the share within half the radius is that of the volume."""
    clean = torch.zeros(4000, 2, dtype=torch.float64)
    keys = torch.arange(4000)
    shift = NORMS[name].start(clean, torch.full((4000,), 0.5).double(), keys)
    length = NORMS[name].length(shift)
    assert float(length.max()) <= 0.5
    assert float((length < 0.25).double().mean()) == pytest.approx(0.25, abs=0.03)
    assert float(shift.mean(0).abs().max()) < 0.02


@settings(max_examples=20)
@given(names, st.integers(0, 2**40))
def test_a_draw_depends_on_its_key_only(name, key):
    """Alone or among others, the same key draws the same start."""
    clean = torch.zeros(3, 5, dtype=torch.float64)
    keys = torch.tensor([7, key, 9])
    together = NORMS[name].start(clean, torch.ones(3).double(), keys)
    alone = NORMS[name].start(clean[:1], torch.ones(1).double(), keys[1:2])
    assert torch.equal(together[1:2], alone)
