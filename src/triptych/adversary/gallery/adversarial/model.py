"""The plain network; what differs is its training."""

from dataclasses import dataclass

from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.gallery.lesson import Schedule
from triptych.adversary.gallery.plain.model import Plain, network


@dataclass(frozen=True, slots=True)
class Adversarial(Plain):
    """steps: of PGD in each training step; 1 is the fast variant. relative_step: in epsilons."""

    steps: int
    relative_step: float


SETTINGS = {
    ("digits", "small"): Adversarial("digits", Schedule(60, 64, 3e-3), "digits", 5, 0.35),
    ("mnist", "small"): Adversarial("mnist", Schedule(4, 128, 3e-3), "mnist", 1, 1.25),
    ("mnist", "published"): Adversarial("mnist", Schedule(91, 50, 1e-4), "mnist-large", 40, 1 / 30),
    ("cifar10", "small"): Adversarial(
        "cifar10", Schedule(4, 128, 2e-3, "bf16-mixed"), "cifar", 1, 1.25
    ),
    ("cifar10", "published"): Adversarial(
        "cifar10", Schedule(100, 128, 1e-3, "bf16-mixed"), "resnet18", 7, 0.25
    ),
}


def pipeline(setting: Adversarial) -> Pipeline:
    """The untrained network, alone."""
    return Pipeline([network(setting.network)])
