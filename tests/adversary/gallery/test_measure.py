"""How attempts are counted."""

import pytest
import torch
from scipy.stats import binomtest

from triptych.adversary.attacks.method import fgsm, pgd
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.gallery.defence import Attempt
from triptych.adversary.gallery.measure import interval, run, worst


@pytest.mark.parametrize(("hits", "count"), [(0, 7), (7, 7), (3, 20), (150, 200)])
def test_interval_is_clopper_and_pearsons(hits, count):
    """As SciPy computes it, at both ends, too."""
    flags = torch.arange(count) < hits
    exact = binomtest(hits, count).proportion_ci(0.95, "exact")
    assert interval(flags) == pytest.approx((exact.low, exact.high))


def test_the_break_is_the_worst_of_its_attempts(make):
    """An example withstands only if no attempt fools it, and other models are counted beside."""
    model, pictures = Pipeline([make.network()]), make.pictures(40)
    labels = make.answers(model, pictures)
    other = make.network(seed=5)
    threat = Threat("linf", 0.06)
    one = run(model, Attempt("one", threat, (fgsm(),), as_published=True), pictures, labels, 0)
    two = run(model, Attempt("two", threat, (pgd(10),), also={"other": other}), pictures, labels, 0)
    assert torch.equal(worst([one, two]), one.withstood & two.withstood)
    assert bool(one.right.all())
    assert 0 < float(two.withstood.double().mean()) < 1
    beside = two.others["other"]
    same = float((make.answers(other, pictures) == labels).double().mean())
    assert beside["clean_accuracy"] == pytest.approx(same)
    assert beside["both_fooled"] <= 1 - two.as_json()["accuracy"]
