"""Sheets are of the size and content that they say."""

import numpy as np
import torch

from triptych.capsules.model import StackedCapsules
from triptych.capsules.sheets import reading_sheet, template_sheet, tiles


def test_tiles_are_pictures_side_by_side():
    """Three grey pictures in two columns, each pixel twice, white between."""
    pictures = torch.tensor([0.0, 0.5, 1.0]).view(3, 1, 1, 1).expand(3, 1, 4, 4)
    sheet = tiles(pictures, 2)
    assert sheet.shape == (22, 22, 3)
    assert (sheet[2:10, 2:10] == 0).all()
    assert (sheet[2:10, 12:20] == 128).all()
    assert (sheet[:2] == 255).all() and (sheet[12:20, 12:20] == 255).all()


def test_a_networks_sheets_show_every_template_and_picture(small):
    """Five templates in eight columns, and four rows for three pictures, the first as given."""
    network = StackedCapsules(small).eval()
    assert template_sheet(network).shape == (24, 178, 3)
    pictures = torch.rand(3, 1, 16, 16)
    sheet = reading_sheet(network(pictures), pictures)
    assert sheet.shape == (4 * 34 + 2, 3 * 34 + 2, 3)
    expected = (pictures[0, 0] * 255).round().byte().numpy()
    assert np.array_equal(sheet[2:34:2, 2:34:2, 0], expected)
