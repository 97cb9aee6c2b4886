"""Attacks on linear models, whose smallest and best perturbations are known exactly."""

import pytest
import torch

from triptych.adversary import Options, Threat, attack
from triptych.adversary.attacks.apgd import AutoStep, checkpoints
from triptych.adversary.attacks.method import (
    apgd,
    carlini_wagner,
    ddn,
    fgsm,
    fmn,
    pgd,
    sigma_zero,
    square,
)
from triptych.adversary.attacks.norms import NORMS
from triptych.adversary.attacks.objectives import margin
from triptych.adversary.attacks.rows import Rows
from triptych.adversary.attacks.rules import Seen


@pytest.fixture
def scene(make):
    """A linear model of 3 classes, grey pictures far from the walls, their labels."""
    model = make.linear()
    pictures = 0.45 + 0.1 * make.pictures(20)
    return model, pictures, make.answers(model, pictures)


def boundary(model, pictures, labels, norm):
    """The distance to the nearest decision boundary: least gap over dual norm of difference."""
    weight, bias = model[1].weight.detach(), model[1].bias.detach()
    logits = pictures.flatten(1) @ weight.T + bias
    distances = []
    for row, label in zip(logits, labels, strict=True):
        others = [k for k in range(len(weight)) if k != label]
        distances.append(
            min(
                float((row[label] - row[k]) / NORMS[norm].dual((weight[label] - weight[k])[None]))
                for k in others
            )
        )
    return torch.tensor(distances, dtype=torch.float64)


BUDGET = [
    ("linf", pgd(20, objective=margin)),
    ("linf", apgd(20, objective=margin)),
    ("linf", square(2000)),
    ("l2", pgd(30, objective=margin)),
    ("l2", apgd(30, objective=margin)),
    ("l2", fmn(60)),
    ("linf", fmn(60)),
    ("l1", fmn(60)),
    ("l1", apgd(100, objective=margin)),
    ("l2", ddn(100)),
]


@pytest.mark.parametrize(("norm", "method"), BUDGET, ids=lambda v: getattr(v, "name", v))
def test_examples_fall_just_beyond_the_boundary(scene, norm, method):
    """All fall at 10 % more than their own distance to the boundary, and none at 1 % less."""
    model, pictures, labels = scene
    distance = boundary(model, pictures, labels, norm)
    near = attack(model, pictures, labels, Threat(norm, 0.99 * distance), method)
    far = attack(model, pictures, labels, Threat(norm, 1.1 * distance), method)
    assert near.success_rate == 0
    assert far.success_rate == 1


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_one_step_is_optimal_for_two_classes(make, norm):
    """On two linear classes FGSM gains epsilon times a dual norm, the most that is possible."""
    model = make.linear(classes=2)
    pictures = 0.45 + 0.1 * make.pictures(20)
    labels = make.answers(model, pictures)
    found = attack(
        model, pictures, labels, Threat(norm, 0.05), fgsm(),
        options=Options(early_exit=False, keep="last"),
    )  # fmt: skip
    weight = model[1].weight.detach()
    none = torch.full_like(labels, -1)
    before = margin(model(pictures).detach(), labels, none)
    after = margin(model(found.adversarial).detach(), labels, none)
    most = 0.05 * NORMS[norm].dual((weight[0] - weight[1])[None])
    assert torch.allclose(after - before, most.expand(20))


@pytest.mark.parametrize(
    ("norm", "method", "within"),
    [
        ("l2", fmn(200), 1.01),
        ("linf", fmn(200), 1.05),
        ("l1", fmn(200), 1.1),
        ("l2", carlini_wagner(6, 150), 1.02),
        ("l2", ddn(300), 1.02),
    ],
    ids=["fmn-l2", "fmn-linf", "fmn-l1", "cw", "ddn"],
)
def test_minimum_norm_attacks_come_close_to_the_boundary(scene, norm, method, within):
    """Without a bound on epsilon each picture found is barely further than the boundary."""
    model, pictures, labels = scene
    found = attack(model, pictures, labels, Threat(norm, float("inf")), method)
    assert found.success_rate == 1
    ratio = found.distance / boundary(model, pictures, labels, norm)
    assert float(ratio.min()) >= 1
    assert float(ratio.max()) <= within


