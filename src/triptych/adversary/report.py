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
    black_box,
    carlini_wagner,
    ddn,
    fgsm,
    fmn,
    nes,
    pgd,
    random_noise,
    sigma_zero,
    square,
)
from triptych.adversary.attacks.options import Options
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.plain import digits as plain
from triptych.errors import BadInput

METHODS: dict[str, Callable[[], Method | tuple[Method, ...] | None]] = {
    "standard": lambda: None,
    "fgsm": fgsm,
    "pgd": pgd,
    "apgd": apgd,
    "apgd-targeted": apgd_targeted,
    "fmn": fmn,
    "cw": carlini_wagner,
    "ddn": ddn,
    "sigma-zero": sigma_zero,
    "square": square,
    "nes": nes,
    "noise": random_noise,
    "black-box": black_box,
}
"""The attacks by name, at their defaults."""


@dataclass(frozen=True, slots=True)
class Order:
    """An attack as the command line asks for it; `may_train`: train the model if it is missing."""

    folder: Path
    may_train: bool
    norm: str
    epsilon: str
    method: str
    examples: int
    grid: bool
    seed: int


def carry_out(order: Order, out: Path | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Run the order, and return what an evaluation's file holds; see `evaluate`.

    Raises BadInput for an unknown name or a number that is none, BrokenModel without weights.
    """
    if order.method not in METHODS:
        raise BadInput(f"method is {order.method!r}, but must be one of {', '.join(METHODS)}.")
    # Threat itself refuses other norms than it knows.
    threat = Threat(order.norm, number(order.epsilon), grid=order.grid)  # type: ignore[arg-type]
    if order.may_train and not (order.folder / plain.WEIGHTS).exists():
        say(f"Training the digits network into {order.folder} ...")
        plain.train(order.folder)
    model = plain.read(order.folder)
    pictures, labels = plain.digits("test")
    pictures, labels = pictures[: order.examples], labels[: order.examples]
    method, options = METHODS[order.method](), Options(seed=order.seed)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "result.json" if out is None else out
        state = evaluate(model, pictures, labels, threat, file, method, options=options)
    return {"method": order.method, **state}


def number(text: str) -> float:
    """A number written as 0.03 or 8/255. Raises BadInput for anything else."""
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError) as error:
        raise BadInput(f"epsilon is {text!r}, but must be a number or a fraction.") from error
