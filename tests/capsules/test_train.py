"""Training on scikit-learn's digits: it learns, it resumes bit by bit, it stops at NaN."""

import math

import pytest
import torch

from triptych.capsules.model import StackedCapsules
from triptych.capsules.pictures import Pictures, read_pictures
from triptych.capsules.presets import preset
from triptych.capsules.train import CapsuleTask, features, plan, settle
from triptych.errors import BadInput
from triptych.fit.loop import NotFinite, fit


class Kept:
    """A tracker that remembers."""

    def __init__(self):
        self.rows = []

    def log(self, step, numbers):
        """Keep a row."""
        self.rows.append({"step": step, **numbers})


def task_of(settings, seed=0):
    """A task on the first digits."""
    train, test = read_pictures("digits", "train"), read_pictures("digits", "test")
    some = Pictures(test.images[:60], test.labels[:60])
    return CapsuleTask(settings, train, some, seed)


def test_two_hundred_steps_lower_the_loss_and_leave_no_nan(tmp_path, small):
    """On digits; numbers of clustering, reconstruction and health are logged."""
    settings = small.changed(
        [
            "train.steps=200",
            "train.log_every=10",
            "train.evaluate_every=200",
            "train.batch=32",
            "parts.pixel_scale=0.3",
        ]
    )
    kept = Kept()
    network = fit(task_of(settings), plan(settings, 0, "cpu"), tmp_path, kept)
    losses = [row["loss"] for row in kept.rows if "loss" in row]
    assert max(losses[-3:]) < min(losses[:3])
    assert sum(losses[-3:]) < sum(losses[:3]) - 100
    assert all(weight.isfinite().all() for weight in network.parameters())
    last = kept.rows[-1]
    assert {"clustering_presence", "clustering_posterior", "squared_error"} <= set(last)
    assert {"out_of_frame", "over_zoomed", "never_used", "flat_templates"} <= set(last)
    assert all(math.isfinite(value) for value in last.values())


@pytest.mark.parametrize("optimiser", ["adam", "rmsprop_tf"])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, small, optimiser):
    """Bit by bit, noise and Metropolis chains included."""
    settings = small.changed(
        "train.steps=6 train.save_every=3 objects.routing=metropolis objects.chain=4 "
        f"train.optimiser={optimiser}".split()
    )
    straight = fit(task_of(settings), plan(settings, 5, "cpu"), tmp_path / "a", Kept())

    class KilledError(Exception):
        pass

    def kill(step):
        if step == 4:
            raise KilledError

    with pytest.raises(KilledError):
        fit(task_of(settings), plan(settings, 5, "cpu"), tmp_path / "b", Kept(), kill)
    resumed = fit(task_of(settings), plan(settings, 5, "cpu"), tmp_path / "b", Kept())
    for one, other in zip(straight.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_nan_stops_at_its_step_and_names_the_tensor(tmp_path, small):
    """The first gradient that is NaN is named with the step."""
    settings = small.changed(["train.steps=5"])
    task = task_of(settings)

    def poison(step):
        if step == 2:
            with torch.no_grad():
                task.network.network.templates.logits[0, 0, 0, 0] = math.nan

    with pytest.raises(NotFinite, match=r"step 2: the gradient of network\.\S+ is not finite"):
        fit(task, plan(settings, 0, "cpu"), tmp_path, Kept(), poison)


def test_the_same_seed_draws_the_same_network(small):
    """Seeds decide the weights at the start."""
    first, again, other = (task_of(small, seed).network for seed in (1, 1, 2))
    weights = [torch.cat([w.flatten() for w in n.parameters()]) for n in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_features_are_without_noise_unless_asked(small):
    """Q2: two readings agree; with evaluation_noise they differ."""
    pictures = read_pictures("digits", "test")
    for noise, same in (("false", True), ("true", False)):
        settings = small.changed([f"train.evaluation_noise={noise}"])
        network = task_of(settings).network.network.eval()
        first, second = features(network, pictures), features(network, pictures)
        assert (first[0] == second[0]).all() == same
        assert first[0].shape == first[1].shape == (397, 4)


def test_templates_can_learn_faster_than_the_rest(small):
    """train.template_rate multiplies the rate of template pixels and opacity alone."""
    task = task_of(small.changed(["train.template_rate=10", "train.rate=0.001"]))
    groups = task.optimizer().param_groups
    assert [group["lr"] for group in groups] == pytest.approx([0.001, 0.01])
    assert len(groups[1]["params"]) == 2
    wanted = sum(weight.requires_grad for weight in task.network.parameters())
    assert len(groups[0]["params"]) == wanted - 2


def test_the_dead_schedule_can_be_woken():
    """Q8: constant by default; decay_steps makes the rate fall by 0.96 each time."""
    still = plan(preset("mnist-official"), 0)
    assert still.rate(0) == still.rate(299_999) == 1
    falling = plan(preset("svhn"), 0)
    assert falling.rate(1000) == pytest.approx(0.96)
    assert falling.rate(2000) == pytest.approx(0.96**2)


def test_labels_beyond_the_classes_are_refused(small):
    """One sentence instead of an index error in the probes."""
    pictures = read_pictures("digits", "test")
    with pytest.raises(BadInput, match=r"label 9, but loss\.classes is 4"):
        CapsuleTask(small.changed(["loss.classes=4"]), pictures, pictures, 0)


def test_settling_makes_statistics_those_of_still_pictures(small):
    """Afterwards what objects go by is the mean over the pictures themselves, and nothing else."""
    network = StackedCapsules(small.changed(["objects.standardise=true", "data.warp=1"]))
    pictures = read_pictures("digits", "train")
    some = Pictures(pictures.images[:40], pictures.labels[:40])
    seen = []
    layer = network.layers[0]
    network.train()
    network(torch.rand(8, 1, 16, 16))  # leaves statistics of other pictures behind
    layer.level.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    settle(network, some, batch=20)
    assert not network.training and not layer.level.training
    mean = torch.cat(seen).mean(0)
    assert torch.allclose(layer.level.running_mean, mean, atol=1e-5)
    before = layer.level.running_mean.clone()
    network(torch.rand(8, 1, 16, 16))
    assert torch.equal(layer.level.running_mean, before)


def test_the_rate_falls_along_a_cosine_when_asked(small):
    """To half in the middle, to nothing at the end; by default it stays."""
    middle = plan(small.changed(["train.steps=100", "train.schedule=cosine"]), 0).rate(50)
    assert middle == pytest.approx(0.5)
    assert plan(small.changed(["train.steps=100"]), 0).rate(99) == 1.0
