"""How good are features without labels? Clusters matched to classes, and a linear probe.

The paper's LIN-MATCH and LIN-PRED. Everything is fitted on training features and scored on test
features; the official code clusters the test features anew (quirk Q10).
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

Features = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Clustering:
    """accuracy: on test, 0..1. train_accuracy. classes: cluster -> the class it was matched to."""

    accuracy: float
    train_accuracy: float
    classes: tuple[int, ...]


def match(clusters: Labels, labels: Labels, count: int) -> NDArray[np.int64]:
    """The one-to-one map of clusters to classes that gets most right: [count] classes."""
    table = np.zeros((count, count), np.int64)
    np.add.at(table, (clusters, labels), 1)
    rows, columns = linear_sum_assignment(table, maximize=True)
    classes = np.empty(count, np.int64)
    classes[rows] = columns
    return classes


def cluster_and_match(
    train: Features,
    train_labels: Labels,
    test: Features,
    test_labels: Labels,
    *,
    classes: int = 10,
    restarts: int = 10,
    seed: int = 0,
) -> Clustering:
    """K-means on training features [N, K], matched to their labels, scored on test features."""
    # scikit-learn's stubs know only "auto"
    means = KMeans(classes, n_init=restarts, max_iter=1000, random_state=seed)  # type: ignore[arg-type]
    with warnings.catch_warnings():
        # Fewer distinct features than clusters: a collapsed network, whose score says so.
        warnings.simplefilter("ignore")
        found = means.fit_predict(train).astype(np.int64)
    to_class = match(found, train_labels, classes)
    guessed = to_class[means.predict(test)]
    return Clustering(
        float((guessed == test_labels).mean()),
        float((to_class[found] == train_labels).mean()),
        tuple(int(name) for name in to_class),
    )


def probe(train: Features, train_labels: Labels, test: Features, test_labels: Labels) -> float:
    """Accuracy on test, 0..1, of logistic regression fitted to training features."""
    scale = StandardScaler().fit(train)
    model = LogisticRegression(C=1.0, max_iter=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not quite converged after 200 rounds is good enough
        model.fit(scale.transform(train), train_labels)
    return float(model.score(scale.transform(test), test_labels))
