"""Each term of the objective against its formula, and their signs and weights."""

import math

import pytest
import torch

from triptych.capsules import losses
from triptych.capsules.model import StackedCapsules
from triptych.capsules.render import Lattice
from triptych.capsules.sections import Loss


def test_sparsity_by_hand():
    """Presences sum to K / classes in a picture and to B / classes over the batch at best."""
    presence = torch.tensor([[1.0, 0.0, 0.5], [0.25, 0.0, 0.0]])
    within = ((1.5 - 0.3) ** 2 + (0.25 - 0.3) ** 2) / 2
    between = ((1.25 - 0.2) ** 2 + (0 - 0.2) ** 2 + (0.5 - 0.2) ** 2) / 3
    assert losses.presence_within(presence, 10).item() == pytest.approx(within)
    assert losses.presence_between(presence, 10).item() == pytest.approx(between)


def test_entropies_by_hand():
    """One object a picture: no entropy within, and ln 2 between two that share the batch."""
    posterior = torch.tensor([[4.0, 0.0], [0.0, 4.0]])
    assert losses.posterior_within(posterior).item() == pytest.approx(0, abs=1e-5)
    assert losses.posterior_between(posterior).item() == pytest.approx(math.log(2), abs=1e-5)
    even = torch.full((3, 8), 0.5)
    assert losses.posterior_within(even).item() == pytest.approx(math.log(8), abs=1e-5)


def test_the_loss_is_the_weighted_sum_with_the_papers_signs(small):
    """Likelihoods and the entropy between count with a minus, all the others with a plus."""
    network = StackedCapsules(small.changed(["data.views=2"]))
    pictures = torch.rand(6, 1, 16, 16)
    found = losses.terms(network, network(pictures), pictures, torch.arange(6))
    weights = Loss(
        parts=2,
        deformation=3,
        presence_within=5,
        presence_between=7,
        posterior_within=11,
        posterior_between=13,
        part_presence=17,
        template_l1=19,
        probe=23,
        agreement=29,
    )
    signs = {"picture": -1, "parts": -2, "posterior_between": -13}
    signs |= {"deformation": 3, "presence_within": 5, "presence_between": 7}
    signs |= {"agreement": 29, "posterior_within": 11}
    signs |= {"part_presence": 17, "template_l1": 19, "probe": 23}
    assert set(found) == set(signs)
    expected = sum(signs[name] * value.item() for name, value in found.items())
    assert losses.weigh(found, weights).item() == pytest.approx(expected, rel=1e-5)


def test_labels_teach_the_probes_and_nothing_else(small):
    """Q11: the probes' loss has no gradient for any weight but the probes' own."""
    network = StackedCapsules(small)
    reading = network(torch.rand(6, 1, 16, 16))
    losses.probe_loss(network, reading, torch.arange(6)).backward()
    taught = {name.split(".")[0] for name, w in network.named_parameters() if w.grad is not None}
    assert taught == {"presence_probe", "posterior_probe"}


def test_parts_that_are_absent_need_no_explanation(small):
    """The parts' log-likelihood weighs each part by its presence."""
    network = StackedCapsules(small)
    reading = network(torch.rand(2, 1, 16, 16), noise=False)
    objects, parts = reading.objects[0], reading.parts
    expected = (parts.presence * objects.log_likelihood).sum() / 2
    assert losses.part_log_likelihood(parts, objects).item() == pytest.approx(expected.item())


def test_agreement_by_hand():
    """-ln K is all there is to be told; doubt tells nothing, and neither do views that differ."""
    sure = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert losses.agreement(sure.repeat(2, 1)).item() == pytest.approx(-math.log(2), abs=0.01)
    assert losses.agreement(torch.full((4, 2), 0.3)).item() == pytest.approx(0, abs=1e-5)
    assert losses.agreement(torch.tensor([[0.9, 0.0]] * 4)).item() == pytest.approx(0, abs=0.01)
    apart = 0.5 * math.log(1000) - math.log(2)
    assert losses.agreement(torch.cat([sure, sure.flip(0)])).item() == pytest.approx(
        apart, abs=0.01
    )


def test_a_lattice_weighs_as_much_as_the_whole_picture_on_average(small):
    """The mean over all lattices of the picture's likelihood is that of every pixel."""
    network = StackedCapsules(small).eval()
    pictures = torch.rand(3, 1, 16, 16)

    def likelihood(lattice):
        reading = network(pictures, lattice=lattice)
        return losses.terms(network, reading, pictures, None)["picture"].item()

    some = [likelihood(Lattice(2, top, left)) for top in range(2) for left in range(2)]
    assert sum(some) / 4 == pytest.approx(likelihood(Lattice()), rel=1e-5)
