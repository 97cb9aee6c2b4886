"""What `triptych adversary attack` does, without the command line."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triptych.adversary.attacks.evaluation import evaluate
from triptych.adversary.attacks.method import (
    Method,
    apgd,
    apgd_targeted,
    carlini_wagner,
    fgsm,
    fmn,
    pgd,
    random_noise,
    square,
    standard,
)
from triptych.adversary.attacks.options import Options
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.catalogue import CATALOGUE
from triptych.adversary.gallery.pictures import as_floats, pictures
from triptych.adversary.gallery.weights import read, shipped
from triptych.errors import BadInput

METHODS: dict[str, Callable[[], Method | tuple[Method, ...]]] = {
    "standard": lambda: standard(10),
    "fgsm": fgsm,
    "pgd": pgd,
    "apgd": apgd,
    "apgd-targeted": apgd_targeted,
    "fmn": fmn,
    "cw": carlini_wagner,
    "square": square,
    "noise": random_noise,
}
"""The attacks by name, at their defaults."""


@dataclass(frozen=True, slots=True)
class Order:
    """An attack as the command line asks for it.

    target: the name of a defence in the gallery, whose weights for `data` ship with the package;
    `digits`, which is `plain` on the digits; or the folder of a gallery run.
    """

    target: str
    data: str
    norm: str
    epsilon: str
    method: str
    examples: int
    grid: bool
    seed: int


def carry_out(order: Order, out: Path | None) -> dict[str, Any]:
    """Run the order, and return what an evaluation's file holds; see `evaluate`.

    Raises BadInput for an unknown name or a number that is none, BrokenModel without weights,
    Unavailable without pictures.
    """
    if order.method not in METHODS:
        raise BadInput(f"method is {order.method!r}, but must be one of {', '.join(METHODS)}.")
    # Threat itself refuses other norms than it knows.
    threat = Threat(order.norm, number(order.epsilon), grid=order.grid)  # type: ignore[arg-type]
    if order.target == "digits":
        folder = shipped("plain", "digits")
    elif order.target in CATALOGUE:
        folder = shipped(order.target, order.data)
    else:
        folder = Path(order.target)
    model, card = read(folder)
    images, labels = (part[: order.examples] for part in pictures(card["data"], "test"))
    method, options = METHODS[order.method](), Options(seed=order.seed)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "result.json" if out is None else out
        state = evaluate(model, as_floats(images), labels, threat, file, method, options=options)
    about = {"target": card["defence"], "data": card["data"], "method": order.method}
    return {**about, **state}


def number(text: str) -> float:
    """A number written as 0.03 or 8/255. Raises BadInput for anything else."""
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError) as error:
        raise BadInput(f"epsilon is {text!r}, but must be a number or a fraction.") from error
