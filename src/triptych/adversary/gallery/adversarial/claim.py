"""PGD as Madry et al. measured: 40 steps of 0.01 on MNIST, 20 of 2/255 on CIFAR-10."""

from triptych.adversary.attacks.method import pgd
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.adversarial.model import Adversarial
from triptych.adversary.gallery.defence import EPSILON, Attempt

_STEPS = {"digits": (20, 0.02), "mnist": (40, 0.01), "cifar10": (20, 2 / 255)}


def claim(pipeline: Pipeline, setting: Adversarial) -> list[Attempt]:
    """One run from a random start; the last picture counts."""
    del pipeline
    steps, size = _STEPS[setting.data]
    threat = Threat("linf", EPSILON[setting.data])
    method = pgd(steps, size)
    return [Attempt(f"PGD, {steps} steps", threat, (method,), as_published=True)]
