"""The part capsules' decoder: learned templates, coloured, put in place, and weighed by pixel.

Kosiorek et al. 2019, section 2.1, equations (2) to (4).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triptych.capsules import mixture
from triptych.capsules.parts import Parts, initialise
from triptych.capsules.render import EVERY_PIXEL, Lattice, render
from triptych.capsules.settings import Settings

_NOWHERE = 1e-6
"""Coverage below which a closed template is not there: it bounds its log."""

_FAINT, _BLACK = -2.0, -4.0
"""Where strokes start: alpha and background logits at which a part covers only what it helps, and
the dark needs no part. From the paper's start, templates first learn to be the background."""


@dataclass(frozen=True)
class Drawing:
    """What the parts would draw: the components of each pixel's mixture.

    means: [M, C, B, S, S]. logits: [M, B, S, S]. background_mean: broadcasts to [C, B, S, S].
    background_logit, log_scale: scalars. lattice: the pixels that were drawn, every one or fewer,
    in which case H x W takes the place of S x S.
    """

    means: Tensor
    logits: Tensor
    background_mean: Tensor
    background_logit: Tensor
    log_scale: Tensor
    lattice: Lattice = EVERY_PIXEL

    def log_likelihood(self, pictures: Tensor, joint_colour: bool = False) -> Tensor:
        """log p of each drawn pixel of [B, C, S, S]: [B, S, S]."""
        return mixture.picture_log_likelihood(
            self.lattice.of(pictures),
            self.means,
            self.logits,
            self.background_mean,
            self.background_logit,
            self.log_scale,
            joint_colour,
        )

    @property
    def _components(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.means, self.logits, self.background_mean, self.background_logit

    def mean(self) -> Tensor:
        """The expected picture, [B, C, S, S]."""
        return mixture.mean_picture(*self._components)

    def mode(self) -> Tensor:
        """The picture if the most probable component drew each pixel, [B, C, S, S]."""
        return mixture.mode_picture(*self._components)

    def mixing(self) -> Tensor:
        """Prior probability of each component at each pixel, [M + 1, B, S, S]; background last."""
        return mixture.mixing_probabilities(self.logits, self.background_logit)


class Templates(nn.Module):
    """M templates of T x T pixels with opacity, their colours and the background."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        parts, channels = settings.parts, settings.channels
        self.settings, self.canvas = parts, settings.data.canvas
        strokes = parts.start == "strokes"
        self.logits = nn.Parameter(_start(parts.count, channels, parts.template))
        if parts.opacity == "alpha":
            self.alpha: nn.Parameter | None = nn.Parameter(
                torch.full((parts.count, 1, parts.template, parts.template), _FAINT * strokes)
            )
            self.background_raw = nn.Parameter(torch.zeros(()))
        else:
            self.alpha = None
            self.background_raw = nn.Parameter(torch.tensor(0.5))  # a temperature
        grey = torch.full((), _BLACK) if strokes else torch.empty(()).uniform_(-1.7, 1.7)
        self.background_value = nn.Parameter(grey) if parts.background == "one" else None
        self.colour = nn.Sequential(
            nn.Linear(parts.features, 32), nn.ReLU(), nn.Linear(32, channels)
        )
        self.log_scale = nn.Parameter(
            torch.tensor(parts.pixel_scale).log(), requires_grad=parts.learn_pixel_scale
        )
        initialise(self)

    def pixels(self) -> Tensor:
        """The templates without colour, [M, C, T, T], 0..1."""
        logits = self._brushed(self.logits)
        if self.settings.squash == "sigmoid":
            return logits.sigmoid()
        return logits.clamp(0, 1)

    def opacity(self) -> Tensor | None:
        """The templates' alpha logits, [M, 1, T, T]; None if bright means opaque."""
        return None if self.alpha is None else self._brushed(self.alpha)

    def _brushed(self, logits: Tensor) -> Tensor:
        """[M, C, T, T] softened as often as `parts.brush` says; borders are repeated outwards."""
        for _ in range(self.settings.brush):
            logits = F.pad(logits, (1, 1, 1, 1), mode="replicate")
            # Two means of 2x2 make the binomial filter of 3x3, which lets no chequers through.
            logits = F.avg_pool2d(F.avg_pool2d(logits, 2, 1), 2, 1)
        return logits

    def colours(self, feature: Tensor) -> Tensor:
        """How each part's channels are tinted: features [B, M, F] -> [B, M, C], 0..1."""
        raw = self.colour(feature)
        return raw.sigmoid() if self.settings.squash == "sigmoid" else (raw + 0.99).clamp(0, 1)

    def coloured(self, feature: Tensor) -> Tensor:
        """The templates as the pictures tint them, [B, M, C, T, T]."""
        return self.pixels() * self.colours(feature)[..., None, None]

    def draw(self, parts: Parts, lattice: Lattice = EVERY_PIXEL) -> Drawing:
        """What the parts would draw on the canvas, or on some of its pixels."""
        return self.draw_at(
            parts.pose, parts.log_presence, parts.feature, parts.background, lattice
        )

    def draw_at(
        self,
        pose: Tensor,
        log_presence: Tensor,
        feature: Tensor,
        background: Tensor | None = None,
        lattice: Lattice = EVERY_PIXEL,
    ) -> Drawing:
        """The same with other poses [B, M, 6] or presences [B, M], such as the objects' votes."""
        pixels, alpha = self.pixels(), self.opacity()  # [M, C, T, T], [M, 1, T, T]
        layers = [pixels] if alpha is None else [pixels, alpha]
        closed = self.settings.outside == "closed"
        if closed:
            layers.append(torch.ones_like(pixels[:, :1]))
        drawn = render(torch.cat(layers, 1), pose, self.canvas, self.settings.inverse, lattice)
        # Split at once: the gradient of each slice would fill a tensor as large as all of them.
        values, *rest = drawn.split([layer.shape[1] for layer in layers], 1)
        opacity = None if alpha is None else rest[0].squeeze(1)
        cover = rest[-1].squeeze(1).clamp_min(_NOWHERE) if closed else None
        if cover is not None:
            whole = cover.reciprocal()
            values = values * whole.unsqueeze(1)  # a border is faint by its opacity, not by ink
            opacity = None if opacity is None else opacity * whole
        colour = self.colours(feature).permute(1, 2, 0)[..., None, None]  # [M, C, B, 1, 1]
        means = values * colour
        ground = self._ground(background)
        if opacity is None:
            temperature = F.softplus(self.background_raw) + 1e-4
            opacity = means.mean(1) / temperature
            background_logit = ground.mean() / temperature
        else:
            background_logit = F.softplus(self.background_raw)
        logits = opacity + log_presence.T[..., None, None]  # [M, B, S, S]
        if cover is not None:
            logits = logits + cover.log()
        return Drawing(means, logits, ground, background_logit, self.log_scale, lattice)

    def _ground(self, background: Tensor | None) -> Tensor:
        if background is not None:
            return background.T[..., None, None]  # [C, B, 1, 1]
        if self.background_value is None:
            raise ValueError("these templates want the pictures' own backgrounds, [B, C]")
        return self.background_value.sigmoid()


def _start(count: int, channels: int, side: int) -> Tensor:
    """Orthogonal templates, all of them scaled together to 0..1; [M, C, T, T]."""
    size = max(count, channels * side * side)
    rows = torch.linalg.qr(torch.rand(size, size)).Q[:count, : channels * side * side]
    low, high = rows.min(), rows.max()
    return ((rows - low) / (high - low)).unflatten(1, (channels, side, side))
