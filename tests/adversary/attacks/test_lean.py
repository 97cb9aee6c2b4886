"""The copy that is searched with: the same answers with less work, or none at all."""

import pytest
import torch
from torch import nn

from triptych.adversary import Options, Threat, attack
from triptych.adversary.attacks.lean import lean
from triptych.adversary.attacks.method import pgd


def normed(seed=0, linear=False):
    """Convolution, batch norm, ReLU, pool, linear; the batch norm's statistics are not trivial."""
    torch.manual_seed(seed)
    head = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8)) if linear else nn.Linear(6, 8)
    model = nn.Sequential(
        nn.Conv2d(2, 6, 3), nn.BatchNorm2d(6), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), head,
    )  # fmt: skip
    for part in model.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
            part.weight.data.normal_()
            part.bias.data.normal_()
    return model.eval()


class Reused(nn.Module):
    """Its convolution's output goes to the batch norm and past it, so nothing can be folded."""

    def __init__(self):
        super().__init__()
        self.inner = normed()

    def forward(self, x):
        """Logits."""
        y = self.inner[0](x)
        return self.inner[2:](self.inner[1](y) + y)


class Viewed(nn.Module):
    """Its code needs channels first: view refuses other layouts."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(5, 3, 3, padding=1)
        self.linear = nn.Linear(3 * 256, 4)

    def forward(self, x):
        """Logits."""
        return self.linear(self.conv(x).view(len(x), -1))


class Random(nn.Module):
    """Adds noise to its input."""

    def __init__(self):
        super().__init__()
        self.inner = normed()

    def forward(self, x):
        """Logits."""
        return self.inner(x + torch.randn_like(x))


def count_norms(model, pictures):
    """How many batch norms run in a forward pass."""
    seen = []

    def hook(part, given):
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            seen.append(part)

    handle = nn.modules.module.register_module_forward_pre_hook(hook)
    try:
        model(pictures)
    finally:
        handle.remove()
    return len(seen)


@pytest.mark.parametrize("size", [8, 20], ids=["small", "channels last"])
@pytest.mark.parametrize("linear", [False, True])
def test_batch_norms_are_folded_and_answers_stay(size, linear):
    """No batch norm runs any more, logits are the same, and the model itself is as it was."""
    model, pictures = normed(linear=linear), torch.rand(5, 2, size, size)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    stand_in = lean(model, pictures)
    assert stand_in is not None
    assert torch.allclose(stand_in(pictures), model(pictures), atol=1e-5)
    assert count_norms(model, pictures) == 1 + linear
    assert count_norms(stand_in, pictures) == 0
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_batch_norm_that_cannot_be_folded_stays():
    """What the convolution gives goes past it, too."""
    model, pictures = Reused().eval(), torch.rand(5, 2, 8, 8)
    stand_in = lean(model, pictures)
    assert stand_in is None or count_norms(stand_in, pictures) == 1


def test_what_does_not_agree_is_not_used():
    """A random model is itself searched with."""
    assert lean(Random().eval(), torch.rand(5, 2, 8, 8)) is None


def test_code_that_needs_channels_first_is_left_alone():
    """View fails on channels last, and there is no batch norm to fold."""
    assert lean(Viewed().eval(), torch.rand(3, 5, 16, 16)) is None


class Flat(nn.Module):
    """Maps of 6 channels for a linear layer, flattened by a module; twice, if asked for."""

    def __init__(self, twice=False):
        super().__init__()
        self.conv = nn.Conv2d(5, 6, 3)
        self.flat = nn.Flatten()
        self.linear = nn.Linear(6 * 36, 4)
        self.twice = twice

    def forward(self, x):
        """Logits."""
        flat = self.flat(self.conv(x))
        return self.linear(flat) + (flat[:, :4] if self.twice else 0)


@pytest.mark.parametrize("size", [8, 20])
def test_flattened_maps_keep_their_channels_last(size):
    """The linear layer's weights are turned instead, and answers and gradients stay."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(5, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(6), nn.Flatten(), nn.Linear(216, 4)
    )
    pictures = torch.rand(5, 5, size, size)
    stand_in = lean(model, pictures)
    assert stand_in is not None
    pictures.requires_grad_()
    answers = [ask(pictures) for ask in (stand_in, model)]
    slopes = [torch.autograd.grad(each.square().sum(), pictures)[0] for each in answers]
    assert torch.allclose(*answers, atol=1e-5)
    assert torch.allclose(*slopes, atol=1e-5)


def test_maps_whose_order_something_else_reads_are_left_alone():
    """Turning the linear layer alone would change the answer."""
    assert lean(Flat().eval(), torch.rand(3, 5, 8, 8)) is not None
    assert lean(Flat(twice=True).eval(), torch.rand(3, 5, 8, 8)) is None


def test_functions_and_plain_networks_have_no_lean_copy(make):
    """Only modules with something to gain are copied."""
    assert lean(lambda x: x.flatten(1), torch.rand(3, 2, 8, 8)) is None
    assert lean(make.network(), make.pictures()) is None
    assert lean(normed(), torch.rand(0, 2, 8, 8)) is None


def test_an_attack_finds_the_same_with_and_without():
    """In float64, where rounding does not matter, the pictures found agree."""
    model, pictures = normed().double(), torch.rand(12, 2, 20, 20).double()
    labels = model(pictures).argmax(1)
    found = [
        attack(model, pictures, labels, Threat("linf", 0.05), pgd(10), options=Options(lean=lean))
        for lean in (True, False)
    ]
    assert torch.equal(found[0].success, found[1].success)
    assert torch.allclose(found[0].adversarial, found[1].adversarial, atol=1e-9)
    assert bool((found[0].distance > 0.01).any())
