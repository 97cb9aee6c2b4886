"""Slots and their refilling change what is computed, never what is found."""

import pytest
import torch

from triptych.adversary import Options, Threat, attack
from triptych.adversary.attacks.case import Case
from triptych.adversary.attacks.method import (
    apgd,
    apgd_targeted,
    carlini_wagner,
    fgsm,
    fmn,
    pgd,
    random_noise,
    square,
)
from triptych.adversary.attacks.objectives import cross_entropy, margin
from triptych.adversary.attacks.rows import Rows
from triptych.adversary.attacks.rules import Seen

METHODS = [
    fgsm(),
    pgd(8),
    pgd(8, momentum=0.9, random=False),
    apgd(12),
    apgd_targeted(6, aims=2),
    fmn(12),
    square(30),
    random_noise(9),
]
BOUNDED = [Threat("linf", 0.03), Threat("l2", 0.12), Threat("l1", 0.3)]


def plain_loop(case, method, example, aim):
    """One job of one example, alone, without slots, queue or early exit by others."""
    one = torch.tensor([example])
    rows = Rows(
        case.pictures[one], case.labels[one], torch.tensor([aim]), torch.tensor([-1]),
        case.epsilon[one], case.key((example, aim)), torch.tensor([0]), torch.tensor([0]), one,
    )  # fmt: skip
    points, state = method.rule.start(rows, case.threat)
    while True:
        leaf = points.clone().requires_grad_(True)
        logits = case.model(leaf)
        values = method.objective(logits, rows.labels, rows.aims)
        (gradient,) = torch.autograd.grad(values.sum(), leaf)
        fooled = logits.argmax(1) != rows.labels
        inside = case.threat.geometry.length(points - rows.clean) <= rows.epsilon + 1e-12
        if bool(fooled & inside):
            return points
        if int(rows.step) == method.rule.steps:
            return None
        seen = Seen(points, values.detach(), gradient, fooled)
        points, state = method.rule.next(rows, seen, state, case.threat)
        rows.step.add_(1)


class Plain:
    """What the plain loop needs, with the random keys that the engine uses."""

    def __init__(self, model, pictures, labels, threat):
        self.model, self.pictures, self.labels, self.threat = model, pictures, labels, threat
        self.epsilon = threat.epsilons(len(pictures))
        goals = torch.full_like(labels, -1)
        self._case = Case(
            model, model, pictures, labels, goals, self.epsilon, model(pictures).detach(),
            threat, Options(), len(pictures),
        )  # fmt: skip

    def key(self, job):
        """The random stream of the first restart of an example with an aim."""
        from triptych.adversary.attacks.case import Jobs

        example, aim = job
        jobs = Jobs(torch.tensor([example]), torch.tensor([0]), torch.tensor([aim]))
        return self._case.rows(jobs).keys


@pytest.mark.parametrize("threat", BOUNDED, ids=Threat.describe)
@pytest.mark.parametrize("method", METHODS, ids=lambda m: f"{m.name}-{m.rule}"[:24])
def test_refilled_slots_equal_the_plain_loop(make, method, threat):
    """With 3 slots for 12 examples, each example's picture is that of a loop over it alone."""
    model, pictures = make.network(), make.pictures()
    labels = make.answers(model, pictures)
    found = attack(model, pictures, labels, threat, method, options=Options(slots=3))
    plain = Plain(model, pictures, labels, threat)
    ranks = (
        model(pictures).detach().scatter(1, labels[:, None], -torch.inf).argsort(descending=True)
    )
    fell = 0
    for example in range(len(pictures)):
        aims = ranks[example, : method.aims].tolist() or [-1]
        alone = [plain_loop(plain, method, example, aim) for aim in aims]
        expected = next((point for point in alone if point is not None), None)
        assert bool(found.success[example]) == (expected is not None)
        if expected is not None and len(aims) == 1:
            fell += 1
            assert torch.allclose(found.adversarial[example], expected[0], atol=1e-9)
    assert fell < len(pictures)  # some must hold, or refilling was never tested on them


