"""The blur has a gradient, so attack through it; and one picture can fool both networks at once.

The talk's team added the losses of the original and of the blurred network. A fixed sum leans
towards whichever is easier; the margins with a cap, and the lower of the two margins, push where
least is reached.
"""

from triptych.adversary.attacks.gradients import Direct
from triptych.adversary.attacks.method import apgd, pgd
from triptych.adversary.attacks.objectives import capped, cross_entropy, margin
from triptych.adversary.attacks.pipeline import Pipeline, identity
from triptych.adversary.attacks.remedies import Blend, Weakest
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.blur.model import Blur
from triptych.adversary.gallery.defence import EPSILON, Attempt

_ENOUGH = 1.0
"""The margin, in logits, at which a fooled network stops pulling."""


def breaks(pipeline: Pipeline, setting: Blur) -> list[Attempt]:
    """Straight through the blur; then three ways to fool both, of whose pictures the last count."""
    threat = Threat("linf", EPSILON[setting.data])
    undefended = pipeline.with_prepare(identity)
    also = {"undefended": undefended}
    enough = capped(margin, _ENOUGH)
    both = {
        "both: sum of losses": Blend(
            [(Direct(undefended, cross_entropy), 0.5), (Direct(pipeline, cross_entropy, True), 0.5)]
        ),
        "both: sum of capped margins": Blend(
            [(Direct(undefended, enough), 0.5), (Direct(pipeline, enough, True), 0.5)]
        ),
        "both: the lower margin": Weakest(
            [Direct(undefended, enough), Direct(pipeline, enough, True)]
        ),
    }
    return [
        Attempt("Auto-PGD through the blur, 100 steps", threat, (apgd(100),)),
        *(
            Attempt(name, threat, (pgd(40, gradient=source),), also=also)
            for name, source in both.items()
        ),
    ]
