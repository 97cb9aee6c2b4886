"""The peers' attacks behind one signature, and a wrapper that counts what they compute.

Runs in the peers' own environment, which `adversary_vs_peers.py` makes. Each peer is called as its
documentation shows, from the clean picture, since not all of them let a caller give the start.
"""

import sys
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

Attack = Callable[[nn.Module, Tensor, Tensor, "Budget"], Tensor]
"""Model, pictures [N, C, H, W] in 0..1, labels [N], budget -> pictures; a peer's whole call."""


@dataclass(frozen=True)
class Budget:
    """L-infinity: epsilon and step in pixel units."""

    epsilon: float
    step: float
    steps: int


@dataclass
class Count:
    """Pictures that went forwards, and whose gradient came back; copies of a model share it."""

    forwards: int = 0
    backwards: int = 0

    def __deepcopy__(self, memo: dict[int, Any]) -> "Count":
        return self


class Counting(nn.Module):
    """A model that counts; the weights are the inner model's own."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.count = Count()
        self.last = torch.empty(0)
        self.train(model.training)

    def forward(self, pictures: Tensor) -> Tensor:
        """As the model, and counts; `last` is what it was shown last."""
        self.count.forwards += len(pictures)
        self.last = pictures.detach().clone()
        if pictures.requires_grad:
            pictures.register_hook(self._came_back)
        return self.model(pictures)

    def _came_back(self, gradient: Tensor) -> None:
        self.count.backwards += len(gradient)


def foolbox(model: nn.Module, pictures: Tensor, labels: Tensor, budget: Budget) -> Tensor:
    """Foolbox: LinfPGD, which also says at the end who has been fooled."""
    fb: Any = import_module("foolbox")

    wrapped = fb.PyTorchModel(model, bounds=(0, 1), device="cpu")
    attack = fb.attacks.LinfPGD(abs_stepsize=budget.step, steps=budget.steps, random_start=False)
    _, clipped, _ = attack(wrapped, pictures, labels, epsilons=budget.epsilon)
    return clipped


def foolbox_frozen(model: nn.Module, pictures: Tensor, labels: Tensor, budget: Budget) -> Tensor:
    """The same with parameters that want no gradient, which Foolbox would otherwise compute."""
    wanted = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in wanted:
        parameter.requires_grad_(False)
    try:
        return foolbox(model, pictures, labels, budget)
    finally:
        for parameter in wanted:
            parameter.requires_grad_(True)


def torchattacks(model: nn.Module, pictures: Tensor, labels: Tensor, budget: Budget) -> Tensor:
    """Torchattacks: PGD."""
    ta: Any = import_module("torchattacks")

    attack = ta.PGD(
        model, eps=budget.epsilon, alpha=budget.step, steps=budget.steps, random_start=False
    )
    return attack(pictures, labels)


def art(model: nn.Module, pictures: Tensor, labels: Tensor, budget: Budget) -> Tensor:
    """IBM ART: ProjectedGradientDescentPyTorch on NumPy arrays."""
    evasion: Any = import_module("art.attacks.evasion")
    classification: Any = import_module("art.estimators.classification")

    estimator = classification.PyTorchClassifier(
        model,
        loss=nn.CrossEntropyLoss(),
        input_shape=tuple(pictures.shape[1:]),
        nb_classes=10,
        clip_values=(0, 1),
        device_type="cpu",
    )
    attack = evasion.ProjectedGradientDescentPyTorch(
        estimator,
        norm="inf",
        eps=budget.epsilon,
        eps_step=budget.step,
        max_iter=budget.steps,
        num_random_init=0,
        batch_size=len(pictures),
        verbose=False,
    )
    return torch.from_numpy(attack.generate(pictures.numpy(), labels.numpy()))


def adv_lib(model: nn.Module, pictures: Tensor, labels: Tensor, budget: Budget) -> Tensor:
    """adv-lib: pgd_linf. It never looks at its last step, so it is given one more."""
    _without("torchvision", models=None)
    _without("visdom")
    return import_module("adv_lib.attacks").pgd_linf(
        model,
        pictures,
        labels,
        budget.epsilon,
        steps=budget.steps + 1,
        random_init=False,
        absolute_step_size=budget.step,
    )


PEERS: dict[str, Attack] = {
    "foolbox": foolbox,
    "foolbox, parameters frozen": foolbox_frozen,
    "torchattacks": torchattacks,
    "art": art,
    "adv-lib": adv_lib,
}
"""Each peer's PGD."""


def auto_attack(model: nn.Module, pictures: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """AutoAttack's standard sequence, in torchattacks' version."""
    ta: Any = import_module("torchattacks")

    return ta.AutoAttack(model, norm="Linf", eps=epsilon, n_classes=10, seed=0)(pictures, labels)


def _foolbox_100(model: nn.Module, pictures: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    fb: Any = import_module("foolbox")

    wrapped = fb.PyTorchModel(model, bounds=(0, 1), device="cpu")
    attack = fb.attacks.LinfPGD(rel_stepsize=0.025, steps=100)
    return attack(wrapped, pictures, labels, epsilons=epsilon)[1]


def _torchattacks_100(model: nn.Module, pictures: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    ta: Any = import_module("torchattacks")

    return ta.PGD(model, eps=epsilon, alpha=epsilon / 40, steps=100)(pictures, labels)


def _art_100(model: nn.Module, pictures: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    evasion: Any = import_module("art.attacks.evasion")
    classification: Any = import_module("art.estimators.classification")

    estimator = classification.PyTorchClassifier(
        model, nn.CrossEntropyLoss(), tuple(pictures.shape[1:]), 10,
        clip_values=(0, 1), device_type="cpu",
    )  # fmt: skip
    attack = evasion.ProjectedGradientDescentPyTorch(
        estimator, eps=epsilon, eps_step=epsilon / 40, max_iter=100, num_random_init=1,
        batch_size=len(pictures), verbose=False,
    )  # fmt: skip
    return torch.from_numpy(attack.generate(pictures.numpy(), labels.numpy()))


STRONG: dict[str, Callable[[nn.Module, Tensor, Tensor, float], Tensor]] = {
    "foolbox": _foolbox_100,
    "torchattacks": _torchattacks_100,
    "art": _art_100,
}
"""Each peer's PGD as strong as papers run it: 100 steps of epsilon / 40 from a random start."""


def _without(name: str, **contents: Any) -> None:
    """Let adv-lib import a package that its PGD never uses: torchvision for LPIPS, visdom."""
    if name not in sys.modules:
        stand_in = types.ModuleType(name)
        for key, value in contents.items():
            setattr(stand_in, key, value)
        sys.modules[name] = stand_in


warnings.filterwarnings("ignore", module="art|foolbox|torchattacks|adv_lib")
