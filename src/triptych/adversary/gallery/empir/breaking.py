"""The vote lets through the gradient of some members only, and flattens it; go round the vote.

One picture has to fool two members, and those of few bits are as easily fooled as the full one.
"""

from triptych.adversary.attacks.gradients import Direct
from triptych.adversary.attacks.method import apgd, pgd, transfer
from triptych.adversary.attacks.objectives import capped, cross_entropy, dlr, margin
from triptych.adversary.attacks.pipeline import Pipeline, mean_probability
from triptych.adversary.attacks.remedies import Blend, Weakest
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.defence import EPSILON, Attempt
from triptych.adversary.gallery.empir.model import FULL, Empir, members

STEPS = 100


def breaks(pipeline: Pipeline, setting: Empir) -> list[Attempt]:
    """In the order in which they were found."""
    epsilon = 0.031 if setting.data == "cifar10" else EPSILON[setting.data]
    threat, size = Threat("linf", epsilon), epsilon / 4
    mean = Direct(pipeline.with_head(mean_probability), cross_entropy)
    least = Weakest([Direct(member, dlr) for member in members(pipeline)])
    capped_margin = capped(margin, 0.5)
    every = Blend([(Direct(member, capped_margin), 1.0) for member in members(pipeline)])
    return [
        Attempt(
            "transfer from the member of full precision",
            threat,
            (transfer(pipeline.member(FULL), pgd(STEPS, size)),),
        ),
        Attempt("mean probability of all members", threat, (pgd(STEPS, size, gradient=mean),)),
        Attempt("the member that is fooled least", threat, (apgd(STEPS, gradient=least),)),
        Attempt("all members, each up to a margin", threat, (apgd(STEPS, gradient=every),)),
    ]
