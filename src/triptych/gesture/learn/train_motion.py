"""Trains the small recurrent network of movements on drawn trajectories over real hands."""

import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from triptych.data.hands import read_hands
from triptych.gesture.decide.movement import FEATURES, MOVEMENTS
from triptych.gesture.learn.examples import HandExample, hand_examples
from triptych.gesture.learn.install import describe
from triptych.gesture.learn.train import PERMISSIVE, Options
from triptych.gesture.learn.trajectories import UNSURE, Shape, sequence
from triptych.gesture.types import GESTURES
from triptych.results import write_result

UNITS = 24
BATCH = 64
VALIDATION = 600
"""Sequences with hands of `val` people that the training is judged on."""


class MotionNetwork(nn.Module):
    """[B, T, 13] features -> [B, T, 4] logits over `MOVEMENTS`."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.GRU(FEATURES, UNITS, batch_first=True)
        self.output = nn.Linear(UNITS, len(MOVEMENTS))

    def forward(self, found: Tensor) -> Tensor:
        """Logits after each tick."""
        states, _ = self.recurrent(found)
        return self.output(states)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """As `decide.movement.Network` takes them."""
        names = {
            "recurrent.weight_ih_l0": "input",
            "recurrent.weight_hh_l0": "hidden",
            "recurrent.bias_ih_l0": "input_bias",
            "recurrent.bias_hh_l0": "hidden_bias",
            "output.weight": "output",
            "output.bias": "output_bias",
        }
        return {names[key]: value.numpy() for key, value in self.state_dict().items()}


def train_motion(options: Options) -> Path:
    """Train, judge on hands of `val` people, and write weights, numbers and hashes into the run."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    wall, cpu = time.perf_counter(), time.process_time()
    train, validation = shapes_of(options.data, "train"), shapes_of(options.data, "val")
    rng = np.random.default_rng([options.seed, 0])
    # Drawing is dearer than learning: each sequence is seen a few times.
    bank = _draw(train, min(options.steps * BATCH, 6000), rng)
    held = _draw(validation, VALIDATION, np.random.default_rng([options.seed, 1]))
    network = MotionNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), 3e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, total_steps=options.steps)
    for _ in range(options.steps):
        chosen = torch.from_numpy(rng.integers(0, len(bank[0]), BATCH))
        logits = network(bank[0][chosen])
        loss = F.cross_entropy(logits.flatten(0, 1), bank[1][chosen].flatten(), ignore_index=UNSURE)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    options.run.mkdir(parents=True, exist_ok=True)
    path = options.run / "motion.npz"
    np.savez(path, **network.weights())  # pyright: ignore[reportArgumentType]
    describe(path)
    numbers = {
        "model": "motion",
        "steps": options.steps,
        "sequences": len(bank[0]),
        "hands": len(train),
        "minutes": (time.perf_counter() - wall) / 60,
        "cpu_minutes": (time.process_time() - cpu) / 60,
        "threads": options.threads,
        "val": judge(network, held),
    }
    write_result(options.run / "result.json", numbers, options.seed)
    (options.run / "motion.md").write_text(_card(numbers), encoding="utf-8")
    return path


def shapes_of(data: Path, split: str) -> list[Shape]:
    """The hands of a split whose landmarks are known, upright ones alone."""
    pictures = [p for p in read_hands(data / "hands", split) if p.licence in PERMISSIVE]
    return [_shape(e) for e in hand_examples(pictures) if e.landmarks is not None and e.label >= 0]


def judge(network: MotionNetwork, held: tuple[Tensor, Tensor]) -> dict[str, float]:
    """Share of each movement's ticks that are told right, and of other ticks told wrong."""
    with torch.no_grad():
        told = network(held[0]).argmax(dim=2)
    right = {
        name: float((told[held[1] == i] == i).float().mean()) for i, name in enumerate(MOVEMENTS)
    }
    return {f"ticks_right_{name}": value for name, value in right.items()}


def _shape(example: HandExample) -> Shape:
    assert example.landmarks is not None
    points = example.landmarks.astype(np.float64)
    centred = (points - example.centre) / max(example.side, 1.0)
    return Shape(centred, GESTURES[example.label] == "palm")


def _draw(shapes: list[Shape], count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    pairs = [sequence(shapes, rng) for _ in range(count)]
    found, labels = zip(*pairs, strict=True)
    return torch.from_numpy(np.stack(found)), torch.from_numpy(np.stack(labels))


def _card(numbers: dict[str, object]) -> str:
    val = numbers["val"]
    assert isinstance(val, dict)
    shares = ", ".join(f"{name.removeprefix('ticks_right_')} {v:.3f}" for name, v in val.items())
    return f"""# Movements

A gated recurrent unit of {UNITS} units over {FEATURES} numbers a tick, 15 ticks a second: wave
(goodbye), hand raised from below (question), swipe (dismiss). Off unless `[motion] on = true`.

Trained on drawn trajectories over the landmarks of {numbers["hands"]} real hands of `train` people
(permissive licences), {numbers["sequences"]} sequences of 5 s, {numbers["steps"]} steps, in
{numbers["cpu_minutes"]:.1f} minutes of one core. No real film of these movements was at hand: it
has learnt how we draw them. On drawn sequences with hands of `val` people it tells these shares of
ticks right: {shares}. What it does to clips that pass through the whole program is in
docs/gesture/events.md.
"""
