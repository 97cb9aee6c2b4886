"""The authors' attacks: 40 steps of 0.01 within 0.1 on CIFAR-10, 0.3 on MNIST, and a single step.

Their loss is the cross-entropy of what the vote puts out, which are probabilities already.
"""

from triptych.adversary.attacks.gradients import Direct
from triptych.adversary.attacks.method import fgsm, pgd
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.defence import Attempt
from triptych.adversary.gallery.empir.model import FULL, Empir

EPSILON = {"cifar10": 0.1, "mnist": 0.3, "digits": 0.2}
STEPS, STEP = 40, 0.01


def claim(pipeline: Pipeline, setting: Empir) -> list[Attempt]:
    """PGD on the vote, which stands for the claim; FGSM; and BIM.

    Their BIM takes its gradient from the last network built, that of full precision.
    """
    threat = Threat("linf", EPSILON[setting.data])
    full = Direct(pipeline.member(FULL))
    bim = pgd(STEPS, STEP, random=False, gradient=full)
    return [
        Attempt("PGD on the vote, 40 steps", threat, (pgd(STEPS, STEP),), as_published=True),
        Attempt("FGSM on the vote", threat, (fgsm(),), as_published=True),
        Attempt("BIM, 40 steps", threat, (bim,), as_published=True),
    ]
