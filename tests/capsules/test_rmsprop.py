"""RMSProp against TensorFlow 1's rule written out in scalars."""

import copy
import math

import pytest
import torch

from triptych.capsules.rmsprop import RMSPropTF


def test_three_steps_by_hand():
    """Mean square from one, epsilon inside the root, the rate inside the momentum."""
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    rates, epsilon = [0.1, 0.1, 0.05], 1e-3
    optimizer = RMSPropTF([weight], lr=0.1, decay=0.9, momentum=0.8, epsilon=epsilon)
    expected = []
    for start, slope in ((1.0, 3.0), (-2.0, 1e-4)):
        w, v, m = start, 1.0, 0.0
        for rate in rates:
            g = slope * w
            v = 0.9 * v + 0.1 * g * g
            m = 0.8 * m + rate * g / math.sqrt(v + epsilon)
            w -= m
        expected.append(w)
    for rate in rates:
        optimizer.param_groups[0]["lr"] = rate
        weight.grad = torch.tensor([3.0, 1e-4], dtype=torch.float64) * weight.detach()
        optimizer.step()
    assert weight.tolist() == pytest.approx(expected, rel=1e-12)


def test_tiny_gradients_take_far_smaller_steps_than_in_torch():
    """The reason for this class: outside the root epsilon lets tiny gradients take full steps."""
    ours, theirs = (torch.nn.Parameter(torch.zeros(())) for _ in range(2))
    optimizers = (
        RMSPropTF([ours], lr=1e-3, epsilon=6.1e-7),
        torch.optim.RMSprop([theirs], lr=1e-3, alpha=0.9, momentum=0.9, eps=6.1e-7),
    )
    for _ in range(200):
        for weight, optimizer in zip((ours, theirs), optimizers, strict=True):
            weight.grad = torch.tensor(1e-6)
            optimizer.step()
    assert 0 < -ours.item() < 0.01 * -theirs.item()


def test_its_state_survives_a_checkpoint():
    """Saved and loaded in the middle, it goes on as if nothing had happened."""

    def steps(weight, optimizer, count, offset=0):
        for i in range(count):
            weight.grad = torch.sin(weight.detach() + i + offset)
            optimizer.step()

    straight = torch.nn.Parameter(torch.ones(3))
    optimizer = RMSPropTF([straight], lr=0.01)
    steps(straight, optimizer, 3)
    twin = torch.nn.Parameter(straight.detach().clone())
    resumed = RMSPropTF([twin], lr=0.01)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    steps(straight, optimizer, 3, 3)
    steps(twin, resumed, 3, 3)
    assert torch.equal(straight, twin)
