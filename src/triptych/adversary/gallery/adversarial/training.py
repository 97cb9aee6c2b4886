"""Each batch is attacked before it is learnt (Madry et al. 2018; one step: Wong et al. 2020)."""

from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.adversarial.model import Adversarial
from triptych.adversary.gallery.defence import EPSILON
from triptych.adversary.gallery.lesson import Lesson, mirrored_and_shifted
from triptych.adversary.gallery.pictures import as_floats
from triptych.adversary.training import Hardened, Inner

_WATCHED = 200
"""Held-out pictures on which robustness is measured meanwhile."""


def task(pipeline: Pipeline, setting: Adversarial) -> Hardened:
    """The training."""
    change = mirrored_and_shifted if setting.data == "cifar10" else None
    lesson = Lesson(pipeline, setting.data, setting.schedule, change=change)
    inner = Inner(Threat("linf", EPSILON[setting.data]), setting.steps, setting.relative_step)
    images, labels = (part[:_WATCHED] for part in lesson.held_out)
    return Hardened(lesson, inner, (as_floats(images), labels))
