"""Does the audit find what hides a gradient, and does it leave alone what does not?

    python benchmarks/adversary_audit.py --out docs/adversary/results/audit.json [--examples N]
        [--plain DIR]... [--adversarial DIR]...

Power: each way to hide a gradient is planted on a network for scikit-learn's digits that has no
defence at all, so nearly nothing is robust, and what a defence seems to withstand is the fault of
the attack. The audit is told nothing but the model. A plant counts as found if a check or a probe
is raised or the verdict is "overstated", and as seen through if what the audit leaves is within ten
points of the truth: what `standard` leaves of the network without the plant.

False alarms: networks without any trick, hardened or not, must not be called overstated, and
nothing may be raised on them.

The gallery's networks ship with the package; --plain and --adversarial add trainings of one's own
(`triptych adversary gallery train plain --data digits --seed 1`), each of which is one more seed.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from triptych.adversary.attacks.attack import attack
from triptych.adversary.attacks.options import Options
from triptych.adversary.attacks.pipeline import MajorityVote, Pipeline
from triptych.adversary.attacks.remedies import bpda
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.audit.audit import audit
from triptych.adversary.calibration import Tempered
from triptych.adversary.gallery.defence import EPSILON
from triptych.adversary.gallery.pictures import as_floats, pictures
from triptych.adversary.gallery.weights import read, shipped

LEARN_FROM = 2000
NEAR = 0.1
"""How far from the truth an audit may end and still have seen through a plant."""


class Changed(nn.Module):
    """A model whose pictures or scores are changed."""

    def __init__(
        self,
        inner: nn.Module,
        after: Callable[[Tensor], Tensor] | None = None,
        before: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.inner, self.after, self.before = inner, after, before

    def forward(self, shown: Tensor) -> Tensor:
        """Pictures -> scores."""
        scores = self.inner(shown if self.before is None else self.before(shown))
        return scores if self.after is None else self.after(scores)


def planted(inner: Pipeline, others: list[Pipeline]) -> Iterator[tuple[str, str, nn.Module]]:
    """Name, kind (after Athalye et al. 2018), and the network with the plant."""
    yield "scores times 10,000", "vanishing", Changed(inner, lambda z: 1e4 * z)
    yield "softmax in the place of scores", "vanishing", Changed(inner, lambda z: z.softmax(1))
    yield (
        "log of the scores cut at zero",
        "vanishing",
        Changed(inner, lambda z: ((z - z.mean(1, keepdim=True)).tanh().relu() + 1e-6).log()),
    )
    yield "scores rounded", "shattered", Changed(inner, lambda z: (2 * z).round() / 2)
    yield (
        "pictures rounded to 4 grey levels",
        "shattered",
        Changed(inner, before=lambda x: (3 * x).round() / 3),
    )
    yield (
        "the same, as a step before the network",
        "shattered",
        inner.with_prepare(lambda x: (3 * x).round() / 3),
    )
    yield "scores without a gradient", "shattered", Changed(inner, lambda z: z.detach())
    yield (
        "a gradient turned round",
        "shattered",
        Changed(inner, bpda(lambda z: z, lambda z: -z)),
    )
    yield (
        "noise on the pictures",
        "stochastic",
        Changed(inner, before=lambda x: (x + 0.15 * torch.randn_like(x)).clamp(0, 1)),
    )
    yield (
        "noise on the scores",
        "stochastic",
        Changed(inner, lambda z: z + 2 * torch.randn_like(z)),
    )
    members = [each.members[0] for each in (inner, *others)]
    if len(members) > 1:
        yield "a vote of several networks", "shattered", Pipeline(members, head=MajorityVote())


def honest(
    data: str, hardened: Pipeline | None, plain: Pipeline
) -> Iterator[tuple[str, nn.Module]]:
    """Name and network of what hides nothing."""
    yield f"{data} plain", plain
    if data == "digits":
        yield f"{data} plain, temperature 2", Tempered(plain, 2.0)
        yield (
            f"{data} plain, pictures standardised",
            Changed(plain, before=lambda x: ((x - 0.3) / 0.4) * 0.4 + 0.3),
        )
    if hardened is not None:
        yield f"{data} adversarial", hardened


def look(
    model: nn.Module, shown: Tensor, labels: Tensor, data: str, learn_from: Tensor, seed: int
) -> dict[str, Any]:
    """One audit: what of it a table shows."""
    threat = Threat("linf", EPSILON[data])
    found = audit(model, shown, labels, threat, learn_from, seed=seed)
    raised = [each["check"] for each in found["findings"] if each["raised"]]
    best = max(found["remedies"], key=lambda each: each["fooled_anew"], default=None)
    return {
        "verdict": found["verdict"],
        "raised": raised,
        "clean_accuracy": found["clean_accuracy"],
        "plain_attack_accuracy": found["straight_accuracy"],
        "audited_accuracy": found["robust_accuracy"],
        "best_remedy": best["remedy"] if best and best["fooled_anew"] else None,
        "cpu_seconds": found["cpu_seconds"],
    }


def measure(order: argparse.Namespace) -> dict[str, Any]:
    """All audits."""
    plains = [shipped("plain", "digits"), *order.plain]
    hards = [shipped("adversarial", "digits"), *order.adversarial]
    networks = [read(folder)[0] for folder in plains]
    shown, labels, learn_from = data_of("digits", order.examples)
    power, alarms = list[dict[str, Any]](), list[dict[str, Any]]()
    for seed, inner in enumerate(networks):
        threat = Threat("linf", EPSILON["digits"])
        truth = attack(inner, shown, labels, threat, options=Options(seed=seed)).robust_accuracy
        others = [each for each in networks if each is not inner]
        for name, kind, model in planted(inner, others):
            row = look(model, shown, labels, "digits", learn_from, seed)
            row |= {"plant": name, "kind": kind, "seed": seed, "truth": truth}
            row["found"] = bool(row["raised"]) or row["verdict"] == "overstated"
            row["seen_through"] = row["audited_accuracy"] <= truth + NEAR
            tell(name, row)
            power.append(row)
    for seed, (plain, hard) in enumerate(zip(plains, hards, strict=False)):
        for name, model in honest("digits", read(hard)[0], read(plain)[0]):
            row = look(model, shown, labels, "digits", learn_from, seed)
            alarms.append({"network": name, "seed": seed, **row})
    for data in order.data:
        shown, labels, learn_from = data_of(data, order.examples)
        hard = read(shipped("adversarial", data))[0]
        for name, model in honest(data, hard, read(shipped("plain", data))[0]):
            row = look(model, shown, labels, data, learn_from, 0)
            alarms.append({"network": name, "seed": 0, **row})
    for row in alarms:
        row["false_alarm"] = row["verdict"] in ("overstated", "inconclusive") or bool(row["raised"])
        tell(row["network"], row)
    return {
        "examples": order.examples,
        "epsilon": {data: EPSILON[data] for data in ("digits", *order.data)},
        "found": sum(row["found"] for row in power),
        "seen_through": sum(row["seen_through"] for row in power),
        "planted": len(power),
        "false_alarms": sum(row["false_alarm"] for row in alarms),
        "honest": len(alarms),
        "power": power,
        "alarms": alarms,
    }


def data_of(data: str, examples: int) -> tuple[Tensor, Tensor, Tensor]:
    """Test pictures, their labels, and training pictures to learn from."""
    images, labels = pictures(data, "test")
    learn_from = as_floats(pictures(data, "train")[0][:LEARN_FROM])
    return as_floats(images[:examples]), labels[:examples], learn_from


def tell(name: str, row: dict[str, Any]) -> None:
    """One line on stderr."""
    print(
        f"{name}: {row['verdict']}; {row['plain_attack_accuracy']:.0%} -> "
        f"{row['audited_accuracy']:.0%} ({row['best_remedy']}); {', '.join(row['raised'])}",
        file=sys.stderr,
        flush=True,
    )


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="write the result to this file, too")
    parser.add_argument("--examples", type=int, default=40)
    parser.add_argument("--plain", type=Path, action="append", default=[])
    parser.add_argument("--adversarial", type=Path, action="append", default=[])
    parser.add_argument("--data", action="append", default=[], help="mnist, cifar10: honest ones")
    order = parser.parse_args()
    from triptych.errors import TriptychError
    from triptych.results import provenance, to_json, write_result

    try:
        result = measure(order)
    except TriptychError as error:
        print(f"adversary_audit: {error}", file=sys.stderr)
        sys.exit(2)
    if order.out is not None:
        write_result(order.out, result, 0)
    if order.json:
        print(to_json({**provenance(0), **result}))
    else:
        print(
            f"found {result['found']} of {result['planted']}, seen through "
            f"{result['seen_through']}; false alarms "
            f"{result['false_alarms']} of {result['honest']}"
        )


if __name__ == "__main__":
    main()
