"""Where tanh is flat and the cut is zero no gradient comes through, but neither changes an order.

So leave the log and the cut out, and let the bits saturate late or not at all: the smooth decoder
gives directions, the original one judges.
"""

from dataclasses import replace

from torch import Tensor

from triptych.adversary.attacks.gradients import Direct
from triptych.adversary.attacks.method import apgd, apgd_targeted, pgd
from triptych.adversary.attacks.objectives import difference, margin
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.defence import EPSILON, Attempt
from triptych.adversary.gallery.ecoc.model import Ecoc, LogDecoder, joined


class LinearDecoder:
    """z C^T: the decoder without tanh, cut and log (Tramèr et al. 2020)."""

    def __init__(self, words: Tensor) -> None:
        self.words = words

    def __call__(self, chunks: Tensor) -> Tensor:
        """The chunks' z [M, B, b] -> scores [B, rows of the code]."""
        z = joined(chunks)
        return z @ self.words.T.to(z)


class LateDecoder(LinearDecoder):
    """tanh(z / 2) C^T: no bit can pay for all others, and yet none is stuck."""

    def __call__(self, chunks: Tensor) -> Tensor:
        """The chunks' z [M, B, b] -> scores [B, rows of the code]."""
        return super().__call__((chunks / 2).tanh())


def breaks(pipeline: Pipeline, setting: Ecoc) -> list[Attempt]:
    """Through smooth decoders, towards any wrong class and then towards each."""
    epsilon = EPSILON[setting.data]
    threat = Threat("linf", epsilon)
    assert isinstance(pipeline.head, LogDecoder)
    words = pipeline.head.words
    linear = Direct(pipeline.with_head(LinearDecoder(words)), margin)
    late = pipeline.with_head(LateDecoder(words))
    aimed = replace(apgd_targeted(100, 9, difference), gradient=Direct(late, difference))
    return [
        Attempt("linear decoder, 200 steps", threat, (pgd(200, epsilon / 16, gradient=linear),)),
        Attempt(
            "late decoder, Auto-PGD, 100 steps", threat, (apgd(100, gradient=Direct(late, margin)),)
        ),
        Attempt("late decoder, aimed at 9 classes", threat, (aimed,)),
    ]