def fewest(model, pictures, labels):
    """How many values must change to leave the class: the largest gains add up to the gap."""
    weight, bias = model[1].weight.detach(), model[1].bias.detach()
    counts = []
    for picture, label in zip(pictures.flatten(1), labels, strict=True):
        needed = []
        for other in {0, 1, 2} - {int(label)}:
            pull = weight[other] - weight[label]
            gap = -(pull @ picture) - (bias[other] - bias[label])
            gains = torch.where(pull > 0, pull * (1 - picture), -pull * picture)
            total = gains.sort(descending=True).values.cumsum(0)
            needed.append(int((total <= gap).sum()) + 1)
        counts.append(min(needed))
    return torch.tensor(counts, dtype=torch.float64)


def test_sigma_zero_finds_the_fewest_values_of_a_linear_model(scene):
    """The count is that of the closed form for nearly all, never below, at most one above."""
    model, pictures, labels = scene
    threat = Threat("l0", float("inf"))
    found = attack(model, pictures, labels, threat, sigma_zero(300))
    least = fewest(model, pictures, labels)
    assert found.success_rate == 1
    assert bool((found.distance >= least).all())
    assert float((found.distance - least).mean()) <= 0.2
    assert float((found.distance - least).max()) <= 1


@pytest.mark.parametrize(
    "method",
    [pgd(20, step_size=50.0, objective=margin), apgd(30, objective=margin), sigma_zero(200)],
    ids=["pgd", "apgd", "sigma-zero"],
)
def test_l0_attacks_fall_where_the_closed_form_says(scene, method):
    """None falls with one value less than needed; with one more nearly all do."""
    model, pictures, labels = scene
    least = fewest(model, pictures, labels)
    near = attack(model, pictures, labels, Threat("l0", least - 1), method)
    far = attack(model, pictures, labels, Threat("l0", least + 1), method)
    assert near.success_rate == 0
    assert far.success_rate >= 0.9


def test_auto_pgd_in_l1_beats_pgd(make):
    """With sparse steps that adapt, the margin it reaches is higher, and more examples fall."""
    model, pictures = make.network(size=64), make.pictures(60, shape=(1, 8, 8))
    labels, threat = make.answers(model, pictures), Threat("l1", 1.2)
    plain = attack(model, pictures, labels, threat, pgd(100, objective=margin))
    auto = attack(model, pictures, labels, threat, apgd(100, objective=margin))
    nearest = attack(model, pictures, labels, threat, fmn(100))
    assert 0.1 < plain.success_rate < auto.success_rate
    assert auto.success_rate >= nearest.success_rate - 0.02


def test_checkpoints_of_a_hundred_steps():
    """Periods of 22, 19, 16, ... down to 6 steps, as section 3.1 of the paper gives them."""
    assert checkpoints(100) == [22, 41, 57, 70, 80, 87, 93, 99]


@pytest.mark.parametrize("steps", [1, 2, 5, 10, 1000])
def test_checkpoints_rise_and_end(steps):
    """For any number of steps they rise and stay within it."""
    found = checkpoints(steps)
    assert found == sorted(set(found))
    assert all(1 <= at <= steps for at in found)


@pytest.mark.parametrize(("rising", "halvings"), [(True, 0), (False, 8)])
def test_auto_pgd_halves_its_step_where_nothing_improves(make, rising, halvings):
    """While values rise the step stays 2 epsilon; while they fall it halves each time."""
    case = make.pictures(1)
    zero = torch.zeros(1, dtype=torch.int64)
    epsilon = torch.tensor([0.1], dtype=torch.float64)
    rows = Rows(case, zero, zero - 1, zero - 1, epsilon, zero, zero.clone(), zero, zero)
    rule, threat = AutoStep(100), Threat("l2", 0.1)
    points, state = rule.start(rows, threat)
    first = points
    for step in range(100):
        value = torch.tensor([float(step if rising else -step)], dtype=torch.float64)
        seen = Seen(points, value, torch.ones_like(points), zero.bool())
        points, state = rule.next(rows, seen, state, threat)
        rows.step.add_(1)
    assert float(state["size"]) == pytest.approx(0.2 / 2**halvings)
    assert torch.equal(state["best"], first) == (not rising)


def test_auto_pgd_beats_pgd_with_too_long_a_step(make):
    """Where a fixed step jumps about, the step that halves itself gets a higher margin."""
    model, pictures = make.network(), make.pictures(40)
    labels, threat = make.answers(model, pictures), Threat("l2", 0.05)
    options = Options(early_exit=False)
    rough = attack(model, pictures, labels, threat, pgd(40, step_size=0.1), options=options)
    auto = attack(model, pictures, labels, threat, apgd(40, objective=margin), options=options)
    assert float((auto.margin - rough.margin).mean()) > 0
    assert bool((auto.margin >= rough.margin - 1e-3).all())
