"""Does better calibration alone look like robustness? The same network at several temperatures.

    python benchmarks/adversary_calibration.py [--json] [--out FILE] [--plot FILE] [--seeds N]

For each seed a small network is trained as usual, and the temperature fitted on held-out pictures
(Guo et al. 2017). No temperature changes an answer, so the true robust accuracy is the same at
all. Measured is what two attacks make of it, with the same epsilon, steps and starts:
  fixed        PGD on cross-entropy, whose gradient depends on the scale of the logits
  scale-free   PGD on the difference-of-logits ratio, whose gradient does not
at the network's own temperature 1, the fitted one, and others far from it. Takes some minutes on
one core.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triptych.adversary import Options, Threat, attack
from triptych.adversary.attacks.method import Method, pgd
from triptych.adversary.attacks.objectives import dlr
from triptych.adversary.calibration import Calibration, Tempered, calibration, fit_temperature
from triptych.adversary.calibration import plot_reliability as plot
from triptych.data.load import load
from triptych.errors import TriptychError, Unavailable
from triptych.fit.loop import Plan, fit
from triptych.fit.tracker import JsonLines
from triptych.results import provenance, to_json, write_result

EPSILON: Final = {"digits": 0.1, "mnist": 0.1}
"""L-infinity, where neither all nor none of the examples fall."""

STEPS: Final = {"digits": 400, "mnist": 1500}
HELD_OUT: Final = {"digits": 300, "mnist": 5000}
TESTED: Final = {"digits": 500, "mnist": 500}
OTHERS: Final = (0.01, 0.1, 10.0, 100.0)
NAMES: Final = ("own", "fitted", *(f"{t:g}" for t in OTHERS))
ATTACKS: Final[Mapping[str, Method]] = {
    "fixed": pgd(40),
    "scale_free": pgd(40, objective=dlr),
}


def pictures(data: str) -> dict[str, tuple[Tensor, Tensor]]:
    """Three parts: `train`, `val` (the last of the training data), and the first of `test`."""
    if data == "digits":
        found = load("digits", "train")
        images, labels = found.images[:-500], found.labels[:-500]
        test = found.images[-500:], found.labels[-500:]
    else:
        found, tested = load(data, "train"), load(data, "test")
        images, labels = found.images, found.labels
        test = tested.images[: TESTED[data]], tested.labels[: TESTED[data]]
    cut = len(labels) - HELD_OUT[data]
    parts = {
        "train": (images[:cut], labels[:cut]),
        "val": (images[cut:], labels[cut:]),
        "test": test,
    }
    return {
        name: (torch.from_numpy(x.copy())[:, None].float() / 255, torch.from_numpy(y.copy()))
        for name, (x, y) in parts.items()
    }


def network(size: int) -> nn.Sequential:
    """Two convolutions and two linear layers."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2 if size > 8 else 1, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * (size // (4 if size > 8 else 2)) ** 2, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


