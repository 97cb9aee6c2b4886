"""Training by the common loop: what a batch is, what is minimised, what is looked at on the way."""

import copy
import math
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from triptych.capsules.health import examine
from triptych.capsules.losses import terms, weigh
from triptych.capsules.model import StackedCapsules
from triptych.capsules.pictures import Pictures, target_of, to_canvas, warped
from triptych.capsules.render import Lattice
from triptych.capsules.rmsprop import RMSPropTF
from triptych.capsules.score import cluster_and_match
from triptych.capsules.sections import Train
from triptych.capsules.settings import Settings
from triptych.errors import BadInput
from triptych.fit.loop import Plan

_WATCHED = {"train": 3000, "held": 1000}
"""So many pictures are looked at while training; `evaluate` takes all."""

_SETTLED = 5000
"""So many training pictures give the statistics of standardised objects."""


class Objective(nn.Module):
    """The network and its loss as one module, so that one call trains it on any device."""

    def __init__(self, network: StackedCapsules) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor, target: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Every term of the loss, unweighted, and the weighted `loss`."""
        step = self.network.settings.train.lattice
        reading = self.network(pictures, lattice=Lattice.random(step))
        with torch.autocast(pictures.device.type, enabled=False):
            found = terms(self.network, reading, target, labels)
            return {"loss": weigh(found, self.network.settings.loss), **found}


def optimiser(groups: list[dict[str, Any]] | list[nn.Parameter], train: Train) -> Optimizer:
    """As `train.optimiser` says."""
    if train.optimiser == "adam":
        return torch.optim.Adam(groups, train.rate, fused=True)
    return RMSPropTF(groups, train.rate, epsilon=0.01 / train.batch**2)


class CapsuleTask:
    """Brings a capsule network to `triptych.fit`. See there for what each method is for.

    held: pictures to be looked at on the way; never the test pictures, which must not decide when
    a run is good.
    """

    def __init__(self, settings: Settings, train: Pictures, held: Pictures, seed: int) -> None:
        for pictures, what in ((train, "training"), (held, "held")):
            highest = int(pictures.labels.max())
            if highest >= settings.loss.classes:
                raise BadInput(
                    f"A {what} picture has label {highest}, but loss.classes is "
                    f"{settings.loss.classes}."
                )
        torch.manual_seed(seed)
        self.settings, self.train, self.held = settings, train, held
        self.network: nn.Module = Objective(StackedCapsules(settings))

    def optimizer(self) -> torch.optim.Optimizer:
        """As `train.optimiser` says."""
        train = self.settings.train
        drawn, rest = [], []
        for name, weight in self.network.named_parameters():
            if weight.requires_grad:
                pixel = name in ("network.templates.logits", "network.templates.alpha")
                (drawn if pixel else rest).append(weight)
        groups = [{"params": rest}, {"params": drawn, "lr": train.rate * train.template_rate}]
        return optimiser(groups, train)

    def batch(self, generator: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures, their targets and labels, drawn and placed anew."""
        data = self.settings.data
        count = self.settings.train.batch // data.views
        chosen = torch.from_numpy(generator.integers(len(self.train), size=count))
        chosen = chosen.repeat(data.views)
        canvas = to_canvas(self.train.images[chosen], data, generator)
        if data.warp:
            canvas = warped(canvas, data.warp, generator)
        return canvas, target_of(canvas, self.settings.data), self.train.labels[chosen]

    def loss(
        self, network: nn.Module, batch: tuple[Tensor, ...]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted loss, and its terms."""
        found: dict[str, Tensor] = network(*batch)
        return found.pop("loss"), found

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Clustering of some pictures, the error of their reconstruction, and the parts' health."""
        capsules = copy.deepcopy(network.network)  # what is settled here is not trained further
        assert isinstance(capsules, StackedCapsules)
        settle(capsules, self.train)
        kept: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for split, pictures in (("train", self.train), ("held", self.held)):
            some = Pictures(pictures.images[: _WATCHED[split]], pictures.labels[: _WATCHED[split]])
            presence, posterior = features(capsules, some)
            kept[split] = (presence, posterior, some.labels.numpy())
        numbers: dict[str, float] = {}
        for which, name in enumerate(("presence", "posterior")):
            found = cluster_and_match(
                kept["train"][which],
                kept["train"][2],
                kept["held"][which],
                kept["held"][2],
                classes=self.settings.loss.classes,
            )
            numbers[f"clustering_{name}"] = found.accuracy
        device = next(capsules.parameters()).device
        generator = np.random.default_rng(0)
        canvas = to_canvas(self.held.images[:256], self.settings.data, generator).to(device)
        with torch.no_grad():
            reading = capsules(canvas)
        gap = reading.drawing.mode() - target_of(canvas, self.settings.data)
        numbers["squared_error"] = float(gap.square().sum((1, 2, 3)).mean())
        numbers["cpu_minutes"] = time.process_time() / 60  # of this process: the machine is shared
        return numbers | examine(capsules, reading).numbers()


@torch.no_grad()
def settle(network: StackedCapsules, pictures: Pictures, batch: int = 500) -> None:
    """Measure anew what standardised objects (objects.standardise) go by, on unwarped pictures.

    Statistics kept while training are of warped pictures and of weights on the move, not of the
    averaged weights that are evaluated: with them objects lie far off (the same holds for batch
    normalisation under averaged weights, Izmailov et al. 2018). Leaves the network in evaluation
    mode.
    """
    network.eval()
    levels = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm1d)]
    if not levels:
        return
    for layer in levels:
        layer.reset_running_stats()
        layer.momentum = None  # the plain mean over all batches
        layer.train()
    features(network, Pictures(pictures.images[:_SETTLED], pictures.labels[:_SETTLED]), batch=batch)
    for layer in levels:
        layer.momentum = 0.1
    network.eval()


@torch.no_grad()
def features(
    network: StackedCapsules, pictures: Pictures, seed: int = 0, batch: int = 250
) -> tuple[np.ndarray, np.ndarray]:
    """Presences and posteriors of the topmost capsules for all pictures, [N, K] each.

    seed: decides where pictures are placed on the canvas.
    """
    device = next(network.parameters()).device
    generator = np.random.default_rng(seed)
    one_pixel = Lattice(network.settings.data.canvas)  # what parts would draw is not asked for
    presences: list[Tensor] = []
    posteriors: list[Tensor] = []
    for start in range(0, len(pictures), batch):
        images = pictures.images[start : start + batch]
        canvas = to_canvas(images, network.settings.data, generator).to(device)
        reading = network(canvas, lattice=one_pixel)
        presences.append(reading.presence.float().cpu())
        posteriors.append(reading.posterior.float().cpu())
    return torch.cat(presences).numpy(), torch.cat(posteriors).numpy()


def plan(settings: Settings, seed: int, accelerator: str = "auto") -> Plan:
    """The loop's plan: a constant rate, as the official code has it, or the schedule it meant."""
    train = settings.train
    return Plan(
        steps=train.steps,
        seed=seed,
        warmup=train.warmup,
        average=train.average,
        clip=train.clip or math.inf,
        log_every=train.log_every,
        save_every=train.save_every,
        evaluate_every=train.evaluate_every,
        precision=train.precision,
        accelerator=accelerator,
        schedule="exponential" if train.decay_steps else train.schedule,
        decay_steps=train.decay_steps or 10_000,
    )
