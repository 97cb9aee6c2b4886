"""Plain convolutional networks; blur and adversarial training take the same.

Pictures [B, C, H, W] in 0..1 -> logits [B, 10]. The published size for CIFAR-10 is a
pre-activation ResNet-18 (He et al. 2016), that for MNIST the network of Madry et al. 2018.
"""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.gallery.lesson import Schedule, Setting

NetworkName = Literal["digits", "mnist", "mnist-large", "cifar", "resnet18"]


@dataclass(frozen=True, slots=True)
class Plain(Setting):
    """network: which of `network`."""

    network: NetworkName


SETTINGS = {
    ("digits", "small"): Plain("digits", Schedule(25, 64, 3e-3), "digits"),
    ("mnist", "small"): Plain("mnist", Schedule(3, 128, 2e-3), "mnist"),
    ("mnist", "published"): Plain("mnist", Schedule(50, 50, 1e-4), "mnist-large"),
    ("cifar10", "small"): Plain("cifar10", Schedule(3, 128, 2e-3, "bf16-mixed"), "cifar"),
    ("cifar10", "published"): Plain("cifar10", Schedule(100, 128, 1e-3, "bf16-mixed"), "resnet18"),
}


def pipeline(setting: Plain) -> Pipeline:
    """The untrained network, alone."""
    return Pipeline([network(setting.network)])


def network(name: NetworkName) -> nn.Sequential:
    """An untrained network by its name."""
    if name == "digits":
        return nn.Sequential(
            *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(32 * 16, 10)),
        )
    if name == "mnist":
        return nn.Sequential(
            *(nn.Conv2d(1, 16, 4, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv2d(16, 32, 4, stride=2, padding=1), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(32 * 49, 100), nn.ReLU(), nn.Linear(100, 10)),
        )
    if name == "mnist-large":
        return nn.Sequential(
            *(nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(64 * 49, 1024), nn.ReLU(), nn.Linear(1024, 10)),
        )
    if name == "cifar":
        return nn.Sequential(
            *(nn.Conv2d(3, 32, 4, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(64, 64, 4, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv2d(64, 128, 3, padding=1), nn.ReLU()),
            *(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(128 * 16, 10)),
        )
    widths = (64, 64, 128, 128, 256, 256, 512, 512)
    blocks = [
        Block(wide if number == 0 else widths[number - 1], wide, 2 if number in (2, 4, 6) else 1)
        for number, wide in enumerate(widths)
    ]
    return nn.Sequential(
        *(nn.Conv2d(3, 64, 3, padding=1, bias=False), *blocks),
        *(nn.BatchNorm2d(512), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Linear(512, 10),
    )


class Block(nn.Module):
    """A residual block of two convolutions, normalised before each (He et al. 2016)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.BatchNorm2d(before), nn.ReLU())
        self.inner = nn.Sequential(
            nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
            *(nn.BatchNorm2d(after), nn.ReLU()),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
        )
        same = before == after and stride == 1
        self.shortcut = None if same else nn.Conv2d(before, after, 1, stride=stride, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Feature maps [B, before, H, W] -> [B, after, H / stride, W / stride]."""
        first = self.first(maps)
        return self.inner(first) + (maps if self.shortcut is None else self.shortcut(first))
