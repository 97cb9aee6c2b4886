"""`attack` from outside: what it leaves as it was, what it counts, and what it refuses."""

import pytest
import torch
from torch import nn

from triptych.adversary import Options, Threat, attack
from triptych.adversary.attacks.method import (
    apgd,
    carlini_wagner,
    fgsm,
    fmn,
    pgd,
    random_noise,
    square,
    transfer,
)
from triptych.errors import BadInput

EVERY = [fgsm(), pgd(4), apgd(4), fmn(4), square(9), random_noise(3), carlini_wagner(2, 3)]
THREAT = Threat("l2", 0.2)


@pytest.mark.parametrize("method", EVERY, ids=lambda m: m.name)
@pytest.mark.parametrize("count", [0, 1, 3, 8])
def test_any_number_of_examples(make, method, count):
    """Batches of 0, 1, 3 and 8 give one answer for each example, inside the threat model."""
    model, pictures = make.network(), make.pictures(count)
    found = attack(model, pictures, make.answers(model, pictures), THREAT, method)
    assert found.adversarial.shape == pictures.shape
    assert len(found.success) == len(found.margin) == len(found.found_by) == count
    assert bool((found.distance <= 0.2).all())
    assert bool(((found.adversarial >= 0) & (found.adversarial <= 1)).all())


@pytest.mark.parametrize("method", EVERY, ids=lambda m: m.name)
def test_epsilon_zero_changes_nothing(make, method):
    """With epsilon 0 no picture moves, and robust accuracy is clean accuracy."""
    model, pictures = make.network(dtype=torch.float32), make.pictures(dtype=torch.float32)
    labels = make.answers(model, pictures)
    labels[:3] = (labels[:3] + 1) % 5
    found = attack(model, pictures, labels, Threat("l2", 0.0), method)
    assert torch.equal(found.adversarial, pictures)
    assert found.robust_accuracy == found.clean_accuracy == 0.75


@pytest.mark.parametrize("method", EVERY, ids=lambda m: m.name)
def test_what_was_wrong_before_is_no_success(make, method):
    """Examples that the model gets wrong are neither attacked nor counted."""
    model, pictures = make.network(), make.pictures()
    labels = (make.answers(model, pictures) + 1) % 5
    found = attack(model, pictures, labels, Threat("l2", 0.5), method)
    assert found.clean_accuracy == found.robust_accuracy == 0
    assert not bool(found.success.any())
    assert torch.equal(found.adversarial, pictures)
    assert found.stages[0].jobs == 0


def test_success_is_real(make):
    """Each picture counted as success is one that the model gets wrong when asked again."""
    model, pictures = make.network(), make.pictures(40)
    labels = make.answers(model, pictures)
    found = attack(model, pictures, labels, Threat("linf", 0.05), apgd(10))
    answers = make.answers(model, found.adversarial)
    assert torch.equal(answers != labels, found.success)
    assert 0 < found.robust_accuracy < 1
    assert found.robust_accuracy == pytest.approx(float((answers == labels).double().mean()))


class Odd(nn.Module):
    """Batch norm, dropout, a counter in a buffer, a frozen part, and weights with and without."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(1)
        self.drop = nn.Dropout(0.5)
        self.layer = nn.Linear(16, 4)
        self.layer.bias.requires_grad_(False)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        """Logits, and one more call counted."""
        self.calls = self.calls + 1
        return self.layer(self.drop(self.norm(x)).flatten(1))


@pytest.mark.parametrize("method", EVERY, ids=lambda m: m.name)
def test_the_model_is_left_exactly_as_found(make, method):
    """Parameters, gradients, buffers, and each part's train flag are as before."""
    torch.manual_seed(0)
    model = Odd().train()
    model.norm.eval()
    model.layer.weight.grad = torch.ones(4, 16)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    buffer = model.calls
    pictures = make.pictures(dtype=torch.float32)
    attack(model, pictures, torch.arange(12) % 4, THREAT, method)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert model.calls is buffer
    assert [part.training for part in (model, model.norm, model.drop)] == [True, False, True]
    assert torch.equal(model.layer.weight.grad, torch.ones(4, 16))
    assert [p.requires_grad for p in model.layer.parameters()] == [True, False]
    assert model.layer.bias.grad is None


def test_the_model_is_left_as_found_after_an_error(make):
    """Also when the attack fails half-way."""
    torch.manual_seed(0)
    model = Odd().train()
    with pytest.raises(BadInput):
        attack(model, make.pictures(dtype=torch.float32), torch.full((12,), 9), THREAT)
    assert model.training
    assert model.drop.training
    assert float(model.calls) == 0


