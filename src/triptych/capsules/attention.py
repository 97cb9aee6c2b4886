"""The Set Transformer (Lee et al. 2019) as stacked capsules use it: parts in, objects out.

Parts that are not there must not be heard. How presences mask attention is quirk Q6: the official
code subtracts (1 - presence) 1e32 from the logits, which swamps them unless a presence is exactly
1, so each query hears only the surest part.
"""

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PresenceMask = Literal["hard", "log", "threshold"]


def presence_bias(presence: Tensor, mask: PresenceMask) -> Tensor:
    """What is added to the scaled attention logits for keys of that presence [B, M], 0..1.

    `log` weighs each key by its presence; returns [B, M].
    """
    if mask == "hard":
        return -(1 - presence) * 1e32
    if mask == "threshold":
        return torch.where(presence < 0.5, -1e9, 0.0)
    return presence.clamp_min(1e-16).log()


class Attention(nn.Module):
    """Queries [B, N, Q] attend to keys = values [B, M, V]: [B, N, output]."""

    def __init__(self, query: int, value: int, output: int, heads: int, mask: PresenceMask) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(query, output), nn.Linear(value, output)
        self.value, self.output = nn.Linear(value, output), nn.Linear(output, output)
        self.heads = heads
        self.mask: PresenceMask = mask

    def forward(self, queries: Tensor, values: Tensor, presence: Tensor) -> Tensor:
        """presence: [B, M], of the values."""

        def split(x: Tensor) -> Tensor:
            return x.unflatten(-1, (self.heads, -1)).transpose(-2, -3)  # [B, heads, N, dim]

        query, key = split(self.query(queries)), split(self.key(values))
        logits = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])  # [B, heads, N, M]
        weights = (logits + presence_bias(presence, self.mask)[:, None, None, :]).softmax(-1)
        heard = (weights @ split(self.value(values))).transpose(-2, -3).flatten(-2)
        return self.output(heard)


class _Block(nn.Module):
    """Self-attention, then a small network, each with a residual connection and normalised."""

    def __init__(self, width: int, heads: int, mask: PresenceMask) -> None:
        super().__init__()
        self.attention = Attention(width, width, width, heads, mask)
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.expand, self.shrink = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, presence: Tensor) -> Tensor:
        x = x + self.attention(x, x, presence)
        x = self.first(x * presence.unsqueeze(-1))
        return self.second(x + self.shrink(F.relu(self.expand(x))))


class SetTransformer(nn.Module):
    """A set of parts -> one vector for each of K objects.

    size: of a part's vector. The order of the parts makes no difference.
    """

    def __init__(
        self,
        size: int,
        objects: int,
        *,
        blocks: int = 3,
        width: int = 16,
        heads: int = 1,
        output: int = 256,
        mask: PresenceMask = "hard",
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(size, width)
        self.blocks = nn.ModuleList(_Block(width, heads, mask) for _ in range(blocks))
        self.widen = nn.Linear(width, output)
        limit = (6 / (objects + output)) ** 0.5  # Glorot's
        self.seeds = nn.Parameter(torch.empty(1, objects, output).uniform_(-limit, limit))
        self.gather = Attention(output, output, output, heads, mask)

    def forward(self, parts: Tensor, presence: Tensor) -> Tensor:
        """parts: [B, M, size]; presence: [B, M], 0..1. Returns [B, K, output]."""
        x = self.embed(parts)
        for block in self.blocks:
            x = block(x, presence)
        return self._gathered(x, presence)

    def _gathered(self, x: Tensor, presence: Tensor) -> Tensor:
        """`gather(seeds, widen(x), presence)`, [B, K, output], for a small part of its work.

        `widen` and the maps after it are linear with nothing between them, and the seeds are the
        same for all pictures: so their matrices are multiplied first, and each picture's parts
        stay as narrow as the blocks left them.
        """
        gather, heads = self.gather, self.gather.heads
        query = gather.query(self.seeds[0]).unflatten(-1, (heads, -1))  # [K, heads, dim]
        key_weight, key_bias = (t.unflatten(0, (heads, -1)) for t in _chain(self.widen, gather.key))
        asked = torch.einsum("khd,hdw->hkw", query, key_weight)
        level = torch.einsum("khd,hd->hk", query, key_bias)
        logits = (asked @ x.transpose(-1, -2).unsqueeze(1) + level.unsqueeze(-1)) / math.sqrt(
            query.shape[-1]
        )  # [B, heads, K, M]
        bias = presence_bias(presence, gather.mask)[:, None, None, :]
        heard = (logits + bias).softmax(-1) @ x.unsqueeze(1)  # [B, heads, K, width]
        value_weight, value_bias = _chain(self.widen, gather.value)
        out = torch.einsum(
            "ohd,hdw->hwo",
            gather.output.weight.unflatten(1, (heads, -1)),
            value_weight.unflatten(0, (heads, -1)),
        )
        said = heard.transpose(1, 2).flatten(-2) @ out.flatten(0, 1)
        return said + gather.output(value_bias)


def _chain(first: nn.Linear, second: nn.Linear) -> tuple[Tensor, Tensor]:
    """Weight and bias of `second(first(x))`."""
    return second.weight @ first.weight, second(first.bias)
