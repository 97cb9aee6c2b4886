"""PGD on the network as it was before: the blur is to wash the perturbation away."""

from triptych.adversary.attacks.method import pgd, transfer
from triptych.adversary.attacks.pipeline import Pipeline, identity
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.blur.model import Blur
from triptych.adversary.gallery.defence import EPSILON, Attempt


def claim(pipeline: Pipeline, setting: Blur) -> list[Attempt]:
    """Pictures are made against f, and shown to f behind the blur."""
    undefended = pipeline.with_prepare(identity)
    method = transfer(undefended, pgd(40))
    threat = Threat("linf", EPSILON[setting.data])
    also = {"undefended": undefended}
    return [Attempt("PGD on the network without blur", threat, (method,), True, also)]
