"""A pipeline in parts is the same defence."""

import pytest
import torch

from triptych.adversary.attacks.pipeline import (
    MajorityVote,
    Pipeline,
    mean_logits,
    mean_probability,
)
from triptych.errors import BadInput


def test_parts_and_whole(make):
    """The head sees all members on prepared pictures; a member alone is that member."""
    members = [make.network(seed=s) for s in (1, 5, 9)]
    pictures = make.pictures(4)
    whole = Pipeline(members, lambda x: x / 2)
    each = torch.stack([m(pictures / 2) for m in members])
    assert torch.equal(whole.member_logits(pictures), each)
    assert torch.allclose(whole(pictures), each.mean(0))
    assert torch.allclose(whole.member(1)(pictures), each[1])
    assert torch.allclose(whole.with_prepare(lambda x: x)(pictures).mean(), mean_logits(
        torch.stack([m(pictures) for m in members])).mean())  # fmt: skip


def test_mean_probability():
    """Its softmax is the mean of the members' softmaxes."""
    logits = torch.randn(3, 4, 5, dtype=torch.float64)
    assert torch.allclose(mean_probability(logits).exp(), logits.softmax(2).mean(0))


@pytest.mark.parametrize(
    ("votes", "winner"), [([0, 1, 1], 1), ([0, 1, 2], 2), ([2, 1, 0], 0), ([3, 3, 1], 3)]
)
def test_majority_vote(votes, winner):
    """Two of three win; if all differ, the leader, here the last, decides."""
    logits = torch.eye(4)[torch.tensor(votes)][:, None]
    assert int(MajorityVote(leader=-1)(logits).argmax(1)) == winner


def test_no_members():
    """A pipeline without members is refused."""
    with pytest.raises(BadInput, match="at least one member"):
        Pipeline([])
