"""The gallery's trained defences that `adversary_vs_peers.py` attacks, with their pictures."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from triptych.adversary.gallery.catalogue import CATALOGUE
from triptych.adversary.gallery.defence import EPSILON
from triptych.adversary.gallery.pictures import as_floats, pictures
from triptych.adversary.gallery.weights import read, shipped
from triptych.errors import BadInput, BrokenModel, Unavailable

TIMED = ("plain", "adversarial")
"""Those whose gradients need no remedy: attacks are timed on them."""

EXAMPLES = {"cifar10": 64, "mnist": 256, "digits": 500}
"""As many as take a while: of the digits all that are there to be measured on."""

STEPS_TO_EPSILON = 4
"""A step is epsilon over this: 2/255 for 8/255, as Madry et al. take it on CIFAR-10."""


@dataclass(frozen=True)
class Target:
    """A network in evaluation mode, pictures [N, C, H, W] in 0..1, labels [N].

    epsilon, step: L-infinity, in pixel units. defended: trained adversarially, so that many
    examples stay right. timed: a target for timings, too.
    """

    name: str
    model: nn.Module
    pictures: Tensor
    labels: Tensor
    epsilon: float
    step: float
    defended: bool
    timed: bool


def targets(examples: int | None = None, only: list[str] | None = None) -> Iterator[Target]:
    """All that ship, on each data set whose pictures are here; says on stderr what is not.

    examples: of each, the first; `EXAMPLES` if not given.
    """
    for data, epsilon in EPSILON.items():
        for kind in CATALOGUE:
            name = f"{data} {kind}"
            if only and name not in only:
                continue
            try:
                model, _ = read(shipped(kind, data))
                images, labels = pictures(data, "test")
            except (BadInput, BrokenModel, Unavailable) as error:
                print(f"Without {name}: {error}", file=sys.stderr)
                continue
            count = EXAMPLES[data] if examples is None else examples
            yield Target(
                name, model, as_floats(images[:count]), labels[:count], epsilon,
                epsilon / STEPS_TO_EPSILON, kind == "adversarial", kind in TIMED,
            )  # fmt: skip
