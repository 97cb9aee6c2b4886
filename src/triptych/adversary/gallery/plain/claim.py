"""What early papers looked at: one step along the sign of the gradient."""

from triptych.adversary.attacks.method import fgsm
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.defence import EPSILON, Attempt
from triptych.adversary.gallery.plain.model import Plain


def claim(pipeline: Pipeline, setting: Plain) -> list[Attempt]:
    """FGSM (Goodfellow et al. 2015)."""
    del pipeline
    threat = Threat("linf", EPSILON[setting.data])
    return [Attempt("FGSM", threat, (fgsm(),), as_published=True)]
