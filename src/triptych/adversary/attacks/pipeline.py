"""A defence taken apart, so that an attack can reach inside: prepare -> members -> head.

The whole is still one module whose largest score is the decision, so every attack runs on it as it
stands; `member`, `with_head` and `with_prepare` give the parts and variants whose gradient serves
better (the simplest consistent loss for the final decision: Tramèr et al. 2020, section 3).
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from triptych.errors import BadInput

Prepare = Callable[[Tensor], Tensor]
Head = Callable[[Tensor], Tensor]


def identity(pictures: Tensor) -> Tensor:
    """Pictures as they are."""
    return pictures


def mean_logits(logits: Tensor) -> Tensor:
    """Members' logits [M, B, K] -> their mean [B, K]."""
    return logits.mean(0)


def mean_probability(logits: Tensor) -> Tensor:
    """Members' logits [M, B, K] -> log of their mean probability [B, K], which CE can climb."""
    members = torch.tensor(float(len(logits)), dtype=logits.dtype, device=logits.device)
    return logits.log_softmax(2).logsumexp(0) - members.log()


class MajorityVote:
    """Scores [B, K] whose largest is the vote of the members; ties go to the member `leader`.

    The leader's vote counts half a vote more, which decides between classes with equally many. It
    passes no gradient: argmax has none.
    """

    def __init__(self, leader: int = -1) -> None:
        self.leader = leader

    def __call__(self, logits: Tensor) -> Tensor:
        """Members' logits [M, B, K] -> votes [B, K]."""
        votes = nn.functional.one_hot(logits.argmax(2), logits.shape[2]).to(logits.dtype)
        return votes.sum(0) + 0.5 * votes[self.leader]


class Pipeline(nn.Module):
    """Pre-processing, then each member, then a head over all members' logits.

    members: modules from prepared pictures to logits [B, K]. prepare: pictures -> pictures.
    head: [M, B, K] -> scores [B, K].
    """

    def __init__(
        self,
        members: Iterable[nn.Module],
        prepare: Prepare = identity,
        head: Head = mean_logits,
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        if not self.members:
            raise BadInput("A pipeline needs at least one member.")
        self.prepare = prepare
        self.head = head

    def member_logits(self, pictures: Tensor) -> Tensor:
        """Logits of all members, [M, B, K], before the head."""
        prepared = self.prepare(pictures)
        return torch.stack([member(prepared) for member in self.members])

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures [B, ...] -> scores [B, K]."""
        if len(self.members) == 1 and self.head is mean_logits:
            return self.members[0](self.prepare(pictures))
        return self.head(self.member_logits(pictures))

    def member(self, index: int) -> "Pipeline":
        """The same pre-processing with one member only, sharing its weights."""
        return Pipeline([self.members[index]], self.prepare)

    def with_head(self, head: Head) -> "Pipeline":
        """The same members under another head, such as a smooth one for a vote."""
        return Pipeline(self.members, self.prepare, head)

    def with_prepare(self, prepare: Prepare) -> "Pipeline":
        """The same members behind other pre-processing, such as none or one with a gradient."""
        return Pipeline(self.members, prepare, self.head)
