"""HopSkipJump against closed forms: by answers alone it finds the nearest boundary."""

import pytest
import torch
from torch import nn

from triptych.adversary import Options, Threat, attack
from triptych.adversary.attacks.method import hop_skip_jump
from triptych.errors import BadInput


class Answers(nn.Module):
    """A model that tells its answer only: 1 for the class, 0 for all others."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        """One-hot answers."""
        logits = self.model(x)
        return torch.zeros_like(logits).scatter(1, logits.argmax(1, keepdim=True), 1.0)


@pytest.fixture
def scene(make):
    """A linear model that tells answers only, grey pictures far from the walls, their labels."""
    model, pictures = make.linear(), 0.45 + 0.1 * make.pictures(6)
    return model, pictures, make.answers(model, pictures)


def nearest(model, pictures, labels, norm):
    """The distance to the nearest boundary of a linear model."""
    weight, bias = model[1].weight.detach(), model[1].bias.detach()
    logits = pictures.flatten(1) @ weight.T + bias
    gaps = logits.gather(1, labels[:, None]) - logits
    apart = weight[labels][:, None] - weight[None]
    size = apart.abs().sum(2) if norm == "linf" else apart.norm(dim=2)
    return torch.where(size > 0, gaps / size.clamp_min(1e-12), torch.inf).amin(1)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_it_closes_in_on_the_nearest_boundary(scene, norm):
    """Never nearer than it can be; nearer with more queries; in the end most within a tenth."""
    model, pictures, labels = scene
    best = nearest(model, pictures, labels, norm)
    ratio = []
    for queries in (200, 1000):
        threat = Threat(norm, float("inf"))
        found = attack(Answers(model), pictures, labels, threat, hop_skip_jump(queries))
        assert bool(found.success.all())
        assert found.work.backwards == 0
        ratio.append(found.distance / best)
        assert bool((ratio[-1] > 1 - 1e-5).all())
    assert ratio[1].mean() < ratio[0].mean()
    assert ratio[1].median() < 1.1  # one may have come to the boundary of another class


def test_a_finite_epsilon_ends_the_search(scene):
    """Within twice the least distance it finds all, and stops when it has."""
    model, pictures, labels = scene
    epsilon = 2 * nearest(model, pictures, labels, "l2").double()
    found = attack(Answers(model), pictures, labels, Threat("l2", epsilon), hop_skip_jump(2000))
    assert bool(found.success.all())
    assert bool((found.distance <= epsilon).all())
    assert found.work.forwards < 6 * 1000
    none = attack(Answers(model), pictures, labels, Threat("l2", epsilon / 4), hop_skip_jump(300))
    assert not bool(none.success.any())


def test_slots_change_nothing(scene):
    """Each row is in a phase of its own, whatever the others do."""
    model, pictures, labels = scene
    threat, method = Threat("l2", float("inf")), hop_skip_jump(120)
    found = [
        attack(Answers(model), pictures, labels, threat, method, options=Options(slots=count))
        for count in (4, 6)
    ]
    assert torch.allclose(found[0].distance, found[1].distance, rtol=1e-3)


def test_settings_are_checked():
    """A sentence for each."""
    with pytest.raises(BadInput, match="queries is 0"):
        hop_skip_jump(0)
