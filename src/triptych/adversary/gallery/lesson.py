"""How the gallery's networks are trained: `fit` on random batches, one schedule a setting."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triptych.adversary.attacks.found import own_device
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.gallery.pictures import TRAINING, as_floats, pictures
from triptych.fit.loop import Plan

Outputs = Callable[[Pipeline, Tensor], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]
Change = Callable[[Tensor, Tensor, np.random.Generator], Tensor]


@dataclass(frozen=True, slots=True)
class Schedule:
    """epochs: over the training pictures. batch: pictures a step. rate: Adam's. precision: as
    `fit` has it; `bf16-mixed` halves the time of a convolution on a recent processor."""

    epochs: float
    batch: int = 128
    rate: float = 1e-3
    precision: str = "32-true"

    def plan(self, data: str, seed: int, accelerator: str) -> Plan:
        """The plan for `fit`.

        Gradients are not clipped: members of an ensemble share nothing, and must not do so here.
        """
        steps = max(1, math.ceil(self.epochs * TRAINING[data] / self.batch))
        return Plan(
            steps,
            seed,
            warmup=min(100, steps // 5 + 1),
            average=0.998 if steps > 2000 else 0.99,
            clip=math.inf,
            log_every=max(1, steps // 20),
            save_every=max(1, math.ceil(steps / 8)),
            evaluate_every=max(1, math.ceil(steps / 2)),
            precision=self.precision,
            accelerator=accelerator,
        )


@dataclass(frozen=True, slots=True)
class Setting:
    """A size of a defence: which pictures it is for, and how it is trained; defences add to it."""

    data: str
    schedule: Schedule


class Trainee(nn.Module):
    """A pipeline as it is trained: `outputs` says which of its outputs the loss sees."""

    def __init__(self, pipeline: Pipeline, outputs: Outputs) -> None:
        super().__init__()
        self.pipeline = pipeline
        self.outputs = outputs

    def forward(self, shown: Tensor) -> Tensor:
        """Pictures [B, C, H, W] -> what the loss takes."""
        return self.outputs(self.pipeline, shown)


class Lesson:
    """The task for `fit`.

    outputs: what of the pipeline the loss sees; loss: of these and the labels; change: done to each
    batch [B, C, H, W] in 0..1 (with the labels, and a generator) before it is shown.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        data: str,
        schedule: Schedule,
        outputs: Outputs = Pipeline.forward,
        loss: Loss = F.cross_entropy,
        change: Change | None = None,
    ) -> None:
        trainee = Trainee(pipeline, outputs)
        self.network: nn.Module = trainee.to(memory_format=torch.channels_last)
        self.schedule = schedule
        self.images, self.labels = pictures(data, "train")
        self.held_out = pictures(data, "val")
        self._loss = loss
        self._change = change

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.network.parameters(), lr=self.schedule.rate)

    def batch(self, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Pictures in 0..1 and labels, drawn with replacement."""
        index = torch.from_numpy(generator.integers(len(self.labels), size=self.schedule.batch))
        shown, labels = as_floats(self.images[index]), self.labels[index]
        if self._change is not None:
            shown = self._change(shown, labels, generator)
        return shown.contiguous(memory_format=torch.channels_last), labels

    def loss(
        self, network: nn.Module, batch: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The loss of a batch."""
        shown, labels = batch
        return self._loss(network(shown), labels), {}

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """Accuracy of the whole pipeline on the held-out pictures."""
        assert isinstance(network, Trainee)
        return {"accuracy": accuracy(network.pipeline, *self.held_out)}


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Share of uint8 pictures that the model, in evaluation mode, gets right."""
    device, right = own_device(model) or images.device, 0
    with torch.no_grad():
        for shown, truth in zip(images.split(256), labels.split(256), strict=True):
            answers = model(as_floats(shown).to(device)).argmax(1)
            right += int((answers == truth.to(device)).sum())
    return right / len(labels)


def members_loss(loss: Loss) -> Loss:
    """Each member's own loss, added up: outputs [M, B, K], labels [B]. No member sees another."""

    def total(outputs: Tensor, labels: Tensor) -> Tensor:
        return torch.stack([loss(member, labels) for member in outputs]).sum()

    return total


def mirrored_and_shifted(shown: Tensor, labels: Tensor, generator: np.random.Generator) -> Tensor:
    """Each picture mirrored or not, and moved by up to 4 pixels over black."""
    del labels
    count, _, height, width = shown.shape
    mirror = torch.from_numpy(generator.random(count) < 0.5)
    shown = torch.where(mirror[:, None, None, None], shown.flip(3), shown)
    padded = F.pad(shown, (4, 4, 4, 4))
    down, right = torch.from_numpy(generator.integers(9, size=(2, count)))
    rows = down[:, None] + torch.arange(height)
    columns = right[:, None] + torch.arange(width)
    picture = torch.arange(count)[:, None, None]
    # [B, H, W, C], for the channels stand between two indices
    return padded[picture, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
