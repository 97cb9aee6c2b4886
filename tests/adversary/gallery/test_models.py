"""The defences as they are built, each against a second way to say the same."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from triptych.adversary.attacks.pipeline import MajorityVote
from triptych.adversary.gallery.blur.model import GaussianBlur
from triptych.adversary.gallery.catalogue import CATALOGUE, defence
from triptych.adversary.gallery.ecoc.code import code, distances
from triptych.adversary.gallery.ecoc.model import Each, LogDecoder
from triptych.adversary.gallery.ecoc.training import blended
from triptych.adversary.gallery.empir.model import VotersMean
from triptych.adversary.gallery.empir.quantise import QuantisedConv, quantised_weight, to_levels
from triptych.adversary.gallery.lesson import mirrored_and_shifted
from triptych.adversary.gallery.pictures import SHAPES
from triptych.errors import BadInput

SETTINGS = [(name, *setting) for name in CATALOGUE for setting in defence(name).settings]


@pytest.mark.parametrize(("name", "data", "variant"), SETTINGS)
def test_every_setting_can_be_built_and_asked(name, data, variant):
    """Each gives at least ten scores for a picture, and a gradient for the picture."""
    made = defence(name)
    pipeline = made.pipeline(made.settings[data, variant]).eval()
    picture = torch.rand(2, *SHAPES[data]).requires_grad_(True)
    scores = pipeline(picture)
    assert scores.shape[0] == 2
    assert scores.shape[1] >= 10
    assert bool(scores.isfinite().all())
    (gradient,) = torch.autograd.grad(scores[:, :10].sum(), picture)
    assert gradient.shape == picture.shape


def test_blur_is_the_gaussian_filter_of_scipy():
    """In the middle and at the edges, for a grey level stays what it is."""
    shown = torch.rand(2, 3, 12, 10, dtype=torch.float64)
    ours = GaussianBlur(1.0)(shown)
    theirs = gaussian_filter(shown.numpy(), (0, 0, 1, 1), mode="nearest", radius=(0, 0, 2, 2))
    assert np.allclose(ours.numpy(), theirs)
    flat = torch.full((1, 1, 8, 8), 0.3)
    assert torch.allclose(GaussianBlur(0.7)(flat), flat)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_quantised_values_are_few_and_near(bits):
    """No more levels than the bits allow, each value at the nearest, and a gradient of 1."""
    values = torch.rand(1000, requires_grad=True)
    rounded = to_levels(values, bits)
    steps = 2**bits - 1
    assert set(rounded.detach().mul(steps).round().int().tolist()) <= set(range(steps + 1))
    assert float((rounded - values).abs().max().detach()) <= 0.5 / steps + 1e-6
    (gradient,) = torch.autograd.grad(rounded.sum(), values)
    assert torch.equal(gradient, torch.ones(1000))
    weight = quantised_weight(torch.randn(50, 4), bits)
    assert len(weight.unique()) <= 2**bits
    assert float(weight.abs().max()) <= 1 + 1e-6


def test_a_quantised_convolution_sees_a_rounded_input():
    """Values within one level give the same output; values above 1 count as 1."""
    layer = QuantisedConv(1, 2, 3, 2, 2)
    low, high = torch.full((1, 1, 3, 3), 0.30), torch.full((1, 1, 3, 3), 0.36)
    assert torch.equal(layer(low), layer(high))
    assert torch.equal(layer(high * 9), layer(high * 5))
    assert not torch.equal(layer(low), layer(torch.zeros(1, 1, 3, 3)))


def test_the_vote_of_empir_is_the_majority():
    """The mean of the winner's voters decides as the vote does, and is a probability."""
    logits = 3 * torch.randn(3, 500, 4)
    scores = VotersMean()(logits)
    assert torch.equal(scores.argmax(1), MajorityVote(2)(logits).argmax(1))
    assert torch.allclose(scores.sum(1), torch.ones(500))


def test_a_dissenting_member_gets_no_gradient():
    """What the authors' attack cannot see: the member that was outvoted."""
    logits = torch.eye(3)[torch.tensor([0, 1, 0])][:, None].requires_grad_(True)
    (gradient,) = torch.autograd.grad(VotersMean()(logits)[0, 0], logits)
    assert float(gradient[1].abs().max()) == 0
    assert float(gradient[0].abs().max()) > 0


@pytest.mark.parametrize("bits", [16, 32])
def test_hadamard_words_differ_in_half_the_bits(bits):
    """Up to the one column that was made to alternate, and no column is constant."""
    words = code("hadamard", bits)
    assert words.shape == (bits, bits)
    assert set(words.flatten().tolist()) == {-1.0, 1.0}
    apart = distances(words)
    assert int(apart.min()) >= bits // 2 - 1
    assert int(apart.max()) <= bits // 2 + 1
    assert bool((words.min(0).values < words.max(0).values).all())


def test_random_words_are_far_apart_and_always_the_same():
    """Ten of them, of which any two differ in a quarter of the bits at least."""
    words = code("random", 16)
    assert int(distances(words).min()) >= 4
    assert torch.equal(words, code("random", 16))


@pytest.mark.parametrize(("name", "bits"), [("hadamard", 12), ("random", 4), ("identity", 16)])
def test_bits_that_will_not_do(name, bits):
    """The sentence names the number."""
    with pytest.raises(BadInput, match=f"bits is {bits}"):
        code(name, bits)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_the_decoder_scores_by_correlation(activation):
    """Its softmax is proportional to the positive part of <s, C_k>, as it is defined."""
    words = code("hadamard", 16)
    z = torch.randn(4, 5, 4)
    logits = LogDecoder(words, activation)(z)
    for example in range(5):
        bits = getattr(torch, activation)(torch.cat([z[chunk, example] for chunk in range(4)]))
        fit = torch.stack([max((bits * word).sum(), torch.tensor(0.0)) + 1e-6 for word in words])
        assert torch.allclose(logits[example].softmax(0), fit / fit.sum(), atol=1e-5)


def test_each_bit_has_a_layer_of_its_own():
    """The batched product equals one linear layer after the other."""
    layer, values = Each(3, 5, 2), torch.randn(7, 3, 5)
    for bit in range(3):
        alone = values[:, bit] @ layer.weight[bit] + layer.bias[bit]
        assert torch.allclose(layer(values)[:, bit], alone, atol=1e-6)


def test_mirrored_and_shifted_moves_whole_pictures():
    """Each result is a window of the padded picture or of its mirror image."""
    shown = torch.rand(20, 2, 6, 6)
    moved = mirrored_and_shifted(shown, torch.zeros(20), np.random.default_rng(0))
    kinds = set()
    for before, after in zip(shown, moved, strict=True):
        windows = {
            (flip, down, right)
            for flip in (False, True)
            for down in range(9)
            for right in range(9)
            if torch.equal(
                torch.nn.functional.pad(before.flip(2) if flip else before, (4, 4, 4, 4))[
                    :, down : down + 6, right : right + 6
                ],
                after,
            )
        }
        assert windows
        kinds |= {flip for flip, *_ in windows}
    assert kinds == {False, True}


def test_blending_keeps_a_share_and_the_range():
    """Nothing is blended in at 0; at 0.3 what is left is 0.7 of the picture, and never above 1."""
    shown, generator = torch.rand(10, 1, 8, 8), np.random.default_rng(0)
    assert torch.allclose(blended(shown, 0.0, generator), shown)
    mixed = blended(shown, 0.3, generator)
    assert bool((mixed >= 0.7 * shown - 1e-6).all())
    assert float(mixed.max()) <= 1 + 1e-6
    assert not torch.allclose(mixed, shown)
