"""A small network on scikit-learn's digits, trained in seconds."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from triptych.data.load import load
from triptych.errors import BrokenModel
from triptych.fit.loop import Plan, fit
from triptych.fit.tracker import JsonLines

WEIGHTS = "weights.safetensors"
TEST = 500
"""The last pictures, by writers that are not among the first, are for testing."""


def network() -> nn.Sequential:
    """Pictures [B, 1, 8, 8] in 0..1 -> logits [B, 10]: two convolutions and a linear layer."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 16, 10),
    )


def digits(split: str) -> tuple[Tensor, Tensor]:
    """Pictures [N, 1, 8, 8] in 0..1 and labels [N] of `train` (1,297) or `test` (500)."""
    data = load("digits", "train")
    part = slice(None, -TEST) if split == "train" else slice(-TEST, None)
    pictures = torch.from_numpy(data.images[part]).float()[:, None] / 255
    return pictures, torch.from_numpy(data.labels[part])


class Digits:
    """The task for `fit`: cross-entropy on random batches of 64."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.network: nn.Module = network()
        self.pictures, self.labels = digits("train")

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.network.parameters(), lr=3e-3)

    def batch(self, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """64 pictures and labels, drawn with replacement."""
        index = torch.from_numpy(generator.integers(len(self.labels), size=64))
        return self.pictures[index], self.labels[index]

    def loss(
        self, network: nn.Module, batch: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Mean cross-entropy."""
        pictures, labels = batch
        return F.cross_entropy(network(pictures), labels), {}

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """Accuracy on the test pictures."""
        pictures, labels = digits("test")
        with torch.no_grad():
            return {"accuracy": float((network(pictures).argmax(1) == labels).float().mean())}


def train(folder: Path, seed: int = 0, steps: int = 400) -> nn.Module:
    """Train into `folder`, resuming what is there, and save the weights beside the checkpoint."""
    plan = Plan(steps, seed, warmup=20, log_every=100, accelerator="cpu")
    with torch.random.fork_rng():
        trained = fit(Digits(seed), plan, folder, JsonLines(folder / "log.jsonl"))
    save_file(trained.state_dict(), folder / WEIGHTS)
    return trained


def read(folder: Path) -> nn.Module:
    """The trained network of a run. Raises BrokenModel if the weights are missing or do not fit."""
    path = folder / WEIGHTS
    model = network()
    try:
        model.load_state_dict(load_file(path))
    except FileNotFoundError as error:
        raise BrokenModel(f"{folder} holds no {WEIGHTS}; give `digits` to train one.") from error
    except Exception as error:  # safetensors raises its own kind, torch RuntimeError
        raise BrokenModel(f"{path} holds no weights of the digits network.") from error
    return model.eval()
