"""Pictures on the canvas: where they go, and what becomes of them."""

import numpy as np
import pytest
import torch
from scipy.ndimage import sobel

from triptych.capsules.pictures import (
    edges,
    read_pictures,
    shifts,
    target_of,
    to_canvas,
    warped,
)
from triptych.capsules.sections import Data
from triptych.errors import BadInput


def test_shifts_follow_the_published_law():
    """0 to 12 pixels; 0 has half the weight of the others."""
    found = shifts(12, 100_000, np.random.default_rng(0))
    share = np.bincount(found, minlength=13) / len(found)
    assert len(share) == 13
    assert share[0] == pytest.approx(1 / 25, abs=0.004)
    assert share[1:] == pytest.approx(2 / 25, abs=0.006)


def test_a_shifted_picture_is_whole_and_repeats_with_its_generator():
    """Each canvas holds its picture somewhere, each its own, and black elsewhere."""
    images = torch.randint(1, 255, (20, 1, 28, 28), dtype=torch.uint8)
    canvas = to_canvas(images, Data(), np.random.default_rng(1))
    assert canvas.shape == (20, 1, 40, 40)
    places = set()
    for picture, placed in zip(images, canvas, strict=True):
        rows, columns = placed[0].nonzero(as_tuple=True)
        top, left = int(rows.min()), int(columns.min())
        places.add((top, left))
        assert torch.allclose(placed[0, top : top + 28, left : left + 28], picture[0].float() / 255)
        assert (placed > 0).sum() == 28 * 28
    assert len(places) > 10
    assert torch.equal(canvas, to_canvas(images, Data(), np.random.default_rng(1)))


def test_centre_and_resize():
    """Centred pictures have equal margins; resized ones fill the canvas."""
    images = torch.full((2, 1, 28, 28), 255, dtype=torch.uint8)
    generator = np.random.default_rng(0)
    centred = to_canvas(images, Data(canvas=30, place="centre"), generator)
    assert centred[0, 0, 0].sum() == 0 and centred[0, 0, 1:29, 1:29].min() == 1
    assert to_canvas(images, Data(canvas=50, place="resize"), generator).min() > 0.999
    assert to_canvas(images, Data(canvas=28), generator).shape == (2, 1, 28, 28)


def test_a_picture_larger_than_the_canvas_is_refused():
    """One sentence with both sizes."""
    with pytest.raises(BadInput, match="45x45 pixels do not fit a canvas of 40x40"):
        to_canvas(torch.zeros(1, 1, 45, 45, dtype=torch.uint8), Data(), np.random.default_rng(0))


def test_edges_are_sobels_minus_the_median():
    """Against SciPy's Sobel filters, channel by channel."""
    pictures = torch.rand(2, 3, 9, 9)
    found = edges(pictures)
    for b in range(2):
        for c in range(3):
            plane = pictures[b, c].double().numpy()
            both = sobel(plane, 0, mode="mirror") + sobel(plane, 1, mode="mirror")
            flat = np.abs(both - np.median(both))
            expected = (flat - flat.min()) / (flat.max() - flat.min())
            assert np.allclose(found[b, c].numpy(), expected, atol=1e-5)


def test_a_flat_picture_has_no_edges_and_no_nan():
    """The stretch to 0..1 divides by nothing safely."""
    assert edges(torch.full((1, 3, 8, 8), 0.4)).abs().max() == 0
    same = torch.rand(1, 3, 8, 8)
    assert target_of(same, Data()) is same


def test_the_digits_are_split_without_overlap():
    """1,400 to train and 397 to test."""
    train, test = read_pictures("digits", "train"), read_pictures("digits", "test")
    assert (len(train), len(test)) == (1400, 397)
    assert train.images.shape == (1400, 1, 8, 8)
    assert len(train.labels.unique()) == len(test.labels.unique()) == 10


def test_warped_pictures_stay_pictures_and_strength_0_changes_nothing():
    """Each goes its own way, by the generator alone."""
    canvas = torch.rand(1, 1, 12, 12).repeat(3, 1, 1, 1)
    still = warped(canvas, 0.0, np.random.default_rng(0))
    assert torch.allclose(still, canvas, atol=1e-5)
    moved = warped(canvas, 1.0, np.random.default_rng(0))
    assert moved.shape == canvas.shape and moved.min() >= 0 and moved.max() <= 1
    assert (moved[0] - moved[1]).abs().max() > 0.1
    assert torch.equal(moved, warped(canvas, 1.0, np.random.default_rng(0)))
