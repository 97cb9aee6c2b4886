"""Adversarial training: a network learns on pictures that an attack has just made against it.

Madry et al. 2018 (equation 2.1): minimise over the weights what is maximal over the ball. The
maximum is sought by a few steps of PGD from a random start, or by a single long one (Wong, Rice and
Kolter 2020), which costs 2 passes for each training step instead of `steps` + 1.

    fit(Hardened(task, madry(Threat("linf", 8 / 255))), plan, folder, tracker)

One step can overfit all of a sudden: the network learns to withstand that very step and nothing
else. `held_out` is measured with many steps meanwhile, where this shows at once. And where epsilon
is large from the start, a network may never learn anything but to give all pictures one answer:
`ramp` lets epsilon grow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triptych.adversary.attacks.attack import attack
from triptych.adversary.attacks.found import as_found, own_device
from triptych.adversary.attacks.inside import walls
from triptych.adversary.attacks.method import pgd
from triptych.adversary.attacks.norms import spread
from triptych.adversary.attacks.threat import Threat
from triptych.errors import BadInput

LONG_STEP: Final = 1.25
"""Length of the single step, in epsilons (Wong et al. 2020, section 5.1)."""

MANY: Final = 20
"""Steps of the PGD that `held_out` is measured with."""


@dataclass(frozen=True, slots=True)
class Inner:
    """How pictures are made against the network at each training step.

    steps: of PGD, from a uniformly random start in the ball. relative_step: length of a step, in
    epsilons. Raises BadInput unless both are above 0 and the threat model has a single, finite
    epsilon.
    """

    threat: Threat
    steps: int
    relative_step: float

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise BadInput(f"steps is {self.steps}, but must be at least 1.")
        if not self.relative_step > 0:
            raise BadInput(f"relative_step is {self.relative_step}, but must be above 0.")
        epsilon = torch.as_tensor(self.threat.epsilon)
        if epsilon.ndim > 0 or not bool(epsilon.isfinite()):
            raise BadInput("Adversarial training needs one finite epsilon for all examples.")
        if self.threat.grid:
            raise BadInput("Adversarial training is not for 8-bit pictures: leave grid out.")

    def craft(
        self, network: nn.Module, pictures: Tensor, labels: Tensor, share: float = 1.0
    ) -> Tensor:
        """Pictures [B, ...] within the threat model on which the network's loss is high.

        share: of epsilon, 0..1. The network is in evaluation mode meanwhile, so its batch
        statistics see each training step once. Gradients are taken for the pictures only. Draws from torch's random state.
        """
        low, high = walls(self.threat, pictures.dtype)
        geometry, clean = self.threat.geometry, pictures.detach()
        epsilon = share * self.threat.epsilons(len(clean)).to(clean.device)
        keys = torch.randint(2**62, (len(clean),)).to(clean.device)
        size = spread(self.relative_step * epsilon, clean)
        points = clean + geometry.start(clean, epsilon, keys)
        points = geometry.project(points, clean, epsilon, low, high)
        with as_found([network], int(keys[0]) if len(keys) else 0):
            for _ in range(self.steps):
                leaf = points.requires_grad_(True)
                with torch.enable_grad():
                    loss = F.cross_entropy(network(leaf), labels, reduction="sum")
                (gradient,) = torch.autograd.grad(loss, leaf)
                move = geometry.steepest(gradient) * size
                points = geometry.project(leaf.detach() + move, clean, epsilon, low, high)
        return points


def madry(threat: Threat, steps: int = 7, relative_step: float | None = None) -> Inner:
    """PGD; the default step, 1.75 epsilon over `steps`, is the paper's for CIFAR-10 (8, 2, 7).

    For MNIST the paper takes epsilon 0.3 and 40 steps of 0.01: `relative_step=1 / 30`.
    """
    return Inner(threat, steps, 1.75 / steps if relative_step is None else relative_step)


def fast(threat: Threat) -> Inner:
    """One step of 1.25 epsilon from a random start (Wong, Rice and Kolter 2020)."""
    return Inner(threat, 1, LONG_STEP)


class PictureTask(Protocol):
    """A task for `fit` (see `triptych.fit.loop.Task`) whose batches are pictures and labels."""

    network: nn.Module

    def optimizer(self) -> torch.optim.Optimizer:
        """The optimiser."""
        ...

    def batch(self, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Pictures [B, ...] inside the threat model's box, and labels [B]."""
        ...

    def loss(
        self, network: nn.Module, batch: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The loss of the batch."""
        ...

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """Numbers on held-out data."""
        ...


class Hardened:
    """A task for `fit`: that of `task`, but each batch is attacked before it is learnt.

    held_out: pictures and labels of which `robust_accuracy` is measured at each evaluation, with
    20 steps of PGD; from training data, where the test set is not to be looked at. ramp: batches
    over which epsilon grows from zero. How many have been seen is a buffer of the network, so that
    a checkpoint knows it.
    """

    def __init__(
        self,
        task: PictureTask,
        inner: Inner,
        held_out: tuple[Tensor, Tensor] | None = None,
        ramp: int = 0,
    ) -> None:
        if ramp < 0:
            raise BadInput(f"ramp is {ramp}, but must be 0 or more.")
        self.task = task
        self.inner = inner
        self.held_out = held_out
        self.ramp = ramp
        self.network = task.network
        if ramp:
            none = torch.zeros((), dtype=torch.int64)
            self.network.register_buffer("batches_attacked", none)

    def optimizer(self) -> torch.optim.Optimizer:
        """The task's own."""
        return self.task.optimizer()

    def batch(self, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """The task's own, still clean."""
        return self.task.batch(generator)

    def loss(
        self, network: nn.Module, batch: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The task's loss on pictures made against the network as it stands."""
        pictures, labels = batch
        share = 1.0
        if self.ramp:
            seen = self.network.get_buffer("batches_attacked")
            share = min(1.0, int(seen) / self.ramp)
            seen.add_(1)
        crafted = self.inner.craft(network, pictures, labels, share)
        return self.task.loss(network, (crafted, labels))

    def evaluate(self, network: nn.Module) -> Mapping[str, Any]:
        """The task's numbers, and `robust_accuracy` on what is held out."""
        numbers = dict(self.task.evaluate(network))
        if self.held_out is not None:
            device = own_device(network)
            pictures, labels = (part.to(device) for part in self.held_out)
            found = attack(network, pictures, labels, self.inner.threat, pgd(MANY))
            numbers["robust_accuracy"] = found.robust_accuracy
        return numbers
