"""Convolutions of few channels: the same maps and the same gradient as torch's own."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from triptych.adversary.attacks.narrow import Narrow, is_narrow

sides = st.tuples(st.integers(1, 4), st.integers(1, 4))


@settings(max_examples=40)
@given(
    channels=st.integers(1, 4),
    kernel=sides,
    stride=sides,
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    bias=st.booleans(),
    last=st.booleans(),
)
def test_maps_and_gradient_are_torchs_own(channels, kernel, stride, padding, dilation, bias, last):
    """For any kernel, stride, padding and dilation, in either order in memory."""
    conv = nn.Conv2d(channels, 5, kernel, stride, padding, dilation, bias=bias).double()
    pictures = torch.rand(3, channels, 9, 8, dtype=torch.float64)
    if last:
        pictures = pictures.contiguous(memory_format=torch.channels_last)
    answers = []
    for layer in (conv, Narrow(conv)):
        leaf = pictures.detach().requires_grad_(True)
        maps = layer(leaf)
        weight = torch.linspace(-1, 2, maps.numel(), dtype=maps.dtype).reshape(maps.shape)
        answers.append((maps, *torch.autograd.grad((maps * weight).sum(), leaf)))
    for one, other in zip(*answers, strict=True):
        assert torch.allclose(one, other, rtol=1e-10, atol=1e-10)


def test_a_search_in_bfloat16_gets_its_gradient_in_the_pictures_precision():
    """Maps come in bfloat16, and the windows are added up in float32."""
    conv, pictures = nn.Conv2d(1, 8, 3, padding=1), torch.rand(2, 1, 6, 6, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        maps = Narrow(conv)(pictures)
    assert maps.dtype == torch.bfloat16
    (gradient,) = torch.autograd.grad(maps.float().sum(), pictures)
    (exact,) = torch.autograd.grad(conv(pictures).sum(), pictures)
    assert gradient.dtype == torch.float32
    assert torch.allclose(gradient, exact, atol=0.02)


class Own(nn.Conv2d):
    """Does something of its own."""


@pytest.mark.parametrize(
    ("part", "narrow"),
    [
        (nn.Conv2d(3, 8, 3, padding=1), True),
        (nn.Conv2d(4, 8, 3, padding="same"), False),
        (nn.Conv2d(4, 8, 3, padding=1, padding_mode="circular"), False),
        (nn.Conv2d(4, 8, 3, groups=2), False),
        (nn.Conv2d(16, 8, 3), False),
        (nn.Conv1d(1, 8, 3), False),
        (Own(1, 8, 3), False),
    ],
)
def test_only_plain_convolutions_of_few_channels_are_replaced(part, narrow):
    """All others stay as they are."""
    assert is_narrow(part) is narrow


def test_hooks_are_respected():
    """A convolution that something listens to is left alone."""
    conv = nn.Conv2d(1, 8, 3)
    conv.register_forward_hook(lambda *_: None)
    assert not is_narrow(conv)
