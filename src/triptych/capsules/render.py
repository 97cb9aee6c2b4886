"""Templates, shared by all pictures, drawn on the canvas wherever their poses put them.

For each canvas pixel the sampler asks which template pixel lands there, so it goes through the
inverse of the pose. Feeding the pose itself, as the known PyTorch ports do, magnifies every
template to cover the whole canvas, since a pose's scale is at most 1.01: no stroke can form. That
variant stays here as a switch, to show what it does.

One `grid_sample` draws everything: the templates are its batch and the grid holds all pictures, so
no template is ever copied.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from triptych.capsules.geometry import invert


class Lattice(NamedTuple):
    """Every `step`-th pixel of the canvas in both directions, from (`top`, `left`) on.

    A lattice that starts anywhere with equal probability holds each pixel with probability
    1 / step², so step² times a sum over it has the sum over all pixels as its expectation.
    """

    step: int = 1
    top: int = 0
    left: int = 0

    def of(self, pictures: Tensor) -> Tensor:
        """Those pixels of [..., S, S]."""
        return pictures[..., self.top :: self.step, self.left :: self.step]

    @classmethod
    def random(cls, step: int) -> "Lattice":
        """A lattice that starts anywhere, by torch's global generator."""
        top, left = torch.randint(step, (2,)).tolist()
        return cls(step, top, left)


EVERY_PIXEL = Lattice()


def render(
    templates: Tensor,
    poses: Tensor,
    side: int,
    inverse: bool = True,
    lattice: Lattice = EVERY_PIXEL,
) -> Tensor:
    """Draw M templates on the canvases of B pictures.

    templates: [M, C, T, T], any channels. poses: [B, M, 6], template -> canvas. side: of the square
    canvas, in pixels. inverse: False samples through the pose itself (over-zoomed templates).
    lattice: which pixels of the canvas to draw. Returns [M, C, B, H, W], H = W = side for every
    pixel; 0 outside a template, bilinear inside and across its border.
    """
    grid = sampling_grid(invert(poses) if inverse else poses, side, lattice)  # [M, B, H, W, 2]
    count, pictures, height, width = grid.shape[:4]
    drawn = F.grid_sample(
        templates,
        grid.reshape(count, pictures * height, width, 2),
        mode="bilinear",
        padding_mode="zeros",
        align_corners=True,
    )
    return drawn.view(count, templates.shape[1], pictures, height, width)


def sampling_grid(maps: Tensor, side: int, lattice: Lattice = EVERY_PIXEL) -> Tensor:
    """Where each canvas pixel of the lattice goes under each of the maps.

    maps: poses [B, M, 6], canvas -> template. Returns [M, B, H, W, 2]: (x, y) in [-1, 1] units of
    the template.
    """
    line = torch.linspace(-1, 1, side, device=maps.device, dtype=maps.dtype)
    rows, columns = line[lattice.top :: lattice.step], line[lattice.left :: lattice.step]
    shape = (len(rows), len(columns))
    places = torch.stack(
        [columns.expand(shape), rows[:, None].expand(shape), torch.ones_like(line[0]).expand(shape)]
    )
    # One product with a fixed matrix writes x and y side by side, as the sampler wants them: it is
    # half zeros, and still several times faster than a small product for each picture and part.
    basis = maps.new_zeros(2, 3, len(rows) * len(columns), 2)
    basis[0, :, :, 0] = basis[1, :, :, 1] = places.flatten(1)
    grid = maps.transpose(0, 1) @ basis.view(6, -1)  # [M, B, 2 H W]
    return grid.unflatten(-1, (*shape, 2))
