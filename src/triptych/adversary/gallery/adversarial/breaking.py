"""The strongest that there is; it takes off a few points, and the rest stands."""

from triptych.adversary.attacks.method import apgd, apgd_targeted, fmn, square
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.adversarial.model import Adversarial
from triptych.adversary.gallery.defence import EPSILON, Attempt


def breaks(pipeline: Pipeline, setting: Adversarial) -> list[Attempt]:
    """The `standard` sequence, each attack on all pictures."""
    del pipeline
    threat = Threat("linf", EPSILON[setting.data])
    return [
        Attempt("Auto-PGD, 100 steps", threat, (apgd(100),)),
        Attempt("Auto-PGD aimed at 9 classes, 100 steps each", threat, (apgd_targeted(100),)),
        Attempt("FMN aimed at 9 classes, 100 steps each", threat, (fmn(100, 9),)),
        Attempt("Square, 5000 looks", threat, (square(5000),)),
    ]
