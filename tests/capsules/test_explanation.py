"""What is said of one picture: shares that add up, poses where things are, and true claims."""

import json

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from triptych.capsules import mixture
from triptych.capsules.explanation import explain, ink_of
from triptych.capsules.model import StackedCapsules
from triptych.capsules.run import create
from triptych.capsules.weights import save
from triptych.cli import app
from triptych.errors import BadInput


@pytest.fixture
def explained(small):
    """A network with two layers, its explanation of a picture, and its reading."""
    network = StackedCapsules(small.changed(["objects.layers=4,3"])).eval()
    picture = torch.rand(1, 1, 16, 16)
    with torch.no_grad():
        reading = network(picture, noise=False)
    return network, explain(network, picture, picture), reading


def test_posteriors_are_the_gradient_of_the_likelihood():
    """Of a mixing logit the derivative of log p is posterior minus prior, so their sum is ours."""
    logits = torch.randn(3, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    means = torch.rand(3, 1, 2, 4, 4, dtype=torch.float64)
    picture = torch.rand(2, 1, 4, 4, dtype=torch.float64)
    ground = torch.tensor([0.1, 0.6, -1.0], dtype=torch.float64)
    rest = (means, logits, *ground)
    (slope,) = torch.autograd.grad(mixture.picture_log_likelihood(picture, *rest).sum(), logits)
    posterior = mixture.posterior_probabilities(picture, *rest)
    prior = mixture.mixing_probabilities(logits, ground[1])
    assert torch.allclose(slope + prior[:-1], posterior[:-1])
    assert torch.allclose(posterior.sum(0), torch.ones(2, 4, 4, dtype=torch.float64))


def test_shares_add_up(explained):
    """Parts and background explain all ink; objects and none explain each part."""
    _, found, _ = explained
    assert sum(part.share for part in found.parts) + found.background == pytest.approx(1, abs=1e-5)
    for layer, below in zip(found.layers, (5, 4), strict=True):
        assert layer.claims.shape == (len(layer.objects) + 1, below)
        assert np.allclose(layer.claims.sum(0), 1, atol=1e-5)
    assert found.who.sum(0) == pytest.approx(np.ones((16, 16)), abs=1e-5)
    assert sum(found.guesses) == pytest.approx(1, abs=1e-5)


def test_each_part_is_what_the_network_said(explained):
    """Presence, place, size and claim against the reading itself."""
    _, found, reading = explained
    for m, part in enumerate(found.parts):
        a, b, x, c, d, y = reading.parts.pose[0, m].tolist()
        assert part.presence == pytest.approx(float(reading.parts.presence[0, m]))
        assert (part.x, part.y) == pytest.approx(((x + 1) / 2, (y + 1) / 2))
        assert part.size == pytest.approx(abs(a * d - b * c) ** 0.5, rel=1e-4)
        assert part.corners.mean(0) == pytest.approx([part.x, part.y], abs=1e-5)
        claims = reading.objects[0].routed.responsibility[0, :, m]
        best = int(claims.argmax())
        assert part.claim == pytest.approx(float(claims.max()))
        assert part.object == (None if best == 4 else best)


def test_nats_are_lost_when_a_part_is_left_out(explained):
    """Against drawing again with that part's presence at nothing."""
    network, found, reading = explained
    picture = torch.from_numpy(found.target)[None]
    network.requires_grad_(False)
    whole = reading.drawing.log_likelihood(picture).sum()
    for m, part in enumerate(found.parts):
        presence = reading.parts.log_presence.clone()
        presence[0, m] = -1e9
        less = network.templates.draw_at(reading.parts.pose, presence, reading.parts.feature)
        lost = whole - less.log_likelihood(picture).sum()
        assert part.nats == pytest.approx(float(lost), abs=1e-3)


def test_ink_is_what_differs_from_the_background():
    """On black it is the brightness; a picture that is all background counts evenly."""
    pictures = torch.rand(2, 1, 4, 4)
    pictures[1] = 0
    found = ink_of(pictures, torch.zeros(()))
    assert torch.allclose(found[0], pictures[0, 0] / pictures[0].sum())
    assert torch.allclose(found[1], torch.full((4, 4), 1 / 16))


def triptych(*arguments):
    """Run the command line in this process; errors come out as they are."""
    words = ["capsules", "explain", *map(str, arguments)]
    return CliRunner().invoke(app, words, catch_exceptions=False)


@pytest.fixture
def run(tmp_path, small):
    """A run with an untrained network of two seeds."""
    made = create(tmp_path / "run", small, [3, 4])
    for seed in made.seeds:
        torch.manual_seed(seed)
        made.of_seed(seed).mkdir()
        save(StackedCapsules(small), made.of_seed(seed) / "model.safetensors")
    return made.folder


def test_the_command_writes_a_page_and_says_it_in_words(run, tmp_path, monkeypatch):
    """Into the current folder by default; the words name parts, objects and the guess."""
    monkeypatch.chdir(tmp_path)
    words = triptych(run, "test:2").stdout
    assert words.startswith("test:2 of digits (a ")
    for needed in ("Parts: ", "of the ink", "claimed by", "Objects: ", "linear probe"):
        assert needed in words
    page = cv2.imread(str(tmp_path / "explained-test-2.png"))
    assert page.shape[0] > 600 and page.shape[1] > 1000
    assert words.strip().endswith("explained-test-2.png")


def test_json_and_a_page_elsewhere(run, tmp_path):
    """One object with all numbers; --out takes a folder or a .png file, --seed another network."""
    first = json.loads(triptych(run, "test:2", "--json", "--out", tmp_path).stdout)
    other = json.loads(
        triptych(run, "test:2", "--json", "--seed", 4, "--out", tmp_path / "new" / "p.png").stdout
    )
    assert (tmp_path / "explained-test-2.png").exists()
    assert (tmp_path / "new" / "p.png").exists()
    assert (first["seed"], other["seed"]) == (3, 4)
    assert first["parts"] != other["parts"]
    total = first["background"] + sum(part["share"] for part in first["parts"])
    assert total == pytest.approx(1, abs=1e-4)
    assert sum(first["probe"].values()) == pytest.approx(1, abs=1e-4)


def test_bad_arguments_get_one_sentence(run, tmp_path):
    """A seed that is not there, an --out that is no picture, a place that cannot be written."""
    with pytest.raises(BadInput, match="has no seed 9; it has 3, 4"):
        triptych(run, "test:2", "--seed", 9)
    with pytest.raises(BadInput, match=r"neither a folder nor a \.png file"):
        triptych(run, "test:2", "--out", tmp_path / "page.jpg")
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        triptych(run, "test:2", "--out", tmp_path / "file" / "page.png")
