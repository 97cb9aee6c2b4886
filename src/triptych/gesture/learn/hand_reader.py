"""The network that reads one hand: where its 21 landmarks are and which sign it makes.

One MobileNetV2 (the talk's choice, S5) feeds three answers, trained together so that the measured
best can ship and the others stay selectable:

- appearance: the plain classifier, from pooled features;
- shape: from the landmarks alone, which carry over to strangers better than looks;
- both: the product of the two, so that a sign needs both.

Landmarks are expectations over heat maps (integral regression, Sun et al. 2018, arXiv 1711.08229),
moved by a small offset so that they can lie outside the crop, and are distilled from a teacher's
(MediaPipe Hands).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from triptych.gesture.learn.backbone import ConvUnit, MobileNetV2
from triptych.gesture.types import GESTURES

SIZE = 128
"""Width and height of the crop that the network reads, pixels."""

REACH = 1.5
"""Side of the crop, in units of the larger extent of the landmarks."""

EMBEDDING = 128
SAY_OF_SHAPE, NOT_A_HAND = 0.3, 0.3
"""What the shape has to say where both answer, chosen on `val`; what `none` counts for it."""
PALM = (0, 5, 9, 13, 17)
"""Wrist and knuckles: the part of the hand that keeps its shape, used to normalise the rest."""


class Reading(NamedTuple):
    """Answers for a batch of crops.

    logits: of `appearance`, `shape` and `both`, each [B, 8], over `GESTURES`.
    landmarks: [B, 21, 2], fractions of the crop. embedding: [B, 128].
    heat: [B, 21, S/8, S/8] logits of where each landmark is.
    """

    logits: dict[str, Tensor]
    landmarks: Tensor
    embedding: Tensor
    heat: Tensor


def normalise_landmarks(landmarks: Tensor) -> Tensor:
    """[B, 21, 2] -> [B, 42]: centred on the palm, in units of its size; the turn is kept."""
    palm = landmarks[:, PALM]
    centre = palm.mean(dim=1, keepdim=True)
    size = (palm - centre).norm(dim=2).mean(dim=1)[:, None, None].clamp_min(0.02)
    return ((landmarks - centre) / size).flatten(1)


class HandReader(nn.Module):
    """[B, 3, S, S], RGB in [-1, 1] -> `Reading`; S is 128, or any multiple of 32.

    separable: depthwise-separable convolutions in the backbone, or standard ones.
    """

    def __init__(self, *, separable: bool = True) -> None:
        super().__init__()
        self.backbone = MobileNetV2(taps=(6, 13, 17), separable=separable)
        width = 64
        self.lateral = nn.ModuleList(
            ConvUnit(channels, width, 1, 1, active=False) for channels in self.backbone.channels
        )
        self.refine = nn.Sequential(
            ConvUnit(width, width, 3, 1, groups=width, active=True),
            ConvUnit(width, 96, 1, 1, active=True),
            ConvUnit(96, 96, 3, 1, groups=96, active=True),
            ConvUnit(96, 96, 1, 1, active=True),
        )
        self.heat = nn.Conv2d(96, 21, 1)
        self.offset = nn.Linear(self.backbone.channels[-1] + 96, 42)
        nn.init.zeros_(self.offset.weight)
        nn.init.zeros_(self.offset.bias)
        # Pooled features of the last stage and of the landmark branch, which sees finer detail.
        self.embed = nn.Linear(self.backbone.channels[-1] + 96, EMBEDDING)
        self.appearance = nn.Sequential(nn.Dropout(0.2), nn.Linear(EMBEDDING, len(GESTURES)))
        self.shape = nn.Sequential(
            nn.Linear(42, 128), nn.ReLU(), nn.Dropout(0.1), nn.Linear(128, 64), nn.ReLU()
        )
        self.shape_out = nn.Linear(64, len(GESTURES))

    def forward(self, crops: Tensor) -> Reading:
        """[B, 3, S, S] -> logits, landmarks as fractions of the crop, embedding."""
        fine, middle, coarse = self.backbone(crops)
        # The maps have strides 8, 16 and 32; sum them at stride 8.
        x = self.lateral[2](coarse)
        x = self.lateral[1](middle) + F.interpolate(x, scale_factor=2.0, mode="nearest")
        x = self.lateral[0](fine) + F.interpolate(x, scale_factor=2.0, mode="nearest")
        x = self.refine(x)
        pooled = torch.cat([coarse.mean(dim=(2, 3)), x.mean(dim=(2, 3))], dim=1)
        heat = self.heat(x)
        landmarks = expected_position(heat) + 0.1 * self.offset(pooled).float().unflatten(
            1, (21, 2)
        )
        embedding = F.relu(self.embed(pooled))
        # The landmarks answer to the teacher alone: the signs must not bend them.
        shape = self.shape_out(self.shape(normalise_landmarks(landmarks.detach())))
        appearance = self.appearance(embedding)
        both = product(appearance, shape)
        logits = {"appearance": appearance, "shape": shape, "both": both}
        return Reading(logits, landmarks, embedding, heat)


def product(appearance: Tensor, shape: Tensor) -> Tensor:
    """[B, 8], [B, 8] logits -> [B, 8]: the weighted product of experts (Hinton 2002), as logits.

    Landmarks are found on anything, so that shape knows nothing of `none`, the last gesture: there
    it counts as a constant, as likely as a sign that it half believes.
    """
    hand = shape[:, :-1].log_softmax(dim=1)
    hand_or_none = F.pad(hand, (0, 1), value=math.log(NOT_A_HAND))
    return appearance.log_softmax(dim=1) + SAY_OF_SHAPE * hand_or_none


def expected_position(heat: Tensor) -> Tensor:
    """[B, N, H, W] -> [B, N, 2]: mean (x, y) under each map's softmax, fractions of the crop."""
    height, width = heat.shape[2:]
    weights = heat.flatten(2).float().softmax(dim=2).unflatten(2, (height, width))
    xs = (torch.arange(width, device=heat.device) + 0.5) / width
    ys = (torch.arange(height, device=heat.device) + 0.5) / height
    x = (weights.sum(dim=2) * xs).sum(dim=2)
    y = (weights.sum(dim=3) * ys).sum(dim=2)
    return torch.stack([x, y], dim=2)


def blobs(landmarks: Tensor, size: int, spread: float = 1.0) -> Tensor:
    """[B, N, 2] -> [B, N, size, size]: Gaussians of `spread` cells about each landmark, sum 1.

    All zero where a landmark lies outside the crop.
    """
    cells = torch.arange(size, device=landmarks.device) + 0.5
    gap = (cells - landmarks[..., None] * size) / spread  # [B, N, 2, size]
    x, y = torch.exp(-0.5 * gap.square()).unbind(dim=2)
    blob = y[..., :, None] * x[..., None, :]
    inside = ((landmarks > 0) & (landmarks < 1)).all(dim=2)[..., None, None]
    return blob / blob.sum(dim=(2, 3), keepdim=True).clamp_min(1e-6) * inside
