"""Time of a training step: our rendering against the rendering as the known ports write it.

    python benchmarks/capsules_step.py --json [--preset mnist-official] [--batch 128] [--repeats 3]

`ratio` is the naive step over ours, same network, same pictures, same run (over 1: ours is
faster). Ours is taken as the preset trains, with the encoder's convolutions in bfloat16 where it
says so; `float32_ratio` is without. The naive half copies every template for every picture, samples
values and opacity apart, inverts poses as matrices, stacks the background with `cat`, and lets
autograd differentiate `torch.distributions`. All losses are compared first: they must agree.
Neither draws on a lattice (`train.lattice`), which would make a training step cheaper still.
"""

import argparse
import json
import statistics
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from triptych.capsules.losses import terms, weigh
from triptych.capsules.model import Reading, StackedCapsules
from triptych.capsules.parts import Parts
from triptych.capsules.presets import preset
from triptych.capsules.render import EVERY_PIXEL, Lattice
from triptych.capsules.templates import Templates
from triptych.results import provenance


@dataclass(frozen=True)
class NaiveDrawing:
    """What stands in for our drawing: the likelihood in the ports' way."""

    templates: Templates
    parts: Parts
    lattice: Lattice = EVERY_PIXEL

    def log_likelihood(self, pictures: Tensor, joint_colour: bool) -> Tensor:
        """log p of each pixel, [B, S, S]."""
        assert not joint_colour
        parts, templates = self.parts, self.templates
        batch, count = parts.presence_logit.shape
        side = pictures.shape[-1]
        bottom = torch.tensor([0.0, 0.0, 1.0]).expand(batch, count, 1, 3)
        matrix = torch.cat([parts.pose.unflatten(-1, (2, 3)), bottom], -2)
        inverse = torch.linalg.inv(matrix)[..., :2, :].flatten(0, 1)
        coloured = templates.coloured(parts.feature).flatten(0, 1)  # [B M, C, T, T]
        channels, size = coloured.shape[1], coloured.shape[-1]
        grid = F.affine_grid(inverse, [batch * count, channels, side, side], align_corners=True)
        means = F.grid_sample(coloured, grid, align_corners=True).unflatten(0, (batch, count))
        opacity = templates.opacity()
        assert opacity is not None and templates.background_value is not None
        alpha = opacity.expand(batch, count, 1, size, size).flatten(0, 1)
        logits = F.grid_sample(alpha, grid, align_corners=True).unflatten(0, (batch, count))
        logits = logits + parts.presence.clamp_min(1e-16).log()[..., None, None, None]
        ground = templates.background_value.sigmoid().expand(batch, 1, channels, side, side)
        flat = F.softplus(templates.background_raw).expand(batch, 1, 1, side, side)
        means, logits = torch.cat([means, ground], 1), torch.cat([logits, flat], 1)
        normal = torch.distributions.Normal(means, templates.log_scale.exp())
        log_prob = normal.log_prob(pictures.unsqueeze(1))  # [B, M + 1, C, S, S]
        return (logits.log_softmax(1) + log_prob).logsumexp(1).sum(1)


def naive_reading(network: StackedCapsules, pictures: Tensor) -> Reading:
    """The same reading with a naive drawing; one layer of objects, as in the presets."""
    settings = network.settings
    parts = network.encoder(pictures).with_noise(settings.parts.noise)
    extra = network.templates.coloured(parts.feature).flatten(2)
    objects = tuple(layer(parts, extra, settings.objects.noise) for layer in network.layers)
    return Reading(parts, NaiveDrawing(network.templates, parts), objects)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Way:
    """How a step is computed."""

    naive: bool
    bfloat16: bool = False


def step(network: StackedCapsules, pictures: Tensor, labels: Tensor, way: Way) -> float:
    """Forward and backward; returns the loss."""
    torch.manual_seed(0)
    network.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=way.bfloat16):
        reading = naive_reading(network, pictures) if way.naive else network(pictures)
    loss = weigh(terms(network, reading, pictures, labels), network.settings.loss)
    loss.backward()
    return loss.item()


def main() -> None:
    """Time all ways in turns, so that other work on the machine hits them alike."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--preset", default="mnist-official")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", action="store_true")
    order = parser.parse_args()
    torch.set_num_threads(order.threads)
    torch.manual_seed(0)
    settings = preset(order.preset)
    network = StackedCapsules(settings)
    side = settings.data.canvas
    pictures = torch.rand(order.batch, settings.channels, side, side)
    labels = torch.arange(order.batch) % settings.loss.classes
    naive, plain = Way(naive=True), Way(naive=False)
    ours = Way(naive=False, bfloat16=settings.train.precision == "bf16-mixed")
    ways = list(dict.fromkeys((ours, plain, naive)))
    losses = {way: step(network, pictures, labels, way) for way in ways}
    gaps = {way: abs(loss - losses[naive]) / abs(losses[naive]) for way, loss in losses.items()}
    if any(gap > (1e-2 if way.bfloat16 else 1e-4) for way, gap in gaps.items()):
        raise SystemExit(f"the steps do not compute the same loss: {losses}")
    wall: dict[Way, list[float]] = {way: [] for way in ways}
    busy: dict[Way, list[float]] = {way: [] for way in ways}
    for _ in range(order.repeats):
        for way in ways:
            began, worked = time.perf_counter(), time.process_time()
            step(network, pictures, labels, way)
            wall[way].append(time.perf_counter() - began)
            busy[way].append(time.process_time() - worked)
    seconds = {way: statistics.median(times) for way, times in wall.items()}
    cpu = {way: statistics.median(times) for way, times in busy.items()}
    numbers = {
        "ratio": seconds[naive] / seconds[ours],
        "step_seconds": seconds[ours],
        "naive_step_seconds": seconds[naive],
        "float32_ratio": seconds[naive] / seconds[plain],
        # Processor time: what is left of the comparison where other work shares the machine.
        "cpu_ratio": cpu[naive] / cpu[ours],
        "cpu_seconds": cpu[ours],
        "naive_cpu_seconds": cpu[naive],
        "float32_cpu_ratio": cpu[naive] / cpu[plain],
        "preset": order.preset,
        "precision": settings.train.precision,
        "batch": order.batch,
        "threads": order.threads,
        "repeats": order.repeats,
        "loss_gap": gaps[ours],
        "float32_loss_gap": gaps[plain],
        **provenance(0),
    }
    if order.json:
        print(json.dumps(numbers))
    else:
        print(
            f"ours  {seconds[ours]:.3f} s a step\nnaive {seconds[naive]:.3f} s a step\n"
            f"ratio {numbers['ratio']:.2f} (processor time {numbers['cpu_ratio']:.2f})"
        )


if __name__ == "__main__":
    main()
