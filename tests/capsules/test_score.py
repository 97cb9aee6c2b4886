"""Clusters matched to classes, fitted on training features and scored on test features."""

from itertools import permutations

import numpy as np
import pytest

from triptych.capsules.score import cluster_and_match, match, probe


def clouds(per_class, seed, classes=4):
    """Well separated clouds of points, [N, 3], and their labels."""
    generator = np.random.default_rng(seed)
    centres = 10 * np.random.default_rng(0).standard_normal((classes, 3))
    labels = np.repeat(np.arange(classes), per_class)
    points = centres[labels] + 0.1 * generator.standard_normal((len(labels), 3))
    return points.astype(np.float32), labels


def test_the_matching_is_the_best_of_all_permutations():
    """Against every one-to-one map of five clusters."""
    generator = np.random.default_rng(0)
    clusters, labels = generator.integers(5, size=60), generator.integers(5, size=60)
    classes = match(clusters, labels, 5)
    best = max((np.array(p)[clusters] == labels).sum() for p in permutations(range(5)))
    assert sorted(classes) == list(range(5))
    assert (classes[clusters] == labels).sum() == best


def test_separate_clouds_are_found_without_labels():
    """Clustering and probe are right on points they have not seen."""
    train, train_labels = clouds(40, 1)
    test, test_labels = clouds(20, 2)
    found = cluster_and_match(train, train_labels, test, test_labels, classes=4)
    assert found.accuracy == found.train_accuracy == 1
    assert sorted(found.classes) == [0, 1, 2, 3]
    assert probe(train, train_labels, test, test_labels) == 1


def test_clusters_are_not_fitted_on_test():
    """Q10: if the test points all lie in one training cluster, only that class can be right."""
    train, train_labels = clouds(40, 1)
    test, test_labels = clouds(20, 2)
    moved = np.repeat(train[:1], len(test), axis=0)
    found = cluster_and_match(train, train_labels, moved, test_labels, classes=4)
    assert found.accuracy == pytest.approx(0.25)


def test_a_collapsed_network_scores_as_chance():
    """Features that are all equal give an accuracy, not an error."""
    labels = np.arange(40) % 4
    same = np.ones((40, 3), np.float32)
    found = cluster_and_match(same, labels, same, labels, classes=4)
    assert found.accuracy == pytest.approx(0.25)