def test_attacks_see_the_model_in_evaluation_mode(make):
    """Dropout is off while attacked, so a weak attack on a sure model finds nothing."""
    torch.manual_seed(0)
    model = Odd().train()
    pictures = make.pictures(dtype=torch.float32)
    answers = make.answers(model.eval(), pictures)
    found = attack(model.train(), pictures, answers, Threat("linf", 1e-7), pgd(5))
    assert found.clean_accuracy == found.robust_accuracy == 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_models_of_every_precision(make, dtype):
    """Half, single and double precision models are attacked; what counts is float32 or better."""
    model = make.network(dtype=torch.float64).to(dtype)
    pictures = make.pictures(30, dtype=torch.float32)
    exact = make.network(dtype=torch.float64).to(dtype).double()
    labels = make.answers(exact, pictures.double())
    found = attack(model, pictures, labels, Threat("linf", 0.05), apgd(20))
    assert found.clean_accuracy == 1
    assert 0 < found.robust_accuracy < 1
    answers = make.answers(exact, found.adversarial.double())
    assert torch.equal(answers != labels, found.success)
    assert next(model.parameters()).dtype == dtype


def test_search_in_bfloat16_is_checked_in_full(make):
    """Searching in low precision gives pictures that fool in full precision."""
    model, pictures = make.network(dtype=torch.float32), make.pictures(30, dtype=torch.float32)
    labels = make.answers(model, pictures)
    options = Options(precision="bfloat16")
    found = attack(model, pictures, labels, Threat("linf", 0.05), apgd(20), options=options)
    assert 0 < found.robust_accuracy < 1
    assert torch.equal(make.answers(model, found.adversarial) != labels, found.success)


def test_gradients_that_are_no_numbers(make):
    """NaN gradients count as zero, are counted, and never get into a picture."""
    inner = make.network()

    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            g = g.clone()
            g[::2] = torch.nan
            g[1, 0, 0, 0] = torch.inf
            return g

    pictures = make.pictures()
    labels = make.answers(inner, pictures)
    for method in (pgd(5), apgd(5), fmn(5), carlini_wagner(1, 5)):
        found = attack(
            lambda x: inner(Broken.apply(x)), pictures, labels, Threat("l2", 0.3), method
        )
        assert found.work.nonfinite > 0
        assert bool(found.adversarial.isfinite().all())


def test_logits_that_are_no_numbers_prove_nothing(make):
    """A model that answers NaN off the clean pictures has not been fooled."""
    model, pictures = make.network(), make.pictures()

    def nan(x):
        same = (x == pictures[0]).flatten(1).all(1)
        return torch.where(same[:, None], model(x), torch.nan)

    found = attack(nan, pictures[:1], make.answers(model, pictures[:1]), THREAT, random_noise(5))
    assert found.clean_accuracy == found.robust_accuracy == 1


def test_gradients_of_zero_are_counted(make):
    """A model that saturates hides its gradient; the work says how often."""
    model, pictures = make.network(), make.pictures()
    found = attack(
        lambda x: model(x) * 1e-30 + torch.eye(5)[0].double(),
        pictures, torch.zeros(12, dtype=torch.int64), THREAT, pgd(3, objective=saturated),
    )  # fmt: skip
    assert found.work.zero == found.work.backwards > 0


def saturated(logits, labels, aims):
    return (logits * 0).sum(1)


@pytest.mark.parametrize("method", [pgd(20), apgd(20), fmn(30), square(300)], ids=lambda m: m.name)
def test_targets_are_reached_not_just_any_mistake(make, method):
    """With targets only these answers count, and the attack goes there."""
    model, pictures = make.network(), make.pictures(30)
    labels = make.answers(model, pictures)
    targets = (labels + 1) % 5
    found = attack(model, pictures, labels, Threat("linf", 0.15), method, targets=targets)
    free = attack(model, pictures, labels, Threat("linf", 0.15), method)
    answers = make.answers(model, found.adversarial)
    assert torch.equal(answers == targets, found.success)
    assert 0.1 < found.success_rate < free.success_rate


def test_transfer_climbs_elsewhere_and_counts_here(make):
    """Directions of a surrogate fool a model that gives none."""
    model, other = make.network(seed=1), make.network(seed=1)
    pictures = make.pictures(30)
    labels = make.answers(model, pictures)

    @torch.no_grad()
    def closed(x):
        return model(x)

    threat = Threat("linf", 0.05)
    found = attack(closed, pictures, labels, threat, transfer(other, pgd(20)))
    direct = attack(model, pictures, labels, threat, pgd(20))
    assert torch.equal(found.success, direct.success)
    assert 0 < found.success_rate < 1
    with pytest.raises(BadInput, match="passes no gradient back"):
        attack(closed, pictures, labels, threat, pgd(20))
    assert attack(closed, pictures, labels, threat, square(200)).success_rate > 0


def test_a_sequence_works_on_what_is_left(make):
    """Each method of several only gets the examples that those before have left."""
    model, pictures = make.network(), make.pictures(40)
    labels = make.answers(model, pictures)
    found = attack(model, pictures, labels, Threat("linf", 0.05), [fgsm(), apgd(20), square(50)])
    first, second, third = found.stages
    assert (first.jobs, second.jobs) == (40, 40 - first.fooled)
    assert third.jobs == second.jobs - second.fooled
    assert first.fooled > 0
    counts = [int((found.found_by == number).sum()) for number in (-1, 0, 1, 2)]
    assert counts == [third.jobs - third.fooled, first.fooled, second.fooled, third.fooled]


