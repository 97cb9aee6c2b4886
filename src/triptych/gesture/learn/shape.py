"""The shape answer, learnt apart: landmarks -> sign, from many more hands than were photographed.

A third of the hands come from the jointed hand (`poses`): every set of fingers that can be up is
there, so that what is none of our signs is known for none. The others are those of the photographs,
as the teacher saw them and as the network itself sees them. It takes a minute, and the landmarks
are left as they are.
"""

import copy
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from triptych.gesture.learn.examples import NONE, OTHER
from triptych.gesture.learn.hand_reader import HandReader, normalise_landmarks
from triptych.gesture.learn.poses import random_landmarks
from triptych.gesture.types import GESTURES, SIGNS

SHARES = {"fist": 0.12, "palm": 0.14, "ok": 0.1, "one": 0.12, "two_up": 0.06, "peace": 0.12}
"""How often each sign is drawn; all the rest is `other`."""

JOINTED, OWN = 0.3, 0.35
"""Shares of hands from the jointed hand, and as the network itself sees them."""

UPSIDE_DOWN = 0.08
"""Share of signs that are turned upside down and so are none."""

BATCH = 256
POSES = 1200
"""How many hands of each sign the jointed hand makes; of `other` six times as many."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Landmarks [N, 21, 2] in any unit, labels [N] over `GESTURES`, weights [N] to draw them by."""

    landmarks: NDArray[np.float32]
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]


def weigh(labels: Sequence[int], people: Sequence[str], trust: Sequence[float]) -> list[float]:
    """Weights that let variety count, not copies: a person's n pictures of a sign count n^0.6."""
    count: dict[tuple[int, str], int] = defaultdict(int)
    for key in zip(labels, people, strict=True):
        count[key] += 1
    keys = zip(labels, people, trust, strict=True)
    return [count[label, who] ** -0.4 * sure for label, who, sure in keys]


def jointed_hands(seed: int, each: int = POSES) -> Hands:
    """Hands of the jointed hand, every sign and what is none."""
    rng = np.random.default_rng(seed)
    counts = [(sign, each) for sign in SIGNS] + [("other", 6 * each)]
    labels = np.concatenate([np.full(n, GESTURES.index(name)) for name, n in counts])
    landmarks = np.stack([random_landmarks(rng, GESTURES[label]) for label in labels])
    return Hands(landmarks, labels.astype(np.int64), np.ones(len(labels)))


def fit_shape(
    network: HandReader, jointed: Hands, own: Hands, teacher: Hands, seed: int, steps: int = 2500
) -> None:
    """Train the shape layers of `network` anew, in place, on the hands of three sources."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pools = [_by_label(hands) for hands in (jointed, own, teacher)]
    layers = nn.Sequential(copy.deepcopy(network.shape), copy.deepcopy(network.shape_out))
    for module in layers.modules():
        if isinstance(module, nn.Linear):
            module.reset_parameters()
    optimizer = torch.optim.AdamW(layers.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    average = AveragedModel(layers, multi_avg_fn=get_ema_multi_avg_fn(0.995))
    layers.train()
    for _ in range(steps):
        points, labels = _draw(pools, rng)
        logits = layers(normalise_landmarks(points))
        loss = F.cross_entropy(logits, labels, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        average.update_parameters(layers)
    layers.load_state_dict(average.module.state_dict())
    network.shape.load_state_dict(layers[0].state_dict())
    network.shape_out.load_state_dict(layers[1].state_dict())
    network.eval()


Pool = dict[int, tuple[Tensor, NDArray[np.float64]]]


def _by_label(hands: Hands) -> Pool:
    """Label -> its landmarks and how likely each is drawn."""
    found: Pool = {}
    for label in np.unique(hands.labels):
        of = hands.labels == label
        if label not in (NONE, -1):
            weights = hands.weights[of]
            found[int(label)] = torch.from_numpy(hands.landmarks[of]), weights / weights.sum()
    return found


def _draw(pools: Sequence[Pool], rng: Generator) -> tuple[Tensor, Tensor]:
    """A batch of landmarks [B, 21, 2], turned, mirrored, stretched and shaken, and its labels."""
    names = [*SHARES, "other"]
    shares = [*SHARES.values(), 1 - sum(SHARES.values())]
    labels = rng.choice([GESTURES.index(name) for name in names], BATCH, p=shares)
    source = rng.choice(3, BATCH, p=(JOINTED, OWN, 1 - JOINTED - OWN))
    points = torch.zeros(BATCH, 21, 2)
    for number, pool in enumerate(pools):
        for label, (landmarks, weights) in pool.items():
            where = np.nonzero((labels == label) & (source == number))[0]
            points[where] = landmarks[rng.choice(len(landmarks), len(where), p=weights)]
    points = points - points.mean(dim=1, keepdim=True)
    size = (points.amax(dim=1) - points.amin(dim=1)).amax(dim=1)[:, None, None]
    shake = np.exp(rng.uniform(np.log(0.005), np.log(0.05), (BATCH, 1, 1))).astype(np.float32)
    points = (
        points + torch.from_numpy(rng.normal(0, 1, points.shape).astype(np.float32) * shake) * size
    )
    down = (rng.random(BATCH) < UPSIDE_DOWN) & (labels != OTHER)
    turn = np.radians(rng.normal(0, 18, BATCH) + down * (180 + rng.uniform(-50, 50, BATCH)))
    labels = np.where(down, OTHER, labels)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    stretch = np.exp(rng.normal(0, 0.06, (BATCH, 1, 2)))
    stretch[:, 0, 0] *= rng.choice((-1, 1), BATCH)
    points = points @ torch.from_numpy(rotation.transpose(2, 1, 0).astype(np.float32))
    points = points * torch.from_numpy(stretch.astype(np.float32))
    return points, torch.from_numpy(labels.astype(np.int64))
