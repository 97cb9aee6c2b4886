"""An evaluation that writes down what it has found as it goes, and goes on from there.

Examples are attacked in chunks; after each the JSON file is replaced. A second call with the same
model, data, threat model, methods and seed begins after the last chunk; any difference is refused,
because numbers of two evaluations must not end up in one file.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from triptych.adversary.attacks.attack import attack
from triptych.adversary.attacks.found import Forward
from triptych.adversary.attacks.method import Method
from triptych.adversary.attacks.options import Options
from triptych.adversary.attacks.result import Work
from triptych.adversary.attacks.threat import Threat
from triptych.errors import BadInput
from triptych.results import write_result


def evaluate(
    model: Forward,
    pictures: Tensor,
    labels: Tensor,
    threat: Threat,
    file: Path,
    method: Method | Sequence[Method] | None = None,
    *,
    chunk: int = 256,
    options: Options | None = None,
) -> dict[str, Any]:
    """Attack all examples in chunks, and return what stands in `file` at the end.

    Keys: examples, done, clean_accuracy, robust_accuracy (both over what is done), right and
    success (one 0 or 1 for each example done), distance, work, and what identifies the evaluation.
    model: its weights, or its `fingerprint` if it is no module, say which it is; a function without
    either counts as the same. Raises BadInput if `file` holds another evaluation, or none.
    """
    if chunk < 1:
        raise BadInput(f"chunk is {chunk}, but must be at least 1.")
    options = Options() if options is None else options
    about = {
        "threat": threat.describe(),
        "seed": options.seed,
        "examples": len(pictures),
        "fingerprint": _fingerprint(model, pictures, labels, threat, method, options),
    }
    state = _resume(file, about)
    epsilon = threat.epsilons(len(pictures))
    for first in range(state["done"], len(pictures), chunk):
        part = slice(first, first + chunk)
        result = attack(
            model,
            pictures[part],
            labels[part],
            replace(threat, epsilon=epsilon[part]),
            method,
            options=replace(options, first_example=options.first_example + first),
        )
        state["right"] += result.right.int().tolist()
        state["success"] += result.success.int().tolist()
        state["distance"] += [round(value, 9) for value in result.distance.tolist()]
        work = Work(**state["tally"]).plus(result.work)
        state["tally"] = {name: getattr(work, name) for name in Work.__slots__}
        state["done"] = len(state["right"])
        state["clean_accuracy"] = sum(state["right"]) / state["done"]
        left = sum(r and not s for r, s in zip(state["right"], state["success"], strict=True))
        state["robust_accuracy"] = left / state["done"]
        state["work"] = work.as_json()
        write_result(file, state, options.seed)
    return state


def _resume(file: Path, about: dict[str, Any]) -> dict[str, Any]:
    new = {
        **about,
        "done": 0,
        "clean_accuracy": float("nan"),
        "robust_accuracy": float("nan"),
        "right": [],
        "success": [],
        "distance": [],
        "work": Work().as_json(),
        "tally": {name: getattr(Work(), name) for name in Work.__slots__},
    }
    if not file.exists():
        return new
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        state = {name: found[name] for name in new}
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{file} is not an evaluation's file; choose another.") from error
    for name, value in about.items():
        if state[name] != value:
            raise BadInput(
                f"{file} holds another evaluation ({name} differs); choose another file, "
                "or delete it to start over."
            )
    return state


def _fingerprint(
    model: Forward,
    pictures: Tensor,
    labels: Tensor,
    threat: Threat,
    method: Method | Sequence[Method] | None,
    options: Options,
) -> str:
    digest = hashlib.sha256()
    methods = [method] if isinstance(method, Method) else method
    for each in methods or ():
        objective = getattr(each.objective, "__name__", type(each.objective).__name__)
        words = (each.name, each.rule, objective, each.restarts, each.aims, each.samples)
        words = (*words, type(each.gradient))
        digest.update(repr(words).encode())
    digest.update(repr((threat.norm, threat.low, threat.high, threat.grid)).encode())
    digest.update(repr((options.seed, options.first_example, options.precision)).encode())
    digest.update(getattr(model, "fingerprint", b""))
    tensors = [pictures, labels, threat.epsilons(len(pictures))]
    if isinstance(model, nn.Module):
        tensors += list(model.state_dict().values())
    for tensor in tensors:
        digest.update(repr((tensor.dtype, tuple(tensor.shape))).encode())
        flat = tensor.detach().cpu().contiguous().flatten()
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
