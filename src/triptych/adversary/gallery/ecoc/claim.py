"""The authors' attack: PGD on the decoder's output as it stands, 200 steps of 2/3 epsilon."""

from triptych.adversary.attacks.method import Method
from triptych.adversary.attacks.objectives import cross_entropy
from triptych.adversary.attacks.pgd import Steepest
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.defence import EPSILON, Attempt
from triptych.adversary.gallery.ecoc.model import Ecoc

STEPS = 200


def claim(pipeline: Pipeline, setting: Ecoc) -> list[Attempt]:
    """One run from a random start; the last picture counts."""
    del pipeline
    rule = Steepest(STEPS, relative_step=2 / 3 * STEPS)
    threat = Threat("linf", EPSILON[setting.data])
    method = Method("pgd", rule, cross_entropy)
    return [Attempt(f"PGD on the decoder, {STEPS} steps", threat, (method,), as_published=True)]
