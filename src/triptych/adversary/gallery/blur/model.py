"""A network f behind a Gaussian blur g: the defence is f(g(x)).

f has learnt sharp and blurred pictures alike, so it answers both; the blur itself learns nothing.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.gallery.lesson import Schedule
from triptych.adversary.gallery.plain.model import Plain, network


class GaussianBlur:
    """Pictures [B, C, H, W] convolved with a Gaussian of `sigma` pixels; edges are repeated."""

    def __init__(self, sigma: float) -> None:
        self.sigma = sigma
        self.reach = math.ceil(2 * sigma)

    def __call__(self, shown: Tensor) -> Tensor:
        """One pass along the rows, one along the columns."""
        channels, reach = shown.shape[1], self.reach
        offset = torch.arange(-reach, reach + 1, device=shown.device, dtype=shown.dtype)
        weight = torch.exp(-0.5 * (offset / self.sigma) ** 2)
        kernel = (weight / weight.sum()).expand(channels, 1, 1, -1)
        padded = F.pad(shown, (reach, reach, reach, reach), mode="replicate")
        rows = F.conv2d(padded, kernel, groups=channels)
        return F.conv2d(rows, kernel.transpose(2, 3), groups=channels)


@dataclass(frozen=True, slots=True)
class Blur(Plain):
    """sigma: of the blur, in pixels."""

    sigma: float


SETTINGS = {
    ("digits", "small"): Blur("digits", Schedule(40, 64, 3e-3), "digits", 0.7),
    ("mnist", "small"): Blur("mnist", Schedule(3, 128, 2e-3), "mnist", 1.5),
    ("cifar10", "small"): Blur("cifar10", Schedule(3, 128, 2e-3, "bf16-mixed"), "cifar", 1.0),
    ("cifar10", "published"): Blur(
        "cifar10", Schedule(100, 128, 1e-3, "bf16-mixed"), "resnet18", 1.0
    ),
}


def pipeline(setting: Blur) -> Pipeline:
    """The untrained network behind its blur."""
    return Pipeline([network(setting.network)], GaussianBlur(setting.sigma))
