"""Each bit by itself: a hinge on z before the tanh, or cross-entropy on z before the sigmoid.

Pictures get Gaussian noise and are blended with others, turned and shifted, that keep the first
one's label (ClassBlender); on CIFAR-10 they are mirrored and shifted, too.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.gallery.ecoc.code import code
from triptych.adversary.gallery.ecoc.model import Ecoc, joined
from triptych.adversary.gallery.lesson import Lesson, mirrored_and_shifted


def task(pipeline: Pipeline, setting: Ecoc) -> Lesson:
    """The training."""
    words = code(setting.code, setting.bits)

    def loss(chunks: Tensor, labels: Tensor) -> Tensor:
        z, wanted = joined(chunks), words.to(chunks.device)[labels]
        if setting.activation == "tanh":
            return F.relu(1 - wanted * z).mean()
        return F.binary_cross_entropy_with_logits(z, (wanted > 0).float())

    def change(shown: Tensor, labels: Tensor, generator: np.random.Generator) -> Tensor:
        if setting.data == "cifar10":
            shown = mirrored_and_shifted(shown, labels, generator)
        shown = blended(shown, setting.blend, generator)
        noise = generator.standard_normal(shown.shape, np.float32) * setting.noise
        return (shown + torch.from_numpy(noise)).clamp(0, 1)

    return Lesson(pipeline, setting.data, setting.schedule, Pipeline.member_logits, loss, change)


def blended(shown: Tensor, share: float, generator: np.random.Generator) -> Tensor:
    """(1 - share) of each picture [B, C, H, W], and `share` of another, turned and shifted."""
    count, side = len(shown), shown.shape[3]
    other = shown[torch.from_numpy(generator.permutation(count))]
    angle = torch.from_numpy(generator.uniform(-math.pi, math.pi, count).astype(np.float32))
    shift = torch.from_numpy(generator.uniform(-4, 4, (2, count)).astype(np.float32)) * 2 / side
    sine, cosine = angle.sin(), angle.cos()
    turn = torch.stack([cosine, -sine, shift[0], sine, cosine, shift[1]], 1).view(count, 2, 3)
    grid = F.affine_grid(turn, list(shown.shape), align_corners=False)
    turned = F.grid_sample(other, grid, align_corners=False)
    return (1 - share) * shown + share * turned