def test_the_cases_above_see_both_fall_and_hold(make):
    """At the epsilons used there, PGD fools some of the examples and not others."""
    model, pictures = make.network(), make.pictures()
    labels = make.answers(model, pictures)
    for threat in BOUNDED:
        rate = attack(model, pictures, labels, threat, pgd(20)).success_rate
        assert 0 < rate < 1


@pytest.mark.parametrize("method", METHODS, ids=lambda m: f"{m.name}-{m.rule}"[:24])
@pytest.mark.parametrize("slots", [1, 5, 100])
def test_the_number_of_slots_does_not_matter(make, method, slots):
    """Which examples fall, and to which picture, is the same with few slots and with many."""
    model, pictures = make.network(), make.pictures()
    labels, threat = make.answers(model, pictures), Threat("linf", 0.03)
    few = attack(model, pictures, labels, threat, method, options=Options(slots=slots))
    reference = attack(model, pictures, labels, threat, method, options=Options(slots=12))
    assert torch.equal(few.success, reference.success)
    if not method.aims:
        assert torch.allclose(few.adversarial, reference.adversarial, atol=1e-9)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: f"{m.name}-{m.rule}"[:24])
def test_one_epsilon_each_equals_separate_runs(make, method):
    """An example attacked at its own epsilon among others falls as when all have that epsilon."""
    model, pictures = make.network(), make.pictures()
    labels = make.answers(model, pictures)
    sizes = torch.tensor([0.0, 0.02, 0.05] * 4, dtype=torch.float64)
    mixed = attack(model, pictures, labels, Threat("linf", sizes), method)
    for size in (0.0, 0.02, 0.05):
        alone = attack(model, pictures, labels, Threat("linf", size), method)
        same = sizes == size
        assert torch.equal(mixed.success[same], alone.success[same])
        assert torch.allclose(mixed.adversarial[same], alone.adversarial[same], atol=1e-9)


def test_pgd_takes_the_textbook_steps(make):
    """Without early exit the last iterate is that of ten lines of PGD."""
    model, pictures = make.network(), make.pictures()
    labels = make.answers(model, pictures)
    options = Options(slots=5, early_exit=False, keep="last")
    method = pgd(7, step_size=0.01, random=False)
    found = attack(model, pictures, labels, Threat("linf", 0.04), method, options=options)
    points = pictures.clone()
    for _ in range(7):
        leaf = points.requires_grad_(True)
        loss = torch.nn.functional.cross_entropy(model(leaf), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, leaf)
        points = leaf.detach() + 0.01 * gradient.sign()
        points = pictures + (points - pictures).clamp(-0.04, 0.04)
        points = points.clamp(0, 1)
    assert torch.allclose(found.adversarial, points, atol=1e-12)
    assert found.work.backwards == 7 * 12


def test_the_last_picture_is_kept_even_where_it_is_worse_than_the_clean_one(make):
    """Steps that overshoot may end farther from a wrong answer than they began."""
    model, pictures = make.network(), make.pictures()
    labels, threat = make.answers(model, pictures), Threat("linf", 0.01)
    options = Options(early_exit=False, keep="last")
    # Down the cross-entropy instead of up: every picture ends safer than it was.
    method = pgd(3, 0.01, objective=lambda *given: -cross_entropy(*given), random=False)
    found = attack(model, pictures, labels, threat, method, options=options)
    assert not bool(found.success.any())
    clean = margin(model(pictures).detach(), labels, torch.full_like(labels, -1))
    assert bool((found.margin < clean).all())
    assert bool((found.distance > 0.0099).all())


def test_a_job_that_goes_round_in_a_circle_ends(make):
    """With the same success as a loop that never ends early, and far less work."""
    model, pictures = make.network(), make.pictures(60)
    labels, threat = make.answers(model, pictures), Threat("linf", 0.02)
    steps, method = 200, pgd(200, step_size=0.005, random=False)
    found = attack(model, pictures, labels, threat, method)
    points, fallen = pictures.clone(), torch.zeros_like(labels, dtype=torch.bool)
    for _ in range(steps + 1):
        leaf = points.requires_grad_(True)
        logits = model(leaf)
        fallen |= logits.argmax(1) != labels
        loss = torch.nn.functional.cross_entropy(logits, labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, leaf)
        points = leaf.detach() + 0.005 * gradient.sign()
        points = points.clamp(pictures - 0.02, pictures + 0.02).clamp(0, 1)
    assert 0 < int(fallen.sum()) < len(pictures)
    assert torch.equal(found.success, fallen)
    assert found.work.backwards < steps * len(pictures) / 4


