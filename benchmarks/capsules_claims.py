"""The talk's claims for capsules, against a plain CNN: less data, robust to shifts and to attacks.

    python benchmarks/capsules_claims.py RUN --json [--seeds 2] [--test 1000] [--cnn-steps 150]

RUN is a run of MNIST, or a shipped name. Both sides get the same labelled pictures: 1, 10, 100 and
1,000 of each class, drawn anew for each seed.

- capsules: the network learned from all training pictures without labels; logistic regression on
  the presences of its objects and how much each explains is fitted to the labelled ones (C11).
- cnn: the same convolutions (strides, channels) and one linear layer, trained on the labelled
  pictures alone, from random weights.

Then, with 1,000 of each class: accuracy when test pictures are shifted and turned (C12, C13), and
under projected gradient descent of 20 steps within L-infinity balls, 200 pictures, gradients
through the whole network. A plain attack of this file: what stands it may fall to a better one.
Test pictures serve this measurement alone.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from triptych.capsules.model import StackedCapsules
from triptych.capsules.pictures import Pictures, read_pictures, to_canvas
from triptych.capsules.render import Lattice
from triptych.capsules.run import networks, open_run
from triptych.results import provenance

LABELS = (1, 10, 100, 1000)
SHIFTS, TURNS, EPSILONS = (0, 1, 2, 3, 4), (0, 10, 20, 30), (0.05, 0.1, 0.2)
ATTACKED, ATTACK_STEPS = 200, 20

Classifier = Callable[[Tensor], Tensor]
"""Canvases [B, 1, S, S], 0..1 -> logits [B, 10], with gradients."""


def canvases(network: StackedCapsules, images: Tensor) -> Tensor:
    """Pictures in the middle of the network's canvas."""
    data = network.settings.data
    place = data if data.place == "resize" else data.model_copy(update={"place": "centre"})
    return to_canvas(images, place, np.random.default_rng(0))


def described(network: StackedCapsules, canvas: Tensor) -> Tensor:
    """Features of canvases [B, 1, S, S]: presences and explained parts of the top objects."""
    # What parts would draw is not asked for: one pixel of it is enough.
    reading = network(canvas, noise=False, lattice=Lattice(network.settings.data.canvas))
    return torch.cat([reading.presence, reading.posterior], 1)


def in_batches(network: Callable[[Tensor], Tensor], canvas: Tensor, size: int = 200) -> Tensor:
    """A network's answers for many pictures, without gradients."""
    with torch.no_grad():
        return torch.cat([network(part) for part in canvas.split(size)])


def fit_probe(network: StackedCapsules, canvas: Tensor, labels: Tensor) -> Classifier:
    """Logistic regression on standardised features, as a function with gradients."""
    features = in_batches(lambda part: described(network, part), canvas)
    mean, scale = features.mean(0), features.std(0).clamp_min(1e-4)
    model = LogisticRegression(C=1.0, max_iter=500)
    model.fit(((features - mean) / scale).numpy(), labels.numpy())
    weight = torch.from_numpy(model.coef_).float()
    bias = torch.from_numpy(model.intercept_).float()
    return lambda part: (described(network, part) - mean) / scale @ weight.T + bias


class Cnn(nn.Module):
    """The capsules' convolutions with a linear layer behind them."""

    def __init__(self, network: StackedCapsules) -> None:
        super().__init__()
        settings = network.settings
        layers: list[nn.Module] = []
        channels = 1
        for stride in settings.parts.strides:
            layers += [nn.Conv2d(channels, settings.parts.width, 3, stride), nn.ReLU()]
            channels = settings.parts.width
        side = settings.grid_side
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side**2, 10))

    def forward(self, canvas: Tensor) -> Tensor:
        """See `Classifier`."""
        return self.layers(canvas)


def fit_cnn(network: StackedCapsules, canvas: Tensor, labels: Tensor, seed: int, steps: int) -> Cnn:
    """Adam with weight decay and a cosine schedule."""
    torch.manual_seed(seed)
    cnn = Cnn(network)
    optimizer = torch.optim.AdamW(cnn.parameters(), 1e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        chosen = torch.randint(len(canvas), (min(64, len(canvas)),))
        optimizer.zero_grad()
        F.cross_entropy(cnn(canvas[chosen]), labels[chosen]).backward()
        optimizer.step()
        schedule.step()
    return cnn.eval()


def accuracy(classifier: Classifier, canvas: Tensor, labels: Tensor) -> float:
    """Share of right answers, 0..1."""
    return float((in_batches(classifier, canvas).argmax(1) == labels).float().mean())


def moved(canvas: Tensor, shift: float, turn: float) -> Tensor:
    """Canvases shifted to the right and downwards by so many pixels and turned by degrees."""
    side = canvas.shape[-1]
    middle = (side - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), turn, 1.0)
    matrix[:, 2] += shift
    warped = [cv2.warpAffine(picture[0].numpy(), matrix, (side, side)) for picture in canvas]
    return torch.from_numpy(np.stack(warped))[:, None]


