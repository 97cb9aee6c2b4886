"""The part capsules' encoder (PCAE): a picture -> which parts it has, where, and how they look.

Kosiorek et al. 2019, section 2.1 and appendix: a small CNN, then attention pooling: each capsule
has a map of where to look, over which its own channels are averaged.
"""

import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triptych.capsules.geometry import squash
from triptych.capsules.settings import Settings
from triptych.fit import several


@dataclass(frozen=True)
class Parts:
    """What a layer of capsules says of B pictures with M capsules each.

    pose: [B, M, 6], template -> canvas. presence_logit: [B, M]. feature: [B, M, F]. background:
    [B, C], 0..1, the colour behind everything, or None if it is the same for all.
    """

    pose: Tensor
    presence_logit: Tensor
    feature: Tensor
    background: Tensor | None = None

    @property
    def presence(self) -> Tensor:
        """[B, M], 0..1."""
        return self.presence_logit.sigmoid()

    @property
    def log_presence(self) -> Tensor:
        """[B, M], exact also where the presence rounds to 0."""
        return F.logsigmoid(self.presence_logit)

    def with_noise(self, width: float, generator: torch.Generator | None = None) -> "Parts":
        """Uniform noise on the presence logits: it makes presences binary, which fights doubt."""
        return replace(self, presence_logit=noisy(self.presence_logit, width, generator))


def noisy(logits: Tensor, width: float, generator: torch.Generator | None = None) -> Tensor:
    """logits plus noise, uniform in [-width / 2, width / 2]."""
    if width == 0:
        return logits
    return logits + width * (several.rand(logits, generator) - 0.5)


def initialise(module: nn.Module) -> None:
    """Sonnet's default: weights normal, cut at 2 sigma, with sigma = 1 / sqrt(fan in); biases 0."""
    for child in module.modules():
        if isinstance(child, nn.Linear | nn.Conv2d):
            sigma = child.weight[0].numel() ** -0.5
            nn.init.trunc_normal_(child.weight, std=sigma, a=-2 * sigma, b=2 * sigma)
            if child.bias is not None:
                nn.init.zeros_(child.bias)


class PartEncoder(nn.Module):
    """Pictures [B, C, S, S], 0..1 -> `Parts`, without noise."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        parts = settings.parts
        self.settings = parts
        self.cnn = _cnn(settings)
        side = settings.grid_side
        self.place = nn.Parameter(torch.zeros(parts.width, side, side))
        self.numbers = 6 + parts.features + 1
        channels = parts.count * self.numbers
        if parts.pooling == "linear":
            self.head: nn.Module = nn.Linear(parts.width * side * side, channels)
        else:
            maps = parts.count if parts.pooling == "attention" else 0
            self.head = nn.Conv2d(parts.width, channels + maps, 1)
        self.background = (
            nn.Linear(parts.width, settings.channels) if parts.background == "per_picture" else None
        )
        initialise(self)
        if parts.start == "strokes":
            self._spread()

    @torch.no_grad()
    def _spread(self) -> None:
        """Parts begin all over the middle of the canvas, so that each meets other strokes.

        Places follow the golden ratio in x and the parts' order in y: even, and without a pattern.
        Poses hardly depend on the picture yet: a template that is drawn at any angle becomes a
        ring.
        """
        count, gain = self.settings.count, self.settings.pose_gain
        order = torch.arange(count)
        x, y = (order * 0.618034) % 1, (order + 0.5) / count
        start = torch.zeros(6, count)
        start[0:2] = -1.0
        start[4], start[5] = torch.atanh(1.2 * x - 0.6) / gain, torch.atanh(1.2 * y - 0.6) / gain
        flat = self.settings.pooling == "linear"  # there a capsule's numbers lie side by side
        number = torch.arange(6)
        rows = order * self.numbers + number[:, None] if flat else number[:, None] * count + order
        assert isinstance(self.head.weight, Tensor) and isinstance(self.head.bias, Tensor)
        self.head.weight[rows] *= 0.1
        self.head.bias[rows] = start

    def forward(self, pictures: Tensor) -> Parts:
        """See the class."""
        grid = self.cnn(pictures) + self.place  # [B, width, g, g]
        pooled = self._pool(grid).float()  # [B, M, numbers]
        raw, feature, logit = pooled.split([6, self.settings.features, 1], -1)
        pose = squash(
            raw,
            self.settings.pose,
            self.settings.pose_gain,
            self.settings.smallest_scale,
            self.settings.largest_scale,
            self.settings.largest_turn or math.inf,
        )
        background = None
        if self.background is not None:
            background = self.background(grid.mean((-2, -1))).float().sigmoid()
        return Parts(pose, logit.squeeze(-1), feature, background)

    def _pool(self, grid: Tensor) -> Tensor:
        count, numbers = self.settings.count, self.numbers
        if self.settings.pooling == "linear":
            return self.head(grid.flatten(1)).unflatten(-1, (count, numbers))
        out = self.head(grid).flatten(2).float()  # [B, channels, HW]
        values = out[:, : count * numbers].unflatten(1, (numbers, count))  # [B, numbers, M, HW]
        if self.settings.pooling == "mean":
            return values.mean(-1).transpose(1, 2)
        look = out[:, count * numbers :].softmax(-1)  # [B, M, HW]
        pooled = torch.einsum("bnmp,bmp->bnm", values, look)
        if self.settings.mixed_attention:
            # Q1: number j of capsule i is pooled by map (numbers * i + j) mod M.
            return pooled.reshape(-1, count, numbers)
        return pooled.transpose(1, 2)


def _cnn(settings: Settings) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = settings.channels
    for stride in settings.parts.strides:
        layers.append(nn.Conv2d(channels, settings.parts.width, 3, stride))
        channels = settings.parts.width
        layers.append(nn.ReLU() if settings.parts.encoder == "paper" else _Residual(channels))
    return nn.Sequential(*layers)


class _Residual(nn.Module):
    """The modern encoder's step: x + conv(SiLU(norm(x)))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, channels)
        self.mix = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mix(F.silu(self.norm(x)))
