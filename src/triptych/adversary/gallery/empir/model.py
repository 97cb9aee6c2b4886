"""EMPIR's members and their vote (arXiv 2004.10162; facts from its published code).

Members 0 and 1 have few bits, member 2 has full precision; each is trained by itself. The majority
of the three answers wins; if all differ, that of member 2. What comes out is the mean probability
of those members that voted for the winner.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.gallery.empir.quantise import QuantisedConv
from triptych.adversary.gallery.lesson import Schedule, Setting

FULL = 2
"""The member of full precision."""

Bits = tuple[int, int] | None
"""Bits of weights and of activations; None: full precision."""


@dataclass(frozen=True, slots=True)
class Empir(Setting):
    """bits: of the members 0 and 1."""

    bits: tuple[tuple[int, int], tuple[int, int]]


SETTINGS = {
    ("digits", "small"): Empir("digits", Schedule(30, 64, 2e-3), ((2, 4), (2, 4))),
    ("mnist", "small"): Empir("mnist", Schedule(1.5, 128, 1e-3, "bf16-mixed"), ((2, 4), (2, 4))),
    ("mnist", "published"): Empir("mnist", Schedule(15, 128, 1e-3), ((2, 4), (2, 4))),
    ("cifar10", "small"): Empir("cifar10", Schedule(3, 128, 1e-3, "bf16-mixed"), ((4, 2), (2, 2))),
    ("cifar10", "published"): Empir("cifar10", Schedule(6, 128, 1e-3), ((4, 2), (2, 2))),
}
"""The networks have the published sizes everywhere but on the digits."""


class VotersMean:
    """The vote of the members, as the mean probability of those on the winning side."""

    def __call__(self, logits: Tensor) -> Tensor:
        """Members' logits [3, B, K] -> probabilities [B, K], whose largest is the majority's."""
        votes = nn.functional.one_hot(logits.argmax(2), logits.shape[2]).to(logits.dtype)
        winner = (votes.sum(0) + 0.5 * votes[FULL]).argmax(1)
        sides = (logits.argmax(2) == winner).to(logits.dtype)  # [3, B]
        return (sides[:, :, None] * logits.softmax(2)).sum(0) / sides.sum(0)[:, None]


def pipeline(setting: Empir) -> Pipeline:
    """The untrained ensemble."""
    bits: tuple[Bits, ...] = (*setting.bits, None)
    return Pipeline([member(setting.data, each) for each in bits], head=VotersMean())


def member(data: str, bits: Bits) -> nn.Sequential:
    """One network: pictures [B, C, H, W] in 0..1 -> logits [B, 10]."""
    if data == "cifar10":
        return nn.Sequential(
            *(_conv(3, 32, 5, bits, padding=2), nn.MaxPool2d(3, 2), nn.ReLU()),
            *(_conv(32, 32, 5, bits, padding=2), nn.ReLU(), nn.AvgPool2d(3, 2)),
            *(_conv(32, 64, 5, bits, padding=2), nn.ReLU(), nn.AvgPool2d(3, 2)),
            *(nn.Flatten(), nn.Linear(64 * 9, 64), nn.Linear(64, 10)),
        )
    if data == "mnist":
        return nn.Sequential(
            *(_conv(1, 64, 8, bits, stride=2, padding=3), nn.ReLU()),
            *(_conv(64, 128, 6, bits, stride=2), nn.ReLU()),
            *(_conv(128, 128, 5, bits), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(128, 10)),
        )
    return nn.Sequential(
        *(_conv(1, 32, 3, bits, padding=1), nn.ReLU()),
        *(_conv(32, 64, 4, bits, stride=2), nn.ReLU()),
        *(_conv(64, 64, 3, bits), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(64, 10)),
    )


def _conv(before: int, after: int, size: int, bits: Bits, **place: int) -> nn.Conv2d:
    """Weights begin at length 1 for each output channel."""
    if bits is None:
        layer = nn.Conv2d(before, after, size, bias=False, **place)
    else:
        layer = QuantisedConv(before, after, size, *bits, **place)
    with torch.no_grad():
        nn.init.trunc_normal_(layer.weight)
        layer.weight /= layer.weight.flatten(1).norm(dim=1)[:, None, None, None]
    return layer


def members(pipeline: Pipeline) -> Iterator[Pipeline]:
    """Each member as a defence of its own."""
    return (pipeline.member(number) for number in range(len(pipeline.members)))