def test_a_random_model_is_asked_to_the_last_step(make):
    """Its gradient leads to the same pictures again and again, but its answers are new."""
    inner, pictures = make.network(), make.pictures()
    labels = make.answers(inner, pictures)

    def shaky(x):
        logits = inner(x)
        return logits + 0.1 * torch.rand(len(x), 1, dtype=x.dtype) * logits.detach()

    method = pgd(40, step_size=0.001, objective=margin, random=False)
    found = attack(shaky, pictures, labels, Threat("linf", 0.001), method)
    sure = attack(inner, pictures, labels, Threat("linf", 0.001), method)
    left = int((~found.success).sum())
    assert left > 0
    assert found.work.backwards >= 40 * left
    assert sure.work.backwards < 20 * len(pictures)


def test_nothing_is_computed_for_the_solved(make):
    """An example that falls at once costs one look; the others their budget, and no more."""
    model, pictures = make.linear(), make.pictures(10)
    labels = make.answers(model, pictures)
    sizes = torch.tensor([0.9] * 8 + [1e-6] * 2, dtype=torch.float64)
    method = pgd(20, random=False)
    work = attack(
        model, pictures, labels, Threat("linf", sizes), method, options=Options(slots=4)
    ).stages[0]
    assert work.fooled == 8
    # 2 held for 20 steps; 8 fell soon, and slots beside those that go on are refilled, not idle.
    assert work.work.backwards <= 2 * 20 + 8 * 6
    assert work.work.backwards >= 2 * 20 + 8


def test_restarts_of_the_fallen_are_never_begun(make):
    """Where the first restart fools all, nine more cost nothing."""
    model, pictures = make.linear(), make.pictures(10)
    labels, threat = make.answers(model, pictures), Threat("linf", 0.9)
    options = Options(slots=4)
    once = attack(model, pictures, labels, threat, pgd(5, restarts=1), options=options)
    often = attack(model, pictures, labels, threat, pgd(5, restarts=10), options=options)
    assert once.robust_accuracy == 0
    assert often.work.forwards == once.work.forwards


@pytest.mark.parametrize("method", [pgd(6, restarts=4), apgd_targeted(6, aims=4)], ids=str)
def test_jobs_of_an_example_abreast_find_the_same(make, method):
    """Restarts and aims side by side fool the same examples as one after the other."""
    model, pictures = make.network(), make.pictures(20)
    labels, threat = make.answers(model, pictures), Threat("linf", 0.03)
    runs = [
        attack(model, pictures, labels, threat, method, options=Options(slots=7, abreast=abreast))
        for abreast in (1, 3, 9)
    ]
    assert 0 < runs[0].robust_accuracy < 1
    for run in runs[1:]:
        assert torch.equal(run.success, runs[0].success)
        assert run.work.forwards >= runs[0].work.forwards


def test_restarts_find_more_and_begin_elsewhere(make):
    """Two restarts of pure chance find at least what one finds, and in all something new."""
    model, pictures = make.network(), make.pictures(60)
    labels, threat = make.answers(model, pictures), Threat("linf", 0.06)
    one = attack(model, pictures, labels, threat, pgd(0))
    many = attack(model, pictures, labels, threat, pgd(0, restarts=50))
    assert bool((many.success >= one.success).all())
    assert int(many.success.sum()) > int(one.success.sum())


@pytest.mark.parametrize("method", [*METHODS, carlini_wagner(2, 5)], ids=lambda m: m.name)
def test_the_same_seed_gives_the_same_pictures(make, method):
    """Twice the same call, and torch's own random state is left alone."""
    model, pictures = make.network(), make.pictures()
    labels, threat = make.answers(model, pictures), Threat("l2", 0.1)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    runs = [attack(model, pictures, labels, threat, method) for _ in range(2)]
    assert torch.equal(runs[0].adversarial, runs[1].adversarial)
    assert torch.equal(torch.get_rng_state(), before)


