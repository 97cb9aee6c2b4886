"""The whole network: pictures -> parts -> layers of objects, and what each says of the picture."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from triptych.capsules.objects import ObjectLayer, Objects
from triptych.capsules.parts import PartEncoder, Parts
from triptych.capsules.render import EVERY_PIXEL, Lattice
from triptych.capsules.settings import Settings
from triptych.capsules.templates import Drawing, Templates
from triptych.errors import BadInput


@dataclass(frozen=True)
class Reading:
    """All that the network says of B pictures.

    parts: the part capsules, noise included. drawing: what they would draw. objects: the layers
    of objects, lowest first; empty without.
    """

    parts: Parts
    drawing: Drawing
    objects: tuple[Objects, ...]

    @property
    def presence(self) -> Tensor:
        """Presences of the topmost capsules, [B, K], 0..1: features for clustering."""
        return self.objects[-1].presence if self.objects else self.parts.presence

    @property
    def posterior(self) -> Tensor:
        """How much the topmost capsules explain, [B, K]; of parts alone, their presences."""
        return self.objects[-1].posterior if self.objects else self.parts.presence


class StackedCapsules(nn.Module):
    """Reads pictures [B, C, S, S], 0..1."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.encoder = PartEncoder(settings)
        self.templates = Templates(settings)
        layers: list[ObjectLayer] = []
        below, features = settings.parts.count, settings.parts.features
        extra = settings.channels * settings.parts.template**2
        for count in settings.objects.layers:
            layers.append(ObjectLayer(count, below, features, extra, settings.objects))
            below, features, extra = count, settings.objects.parameters, 0
        self.layers = nn.ModuleList(layers)
        self.presence_probe = nn.Linear(below, settings.loss.classes)
        self.posterior_probe = nn.Linear(below, settings.loss.classes)

    def forward(
        self,
        pictures: Tensor,
        noise: bool | None = None,
        generator: torch.Generator | None = None,
        lattice: Lattice = EVERY_PIXEL,
    ) -> Reading:
        """Read pictures.

        noise: on presences; None: while training, and at evaluation if quirk Q2 is switched on.
        generator: its randomness. lattice: the pixels to draw. Raises BadInput if the pictures
        have another size, or hold NaN.
        """
        self._check(pictures)
        if noise is None:
            noise = self.training or self.settings.train.evaluation_noise
        parts = self.encoder(pictures)
        # Inverse scales reach 100 and likelihoods 1000s of nats: never in half precision.
        with torch.autocast(pictures.device.type, enabled=False):
            return self.explain(parts, noise, generator, lattice)

    def explain(
        self,
        parts: Parts,
        noise: bool = False,
        generator: torch.Generator | None = None,
        lattice: Lattice = EVERY_PIXEL,
    ) -> Reading:
        """What follows from parts, wherever they come from; arguments as of `forward`."""
        settings = self.settings
        if noise:
            parts = parts.with_noise(settings.parts.noise, generator)
        drawing = self.templates.draw(parts, lattice)
        extra: Tensor | None = None
        if len(self.layers) > 0:
            extra = self.templates.coloured(parts.feature).flatten(2).detach()
        found: list[Objects] = []
        below = parts
        for layer in self.layers:
            objects = layer(below, extra, settings.objects.noise if noise else 0.0, generator)
            found.append(objects)
            below, extra = objects.as_parts(), None
        return Reading(parts, drawing, tuple(found))

    def _check(self, pictures: Tensor) -> None:
        side = self.settings.data.canvas
        wanted = (self.settings.channels, side, side)
        if pictures.dim() != 4 or tuple(pictures.shape[1:]) != wanted:
            raise BadInput(
                f"Pictures are {list(pictures.shape)}, but {self.settings.preset} reads "
                f"[batch, {', '.join(map(str, wanted))}]."
            )
        # While training the loop's guard finds NaN, without waiting for the device at each step.
        if not self.training and not pictures.isfinite().all():
            raise BadInput("The pictures hold values that are NaN or infinite.")
