"""Time of a training step: our rendering against the rendering as the known ports write it.

    python benchmarks/capsules_step.py --json [--preset mnist] [--batch 128] [--repeats 3]

`ratio` is the naive step over ours, same network, same pictures, same run (over 1: ours is
faster). The naive half copies every template for every picture, samples values and opacity apart,
inverts poses as matrices, stacks the background with `cat`, and lets autograd differentiate
`torch.distributions`. Both losses are compared first: they must agree.
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
from triptych.capsules.templates import Templates
from triptych.results import provenance


@dataclass(frozen=True)
class NaiveDrawing:
    """What stands in for our drawing: the likelihood in the ports' way."""

    templates: Templates
    parts: Parts

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
        assert templates.alpha is not None and templates.background_value is not None
        alpha = templates.alpha.expand(batch, count, 1, size, size).flatten(0, 1)
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


def step(network: StackedCapsules, pictures: Tensor, labels: Tensor, naive: bool) -> float:
    """Forward and backward; returns the loss."""
    torch.manual_seed(0)
    network.zero_grad()
    reading = naive_reading(network, pictures) if naive else network(pictures)
    loss = weigh(terms(network, reading, pictures, labels), network.settings.loss)
    loss.backward()
    return loss.item()


def main() -> None:
    """Time both in turns, so that other work on the machine hits both alike."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--preset", default="mnist")
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
    losses = {naive: step(network, pictures, labels, naive) for naive in (False, True)}
    gap = abs(losses[False] - losses[True]) / abs(losses[True])
    if gap > 1e-4:
        raise SystemExit(f"the two steps do not compute the same loss: {losses}")
    seconds: dict[bool, list[float]] = {False: [], True: []}
    busy: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(order.repeats):
        for naive, times in seconds.items():
            began, worked = time.perf_counter(), time.process_time()
            step(network, pictures, labels, naive)
            times.append(time.perf_counter() - began)
            busy[naive].append(time.process_time() - worked)
    ours, theirs = statistics.median(seconds[False]), statistics.median(seconds[True])
    numbers = {
        "ratio": theirs / ours,
        "step_seconds": ours,
        "naive_step_seconds": theirs,
        # Processor time: what is left of the comparison where other work shares the machine.
        "cpu_ratio": statistics.median(busy[True]) / statistics.median(busy[False]),
        "cpu_seconds": statistics.median(busy[False]),
        "naive_cpu_seconds": statistics.median(busy[True]),
        "preset": order.preset,
        "batch": order.batch,
        "threads": order.threads,
        "repeats": order.repeats,
        "loss_gap": gap,
        **provenance(0),
    }
    if order.json:
        print(json.dumps(numbers))
    else:
        print(f"ours  {ours:.3f} s a step\nnaive {theirs:.3f} s a step\nratio {theirs / ours:.2f}")


if __name__ == "__main__":
    main()
