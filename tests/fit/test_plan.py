"""The learning rate's schedules, and checkpoints from before they were added."""

import math

import pytest

pytest.importorskip("torch", reason="training needs the extra train")

import torch

from triptych.fit.loop import CHECKPOINT, Plan, fit


def test_schedules():
    """Cosine falls to zero, constant stays, exponential loses 4 % over each decay_steps."""
    assert Plan(1000, warmup=0).rate(1000) == pytest.approx(0)
    assert Plan(1000, warmup=0).rate(500) == pytest.approx(0.5)
    assert Plan(1000, warmup=0, schedule="constant").rate(999) == 1
    falling = Plan(1000, warmup=10, schedule="exponential", decay_steps=50)
    assert falling.rate(4) == 0.5
    assert falling.rate(110) == pytest.approx(0.96**2)


class Slope:
    """The smallest task: push one number down."""

    def __init__(self):
        self.network = torch.nn.Linear(1, 1)

    def optimizer(self):
        """Plain descent."""
        return torch.optim.SGD(self.network.parameters(), 0.1)

    def batch(self, generator):
        """One number."""
        return torch.tensor([[float(generator.random())]])

    def loss(self, network, batch):
        """Its image."""
        return network(batch).square().sum(), {}

    def evaluate(self, network):
        """Nothing."""
        return {}


class Silent:
    """A tracker that forgets."""

    def log(self, step, numbers):
        """Nothing."""


def test_without_average_and_limit_the_weights_are_the_last_ones(tmp_path):
    """average=0 returns the network as it was trained, clip=inf leaves its gradients alone."""
    torch.manual_seed(0)
    task = Slope()
    plan = Plan(3, average=0.0, clip=math.inf, schedule="constant", accelerator="cpu")
    found = fit(task, plan, tmp_path, Silent())
    for averaged, last in zip(found.parameters(), task.network.parameters(), strict=True):
        assert torch.equal(averaged, last)


def test_a_checkpoint_from_before_a_setting_was_added_still_resumes(tmp_path):
    """A field that its plan lacks has that field's default; another value is refused."""
    plan = Plan(3, accelerator="cpu")
    fit(Slope(), plan, tmp_path, Silent())
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    del state["plan"]["schedule"], state["plan"]["decay_steps"]
    torch.save(state, tmp_path / CHECKPOINT)
    fit(Slope(), plan, tmp_path, Silent())
    with pytest.raises(Exception, match="another plan"):
        fit(Slope(), Plan(3, accelerator="cpu", schedule="constant"), tmp_path, Silent())