def under_attack(classifier: Classifier, canvas: Tensor, labels: Tensor, epsilon: float) -> float:
    """Accuracy after projected gradient descent on the cross-entropy from a random start."""
    generator = torch.Generator().manual_seed(0)
    delta = epsilon * (2 * torch.rand(canvas.shape, generator=generator) - 1)
    fooled = torch.zeros(len(canvas), dtype=torch.bool)
    for _ in range(ATTACK_STEPS):
        delta = ((canvas + delta).clamp(0, 1) - canvas).requires_grad_()
        logits = classifier(canvas + delta)
        fooled |= logits.detach().argmax(1) != labels
        (slope,) = torch.autograd.grad(F.cross_entropy(logits, labels), delta)
        step = 2.5 * epsilon / ATTACK_STEPS
        delta = (delta + step * slope.sign()).detach().clamp(-epsilon, epsilon)
    with torch.no_grad():
        fooled |= classifier((canvas + delta).clamp(0, 1)).argmax(1) != labels
    return float((~fooled).float().mean())


def labelled(pictures: Pictures, each: int, seed: int) -> NDArray[np.int64]:
    """The numbers of `each` pictures of every class, drawn by chance."""
    generator = np.random.default_rng([seed, each])
    labels = pictures.labels.numpy()
    return np.concatenate(
        [generator.choice(np.flatnonzero(labels == c), each, replace=False) for c in range(10)]
    )


def spread(values: Sequence[float]) -> dict[str, float | list[float] | None]:
    """Mean, standard deviation and the values."""
    std = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.fmean(values), "std": std, "values": list(values)}


def measure(run: str, seeds: int, tested: int, steps: int) -> dict[str, object]:
    """All of it."""
    opened = open_run(Path(run))
    network = next(iter(networks(opened).values())).eval().requires_grad_(False)
    train, test = read_pictures("mnist", "train"), read_pictures("mnist", "test")
    canvas, truth = canvases(network, test.images[:tested]), test.labels[:tested]
    by_labels: dict[str, dict[str, list[float]]] = {}
    sides: list[dict[str, Classifier]] = []
    for each in LABELS:
        found: dict[str, list[float]] = {"capsules": [], "cnn": []}
        for seed in range(seeds):
            chosen = torch.from_numpy(labelled(train, each, seed))
            seen, labels = canvases(network, train.images[chosen]), train.labels[chosen]
            both: dict[str, Classifier] = {
                "capsules": fit_probe(network, seen, labels),
                "cnn": fit_cnn(network, seen, labels, seed, steps),
            }
            for name, classifier in both.items():
                found[name].append(accuracy(classifier, canvas, truth))
            if each == LABELS[-1]:
                sides.append(both)
        by_labels[str(each)] = found
    few, labels = canvas[:ATTACKED], truth[:ATTACKED]
    some, some_labels = canvas[:1000], truth[:1000]
    names = ("capsules", "cnn")
    return {
        "run": opened.folder.name,
        "pictures": tested,
        "seeds": seeds,
        "cnn_steps": steps,
        "weights": {
            "capsules": sum(weight.numel() for weight in network.parameters()),
            "cnn": sum(weight.numel() for weight in Cnn(network).parameters()),
        },
        "labels_of_each_class": {
            each: {name: spread(values[name]) for name in names}
            for each, values in by_labels.items()
        },
        "shifted_by_pixels": {
            str(shift): {
                name: spread([accuracy(s[name], moved(some, shift, 0), some_labels) for s in sides])
                for name in names
            }
            for shift in SHIFTS
        },
        "turned_by_degrees": {
            str(turn): {
                name: spread([accuracy(s[name], moved(some, 0, turn), some_labels) for s in sides])
                for name in names
            }
            for turn in TURNS
        },
        "attacked": {
            str(epsilon): {
                name: spread([under_attack(sides[0][name], few, labels, epsilon)]) for name in names
            }
            for epsilon in EPSILONS
        },
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="a run's folder, or a shipped name")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--test", type=int, default=1000, help="test pictures")
    parser.add_argument("--cnn-steps", type=int, default=150)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    began = time.process_time()
    numbers = measure(arguments.run, arguments.seeds, arguments.test, arguments.cnn_steps)
    numbers = {**provenance(), **numbers, "processor_seconds": time.process_time() - began}
    if arguments.json:
        print(json.dumps(numbers))
        return
    for key in ("labels_of_each_class", "shifted_by_pixels", "turned_by_degrees", "attacked"):
        table = numbers[key]
        assert isinstance(table, dict)
        print(key.replace("_", " "))
        for value, row in table.items():
            capsules, cnn = row["capsules"]["mean"], row["cnn"]["mean"]
            print(f"  {value:>5}  capsules {capsules:.3f}  cnn {cnn:.3f}")


if __name__ == "__main__":
    main()
