"""A template placed by a known pose lands where the pose says."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.capsules.geometry import apply, invert
from triptych.capsules.render import Lattice, render

SIDE, TEMPLATE = 41, 21


def pose_of(scale_x, scale_y, angle, x, y):
    """Scale after rotation, then shift."""
    cos, sin = math.cos(angle), math.sin(angle)
    return torch.tensor([scale_x * cos, -scale_x * sin, x, scale_y * sin, scale_y * cos, y])


def blob(x, y):
    """A template [1, 1, T, T] with a smooth spot at (x, y) in [-1, 1]."""
    line = torch.linspace(-1, 1, TEMPLATE)
    spot = torch.exp(-((line[None, :] - x) ** 2 + (line[:, None] - y) ** 2) / 0.02)
    return spot[None, None]


def centre(picture):
    """Centre of mass (x, y) in pixels."""
    line = torch.arange(picture.shape[-1], dtype=picture.dtype)
    mass = picture.sum()
    return (picture.sum(0) @ line / mass).item(), (picture.sum(1) @ line / mass).item()


@settings(max_examples=50)
@given(
    st.floats(0.3, 0.6),
    st.floats(0.3, 0.6),
    st.floats(-3, 3),
    st.floats(-0.3, 0.3),
    st.floats(-0.3, 0.3),
    st.floats(-0.5, 0.5),
    st.floats(-0.5, 0.5),
)
def test_a_spot_lands_where_the_pose_says(scale_x, scale_y, angle, x, y, spot_x, spot_y):
    """To a tenth of a pixel, for turned, stretched and shifted templates."""
    pose = pose_of(scale_x, scale_y, angle, x, y)
    drawn = render(blob(spot_x, spot_y), pose[None, None], SIDE)[0, 0, 0]
    where = (apply(pose, torch.tensor([spot_x, spot_y])) + 1) / 2 * (SIDE - 1)
    assert centre(drawn) == pytest.approx(where.tolist(), abs=0.1)


def test_a_template_fills_the_share_of_the_canvas_that_its_scale_says():
    """Scale 0.5 covers the middle half in each direction; it fades over one template pixel."""
    drawn = render(torch.ones(1, 1, 5, 5), pose_of(0.5, 0.5, 0, 0, 0)[None, None], SIDE)[0, 0, 0]
    assert drawn[11:30, 11:30].min() == pytest.approx(1)
    drawn[6:35, 6:35] = 0  # a template pixel is five canvas pixels here
    assert drawn.abs().max() < 1e-4


def test_without_the_inverse_the_template_is_over_zoomed():
    """The ports' variant shows only the middle of the template, all over the canvas."""
    template = torch.zeros(1, 1, TEMPLATE, TEMPLATE)
    template[..., 7:14, 7:14] = 1
    pose = pose_of(0.3, 0.3, 0, 0, 0)[None, None]
    assert render(template, pose, SIDE, inverse=False).min() > 0.999
    assert render(template, pose, SIDE).mean() < 0.05


def test_drawing_all_at_once_is_drawing_one_by_one():
    """Several templates on several pictures are what affine_grid and grid_sample draw each."""
    templates = torch.rand(3, 2, 6, 6)
    poses = torch.stack(
        [
            torch.stack([pose_of(0.4 + 0.1 * b, 0.7, m + b, 0.1 * m, -0.2 * b) for m in range(3)])
            for b in range(4)
        ]
    )
    drawn = render(templates, poses, 9)
    assert drawn.shape == (3, 2, 4, 9, 9)
    for b in range(4):
        for m in range(3):
            grid = F.affine_grid(invert(poses[b, m]).view(1, 2, 3), [1, 2, 9, 9], True)
            alone = F.grid_sample(templates[m : m + 1], grid, align_corners=True)[0]
            assert torch.allclose(drawn[m, :, b], alone, atol=1e-5)


def test_a_lattice_draws_those_pixels_of_the_whole():
    """And the lattices of all beginnings hold each pixel once."""
    poses = pose_of(0.4, 0.6, 0.3, 0.1, -0.2).expand(2, 3, 6)
    templates = torch.rand(3, 2, 5, 5)
    whole = render(templates, poses, 9)
    seen = torch.zeros_like(whole)
    for top in range(2):
        for left in range(2):
            lattice = Lattice(2, top, left)
            some = render(templates, poses, 9, lattice=lattice)
            assert torch.allclose(some, lattice.of(whole), atol=1e-6)
            lattice.of(seen).add_(1)
    assert (seen == 1).all()
    drawn = {Lattice.random(2) for _ in range(50)}
    assert drawn == {Lattice(2, top, left) for top in range(2) for left in range(2)}
