"""Adversarial training: what it learns on, and that it helps."""

import pytest
import torch
from torch import nn

from triptych.adversary import Threat, attack
from triptych.adversary.attacks.method import pgd
from triptych.adversary.gallery.catalogue import defence
from triptych.adversary.gallery.pictures import as_floats, pictures
from triptych.adversary.training import Hardened, Inner, fast, madry
from triptych.errors import BadInput
from triptych.fit.loop import Plan, fit
from triptych.fit.tracker import JsonLines


def lesson():
    """The gallery's plain network on the digits, and how it learns."""
    plain = defence("plain")
    setting = plain.settings["digits", "small"]
    torch.manual_seed(0)
    return plain.task(plain.pipeline(setting), setting)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_many_steps_find_the_worst_picture_of_a_linear_model(make, norm):
    """For two linear classes the worst picture is known: epsilon along the dual direction."""
    model, pictures = make.linear(classes=2), make.pictures(8)
    labels = make.answers(model, pictures)
    threat = Threat(norm, 0.05)
    found = madry(threat, 20, 0.25).craft(model, pictures, labels)
    weight = model[1].weight.detach()
    towards = torch.where(labels == 0, 1.0, -1.0)[:, None] * (weight[1] - weight[0])
    step = threat.geometry.steepest(towards).reshape(pictures.shape)
    assert torch.allclose(found, pictures + 0.05 * step, atol=5e-3 if norm == "l2" else 1e-12)


@pytest.mark.parametrize("inner", [madry, fast], ids=["pgd", "fast"])
@pytest.mark.parametrize("norm", ["linf", "l2", "l1"])
def test_pictures_stay_within_the_threat_model_and_loss_rises(make, inner, norm):
    """No picture leaves the ball or the box, and the loss is higher than on the clean ones."""
    model, pictures = make.network(), make.pictures(30)
    labels = make.answers(model, pictures)
    threat = Threat(norm, {"linf": 0.3, "l2": 0.8, "l1": 2.0}[norm])
    torch.manual_seed(0)
    found = inner(threat).craft(model, pictures, labels)
    assert float(threat.geometry.length(found - pictures).max()) <= threat.epsilon * (1 + 1e-9)
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
    before, after = (
        nn.functional.cross_entropy(model(each), labels, reduction="none").detach()
        for each in (pictures, found)
    )
    assert float((after > before).double().mean()) > 0.9


def test_crafting_leaves_the_network_as_it_was(make):
    """No weight gets a gradient, no batch statistic moves, and the training flag stays."""
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(16, 3)).double().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    madry(Threat("linf", 0.1)).craft(model, make.pictures(5), torch.zeros(5, dtype=torch.int64))
    assert model.training
    assert all(part.grad is None for part in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("inner", [madry, fast], ids=["pgd", "fast"])
def test_training_on_attacked_pictures_makes_a_network_harder_to_fool(tmp_path, inner):
    """After equally many steps the hardened network stays right far more often than a plain one."""
    threat, plan = Threat("linf", 0.1), Plan(150, warmup=10, accelerator="cpu")
    images, labels = pictures("digits", "test")
    shown = as_floats(images)
    left = {}
    for name, task in {
        "plain": lesson(),
        "hard": Hardened(lesson(), inner(threat), (shown[:50], labels[:50])),
    }.items():
        folder = tmp_path / name
        network = fit(task, plan, folder, JsonLines(folder / "log.jsonl"))
        left[name] = attack(network, shown, labels, threat, pgd(20)).robust_accuracy
    assert left["hard"] > left["plain"] + 0.1
    assert "robust_accuracy" in (tmp_path / "hard" / "log.jsonl").read_text()
    assert "robust_accuracy" not in (tmp_path / "plain" / "log.jsonl").read_text()


def test_epsilon_grows_over_the_ramp():
    """No picture moves in the first batch, half of epsilon in the middle, all of it afterwards."""
    task = Hardened(lesson(), fast(Threat("linf", 0.1)), ramp=4)
    crafted = list[torch.Tensor]()

    def note(network, batch):
        crafted.append(batch[0])
        return torch.zeros(()), {}

    task.task.loss = note
    images, labels = pictures("digits", "val")
    shown = as_floats(images[:20])
    for _ in range(6):
        task.loss(task.network, (shown, labels[:20]))
    moved = [float((each - shown).abs().max()) for each in crafted]
    assert moved == pytest.approx([0, 0.025, 0.05, 0.075, 0.1, 0.1], abs=1e-6)


@pytest.mark.parametrize("ramp", [0, 8])
def test_a_killed_run_goes_on_exactly(tmp_path, ramp):
    """The random starts are drawn by step, and the ramp's place is in the checkpoint."""
    weights = []
    for stop in (None, 5):
        folder = tmp_path / str(stop)
        plan = Plan(10, warmup=2, save_every=5, evaluate_every=100, accelerator="cpu")

        def halt(step, stop=stop):
            if step == stop:
                raise KeyboardInterrupt

        def go(on_step, folder=folder, plan=plan):
            task = Hardened(lesson(), fast(Threat("linf", 0.1)), ramp=ramp)
            return fit(task, plan, folder, JsonLines(folder / "log.jsonl"), on_step)

        if stop:
            with pytest.raises(KeyboardInterrupt):
                go(halt)
        weights.append(go(lambda step: None).state_dict())
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Inner(Threat("linf", 0.1), 0, 1.0), "steps is 0"),
        (lambda: Inner(Threat("linf", 0.1), 1, 0.0), "relative_step is 0"),
        (lambda: fast(Threat("linf", torch.ones(3))), "one finite epsilon"),
        (lambda: fast(Threat("linf", float("inf"))), "one finite epsilon"),
        (lambda: fast(Threat("linf", 0.1, grid=True)), "leave grid out"),
        (lambda: Hardened(lesson(), fast(Threat("linf", 0.1)), ramp=-1), "ramp is -1"),
    ],
)
def test_settings_that_make_no_sense(build, words):
    """Each is refused in a sentence that names it."""
    with pytest.raises(BadInput, match=words):
        build()
