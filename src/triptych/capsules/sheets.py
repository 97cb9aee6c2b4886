"""Sheets: pictures that show what a network thinks, as arrays [height, width, 3] RGB uint8."""

import colorsys

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from triptych.capsules.model import Reading, StackedCapsules

Sheet = NDArray[np.uint8]

_GAP = 2


def tiles(pictures: Tensor, columns: int, enlarge: int = 2) -> Sheet:
    """Pictures [N, C, h, w], 0..1, as tiles on white, row by row; each pixel `enlarge` times."""
    count = len(pictures)
    colour = pictures.detach().cpu().clamp(0, 1).expand(-1, 3, -1, -1)
    large = (colour * 255).round().byte().permute(0, 2, 3, 1).numpy()
    large = large.repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    height, width = large.shape[1] + _GAP, large.shape[2] + _GAP
    rows = -(-count // columns)
    sheet = np.full((rows * height + _GAP, columns * width + _GAP, 3), 255, np.uint8)
    for i, tile in enumerate(large):
        top, left = i // columns * height + _GAP, i % columns * width + _GAP
        sheet[top : top + height - _GAP, left : left + width - _GAP] = tile
    return sheet


@torch.no_grad()
def template_ink(network: StackedCapsules) -> Tensor:
    """What each template draws, [M, C, T, T], the brightest pixel of each 1.

    Its ink times how opaque it is against the background, as if the part were surely present.
    """
    templates = network.templates
    pixels, alpha = templates.pixels(), templates.opacity()
    if alpha is not None:
        over = torch.nn.functional.softplus(templates.background_raw)
        pixels = pixels * (alpha - over).sigmoid()
    return pixels / pixels.amax((1, 2, 3), keepdim=True).clamp_min(1e-6)


def template_sheet(network: StackedCapsules, columns: int = 8) -> Sheet:
    """The templates as they draw: ink times how opaque it is beside the background."""
    return tiles(template_ink(network), columns, enlarge=4)


@torch.no_grad()
def reading_sheet(reading: Reading, target: Tensor) -> Sheet:
    """A column a picture: what was to be drawn, what the parts draw, and which part drew what."""
    colours = hues(reading.drawing.logits.shape[0]).to(target.device)
    mixing = reading.drawing.mixing()[:-1]  # [M, B, S, S]
    ink = (mixing.unsqueeze(1) * reading.drawing.means).mean(1)  # [M, B, S, S]
    coloured = torch.einsum("mbhw,mc->bchw", ink, colours)
    peak = coloured.amax((1, 2, 3), keepdim=True).clamp_min(1e-6)
    rows = [target, reading.drawing.mode(), reading.drawing.mean(), coloured / peak]
    wide = [row.expand(-1, 3, -1, -1) for row in rows]
    return tiles(torch.cat(wide), len(target))


def hues(count: int) -> Tensor:
    """A colour for each of some capsules, [count, 3], 0..1; neighbours differ most."""
    return torch.tensor([colorsys.hsv_to_rgb(i * 0.618 % 1, 0.8, 1.0) for i in range(count)])
