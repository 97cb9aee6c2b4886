"""Counter-based random numbers are those of SplitMix64, and look random."""

import pytest
import torch

from triptych.adversary.attacks.noise import mix, normal, uniform


def splitmix(state, count):
    """SplitMix64 as published, in Python's whole numbers."""
    found = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        z = state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        found.append(z ^ (z >> 31))
    return found


@pytest.mark.parametrize("key", [0, 1, 2**62, -5])
def test_the_mix_is_splitmix64(key):
    """Salt i gives number i of the stream that begins at the key."""
    ours = [int(mix(torch.tensor([key]), i)) % 2**64 for i in range(20)]
    assert ours == splitmix(key % 2**64, 20)


def test_uniform_is_uniform():
    """Mean, spread and range are those of [0, 1), and streams are unlike each other."""
    draw = uniform(torch.arange(200), (500,))
    assert 0 <= float(draw.min()) <= float(draw.max()) < 1
    assert float(draw.mean()) == pytest.approx(0.5, abs=0.005)
    assert float(draw.var()) == pytest.approx(1 / 12, abs=0.002)
    assert float(torch.corrcoef(draw)[~torch.eye(200, dtype=torch.bool)].abs().max()) < 0.3
    assert not torch.equal(draw, uniform(torch.arange(200), (500,), salt=1))


def test_normal_is_normal():
    """Mean 0, variance 1, kurtosis 3."""
    draw = normal(torch.arange(200), (500,)).flatten()
    assert float(draw.mean()) == pytest.approx(0, abs=0.02)
    assert float(draw.var()) == pytest.approx(1, abs=0.02)
    assert float(draw.pow(4).mean()) == pytest.approx(3, abs=0.15)


def test_shapes():
    """One stream for each key, in the shape that was asked for, also for no keys."""
    assert uniform(torch.arange(3), (2, 5)).shape == (3, 2, 5)
    assert normal(torch.arange(0), (2,)).shape == (0, 2)