class Task:
    """Cross-entropy, no regularisation: as over-confident as usual."""

    def __init__(self, parts: Mapping[str, tuple[Tensor, Tensor]], seed: int) -> None:
        torch.manual_seed(seed)
        self.parts = parts
        self.network: nn.Module = network(parts["train"][0].shape[-1])

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.network.parameters(), lr=2e-3)

    def batch(self, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """64 pictures."""
        images, labels = self.parts["train"]
        index = torch.from_numpy(generator.integers(len(labels), size=64))
        return images[index], labels[index]

    def loss(
        self, network: nn.Module, batch: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Mean cross-entropy."""
        return F.cross_entropy(network(batch[0]), batch[1]), {}

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """Nothing: measured at the end."""
        return {}


def logits_of(model: nn.Module, images: Tensor) -> Tensor:
    """Logits [N, 10]."""
    with torch.no_grad():
        return torch.cat([model(part) for part in images.split(500)])


def one_seed(data: str, seed: int) -> tuple[dict[str, Any], dict[str, Calibration]]:
    """Train, fit, measure and attack at each temperature."""
    parts, began = pictures(data), time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        plan = Plan(STEPS[data], seed, 50, log_every=10**6, evaluate_every=10**6, accelerator="cpu")
        model = fit(Task(parts, seed), plan, Path(scratch), JsonLines(Path(scratch) / "log"))
    training = time.process_time() - began
    fitted = fit_temperature(logits_of(model, parts["val"][0]), parts["val"][1])
    images, labels = parts["test"]
    logits, threat = logits_of(model, images), Threat("linf", EPSILON[data])
    temperatures = {"own": 1.0, "fitted": fitted, **{f"{t:g}": t for t in OTHERS}}
    numbers: dict[str, Any] = {"temperature": fitted, "training_cpu_seconds": training}
    curves = dict[str, Calibration]()
    for name, temperature in temperatures.items():
        curves[name] = calibration(logits / temperature, labels)
        numbers[name] = dict(curves[name].as_json())
        for attempt, method in ATTACKS.items():
            found = attack(
                Tempered(model, temperature), images, labels, threat, method,
                options=Options(seed=seed),
            )  # fmt: skip
            numbers[name][f"robust_accuracy_{attempt}"] = found.robust_accuracy
            numbers[name][f"zero_gradients_{attempt}"] = found.work.zero / found.work.backwards
    return numbers, curves


def summary(seeds: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation over seeds of each number, and what the fitting changed."""

    def spread(values: list[float]) -> dict[str, float]:
        return {"mean": statistics.mean(values), "std": statistics.stdev(values)}

    answer: dict[str, Any] = {"temperature": spread([s["temperature"] for s in seeds])}
    for name in NAMES:
        answer[name] = {key: spread([s[name][key] for s in seeds]) for key in seeds[0][name]}
    for attempt in ATTACKS:
        key = f"robust_accuracy_{attempt}"
        for name in NAMES[1:]:
            gains = [100 * (s[name][key] - s["own"][key]) for s in seeds]
            answer[f"points_gained_{name}_{attempt}"] = spread(gains)
    return answer


def main() -> None:
    """Measure, write, print; status 2 with one sentence if that fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="write the result to this file, too")
    parser.add_argument("--plot", type=Path, help="draw reliability diagrams of seed 0 on MNIST")
    parser.add_argument("--seeds", type=int, default=5)
    order = parser.parse_args()
    torch.set_num_threads(1)
    result: dict[str, Any] = {"seeds": order.seeds, "attack_steps": 40, "data": {}}
    try:
        for data in EPSILON:
            try:
                runs = [one_seed(data, seed) for seed in range(max(2, order.seeds))]
            except Unavailable as error:
                print(f"Without {data}: {error}", file=sys.stderr)
                continue
            result["data"][data] = {
                "epsilon": EPSILON[data],
                "training_steps": STEPS[data],
                "examples": TESTED[data],
                **summary([numbers for numbers, _ in runs]),
                "each_seed": [numbers for numbers, _ in runs],
            }
            print(f"{data} done", file=sys.stderr, flush=True)
            if order.plot is not None:
                words = {"own": "as trained", "fitted": f"T = {runs[0][0]['temperature']:.2f}"}
                plot({f"{data}, {words[k]}": runs[0][1][k] for k in words},
                     order.plot.with_stem(f"{order.plot.stem}-{data}"))  # fmt: skip
    except TriptychError as error:
        print(f"adversary_calibration: {error}", file=sys.stderr)
        sys.exit(2)
    if order.out is not None:
        write_result(order.out, result, 0)
    print(to_json({**provenance(0), **result}) if order.json else _words(result))


def _words(result: Mapping[str, Any]) -> str:
    lines = list[str]()
    for data, found in result["data"].items():
        for name in NAMES:
            cells = (f"{key} {found[name][key]['mean']:.3f}" for key in (
                "ece", "nll", "robust_accuracy_fixed", "robust_accuracy_scale_free"))  # fmt: skip
            lines.append(f"{data} {name}: {', '.join(cells)}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