def test_another_seed_starts_elsewhere(make):
    """The seed decides the random start."""
    model, pictures = make.network(), make.pictures()
    labels, threat = make.answers(model, pictures), Threat("linf", 0.01)
    runs = [
        attack(model, pictures, labels, threat, pgd(0), options=Options(seed=seed))
        for seed in (0, 1)
    ]
    assert not torch.allclose(runs[0].adversarial, runs[1].adversarial)


def test_the_best_iterate_is_kept(make):
    """What is returned for an example that holds is the iterate with the largest margin."""
    model, pictures = make.network(), make.pictures()
    labels, threat = make.answers(model, pictures), Threat("linf", 0.01)
    # So long a step from a small ball overshoots and comes back worse.
    method = pgd(9, step_size=0.02)
    best = attack(model, pictures, labels, threat, method)
    last = attack(
        model, pictures, labels, threat, method,
        options=Options(early_exit=False, keep="last"),
    )  # fmt: skip
    held = ~best.success & ~last.success
    assert bool(held.any())
    assert bool((best.margin[held] >= last.margin[held] - 1e-12).all())
    none = torch.full_like(labels, -1)
    at_best = margin(model(best.adversarial).detach(), labels, none)
    assert torch.allclose(at_best[held], best.margin[held])
    clean = margin(model(pictures).detach(), labels, none)
    assert bool((best.margin >= clean - 1e-12).all())


def test_a_claim_that_the_clean_pass_refutes_is_not_counted(make):
    """A model that is only wrong while a gradient is asked for has not been fooled."""
    inner = make.network()

    class Liar(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            logits = self.inner(x)
            return logits.flip(1) * 3 if torch.is_grad_enabled() else logits

    pictures = make.pictures()
    labels = make.answers(inner, pictures)
    found = attack(Liar(), pictures, labels, Threat("linf", 1e-9), pgd(3))
    assert found.clean_accuracy == 1
    assert found.robust_accuracy == 1


def test_a_job_goes_on_after_a_refuted_claim(make):
    """Where only the first look was a lie, the examples fall that fall to an honest model."""
    inner, pictures = make.network(), make.pictures()
    labels, threat = make.answers(inner, pictures), Threat("linf", 0.03)

    def liar(x):
        logits = inner(x)
        first = (x[:, None] == pictures[None]).flatten(2).all(2).any(1)
        lies = first[:, None] & torch.is_grad_enabled()
        return torch.where(lies, logits + 99 * (logits < logits.amax(1, keepdim=True)), logits)

    method, options = pgd(20, random=False), Options(batch_dependent=False)
    found = attack(liar, pictures, labels, threat, method, options=options)
    honest = attack(inner, pictures, labels, threat, method)
    assert 0 < honest.success_rate < 1
    assert torch.equal(found.success, honest.success)


def test_work_is_what_the_model_did(make):
    """The counts agree with what the model itself saw."""
    inner, seen = make.network(), [0]

    class Counted(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            seen[0] += len(x)
            return self.inner(x)

    pictures = make.pictures()
    labels = make.answers(inner, pictures)
    for method in [pgd(5), apgd(5), square(7), fmn(4)]:
        seen[0] = 0
        found = attack(
            Counted(), pictures, labels, Threat("linf", 0.02), method,
            options=Options(slots=4, batch_dependent=False),
        )  # fmt: skip
        assert found.work.forwards == seen[0]
        assert found.stages[0].work.forwards == seen[0] - len(pictures)


def test_progress_is_told(make):
    """The callback hears of finished jobs, in order, up to all of them."""
    heard = []
    model, pictures = make.network(), make.pictures()
    labels = make.answers(model, pictures)
    options = Options(slots=3, progress=lambda done, total: heard.append((done, total)))
    method = pgd(3, restarts=4, objective=cross_entropy)
    attack(model, pictures, labels, Threat("linf", 0.03), method, options=options)
    assert heard == sorted(heard)
    assert heard[-1] == (48, 48)
