"""What an audit is asked to look at: a defence of the gallery, or a run of one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from triptych.adversary.attacks.threat import Threat
from triptych.adversary.audit.audit import audit
from triptych.adversary.gallery.defence import EPSILON
from triptych.adversary.gallery.pictures import as_floats, pictures
from triptych.adversary.report import number
from triptych.adversary.target import find
from triptych.errors import BadInput

LEARN_FROM = 2000
"""Training pictures that a smooth head is learnt from."""


@dataclass(frozen=True, slots=True)
class Order:
    """An audit as the command line asks for it."""

    target: str
    data: str
    norm: str
    epsilon: str | None
    examples: int
    steps: int
    queries: int
    seed: int


def carry_out(order: Order, say: Callable[[str], None]) -> dict[str, Any]:
    """Audit the target on its test pictures; see `audit`.

    Raises BadInput for an unknown name or number and for a model without gradients, BrokenModel
    without weights, Unavailable without pictures.
    """
    if order.norm == "l0":
        raise BadInput("An audit needs linf, l2 or l1: the plain attack has no step in L0.")
    target = find(order.target, order.data)
    if not isinstance(target.model, nn.Module):
        raise BadInput(f"{target.name} gives no gradients, and an audit is about gradients.")
    epsilon = EPSILON[target.data] if order.epsilon is None else number(order.epsilon)
    threat = Threat(order.norm, epsilon)  # type: ignore[arg-type]
    numbers = audit(
        target.model,
        target.pictures[: order.examples],
        target.labels[: order.examples],
        threat,
        as_floats(pictures(target.data, "train")[0][:LEARN_FROM]),
        steps=order.steps,
        queries=order.queries,
        seed=order.seed,
        say=say,
    )
    return {"target": target.name, "data": target.data, **numbers}
