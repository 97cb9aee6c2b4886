"""What a run has learned: clustering, linear probe and transfer to affNIST, over its seeds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from triptych.capsules.model import StackedCapsules
from triptych.capsules.pictures import Pictures, read_pictures
from triptych.capsules.point_task import score as points_score
from triptych.capsules.point_task import test_constellations
from triptych.capsules.points import assignment_accuracy
from triptych.capsules.run import Run, networks, point_networks, steps_done
from triptych.capsules.score import cluster_and_match, probe
from triptych.capsules.train import features

FEATURES = ("presence", "posterior")
"""Both are reported; the main numbers are those of the kind that clusters training better."""

_SIDE_OF_AFFNIST = 40


@dataclass(frozen=True)
class Scores:
    """Of one network, by the kind of its features: accuracies 0..1 on test pictures.

    training: of the clustering, on the training pictures. probe: fitted after the fact; online: of
    the probe that was trained along.
    """

    clustering: Mapping[str, float]
    training: Mapping[str, float]
    probe: Mapping[str, float]
    online: Mapping[str, float]
    affnist: Mapping[str, float]


def evaluate(run: Run) -> dict[str, object]:
    """All numbers of a run; each accuracy with mean and standard deviation over its seeds."""
    if run.settings.of_points:
        return _evaluate_points(run)
    train = read_pictures(run.settings.data.name, "train")
    test = read_pictures(run.settings.data.name, "test")
    affnist = affnist_for(run)
    found = [score(network, train, test, affnist) for network in networks(run).values()]
    main = max(FEATURES, key=lambda name: sum(scores.training[name] for scores in found))
    return {
        "preset": run.settings.preset,
        "seeds": list(run.seeds),
        "steps": steps_done(run),
        "features": main,
        "clustering_accuracy": _summary([scores.clustering for scores in found], main),
        "training_clustering_accuracy": _summary([scores.training for scores in found], main),
        "probe_accuracy": _summary([scores.probe for scores in found], main),
        "online_probe_accuracy": _summary([scores.online for scores in found], main),
        "affnist_accuracy": _summary([scores.affnist for scores in found], main),
        "affnist_note": "no transfer: the canvas is not 40x40" if affnist is None else affnist.note,
        "test_pictures": len(test),
    }


def _evaluate_points(run: Run) -> dict[str, object]:
    """Of constellations: how many points are given to the right object."""
    test = test_constellations()
    right = [points_score(network, test) for network in point_networks(run).values()]
    nothing = {"mean": None, "std": None}
    return {
        "preset": run.settings.preset,
        "seeds": list(run.seeds),
        "steps": run.settings.train.steps,
        "assignment_accuracy": {**_spread(right), "values": right},
        "accuracy_if_all_are_given_to_one": assignment_accuracy(
            torch.zeros_like(test.owners), test.owners, test.presence
        ),
        "clustering_accuracy": nothing,
        "probe_accuracy": nothing,
        "online_probe_accuracy": nothing,
        "affnist_accuracy": nothing,
        "test_pictures": len(test.points),
    }


def affnist_for(run: Run) -> Pictures | None:
    """affNIST's test pictures, if the run's network can see them."""
    data = run.settings.data
    if data.name != "mnist" or data.canvas != _SIDE_OF_AFFNIST:
        return None
    return read_pictures("affnist", "test")


def score(
    network: StackedCapsules, train: Pictures, test: Pictures, affnist: Pictures | None
) -> Scores:
    """The numbers of one network: everything fitted on `train`."""
    seen = dict(zip(FEATURES, features(network, train, seed=1), strict=True))
    held = dict(zip(FEATURES, features(network, test, seed=2), strict=True))
    labels, truth = train.labels.numpy(), test.labels.numpy()
    classes = network.settings.loss.classes
    clustering = {
        name: cluster_and_match(seen[name], labels, held[name], truth, classes=classes)
        for name in FEATURES
    }
    probes = {name: probe(seen[name], labels, held[name], truth) for name in FEATURES}
    online = {
        name: _right(getattr(network, f"{name}_probe"), held[name], truth) for name in FEATURES
    }
    moved: dict[str, float] = {}
    if affnist is not None:
        far = dict(zip(FEATURES, features(network, affnist), strict=True))
        elsewhere = affnist.labels.numpy()
        moved = {
            name: cluster_and_match(seen[name], labels, far[name], elsewhere).accuracy
            for name in FEATURES
        }
    return Scores(
        {name: found.accuracy for name, found in clustering.items()},
        {name: found.train_accuracy for name, found in clustering.items()},
        probes,
        online,
        moved,
    )


@torch.no_grad()
def _right(probe: nn.Module, features: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Accuracy of a probe that was trained along."""
    device = next(probe.parameters()).device
    guessed = probe(torch.from_numpy(features).to(device)).argmax(1)
    return float((guessed.cpu().numpy() == truth).mean())


def _summary(found: list[Mapping[str, float]], main: str) -> dict[str, object]:
    """mean and std (of the sample; null of one) of the main features, and of each kind."""
    kinds = {
        name: {**_spread(values), "values": values}
        for name in FEATURES
        if (values := [scores[name] for scores in found if name in scores])
    }
    best = kinds.get(main, {"mean": None, "std": None})
    return {"mean": best["mean"], "std": best["std"], **kinds}


def _spread(values: list[float]) -> dict[str, float | None]:
    std = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "std": std}


def in_words(numbers: Mapping[str, object]) -> str:
    """The numbers of `evaluate` for people, a line each."""
    seeds = numbers["seeds"]
    assert isinstance(seeds, list)
    lines = [f"{numbers['preset']}, {len(seeds)} seed(s), {numbers['test_pictures']} test pictures"]
    for key in (
        "clustering_accuracy",
        "probe_accuracy",
        "online_probe_accuracy",
        "affnist_accuracy",
    ):
        table = numbers[key]
        assert isinstance(table, dict)
        for name in FEATURES:
            if name in table:
                mean, std = table[name]["mean"], table[name]["std"]
                spread = "" if std is None else f" ± {100 * std:.2f}"
                lines.append(f"{key.replace('_', ' '):<21} {name:<10} {100 * mean:.2f} %{spread}")
    points = numbers.get("assignment_accuracy")
    if isinstance(points, dict):
        spread = "" if points["std"] is None else f" ± {100 * points['std']:.2f}"
        lines.append(f"points given to the right object  {100 * points['mean']:.2f} %{spread}")
    return "\n".join(lines)
