"""Where an attack could look instead: made from the parts of a pipeline, not from its name.

Every remedy gives directions only; what counts is the answer of the model as it stands.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from triptych.adversary.attacks.found import as_found
from triptych.adversary.attacks.gradients import Direct, Source
from triptych.adversary.attacks.method import Method, apgd, apgd_targeted, fmn, square
from triptych.adversary.attacks.objectives import capped, cross_entropy, difference, margin
from triptych.adversary.attacks.pipeline import Pipeline, identity, mean_probability
from triptych.adversary.attacks.remedies import Blend, Expectation, bpda
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.audit.checks import ASTRAY, NO_GRADIENT, RANDOM, ZERO
from triptych.adversary.audit.copied import learn_copy
from triptych.adversary.audit.probes import BLIND_WINS, CHANCE_WINS, NOT_ALL_FALLS

HIDDEN = frozenset({NO_GRADIENT, ZERO, ASTRAY, BLIND_WINS, CHANCE_WINS, NOT_ALL_FALLS})
"""Checks and probes after which a copy is learnt."""

QUERIES = 2000
"""Of the longer search."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """A way round, in words, and the attack that takes it."""

    name: str
    because: str
    method: Method


class Readout:
    """Members' outputs [M, B, b] -> scores [B, K] by one linear layer, learnt from their outputs.

    Whatever a head does with the outputs, a linear layer that answers as it does has a gradient
    that no saturation can hide.
    """

    def __init__(self, weight: Tensor) -> None:
        self.weight = weight

    def __call__(self, outputs: Tensor) -> Tensor:
        """The scores."""
        return _with_one(_joined(outputs)) @ self.weight.to(outputs)

    @classmethod
    def learn(cls, pipeline: Pipeline, shown: Tensor, classes: int) -> "Readout":
        """By ridge regression on the pipeline's own answers to pictures [N, ...]."""
        with as_found([pipeline], 0), torch.no_grad():
            outputs = torch.cat([pipeline.member_logits(part) for part in shown.split(256)], 1)
            answers = pipeline.head(outputs).argmax(1)
        inputs = _with_one(_joined(outputs)).double()
        wanted = nn.functional.one_hot(answers, classes).double()
        ridge = 1e-3 * len(inputs) * torch.eye(inputs.shape[1], dtype=torch.float64)
        weight = torch.linalg.solve(inputs.T @ inputs + ridge, inputs.T @ wanted)
        return cls(weight.float())


def remedies(
    model: nn.Module,
    shown: Tensor,
    classes: int,
    raised: Collection[str],
    steps: int,
    threat: Threat,
    seed: int,
) -> Iterator[Remedy]:
    """All that apply to the model, given which checks and probes were raised.

    shown: pictures [N, ...] to learn a readout or a copy from.
    """
    if NO_GRADIENT in raised:
        yield Remedy(
            "a longer search without gradient",
            "nothing comes back to the pictures",
            square(QUERIES),
        )
    else:
        yield from _direct(model, classes, steps, RANDOM in raised)
    if isinstance(model, Pipeline):
        yield from _inside(model, shown, classes, steps)
    if HIDDEN.intersection(raised):
        radius = float(threat.epsilon) if threat.norm == "linf" else 0.05
        copy = learn_copy(model, shown, classes, radius, seed)
        yield Remedy(
            "a copy learnt from the answers",
            "what hides the gradient cannot hide the answers",
            apgd(steps, restarts=3, gradient=Direct(copy, margin), objective=margin),
        )


def _direct(model: nn.Module, classes: int, steps: int, random: bool) -> Iterator[Remedy]:
    """Through the model as it stands."""
    yield Remedy(
        "the margin in the place of cross-entropy",
        "a margin does not saturate, and does not change with the scale of the scores",
        apgd(steps, objective=margin),
    )
    yield Remedy(
        "aimed at each wrong class",
        "the nearest wrong class is not always the one that the gradient points to",
        replace(apgd_targeted(steps, 9, difference)),
    )
    yield Remedy(
        "the nearest boundary",
        "a search for the least distance walks along the boundary instead of up a loss",
        fmn(steps, min(9, classes - 1)),
    )
    if random:
        mean = Expectation(Direct(model, margin, judged=True), 16)
        yield Remedy(
            "the mean gradient of 16 draws",
            "the model answers at random",
            apgd(steps, gradient=mean, objective=margin),
        )


def _inside(pipeline: Pipeline, shown: Tensor, classes: int, steps: int) -> Iterator[Remedy]:
    with as_found([pipeline], 0), torch.no_grad():
        outputs = pipeline.member_logits(shown[:2])
    count = len(pipeline.members)
    if count > 1 and outputs.shape[2] == classes:
        members = [pipeline.member(number) for number in range(count)]
        for number, member in enumerate(members):
            yield _through(
                f"member {number} alone", "what fools a member may fool the whole", member, steps
            )
        yield _through(
            "the mean probability of all members",
            "all members get a gradient, whoever leads",
            pipeline.with_head(mean_probability),
            steps,
        )
        enough = capped(margin, 0.5)
        every: Source = Blend([(Direct(member, enough), 1.0) for member in members])
        yield Remedy(
            "all members, each up to a margin",
            "what is fooled already stops pulling",
            apgd(steps, gradient=every, objective=margin),
        )
    if outputs.shape[0] * outputs.shape[2] > classes or count > 1:
        smooth = pipeline.with_head(Readout.learn(pipeline, shown, classes))
        yield Remedy(
            "a linear readout of the members' outputs, learnt from the answers",
            "the head may hide the gradient of what lies before it",
            apgd(steps, gradient=Direct(smooth, margin), objective=margin),
        )
        yield Remedy(
            "that readout, aimed at each wrong class",
            "the same, towards every class",
            replace(apgd_targeted(steps, 9, difference), gradient=Direct(smooth, difference)),
        )
    if pipeline.prepare is not identity:
        with as_found([pipeline], 0), torch.no_grad():
            same_shape = pipeline.prepare(shown[:1]).shape == shown[:1].shape
        if same_shape:
            yield _through(
                "straight back through the step before the network",
                "the step is there on the way forward, and the identity on the way back",
                pipeline.with_prepare(bpda(pipeline.prepare)),
                steps,
            )
        yield _through(
            "without the step before the network",
            "what fools the network itself may survive the step",
            pipeline.with_prepare(identity),
            steps,
        )


def _through(name: str, because: str, surrogate: Pipeline, steps: int) -> Remedy:
    gradient = Direct(surrogate, cross_entropy)
    return Remedy(name, because, apgd(steps, gradient=gradient))


def _joined(outputs: Tensor) -> Tensor:
    """[M, B, b] -> [B, M b]."""
    return outputs.permute(1, 0, 2).flatten(1)


def _with_one(inputs: Tensor) -> Tensor:
    """A constant column for the bias."""
    return torch.cat([inputs, torch.ones_like(inputs[:, :1])], 1)
