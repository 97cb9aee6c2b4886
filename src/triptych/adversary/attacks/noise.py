"""Random numbers that depend on nothing but a key and a position (counter-based).

An attack that draws by job and step, not by the order in which jobs happen to run, gives each
example the same random start however many slots there are, alone or in a batch, on any device.
The generator is SplitMix64 (Steele, Lea and Flood 2014) used as Salmon et al. (2011) use ciphers:
number i of a stream is the mix of key + i times the golden ratio.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


_GOLDEN = _signed(0x9E3779B97F4A7C15)
_FIRST = _signed(0xBF58476D1CE4E5B9)
_SECOND = _signed(0x94D049BB133111EB)


def mix(key: Tensor, salt: Tensor | int) -> Tensor:
    """New keys from keys [B] int64 and a salt: a bijection of key + (salt + 1) * golden ratio."""
    z = key + (torch.as_tensor(salt, dtype=torch.int64, device=key.device) + 1) * _GOLDEN
    z = (z ^ _shift(z, 30)) * _FIRST
    z = (z ^ _shift(z, 27)) * _SECOND
    return z ^ _shift(z, 31)


def uniform(keys: Tensor, shape: Sequence[int], salt: int = 0) -> Tensor:
    """Numbers in [0, 1), [B, *shape] float64, one stream for each key [B] and salt."""
    count = math.prod(shape)
    position = torch.arange(count, dtype=torch.int64, device=keys.device)
    bits = mix(mix(keys, salt)[:, None], position[None])
    return (_shift(bits, 11).double() * 2.0**-53).reshape(len(keys), *shape)


def normal(keys: Tensor, shape: Sequence[int], salt: int = 0) -> Tensor:
    """Standard normal numbers, [B, *shape] float64 (Box and Muller 1958)."""
    radius = (-2 * torch.log1p(-uniform(keys, shape, 2 * salt))).sqrt()
    return radius * torch.cos(2 * math.pi * uniform(keys, shape, 2 * salt + 1))


def _shift(value: Tensor, by: int) -> Tensor:
    """Shift right without copying the sign bit down."""
    return (value >> by) & ((1 << (64 - by)) - 1)
