"""The Set Transformer reads a set: order does not matter, absent parts are not heard."""

import pytest
import torch

from triptych.capsules.attention import Attention, SetTransformer

MASKS = ["hard", "log", "threshold"]


def reader(mask, heads=2):
    """A small transformer of 5-number parts, and a batch of 6 parts with clear presences."""
    torch.manual_seed(1)
    network = SetTransformer(5, 3, blocks=2, width=8, heads=heads, output=12, mask=mask)
    parts = torch.randn(4, 6, 5)
    presence = torch.tensor([1.0, 0.99, 0.9, 0.8, 0.7, 0.6]).expand(4, 6)
    return network, parts, presence


@pytest.mark.parametrize("mask", MASKS)
def test_the_order_of_the_parts_does_not_matter(mask):
    """Parts and presences shuffled together give the same objects, in the same order."""
    network, parts, presence = reader(mask)
    order = torch.randperm(6)
    straight, shuffled = network(parts, presence), network(parts[:, order], presence[:, order])
    assert straight.shape == (4, 3, 12)
    assert torch.allclose(straight, shuffled, atol=1e-5)


@pytest.mark.parametrize("mask", MASKS)
def test_an_absent_part_is_not_heard(mask):
    """Changing a part of presence 0 changes nothing; changing the surest one does."""
    network, parts, presence = reader(mask)
    presence = presence.clone()
    presence[:, 2] = 0.0
    before = network(parts, presence)
    absent, sure = parts.clone(), parts.clone()
    absent[:, 2] += 10
    sure[:, 0] += 10
    assert torch.allclose(network(absent, presence), before, atol=1e-5)
    assert not torch.allclose(network(sure, presence), before, atol=1e-2)


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("mask", MASKS)
def test_multiplying_matrices_first_changes_neither_objects_nor_gradients(mask, heads):
    """What the seeds gather is what attention to the widened parts gives, as are all gradients."""
    network, _, presence = reader(mask, heads)
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    x = torch.randn(4, 6, 8)
    plain = network.gather(network.seeds, network.widen(x), presence)
    quick = network._gathered(x, presence)
    assert torch.allclose(quick, plain, atol=1e-5)
    weights = [*network.gather.parameters(), *network.widen.parameters(), network.seeds]
    toward = torch.randn_like(plain)
    wanted, found = (torch.autograd.grad((out * toward).sum(), weights) for out in (plain, quick))
    for one, other in zip(wanted, found, strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def test_the_hard_mask_hears_only_the_surest_part():
    """Q6: with 1e32 all but the part of largest presence are silent; with log they are heard."""
    parts = torch.randn(1, 4, 5)
    presence = torch.tensor([[0.5, 0.95, 0.9, 0.94]])
    changed = parts.clone()
    changed[:, 3] += 5
    query = torch.randn(1, 2, 5)
    for mask, silent in (("hard", True), ("log", False)):
        torch.manual_seed(0)
        attention = Attention(5, 5, 8, 1, mask)  # type: ignore[arg-type]
        same = torch.allclose(
            attention(query, parts, presence), attention(query, changed, presence)
        )
        assert same == silent


def test_the_log_mask_weighs_by_presence():
    """Two equal keys, one half as present, are heard two to one."""
    attention = Attention(2, 2, 2, 1, "log")
    with torch.no_grad():
        attention.key.weight.zero_()
        attention.key.bias.zero_()
        for layer in (attention.value, attention.output):
            layer.weight.copy_(torch.eye(2))
            layer.bias.zero_()
        heard = attention(torch.zeros(1, 1, 2), torch.eye(2)[None], torch.tensor([[0.8, 0.4]]))
    assert torch.allclose(heard, torch.tensor([[[2 / 3, 1 / 3]]]))
