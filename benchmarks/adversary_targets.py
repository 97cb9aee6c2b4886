"""The gallery's trained defences that `adversary_vs_peers.py` attacks, with their pictures."""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.catalogue import CATALOGUE, defence
from triptych.adversary.gallery.defence import EPSILON
from triptych.adversary.gallery.pictures import as_floats, pictures
from triptych.adversary.gallery.weights import read, shipped
from triptych.adversary.training import Hardened, fast
from triptych.errors import BadInput, BrokenModel, Unavailable
from triptych.fit.loop import Plan, fit
from triptych.fit.tracker import JsonLines

TIMED = ("plain", "adversarial")
"""Those whose gradients need no remedy: attacks are timed on them."""

HARDENING = 200
"""Steps of fast adversarial training on 128 pictures each."""

EXAMPLES = {"cifar10": 64, "mnist": 256, "digits": 500}
"""As many as take a while: of the digits all that are there to be measured on."""

STEPS_TO_EPSILON = 4
"""A step is epsilon over this: 2/255 for 8/255, as Madry et al. take it on CIFAR-10."""


@dataclass(frozen=True)
class Target:
    """A network in evaluation mode, pictures [N, C, H, W] in 0..1, labels [N].

    epsilon, step: L-infinity, in pixel units. defended: trained adversarially, so that many
    examples stay right. timed: a target for timings, too. hardened_here: training steps that it
    took here, since no such weights ship; 0 for weights that do.
    """

    name: str
    model: nn.Module
    pictures: Tensor
    labels: Tensor
    epsilon: float
    step: float
    defended: bool
    timed: bool
    hardened_here: int = 0


def targets(examples: int | None = None, only: list[str] | None = None) -> Iterator[Target]:
    """All that ship, on each data set whose pictures are here; says on stderr what is not.

    examples: of each, the first; `EXAMPLES` if not given.
    """
    for data, epsilon in EPSILON.items():
        for kind in CATALOGUE:
            name, here = f"{data} {kind}", 0
            if only and name not in only:
                continue
            try:
                if name == "cifar10 adversarial" and not ships(kind, data):
                    model, here = hardened(data, epsilon), HARDENING
                else:
                    model, _ = read(shipped(kind, data))
                images, labels = pictures(data, "test")
            except (BadInput, BrokenModel, Unavailable) as error:
                print(f"Without {name}: {error}", file=sys.stderr)
                continue
            count = EXAMPLES[data] if examples is None else examples
            yield Target(
                name, model, as_floats(images[:count]), labels[:count], epsilon,
                epsilon / STEPS_TO_EPSILON, kind == "adversarial", kind in TIMED, here,
            )  # fmt: skip


def ships(kind: str, data: str) -> bool:
    """Whether the package holds weights."""
    try:
        shipped(kind, data)
    except BrokenModel:
        return False
    return True


def hardened(data: str, epsilon: float) -> nn.Module:
    """The plain network, taught to withstand for a minute: enough that many examples stay right."""
    print(f"Hardening the plain network for {data}, {HARDENING} steps ...", file=sys.stderr)
    plain = defence("plain")
    setting = plain.settings[data, "small"]
    pipeline, _ = read(shipped("plain", data))
    task = Hardened(plain.task(pipeline, setting), fast(Threat("linf", epsilon)))
    plan = Plan(
        HARDENING, warmup=20, average=0.98, evaluate_every=10**6, accelerator="cpu", clip=1.0
    )
    with tempfile.TemporaryDirectory() as scratch:
        trained = fit(task, plan, Path(scratch), JsonLines(Path(scratch) / "log.jsonl"))
    return trained.pipeline.eval()  # type: ignore[union-attr,operator,return-value]
