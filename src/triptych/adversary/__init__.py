"""Attacks on image classifiers: strong and fast by default, and honest about what they found.

    from triptych.adversary import Threat, attack
    result = attack(model, pictures, labels, Threat("linf", 8 / 255))
    print(result.clean_accuracy, result.robust_accuracy)

The names are looked up when they are first used, so importing this package imports no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triptych.adversary.attacks.attack import attack
    from triptych.adversary.attacks.options import Options
    from triptych.adversary.attacks.result import Result
    from triptych.adversary.attacks.threat import Threat

__all__ = ["Options", "Result", "Threat", "attack"]

_HOMES = {"Options": "options", "Result": "result", "Threat": "threat", "attack": "attack"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"triptych.adversary.attacks.{_HOMES[name]}"), name)
