"""Weights and activations of few bits, learnt through their rounding (DoReFa, Zhou et al. 2016)."""

import torch
from torch import Tensor, nn


class _Round(torch.autograd.Function):
    """round(v (2^k - 1)) / (2^k - 1), whose gradient is taken to be 1 (equation 5)."""

    @staticmethod
    def forward(ctx, values: Tensor, steps: int) -> Tensor:
        return torch.round(values * steps) / steps

    @staticmethod
    def backward(ctx, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0], None


def to_levels(values: Tensor, bits: int) -> Tensor:
    """Values in 0..1 -> the nearest of 2^bits levels."""
    return _Round.apply(values, 2**bits - 1)  # type: ignore[no-any-return]


def quantised_weight(weight: Tensor, bits: int) -> Tensor:
    """A weight tensor of any values -> 2^bits levels from -1 to 1 (equation 9)."""
    bent = weight.tanh()
    return 2 * to_levels(bent / (2 * bent.abs().max()) + 0.5, bits) - 1


class QuantisedConv(nn.Conv2d):
    """A convolution without bias, of few bits: its input is cut to 0..1 and rounded, too.

    So the first one sees the picture in 2^activation_bits grey levels.
    """

    def __init__(
        self,
        before: int,
        after: int,
        size: int,
        weight_bits: int,
        activation_bits: int,
        **place: int,
    ) -> None:
        super().__init__(before, after, size, bias=False, **place)
        self.weight_bits = weight_bits
        self.activation_bits = activation_bits

    def forward(self, input: Tensor) -> Tensor:
        """Maps [B, before, H, W] -> [B, after, H', W']."""
        rounded = to_levels(input.clamp(0, 1), self.activation_bits)
        return self._conv_forward(rounded, quantised_weight(self.weight, self.weight_bits), None)
