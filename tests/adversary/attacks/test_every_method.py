"""One table of every attack: what has to hold for all of them, for batches of 0, 1, 3 and 8."""

import pytest
import torch

from triptych.adversary import Options, Threat, attack
from triptych.adversary.attacks.method import (
    apgd,
    apgd_targeted,
    black_box,
    carlini_wagner,
    ddn,
    fgsm,
    fmn,
    hop_skip_jump,
    nes,
    pgd,
    random_noise,
    sigma_zero,
    square,
    transfer,
)
from triptych.adversary.report import METHODS
from triptych.errors import BadInput

EPSILON = {"linf": 0.05, "l2": 0.2, "l1": 0.5, "l0": 3.0}
ALL = ("linf", "l2", "l1", "l0")
TABLE = [
    (fgsm(), ALL),
    (pgd(4), ALL),
    (pgd(4, momentum=0.9, restarts=2), ALL),
    (apgd(8), ALL),
    (apgd_targeted(4, aims=2), ALL),
    (fmn(6), ALL),
    (fmn(6, aims=2), ALL),
    (carlini_wagner(2, 3), ("l2",)),
    (ddn(6), ("l2",)),
    (sigma_zero(6), ("l0",)),
    (square(9), ("linf", "l2", "l1")),
    (nes(2, samples=3), ALL),
    (hop_skip_jump(40), ("linf", "l2")),
    (random_noise(3), ALL),
]
CASES = [(method, norm) for method, norms in TABLE for norm in norms]
NAMES = [f"{norm}-{method!r}" for method, norm in CASES]


def test_the_table_holds_every_attack_of_the_command_line():
    """A new attack has to be added above; sequences are made of those that are there."""
    there = {type(method.rule) for method, _ in TABLE}
    for build in METHODS.values():
        made = build()
        for each in made if isinstance(made, tuple) else (made,) if made else ():
            assert type(each.rule) in there, each


@pytest.mark.parametrize(("method", "norm"), CASES, ids=NAMES)
@pytest.mark.parametrize("count", [0, 1, 3, 8])
def test_any_number_of_examples(make, method, norm, count):
    """One answer for each example, inside ball and box, and what is counted fools when asked."""
    model, pictures = make.network(), make.pictures(count)
    labels, threat = make.answers(model, pictures), Threat(norm, EPSILON[norm])
    found = attack(model, pictures, labels, threat, method)
    assert found.adversarial.shape == pictures.shape
    assert len(found.success) == len(found.margin) == len(found.found_by) == count
    distance = threat.geometry.length(found.adversarial - pictures)
    assert bool((distance <= threat.epsilon).all())
    assert bool(((found.adversarial >= 0) & (found.adversarial <= 1)).all())
    if count:
        assert torch.equal(make.answers(model, found.adversarial) != labels, found.success)


@pytest.mark.parametrize(("method", "norm"), CASES, ids=NAMES)
def test_the_same_seed_gives_the_same_pictures(make, method, norm):
    """Also with other slots; another seed may give others, and neither needs gradients of ours."""
    model, pictures = make.network(), make.pictures(6)
    labels, threat = make.answers(model, pictures), Threat(norm, EPSILON[norm])
    one, other = (
        attack(model, pictures, labels, threat, method, options=Options(seed=3, slots=slots))
        for slots in (2, 6)
    )
    assert torch.equal(one.success, other.success)
    assert torch.allclose(one.adversarial, other.adversarial, atol=1e-9)


@pytest.mark.parametrize(("method", "norm"), CASES, ids=NAMES)
def test_epsilon_zero_changes_nothing(make, method, norm):
    """No picture moves."""
    model, pictures = make.network(dtype=torch.float32), make.pictures(4, dtype=torch.float32)
    found = attack(model, pictures, make.answers(model, pictures), Threat(norm, 0.0), method)
    assert torch.equal(found.adversarial, pictures)
    assert found.robust_accuracy == 1


@pytest.mark.parametrize(
    ("method", "norm"),
    [(m, n) for m, n in CASES if m.aims == 0 and m.name not in ("noise", "nes", "fgsm")],
    ids=[n for n, (m, _) in zip(NAMES, CASES, strict=True)
         if m.aims == 0 and m.name not in ("noise", "nes", "fgsm")],
)  # fmt: skip
def test_targets_are_all_that_counts(make, method, norm):
    """Success is the target, nothing else."""
    model, pictures = make.network(), make.pictures(12)
    labels = make.answers(model, pictures)
    targets = (labels + 1) % 5
    threat = Threat(norm, 4 * EPSILON[norm])
    found = attack(model, pictures, labels, threat, method, targets=targets)
    assert torch.equal(make.answers(model, found.adversarial) == targets, found.success)


def test_without_a_gradient_black_box_attacks_succeed(make):
    """A model under no_grad: noise, Square and estimated gradients need only its values."""
    model, pictures = make.network(), make.pictures(20)
    labels, threat = make.answers(model, pictures), Threat("linf", 0.06)

    @torch.no_grad()
    def closed(x):
        return model(x)

    rates = {
        method.name: attack(closed, pictures, labels, threat, method).success_rate
        for method in (random_noise(20), square(200), nes(10, samples=20))
    }
    white = attack(model, pictures, labels, threat, apgd(20)).success_rate
    assert rates["noise"] <= rates["nes"] <= white
    assert rates["nes"] > 0.6 * white > 0
    assert rates["square"] > 0.6 * white
    assert attack(closed, pictures, labels, threat, black_box(200)).success_rate >= rates["nes"]
    over = attack(closed, pictures, labels, threat, transfer(model, apgd(20)))
    assert over.success_rate == white


@pytest.mark.parametrize(
    ("method", "norm", "words"),
    [
        (ddn(), "linf", "DDN is for l2, not linf"),
        (sigma_zero(), "l2", "sigma-zero is for l0, not l2"),
        (hop_skip_jump(), "l1", "hop-skip-jump is for linf and l2, not l1"),
        (square(), "l0", "square attack is not for l0"),
        (carlini_wagner(), "l1", "is for l2, not l1"),
    ],
)
def test_attacks_for_one_norm_say_so(make, method, norm, words):
    """The sentence names the norm, and another attack."""
    model, pictures = make.network(), make.pictures(2)
    with pytest.raises(BadInput, match=words):
        attack(model, pictures, make.answers(model, pictures), Threat(norm, 1.0), method)
