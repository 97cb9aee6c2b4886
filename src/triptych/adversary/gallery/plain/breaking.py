"""More than one step."""

from triptych.adversary.attacks.method import apgd, pgd
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.defence import EPSILON, Attempt
from triptych.adversary.gallery.plain.model import Plain


def breaks(pipeline: Pipeline, setting: Plain) -> list[Attempt]:
    """PGD and Auto-PGD."""
    del pipeline
    threat = Threat("linf", EPSILON[setting.data])
    return [
        Attempt("PGD, 40 steps", threat, (pgd(40),)),
        Attempt("Auto-PGD, 100 steps", threat, (apgd(100),)),
    ]
