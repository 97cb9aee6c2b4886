"""Networks that each tell some bits of a class's code word, and the decoder.

The facts are those of the published code of Verma and Swami 2019.

A chunk is a network for some of the bits: a trunk that they share, and for each bit a side path on
the grey picture and a small head of its own. z [B, bits] goes through tanh (or sigmoid); a class
scores by how well its code word fits.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.gallery.ecoc.code import CodeName, code
from triptych.adversary.gallery.lesson import Schedule, Setting
from triptych.errors import BadInput

Activation = Literal["tanh", "sigmoid"]


@dataclass(frozen=True, slots=True)
class Ecoc(Setting):
    """code, bits, activation: of the output. chunks: independent networks that share the bits.

    filters: of the trunk's three levels. kernel: of its first level. side: filters of a bit's side
    path. normalise: batch normalisation in the trunk. strided: steps of 2 in the place of pooling,
    and one convolution on the first level, a tenth of the work. noise, blend: of the training.
    """

    code: CodeName
    bits: int
    activation: Activation
    chunks: int
    filters: tuple[int, int, int]
    kernel: int = 3
    side: int = 4
    normalise: bool = False
    strided: bool = False
    noise: float = 0.3
    blend: float = 0.3


def _digits(code: CodeName, bits: int, activation: Activation, chunks: int) -> Ecoc:
    schedule = Schedule(40, 64, 3e-3)
    return Ecoc("digits", schedule, code, bits, activation, chunks, (8, 16, 16), noise=0.1)


def _mnist(code: CodeName, bits: int, activation: Activation, chunks: int) -> Ecoc:
    schedule = Schedule(10, 128, 1e-3, "bf16-mixed")
    return Ecoc("mnist", schedule, code, bits, activation, chunks, (16, 16, 16), strided=True)


SETTINGS = {
    ("digits", "small"): _digits("hadamard", 16, "tanh", 4),
    ("digits", "random"): _digits("random", 16, "tanh", 4),
    ("digits", "sigmoid"): _digits("hadamard", 16, "sigmoid", 4),
    ("digits", "single"): _digits("hadamard", 16, "tanh", 1),
    ("mnist", "small"): _mnist("hadamard", 16, "tanh", 4),
    ("mnist", "random"): _mnist("random", 16, "tanh", 4),
    ("mnist", "sigmoid"): _mnist("hadamard", 16, "sigmoid", 4),
    ("mnist", "single"): _mnist("hadamard", 16, "tanh", 1),
    ("mnist", "published"): Ecoc(
        "mnist", Schedule(150, 200, 3e-4), "hadamard", 16, "tanh", 4, (32, 32, 32), kernel=5
    ),
    ("cifar10", "small"): Ecoc(
        *("cifar10", Schedule(8, 128, 2e-3, "bf16-mixed"), "hadamard", 16, "tanh", 4),
        (16, 32, 64),
        kernel=5,
        normalise=True,
        strided=True,
        noise=0.032,
        blend=0.032,
    ),
    ("cifar10", "published"): Ecoc(
        *("cifar10", Schedule(400, 200, 2e-4, "bf16-mixed"), "hadamard", 32, "tanh", 4),
        (32, 64, 128),
        kernel=5,
        side=16,
        normalise=True,
        noise=0.032,
        blend=0.032,
    ),
}


class LogDecoder(nn.Module):
    """The published head: s = tanh(z), class k gets log(max(<s, C_k>, 0) + 1e-6).

    Its softmax is proportional to the correlation of the bits with the code words.
    """

    words: Tensor

    def __init__(self, words: Tensor, activation: Activation) -> None:
        super().__init__()
        self.register_buffer("words", words, persistent=False)
        self.activation = activation

    def forward(self, chunks: Tensor) -> Tensor:
        """The chunks' z [M, B, bits / M] -> logits [B, rows of the code]."""
        z = joined(chunks)
        bits = z.tanh() if self.activation == "tanh" else z.sigmoid()
        return torch.log((bits @ self.words.T.to(bits)).relu() + 1e-6)


def joined(chunks: Tensor) -> Tensor:
    """The chunks' outputs [M, B, b] side by side, [B, M b]."""
    return chunks.permute(1, 0, 2).flatten(1)


def centred(shown: Tensor) -> Tensor:
    """Pictures in 0..1 -> -0.5..0.5."""
    return shown - 0.5


