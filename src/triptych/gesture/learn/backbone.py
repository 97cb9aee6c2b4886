"""MobileNetV2 as a feature extractor with ImageNet weights (Sandler et al. 2018, arXiv 1801.04381).

The weights file has batch normalisation folded into the convolutions. To fine-tune all layers at a
useful learning rate we put it back: `renormalise` measures each convolution's output on real
pictures and splits it into a normalised part and an affine one that together change nothing. The
export folds them again, so that the shipped network has no trace of it.

Padding is TensorFlow's "same": a stride of two pads right and bottom only.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

# (expansion, output channels, stride) of each inverted residual, table 2 of the paper
BLOCKS = (
    (1, 16, 1),
    (6, 24, 2),
    (6, 24, 1),
    (6, 32, 2),
    (6, 32, 1),
    (6, 32, 1),
    (6, 64, 2),
    (6, 64, 1),
    (6, 64, 1),
    (6, 64, 1),
    (6, 96, 1),
    (6, 96, 1),
    (6, 96, 1),
    (6, 160, 2),
    (6, 160, 1),
    (6, 160, 1),
    (6, 320, 1),
)


class ConvUnit(nn.Module):
    """Convolution, batch normalisation, ReLU6 where `active`: [B, I, H, W] -> [B, O, H/s, W/s]."""

    def __init__(
        self, inputs: int, outputs: int, size: int, stride: int, *, groups: int = 1, active: bool
    ) -> None:
        super().__init__()
        # With a stride of two, "same" padding of an even picture is one pixel right and bottom.
        self.pad = nn.ZeroPad2d((0, 1, 0, 1)) if stride == 2 else nn.Identity()
        padding = size // 2 if stride == 1 else 0
        self.conv = nn.Conv2d(inputs, outputs, size, stride, padding, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.act = nn.ReLU6() if active else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """[B, I, H, W] -> [B, O, H/stride, W/stride]."""
        return self.act(self.norm(self.conv(self.pad(x))))


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; add the input where the shape allows (figure 3).

    Not separable: one standard 3x3 convolution stands for the filters of each channel, their
    non-linearity and the projection, which factorise it.
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int, expansion: int, *, separable: bool = True
    ) -> None:
        super().__init__()
        hidden = inputs * expansion
        units: list[nn.Module] = []
        if expansion != 1:
            units.append(ConvUnit(inputs, hidden, 1, 1, active=True))
        if separable:
            units.append(ConvUnit(hidden, hidden, 3, stride, groups=hidden, active=True))
            units.append(ConvUnit(hidden, outputs, 1, 1, active=False))
        else:
            units.append(ConvUnit(hidden, outputs, 3, stride, active=False))
        self.units = nn.Sequential(*units)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """[B, I, H, W] -> [B, O, H/stride, W/stride]."""
        y = self.units(x)
        return x + y if self.residual else y


class MobileNetV2(nn.Module):
    """The first `blocks` inverted residuals, yielding the feature maps after those in `taps`.

    Input: [B, 3, H, W], RGB, in [-1, 1], H and W multiples of 32.
    Output: a list of feature maps, in the order of `taps` (block numbers, counted from 1).
    Only the depthwise-separable one can hold ImageNet's weights.
    """

    def __init__(self, taps: tuple[int, ...], *, separable: bool = True) -> None:
        super().__init__()
        self.taps = taps
        self.stem = ConvUnit(3, 32, 3, 2, active=True)
        channels = 32
        blocks: list[nn.Module] = []
        for expansion, outputs, stride in BLOCKS[: max(taps)]:
            block = InvertedResidual(channels, outputs, stride, expansion, separable=separable)
            blocks.append(block)
            channels = outputs
        self.blocks = nn.ModuleList(blocks)
        self.channels = tuple(BLOCKS[tap - 1][1] for tap in taps)

    def forward(self, x: Tensor) -> list[Tensor]:
        """[B, 3, H, W] -> one [B, C, H/s, W/s] for each tap."""
        x = self.stem(x)
        found: list[Tensor] = []
        for number, block in enumerate(self.blocks, start=1):
            x = block(x)
            if number in self.taps:
                found.append(x)
        return found


def conv_units(network: nn.Module) -> Iterator[ConvUnit]:
    """All convolution units, in the order in which data passes them."""
    return (module for module in network.modules() if isinstance(module, ConvUnit))


def load_imagenet(network: MobileNetV2, path: Path) -> None:
    """Fill a network with the folded ImageNet weights of an `.npz` file, as far as it is deep.

    The file's arrays come in order: `NN.kind.weight` ([out, h, w, in], depthwise [1, h, w, C]) and
    `NN.kind.bias`. Batch normalisation becomes the identity plus the bias; call `renormalise` next.
    """
    with np.load(path) as arrays:
        names = sorted(name.removesuffix(".weight") for name in arrays if name.endswith(".weight"))
        for name, unit in zip(names, conv_units(network), strict=False):
            weight = torch.from_numpy(arrays[f"{name}.weight"].astype(np.float32))
            # [1, h, w, C] -> [C, 1, h, w], or [O, h, w, I] -> [O, I, h, w]
            order = (3, 0, 1, 2) if "depthwise" in name else (0, 3, 1, 2)
            unit.conv.weight.data.copy_(weight.permute(order))
            bias = torch.from_numpy(arrays[f"{name}.bias"].astype(np.float32))
            unit.norm.bias.data.copy_(bias)
            unit.norm.running_mean.zero_()  # type: ignore[union-attr]
            unit.norm.running_var.fill_(1.0 - unit.norm.eps)  # type: ignore[union-attr]


def start_at_random(network: MobileNetV2) -> None:
    """Fill a network so that signals keep their size (He et al. 2015, arXiv 1502.01852)."""
    for unit in conv_units(network):
        nn.init.kaiming_normal_(unit.conv.weight, mode="fan_out")


@torch.no_grad()
def renormalise(network: nn.Module, forward: Callable[[], object]) -> None:
    """Give each unit's batch normalisation the statistics of real data, leaving its function as is.

    `forward` runs the network once on a representative batch. For a unit with output
    g(c) = γ (c − m)/s + β and measured mean μ and deviation σ of its convolution, the new
    parameters are γ' = γσ/s, β' = β + γ (μ − m)/s.
    """
    hooks = []

    def measure(unit: ConvUnit, _conv: nn.Module, _inputs: object, output: Tensor) -> None:
        norm = unit.norm
        mean = output.mean(dim=(0, 2, 3))
        var = output.var(dim=(0, 2, 3), unbiased=False).clamp_min(1e-4)
        old_mean, old_var = norm.running_mean, norm.running_var
        assert old_mean is not None and old_var is not None
        gain = norm.weight / torch.sqrt(old_var + norm.eps)
        norm.bias.add_(gain * (mean - old_mean))
        norm.weight.copy_(gain * torch.sqrt(var + norm.eps))
        old_mean.copy_(mean)
        old_var.copy_(var)

    network.eval()
    for unit in conv_units(network):
        hooks.append(unit.conv.register_forward_hook(partial(measure, unit)))
    try:
        forward()
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def fold(units: Iterable[ConvUnit]) -> None:
    """Fold batch normalisation into the convolutions in place; for evaluation and export only."""
    for unit in units:
        norm = unit.norm
        mean, var = norm.running_mean, norm.running_var
        assert mean is not None and var is not None
        gain = norm.weight / torch.sqrt(var + norm.eps)
        unit.conv.weight.mul_(gain[:, None, None, None])
        unit.conv.bias = nn.Parameter(norm.bias - mean * gain)
        unit.norm = nn.Identity()  # type: ignore[assignment]


def fine_tuning(
    network: nn.Module,
    backbone: nn.Module,
    rate: float,
    weight_decay: float,
    *,
    pretrained: bool = True,
) -> torch.optim.Optimizer:
    """AdamW for a network whose `backbone` moves at a third of the rate if it was pretrained."""
    trunk = list(backbone.parameters())
    known = {id(parameter) for parameter in trunk}
    rest = [p for p in network.parameters() if id(p) not in known]
    groups = [
        {"params": trunk, "lr": rate / 3 if pretrained else rate},
        {"params": rest, "lr": rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=weight_decay)
