"""Templates, shared by all pictures, drawn on the canvas wherever their poses put them.

For each canvas pixel the sampler asks which template pixel lands there, so it goes through the
inverse of the pose. Feeding the pose itself, as the known PyTorch ports do, magnifies every
template to cover the whole canvas, since a pose's scale is at most 1.01: no stroke can form. That
variant stays here as a switch, to show what it does.

One `grid_sample` draws everything: the templates are its batch and the grid holds all pictures, so
no template is ever copied.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from triptych.capsules.geometry import invert


def render(templates: Tensor, poses: Tensor, side: int, inverse: bool = True) -> Tensor:
    """Draw M templates on the canvases of B pictures.

    templates: [M, C, T, T], any channels. poses: [B, M, 6], template -> canvas. side: of the square
    canvas, in pixels. inverse: False samples through the pose itself (over-zoomed templates).
    Returns [M, C, B, side, side]; 0 outside a template, bilinear inside and across its border.
    """
    grid = sampling_grid(invert(poses) if inverse else poses, side)  # [M, B, side, side, 2]
    count, pictures = grid.shape[:2]
    drawn = F.grid_sample(
        templates,
        grid.reshape(count, pictures * side, side, 2),
        mode="bilinear",
        padding_mode="zeros",
        align_corners=True,
    )
    return drawn.view(count, templates.shape[1], pictures, side, side)


def sampling_grid(maps: Tensor, side: int) -> Tensor:
    """Where each canvas pixel goes under each of the maps.

    maps: poses [B, M, 6], canvas -> template. Returns [M, B, side, side, 2]: (x, y) in [-1, 1]
    units of the template.
    """
    line = torch.linspace(-1, 1, side, device=maps.device, dtype=maps.dtype)
    ones = torch.ones(side, side, device=maps.device, dtype=maps.dtype)
    places = torch.stack([line.expand(side, side), line[:, None].expand(side, side), ones])
    # One product with a fixed matrix writes x and y side by side, as the sampler wants them: it is
    # half zeros, and still several times faster than a small product for each picture and part.
    basis = maps.new_zeros(2, 3, side * side, 2)
    basis[0, :, :, 0] = basis[1, :, :, 1] = places.flatten(1)
    grid = maps.transpose(0, 1) @ basis.view(6, -1)  # [M, B, 2 side²]
    return grid.unflatten(-1, (side, side, 2))
