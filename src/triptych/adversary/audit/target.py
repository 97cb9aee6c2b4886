"""What an audit is asked to look at: a defence of the gallery, or a run of one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triptych.adversary.attacks.threat import Threat
from triptych.adversary.audit.audit import audit
from triptych.adversary.gallery.catalogue import CATALOGUE
from triptych.adversary.gallery.defence import EPSILON
from triptych.adversary.gallery.pictures import as_floats, pictures
from triptych.adversary.gallery.weights import read, shipped
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


def audit_target(order: Order, say: Callable[[str], None]) -> dict[str, Any]:
    """Audit it on its test pictures; see `audit`.

    Raises BadInput for an unknown name or number, BrokenModel without weights, Unavailable without
    pictures.
    """
    named = order.target in CATALOGUE
    folder = shipped(order.target, order.data) if named else Path(order.target)
    model, card = read(folder)
    data = card["data"]
    epsilon = EPSILON[data] if order.epsilon is None else _number(order.epsilon)
    threat = Threat(order.norm, epsilon)  # type: ignore[arg-type]
    images, labels = (part[: order.examples] for part in pictures(data, "test"))
    numbers = audit(
        model,
        as_floats(images),
        labels,
        threat,
        as_floats(pictures(data, "train")[0][:LEARN_FROM]),
        steps=order.steps,
        queries=order.queries,
        seed=order.seed,
        say=say,
    )
    return {"target": card["defence"], "data": data, "variant": card["variant"], **numbers}


def _number(text: str) -> float:
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError) as error:
        raise BadInput(f"epsilon is {text!r}, but must be a number or a fraction.") from error
