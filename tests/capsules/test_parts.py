"""The part encoder and its quirks, each switch against its definition."""

import math

import pytest
import torch

from triptych.capsules.geometry import area, squash
from triptych.capsules.parts import PartEncoder, noisy
from triptych.capsules.presets import preset


def encoder(*changes):
    """A small encoder of digits."""
    base = ["parts.count=5", "parts.width=8", "parts.features=3"]
    return PartEncoder(preset("digits").changed([*base, *changes]))


@pytest.mark.parametrize("pooling", ["attention", "mean", "linear"])
@pytest.mark.parametrize("kind", ["paper", "modern"])
def test_every_encoder_says_the_same_kind_of_things(pooling, kind):
    """Shapes of pose, presence and feature; poses invertible; all of it learns."""
    network = encoder(f"parts.pooling={pooling}", f"parts.encoder={kind}")
    parts = network(torch.rand(4, 1, 16, 16))
    assert parts.pose.shape == (4, 5, 6)
    assert parts.presence_logit.shape == (4, 5)
    assert parts.feature.shape == (4, 5, 3)
    total = parts.pose.sum() + parts.presence.sum() + parts.feature.square().sum()
    total.backward()
    assert all(weight.grad is not None for weight in network.parameters())


@pytest.mark.parametrize("mixed", [False, True])
def test_attention_pooling_by_brute_force(mixed):
    """Clean: a map a capsule. Q1: number j of capsule i is pooled by map (numbers i + j) mod M."""
    network = encoder(f"parts.mixed_attention={str(mixed).lower()}")
    count, numbers = 5, 10
    grid = torch.rand(2, 8, 3, 3)
    pooled = network._pool(grid)
    out = network.head(grid).flatten(2)
    values, maps = out[:, : count * numbers], out[:, count * numbers :].softmax(-1)
    for i in range(count):
        for j in range(numbers):
            if mixed:
                flat = numbers * i + j
                expected = (values[:, flat] * maps[:, flat % count]).sum(-1)
            else:
                expected = (values[:, j * count + i] * maps[:, i]).sum(-1)
            assert torch.allclose(pooled[:, i, j], expected, atol=1e-6)


def test_noise_is_uniform_and_repeats_with_its_generator():
    """Width 4 means between -2 and 2, variance 4/3; width 0 changes nothing."""
    logits = torch.zeros(100_000)
    noise = noisy(logits, 4.0, torch.Generator().manual_seed(1))
    assert noise.abs().max() <= 2
    assert noise.mean().item() == pytest.approx(0, abs=0.02)
    assert noise.var().item() == pytest.approx(16 / 12, rel=0.02)
    assert torch.equal(noise, noisy(logits, 4.0, torch.Generator().manual_seed(1)))
    assert noisy(logits, 0.0) is logits


def test_a_similarity_encoder_keeps_angles():
    """parts.pose=similarity gives poses whose two scales are one."""
    pose = encoder("parts.pose=similarity")(torch.rand(3, 1, 16, 16)).pose
    a, b, _, c, d, _ = pose.unbind(-1)
    assert torch.allclose(a, d) and torch.allclose(b, -c)


def test_a_background_is_read_from_each_picture():
    """per_picture gives [B, C] in 0..1, one for all gives none."""
    assert encoder()(torch.rand(2, 1, 16, 16)).background is None
    background = encoder("parts.background=per_picture")(torch.rand(2, 1, 16, 16)).background
    assert background.shape == (2, 1)
    assert background.min() > 0 and background.max() < 1


def test_strokes_start_apart_and_hardly_depend_on_the_picture(small):
    """All poses differ by part, nearly none by picture, whichever way the parts are pooled."""
    for pooling in ("attention", "mean", "linear"):
        settings = small.changed(
            ["parts.start=strokes", "parts.pose_gain=1", f"parts.pooling={pooling}"]
        )
        pose = PartEncoder(settings)(torch.rand(20, 1, 16, 16)).pose
        places = pose[..., [2, 5]]
        assert places.std(0).max() < 0.1
        middle = places.mean(0)
        assert (torch.pdist(middle) > 0.15).all() and middle.abs().max() < 0.75


def test_no_template_is_larger_than_allowed(small):
    """parts.largest_scale bounds both sides of a template."""
    settings = small.changed(["parts.largest_scale=0.5", "parts.pose=similarity"])
    raw = 10 * torch.randn(50, 6)
    pose = squash(raw, "similarity", largest=0.5)
    assert area(pose).sqrt().max() <= 0.51 + 1e-5
    assert area(PartEncoder(settings)(torch.rand(9, 1, 16, 16)).pose).sqrt().max() <= 0.51 + 1e-5


def test_no_template_turns_further_than_allowed(small):
    """parts.largest_turn bounds the angle, whatever the encoder says; 0 leaves it free."""
    furthest = []
    for turn in (0.05, 0.0):
        settings = small.changed([f"parts.largest_turn={turn}", "parts.pose=similarity"])
        encoder = PartEncoder(settings)
        torch.nn.init.normal_(encoder.head.weight, std=3.0)
        pose = encoder(torch.rand(20, 1, 16, 16)).pose
        furthest.append(torch.atan2(pose[..., 3], pose[..., 0]).abs().max().item() / 2 / math.pi)
    assert furthest[0] <= 0.05 + 1e-6 and furthest[1] > 0.1