def test_three_lines_run_the_standard_sequence(make):
    """Without a method the sequence of four runs, and is at least as strong as its parts."""
    model, pictures = make.network(dtype=torch.float32), make.pictures(20, dtype=torch.float32)
    labels = make.answers(model, pictures)
    found = attack(model, pictures, labels, Threat("linf", 0.04))
    assert [stage.method for stage in found.stages] == [
        "apgd-cross_entropy", "apgd-targeted", "fmn", "square",
    ]  # fmt: skip
    single = attack(model, pictures, labels, Threat("linf", 0.04), pgd(50, restarts=3))
    assert 0 < found.robust_accuracy <= single.robust_accuracy


def test_the_grid_is_kept(make):
    """On the 8-bit grid each picture found is an 8-bit picture and fools as such."""
    model = make.network(dtype=torch.float32)
    pictures = (make.pictures(30, dtype=torch.float32) * 255).round() / 255
    labels = make.answers(model, pictures)
    threat = Threat("linf", 9 / 255, grid=True)
    found = attack(model, pictures, labels, threat, apgd(20))
    levels = (found.adversarial.double() * 255).round()
    assert float((found.adversarial.double() * 255 - levels).abs().max()) < 1e-4
    assert float((levels - (pictures.double() * 255).round()).abs().max()) == 9
    again = (levels / 255).float()
    assert torch.equal(make.answers(model, again) != labels, found.success)
    assert 0 < found.robust_accuracy < 1


BAD = [
    ({"pictures": torch.zeros(2, 16, dtype=torch.uint8)}, "pictures are uint8"),
    ({"pictures": torch.full((2, 16), 1.5)}, "reach from 1.5 to 1.5, outside the box"),
    ({"pictures": torch.full((2, 16), torch.nan)}, "no finite numbers"),
    ({"pictures": torch.full((2, 16), torch.inf)}, "no finite numbers"),
    ({"pictures": torch.zeros(2)}, r"shape \[2\]"),
    ({"labels": torch.tensor([0, 3])}, "labels hold 3, but the classes are 0 to 2"),
    ({"labels": torch.tensor([0, -1])}, "labels hold -1, but must be 0 or more"),
    ({"labels": torch.tensor([0.0, 1.0])}, "labels are float32, but must be whole"),
    ({"labels": torch.tensor([0])}, r"labels have shape \[1\], but there are 2 pictures"),
    ({"targets": torch.tensor([1, 3])}, "targets hold 3"),
    ({"targets": torch.tensor([0, 2])}, "Example 0 is to become 0, its own label"),
    ({"threat": Threat("linf", torch.ones(3))}, "3 epsilons for 2 examples"),
    ({"threat": Threat("linf", float("inf"))}, "epsilon is infinite, but the standard"),
    ({"threat": Threat("linf", float("inf")), "method": pgd()}, "infinite, but pgd needs"),
    ({"threat": Threat("linf", 0.1), "method": carlini_wagner()}, "is for l2, not linf"),
    ({"threat": Threat("linf", 0.1, grid=True)}, "clean pictures are none"),
    ({"model": lambda x: x.flatten(1).sum(1)}, r"answers with shape \[2\]"),
    ({"model": lambda x: x.flatten(1)[:, :1]}, r"answers with shape \[2, 1\]"),
]


@pytest.mark.parametrize(("change", "words"), BAD, ids=[words for _, words in BAD])
def test_bad_input_gets_its_sentence(make, change, words):
    """What cannot be attacked is refused in a sentence that names it."""
    given = {
        "model": make.linear(dtype=torch.float32),
        "pictures": torch.full((2, 16), 0.51234),
        "labels": torch.tensor([0, 1]),
        "threat": Threat("linf", 0.1),
        **change,
    }
    with pytest.raises(BadInput, match=words):
        attack(**given)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: pgd(-1), "steps is -1"),
        (lambda: pgd(step_size=0), "step_size is 0"),
        (lambda: pgd(momentum=-1), "momentum is -1"),
        (lambda: pgd(restarts=0), "restarts is 0"),
        (lambda: apgd(0), "steps is 0"),
        (lambda: fmn(0), "steps is 0"),
        (lambda: square(0), "queries is 0"),
        (lambda: random_noise(0), "draws is 0"),
        (lambda: carlini_wagner(0), "searches is 0"),
        (lambda: Options(slots=0), "slots is 0"),
        (lambda: Options(seed=-1), "seed is -1"),
        (lambda: Options(keep="last"), "needs early_exit=False"),
    ],
)
def test_settings_that_make_no_sense(build, words):
    """A setting out of range is named."""
    with pytest.raises(BadInput, match=words):
        build()
