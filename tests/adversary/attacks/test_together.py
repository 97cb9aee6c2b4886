"""Models whose answers depend on the batch are noticed, and attacked in whole batches."""

import pytest
import torch

from triptych.adversary import Options, Threat, attack
from triptych.adversary.attacks.found import depends_on_batch
from triptych.adversary.attacks.method import apgd, fmn, pgd
from triptych.errors import BadInput


@pytest.fixture
def centred(make):
    """A model that subtracts the mean picture of the batch."""
    inner = make.network()
    return lambda x: inner(x - x.mean(0, keepdim=True) + 0.5)


def test_dependence_is_found(make, centred):
    """A model over the batch's mean depends on it; a plain and a random one do not."""
    pictures, inner = make.pictures(), make.network()
    assert depends_on_batch(centred, pictures)
    assert depends_on_batch(centred, pictures[:1])
    assert not depends_on_batch(inner, pictures)
    assert not depends_on_batch(lambda x: inner(x + torch.randn_like(x)), pictures)
    assert not depends_on_batch(centred, pictures[:0])


@pytest.mark.parametrize("method", [pgd(20), apgd(20), pgd(5, restarts=3)], ids=str)
def test_success_holds_in_the_batch(make, centred, method):
    """What counts as success is wrong when the returned batch is asked again as a whole."""
    pictures = make.pictures(8)
    with torch.no_grad():
        labels = centred(pictures).argmax(1)
    found = attack(
        centred, pictures, labels, Threat("linf", 0.04), method, options=Options(slots=8)
    )
    assert found.batch_dependent
    with torch.no_grad():
        answers = centred(found.adversarial).argmax(1)
    assert torch.equal(answers != labels, found.success)
    assert bool((found.distance <= 0.04).all())
    assert 0 < found.success_rate < 1


def test_together_equals_slots_for_a_plain_model(make):
    """On a model without such dependence both ways give the same pictures."""
    model, pictures = make.network(), make.pictures()
    labels, threat = make.answers(model, pictures), Threat("linf", 0.03)
    runs = [
        attack(model, pictures, labels, threat, apgd(15), options=Options(batch_dependent=flag))
        for flag in (False, True)
    ]
    assert torch.equal(runs[0].success, runs[1].success)
    assert torch.allclose(runs[0].adversarial, runs[1].adversarial)


def test_no_least_distance(make, centred):
    """A search for the least distance is refused in a sentence."""
    pictures = make.pictures(8)
    with torch.no_grad():
        labels = centred(pictures).argmax(1)
    with pytest.raises(BadInput, match="depend on the rest of the batch"):
        attack(centred, pictures, labels, Threat("l2", float("inf")), fmn(5))