def pipeline(setting: Ecoc) -> Pipeline:
    """The untrained defence."""
    if setting.bits % setting.chunks:
        raise BadInput(f"{setting.bits} bits cannot be shared by {setting.chunks} chunks.")
    own = setting.bits // setting.chunks
    head = LogDecoder(code(setting.code, setting.bits), setting.activation)
    return Pipeline([Chunk(setting, own) for _ in range(setting.chunks)], centred, head)


class Chunk(nn.Module):
    """Centred pictures [B, C, H, W] -> z [B, bits], a number for each bit."""

    def __init__(self, setting: Ecoc, bits: int) -> None:
        super().__init__()
        channels = 3 if setting.data == "cifar10" else 1
        # Three halvings as published; the 8 x 8 digits allow one.
        levels = 1 if setting.data == "digits" else 3
        first, second, third = setting.filters
        plan = [(channels, first), (first, second), (second, third)][-levels:]
        plan[0] = (channels, plan[0][1])
        trunk = list[nn.Module]()
        for level, (before, after) in enumerate(plan):
            kernel = setting.kernel if level == 0 else 3
            last = level == len(plan) - 1
            normalise = setting.normalise, setting.normalise and not last
            if setting.strided:
                trunk += _strided_stage(before, after, kernel, level == 0, *normalise)
            else:
                trunk += _stage(before, after, kernel, *normalise)
        self.trunk = nn.Sequential(*trunk)
        side = list[nn.Module]()
        for level in range(levels):
            wide, groups = (1, 1) if level == 0 else (bits * setting.side, bits)
            kernel = 5 if level == 0 else 3
            side += [
                nn.Conv2d(
                    *(wide, bits * setting.side, kernel),
                    stride=2,
                    padding=kernel // 2,
                    groups=groups,
                ),
                nn.ELU(),
            ]
        self.side = nn.Sequential(*side)
        self.bits = bits
        inside = third + setting.side
        self.join = nn.Sequential(
            *(nn.Conv2d(bits * inside, bits * 16, 2, groups=bits), nn.ELU()),
            *(nn.Conv2d(bits * 16, bits * 16, 2, groups=bits), nn.ELU()),
        )
        self.dense = nn.Sequential(
            *(Each(bits, 64, 16), nn.ELU(), Each(bits, 16, 8), nn.ELU()),
            *(Each(bits, 8, 4), nn.ELU(), Each(bits, 4, 2), Each(bits, 2, 1)),
        )

    def forward(self, shown: Tensor) -> Tensor:
        """All bits at once: what is a bit's own are groups of channels."""
        trunk, side = self.trunk(shown), self.side(shown.mean(1, keepdim=True))
        count, wide, height, width = trunk.shape
        shared = trunk[:, None].expand(count, self.bits, wide, height, width)
        own = side.unflatten(1, (self.bits, -1))
        maps = self.join(torch.cat([shared, own], 2).flatten(1, 2))  # [B, bits 16, 2, 2]
        return self.dense(maps.reshape(count, self.bits, -1)).squeeze(2)


def _stage(
    before: int, after: int, kernel: int, normalise: bool, normalise_last: bool
) -> list[nn.Module]:
    """Two convolutions and a pooling that halves the sides, rounding up."""
    return [
        *_convolution(before, after, kernel, 1, normalise),
        *_convolution(after, after, kernel, 1, normalise_last),
        nn.MaxPool2d(3, 2, padding=1),
    ]


def _strided_stage(
    before: int, after: int, kernel: int, single: bool, normalise: bool, normalise_last: bool
) -> list[nn.Module]:
    """One or two convolutions, the last of which halves the sides, rounding up."""
    first = [] if single else _convolution(before, after, kernel, 1, normalise)
    inside = before if single else after
    return [*first, *_convolution(inside, after, kernel, 2, normalise_last)]


def _convolution(
    before: int, after: int, kernel: int, stride: int, normalise: bool
) -> list[nn.Module]:
    layer = nn.Conv2d(before, after, kernel, stride=stride, padding=kernel // 2)
    return [layer, nn.ELU(), *([nn.BatchNorm2d(after)] if normalise else [])]


class Each(nn.Module):
    """A linear layer for each bit: [B, bits, inputs] -> [B, bits, outputs]."""

    def __init__(self, bits: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(bits, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(bits, outputs))

    def forward(self, values: Tensor) -> Tensor:
        """One matrix product for each bit."""
        return torch.einsum("nbi,bio->nbo", values, self.weight) + self.bias
