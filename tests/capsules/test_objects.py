"""Object capsules: votes, presences, which gradients pass, and layers upon layers."""

import pytest
import torch

from triptych.capsules.geometry import compose, squash
from triptych.capsules.model import StackedCapsules
from triptych.capsules.objects import ObjectLayer, PerCapsule
from triptych.capsules.parts import Parts
from triptych.capsules.presets import preset
from triptych.capsules.sections import Objects as ObjectSettings


def layer(**changes) -> ObjectLayer:
    """Three objects that explain five parts with four features."""
    torch.manual_seed(0)
    settings = ObjectSettings(
        **{"blocks": 1, "width": 8, "output": 16, "hidden": 12, "parameters": 6, **changes}
    )
    return ObjectLayer(3, 5, 4, 0, settings)


def some_parts(batch: int = 2) -> Parts:
    """Random parts, all with gradients."""
    torch.manual_seed(1)
    raw, logit, feature = torch.randn(batch, 5, 6), torch.randn(batch, 5), torch.randn(batch, 5, 4)
    for tensor in (raw, logit, feature):
        tensor.requires_grad_()
    return Parts(squash(raw), logit, feature)


def test_a_vote_is_the_objects_pose_times_the_parts_place_in_it():
    """Each vote is one composition; presence multiplies object and vote."""
    network, parts = layer(), some_parts()
    found = network(parts, None, 0.0)
    inner = squash(found.deformation + network.capsules.static)
    for k in range(3):
        for m in range(5):
            expected = compose(found.pose[:, k], inner[:, k, m])
            assert torch.allclose(found.vote_pose[:, k, m], expected, atol=1e-6)
    assert (found.log_vote_presence.exp() <= found.logit.sigmoid().unsqueeze(-1)).all()
    assert torch.allclose(found.presence, found.log_vote_presence.exp().amax(-1))
    assert (
        torch.allclose(found.posterior, found.routed.responsibility[:, :3].sum(-1))
        and found.posterior.sum(1).max() <= 5 + 1e-5
    )


@pytest.mark.parametrize("passes", [True, False])
def test_of_the_parts_only_features_learn_from_objects(passes):
    """Q5: poses and presences never get a gradient; features do if feature_gradient says so."""
    parts = some_parts()
    found = layer(feature_gradient=passes, presence_mask="log")(parts, None, 0.0)
    found.log_likelihood.sum().backward()
    assert parts.presence_logit.grad is None
    assert (parts.feature.grad is not None) == passes
    if passes:
        assert parts.feature.grad.abs().sum() > 0


def test_the_order_of_the_pictures_does_not_matter():
    """Each picture is read by itself."""
    network, parts = layer(), some_parts(4)
    flipped = Parts(parts.pose.flip(0), parts.presence_logit.flip(0), parts.feature.flip(0))
    straight, back = network(parts, None, 0.0), network(flipped, None, 0.0)
    assert torch.allclose(straight.log_likelihood, back.log_likelihood.flip(0), atol=1e-4)


def test_normalised_divides_by_the_presences():
    """Q7: the switch takes the log of the presences' sum off each part's log-likelihood."""
    parts = some_parts()
    plain, divided = layer()(parts, None, 0.0), layer(normalised=True)(parts, None, 0.0)
    mass = (plain.log_vote_presence.exp().sum(1) + 1e-2).log()
    assert torch.allclose(divided.log_likelihood, plain.log_likelihood - mass, atol=1e-5)


def test_vote_scales_keep_above_their_floor():
    """Q13: no vote is surer than smallest_vote_scale."""
    network = layer(smallest_vote_scale=0.2)
    with torch.no_grad():
        network.capsules.scale_bias.fill_(-100.0)
    assert network(some_parts(), None, 0.0).log_scale.exp().min().item() == pytest.approx(0.2)


def test_per_capsule_is_a_matrix_for_each():
    """Capsule k multiplies by its own matrix and no other."""
    network = PerCapsule(3, 4, 2)
    x = torch.randn(5, 3, 4)
    for k in range(3):
        assert torch.allclose(network(x)[:, k], x[:, k] @ network.weight[k] + network.bias[k])


@pytest.mark.parametrize("routing", ["closed_form", "argmax", "metropolis"])
def test_a_stack_of_layers_explains_the_one_below(routing):
    """Each layer's likelihood is over the capsules below it, and every weight learns."""
    from triptych.capsules.losses import terms, weigh

    settings = preset("digits").changed(
        "parts.count=5 parts.width=8 objects.layers=4,3,2 objects.output=16 "
        f"objects.normalised=true objects.routing={routing}".split()
    )
    network = StackedCapsules(settings)
    pictures = torch.rand(6, 1, 16, 16)
    reading = network(pictures)
    assert [objects.log_likelihood.shape for objects in reading.objects] == [(6, 5), (6, 4), (6, 3)]
    assert reading.presence.shape == reading.posterior.shape == (6, 2)
    weigh(terms(network, reading, pictures, torch.arange(6)), settings.loss).backward()
    still = {
        name
        for name, weight in network.named_parameters()
        if weight.requires_grad and (weight.grad is None or not weight.grad.isfinite().all())
    }
    # The topmost object's logit and pose are heard through its votes, so nothing stands still.
    assert still == set()


def test_the_winning_pose_is_the_vote_of_the_best_object():
    """For each part the vote of the object of largest responsibility, the dummy left out."""
    found = layer()(some_parts(), None, 0.0)
    winner = found.routed.responsibility[:, :-1].argmax(1)
    for b in range(2):
        for m in range(5):
            assert torch.equal(found.winning_pose()[b, m], found.vote_pose[b, winner[b, m], m])


def test_standardised_vectors_read_one_picture_as_they_read_many(small):
    """Statistics of batches are for training; afterwards a picture does not depend on others."""
    network = StackedCapsules(small.changed(["objects.standardise=true"]))
    pictures = torch.rand(16, 1, 16, 16)
    network.train()
    for _ in range(3):
        network(pictures)
    network.eval()
    together, alone = network(pictures).presence, network(pictures[:1]).presence
    assert torch.allclose(together[:1], alone, atol=1e-5)
