"""More than one step."""

from triptych.adversary.attacks.method import apgd, pgd
from triptych.adversary.attacks.objectives import dlr
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.defence import EPSILON, Attempt
from triptych.adversary.gallery.plain.model import Plain


def breaks(pipeline: Pipeline, setting: Plain) -> list[Attempt]:
    """PGD and Auto-PGD; the latter also on an objective that no confidence can flatten."""
    del pipeline
    threat = Threat("linf", EPSILON[setting.data])
    return [
        Attempt("PGD, 40 steps", threat, (pgd(40),)),
        Attempt("Auto-PGD, 100 steps", threat, (apgd(100),)),
        Attempt("Auto-PGD on ratios of logits", threat, (apgd(100, objective=dlr),)),
    ]
