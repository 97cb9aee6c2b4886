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
    hop_skip_jump,
    nes,
    pgd,
    random_noise,
    sigma_zero,
    square,
)
from triptych.adversary.attacks.options import Options
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.target import find, methods_for, surrogate
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
    "hop-skip-jump": hop_skip_jump,
    "noise": random_noise,
    "black-box": black_box,
}
"""The attacks by name, at their defaults."""


@dataclass(frozen=True, slots=True)
class Order:
    """An attack as the command line asks for it.

    target: an ONNX file; the name of a defence in the gallery, whose weights for `data` ship with
    the package; `digits`, which is `plain` on the digits; or the folder of a gallery run.
    surrogate: named likewise. pictures: a file of one's own.
    """

    target: str
    data: str
    norm: str
    epsilon: str
    method: str
    examples: int
    grid: bool
    seed: int
    surrogate: str | None = None
    pictures: Path | None = None


def carry_out(order: Order, out: Path | None) -> dict[str, Any]:
    """Run the order, and return what an evaluation's file holds; see `evaluate`.

    Raises BadInput for an unknown name or a number that is none, BrokenModel without weights,
    Unavailable without pictures.
    """
    if order.method not in METHODS:
        raise BadInput(f"method is {order.method!r}, but must be one of {', '.join(METHODS)}.")
    # Threat itself refuses other norms than it knows.
    threat = Threat(order.norm, number(order.epsilon), grid=order.grid)  # type: ignore[arg-type]
    target = find(order.target, order.data, order.pictures)
    other = None if order.surrogate is None else surrogate(order.surrogate, target)
    method = methods_for(target, METHODS[order.method](), threat.norm, other)
    images, labels = target.pictures[: order.examples], target.labels[: order.examples]
    options = Options(seed=order.seed)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "result.json" if out is None else out
        state = evaluate(target.model, images, labels, threat, file, method, options=options)
    about = {"target": target.name, "data": target.data, "method": order.method}
    if order.surrogate is not None:
        about["surrogate"] = order.surrogate
    return {**about, **state}


def number(text: str) -> float:
    """A number written as 0.03 or 8/255. Raises BadInput for anything else."""
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError) as error:
        raise BadInput(f"epsilon is {text!r}, but must be a number or a fraction.") from error
