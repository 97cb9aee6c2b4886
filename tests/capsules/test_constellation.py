"""Constellations: how they are drawn and scored, their mixture by brute force, and learning."""

import json
import math
from itertools import permutations

import cv2
import numpy as np
import pytest
import torch
from torch.distributions import Normal
from typer.testing import CliRunner

from triptych.capsules.constellation import Constellation, terms, weigh
from triptych.capsules.point_task import PointTask, score, test_constellations
from triptych.capsules.points import assignment_accuracy, draw
from triptych.capsules.presets import preset
from triptych.cli import app
from triptych.errors import BadInput

test_constellations.__test__ = False  # a set for testing, not a test

SETTINGS = preset("constellation").changed(
    ["objects.width=16", "objects.output=16", "objects.hidden=16", "objects.blocks=1"]
)


def triptych(*words):
    """Run the command line in this process; errors come out as they are."""
    words = ["capsules", *map(str, words)]
    return CliRunner().invoke(app, words, catch_exceptions=False)


def test_constellations_are_squares_and_triangles():
    """Four equal sides or three points, within [-1, 1]; present ones are whole objects."""
    drawn = draw(300, np.random.default_rng(0))
    assert drawn.points.shape == (300, 11, 2)
    assert drawn.points.abs().max() <= 1 + 1e-6
    sizes = torch.stack([((drawn.owners == k) * drawn.presence).sum(1) for k in range(3)], 1)
    assert set(sizes[:, 0].tolist()) == set(sizes[:, 2].tolist()) == {0, 4}
    assert set(sizes[:, 1].tolist()) == {0, 3}
    assert sizes.sum(1).min() > 0
    assert (sizes > 0).float().mean().item() == pytest.approx(0.55, abs=0.06)
    for points, presence, owners in zip(drawn.points, drawn.presence, drawn.owners, strict=True):
        square = points[(owners == 0) & (presence > 0.5)]
        if len(square):
            gaps = torch.cdist(square, square)
            sides = gaps.sort(1).values[:, 1:]  # two sides and the diagonal from each corner
            assert torch.allclose(sides[:, :2], sides[:1, :1].expand(4, 2), atol=1e-4)
            assert torch.allclose(sides[:, 2], sides[:, 0] * math.sqrt(2), atol=1e-4)


def test_the_score_is_the_best_of_all_names():
    """Against every renaming of the three objects; nobody's points and absent ones do not count."""
    generator = torch.Generator().manual_seed(0)
    owners = torch.randint(3, (1, 11), generator=generator)
    guessed = torch.randint(4, (1, 11), generator=generator)
    presence = torch.ones(1, 11)
    presence[0, :2] = 0
    best = max(
        sum(int(guessed[0, j] < 3 and names[guessed[0, j]] == owners[0, j]) for j in range(2, 11))
        for names in permutations(range(3))
    )
    assert assignment_accuracy(guessed, owners, presence) == pytest.approx(best / 9)
    renamed = torch.tensor([2, 0, 1])[owners]
    assert assignment_accuracy(renamed, owners, presence) == 1


def test_the_likelihood_is_a_normalised_mixture_over_all_votes():
    """By enumeration with separate normal densities."""
    torch.manual_seed(0)
    network = Constellation(SETTINGS).eval()
    drawn = draw(2, np.random.default_rng(1))
    with torch.no_grad():
        vectors = network.encoder(drawn.points, drawn.presence)
        _, _, pose, log_presence, log_scale, _, _ = network.capsules(vectors, 0.0)
        found = network(drawn.points, drawn.presence)
    for b in range(2):
        for n in range(11):
            total, mass = 1e-4, 1e-2
            for k in range(3):
                for v in range(4):
                    scale, presence = log_scale[b, k, v].exp(), log_presence[b, k, v].exp()
                    near = Normal(pose[b, k, v][[2, 5]], scale).log_prob(drawn.points[b, n]).sum()
                    total += presence * near.exp()
                    mass += presence
            expected = math.log(total) - math.log(mass)
            assert found.log_likelihood[b, n].item() == pytest.approx(expected, abs=1e-4)


def test_the_order_of_the_points_does_not_matter():
    """Shuffled points get the same likelihoods and owners, shuffled."""
    torch.manual_seed(0)
    network = Constellation(SETTINGS).eval()
    drawn = draw(3, np.random.default_rng(2))
    order = torch.randperm(11)
    with torch.no_grad():
        straight = network(drawn.points, drawn.presence)
        shuffled = network(drawn.points[:, order], drawn.presence[:, order])
    assert torch.allclose(straight.log_likelihood[:, order], shuffled.log_likelihood, atol=1e-4)
    assert torch.allclose(straight.votes, shuffled.votes, atol=1e-4)


def test_it_learns_to_separate_shapes():
    """250 steps of the preset: far more points right than by giving all to one object."""
    settings = preset("constellation")
    task = PointTask(settings, 0)
    network = task.network.network
    optimizer = task.optimizer()
    network.train()
    for step in range(250):
        optimizer.zero_grad()
        points, presence = task.batch(np.random.default_rng([0, step]))
        weigh(terms(network(points, presence), presence), settings).backward()
        optimizer.step()
    held = test_constellations(1000)
    all_to_one = assignment_accuracy(torch.zeros_like(held.owners), held.owners, held.presence)
    assert all_to_one < 0.72
    assert score(network.eval(), held) > 0.82


def test_the_commands_know_constellations(tmp_path, monkeypatch):
    """train, evaluate, show and explain; pictures are refused with a sentence."""
    monkeypatch.chdir(tmp_path)
    changes = ["train.steps=3", "train.batch=8", "objects.width=16", "objects.output=16"]
    sets = [word for change in changes for word in ("--set", change)]
    triptych("train", "constellation", "--run", "run", "--threads", 1, "--seeds", 2, *sets)
    numbers = json.loads(triptych("evaluate", "run", "--json").stdout)
    assert 0 < numbers["assignment_accuracy"]["mean"] <= 1
    assert len(numbers["assignment_accuracy"]["values"]) == 2
    assert numbers["clustering_accuracy"] == {"mean": None, "std": None}
    assert "right object" in triptych("evaluate", "run").stdout
    shown = triptych("show", "run").stdout.split()
    assert [cv2.imread(path) is not None for path in shown] == [True, True]
    told = json.loads(triptych("explain", "run", "test:3", "--json").stdout)
    assert len(told["points"]) >= 3 and cv2.imread(told["page"]) is not None
    assert "points of" in triptych("explain", "run", "test:3").stdout
    with pytest.raises(BadInput, match=r"There is no constellation digit\.png"):
        triptych("explain", "run", "digit.png")
