"""Training of the hand reader: batches, loss, validation.

Where a hand can be cut out, it mostly is, and is put before other people's pictures: most hands of
`ok`, `one` and `peace` were pictured before one white wall.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from triptych.gesture.learn.augment import Jitter
from triptych.gesture.learn.backbone import (
    fine_tuning,
    load_imagenet,
    renormalise,
    start_at_random,
)
from triptych.gesture.learn.compose import Composer
from triptych.gesture.learn.crops import collate, crop_example, to_tensor
from triptych.gesture.learn.examples import NONE, OTHER, UNKNOWN, HandExample, SceneExample
from triptych.gesture.learn.hand_reader import REACH, SIZE, HandReader, Reading, blobs
from triptych.gesture.learn.metrics import five_sign_f1
from triptych.gesture.learn.pools import draw_name, make_pools
from triptych.gesture.learn.recipe import Recipe
from triptych.gesture.learn.reimport import load_exported
from triptych.gesture.types import FINGERS, GESTURES, SIGNS

PLAIN_WALL = ("ardamavi", "asl_t32rahman")
"""Sources whose hands stand before a plain wall and can be cut out."""

CUT_OUT = {
    "ardamavi": 0.8,
    "asl_t32rahman": 0.8,
    "subhih": 0.4,
    "gunsai75": 0.4,
    "asl_meyyappan-dm": 0.4,
    "roboflow_asl": 0.4,
    "mandeep888": 0.4,
    "prabina123swain": 0.4,
}
"""Sources whose hands can be cut out, and how many of these hands are put before other pictures."""

UPSIDE_DOWN = 0.08
"""Share of signs that are turned upside down and so are none."""

COMPOSED = 0.2
"""Share of crops whose hand is put before another photograph; see `compose`."""


class ClassifierTask:
    """What `fit` needs to train a hand reader.

    weights: the file of ImageNet's, or None for random ones. recipe: how the network is built,
    started and fed; choosing the pictures is the caller's. size: of the crops, pixels.
    """

    def __init__(
        self,
        folder: Path,
        train: Sequence[HandExample],
        validation: Sequence[HandExample],
        scenes: Sequence[SceneExample],
        *,
        weights: Path | None,
        batch_size: int = 64,
        rate: float = 1.5e-3,
        recipe: Recipe = Recipe(),  # noqa: B008  # immutable
        size: int = SIZE,
    ) -> None:
        self.folder = folder
        self.validation = validation
        self.scenes = scenes
        self.batch_size = batch_size
        self.rate = rate
        self.recipe = recipe
        self.jitter = recipe.jitter
        self.size = size
        self.pools = make_pools(train)
        self.empty = [s for s in scenes if s.hands_known and len(s.hands) == 0]
        self.with_face = [s for s in scenes if len(s.faces)]
        self.composer = _composer(folder, train, scenes) if recipe.composed else None
        reader = HandReader(separable=recipe.convolution == "separable")
        self.backbone = reader.backbone
        self.pretrained = weights is not None
        if weights is not None:
            load_imagenet(reader.backbone, weights)
            self._renormalise(reader)
        else:
            start_at_random(reader.backbone)
        if recipe.frozen:
            reader.backbone.requires_grad_(False)
        if recipe.kept:
            for part in self._kept():
                part.requires_grad_(False)
        self.network: nn.Module = reader.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def start_from(self, exported: Path) -> None:
        """Go on from the weights of an exported reader."""
        assert isinstance(self.network, HandReader)
        load_exported(self.network, exported)
        self._renormalise(self.network)

    def _renormalise(self, reader: HandReader) -> None:
        pictures = to_tensor(self.batch(np.random.default_rng(0))["picture"])
        renormalise(reader, lambda: reader(pictures))

    def optimizer(self) -> torch.optim.Optimizer:
        """AdamW; what was pretrained moves at a third of the rate."""
        return fine_tuning(self.network, self.backbone, self.rate, 0.03, pretrained=self.pretrained)

    def batch(self, generator: Generator) -> dict[str, Tensor]:
        """One step's crops, drawn by sign, then by person.

        picture [B, 128, 128, 3] uint8 BGR, label [B] int64 (UNKNOWN: a hand, no known sign),
        weight [B], landmarks [B, 21, 2] fractions of the crop, known [B] 1 where they are.
        """
        return collate([self._sample(generator) for _ in range(self.batch_size)])

    def _kept(self) -> list[nn.Module]:
        return [self.backbone.stem, *self.backbone.blocks[: self.recipe.kept]]

    def _sample(self, rng: Generator) -> dict[str, Any]:
        if self.composer is not None and rng.random() < COMPOSED:
            return self.composer.sample(rng, self.jitter, self.size)
        name = draw_name(self.pools, rng)
        if name == "none" and rng.random() < 0.6:
            return self._elsewhere(rng)
        example = self.pools[name].draw(rng)
        if name in SIGNS and rng.random() < UPSIDE_DOWN:
            # A hand that points down makes no sign: that is how hands hang when they rest.
            idle = replace(example, label=OTHER)
            return self._crop(idle, rng, turned=180 + rng.uniform(-50, 50))
        share = CUT_OUT.get(example.file.split("/")[1], 0.0)
        if self.composer is not None and rng.random() < share:
            put = self.composer.put(example, rng, self.jitter, self.size)
            if put is not None:
                return put
        return self._crop(example, rng)

    def _elsewhere(self, rng: Generator) -> dict[str, Any]:
        """A place without a hand: on or about a face, or anywhere."""
        pool = self.with_face if rng.random() < 0.5 else self.empty
        scene = pool[int(rng.integers(len(pool)))]
        width, height = scene.size_wh
        if pool is self.with_face:
            box = scene.faces[int(rng.integers(len(scene.faces)))]
            face = float(max(box[2:] - box[:2]))
            centre = (box[:2] + box[2:]) / 2 + rng.normal(0, 0.4 * face, 2)
            side = face * rng.uniform(0.6, 1.8)
        else:
            centre = rng.uniform((0, 0), (width, height))
            side = rng.uniform(0.1, 0.7) * max(width, height)
        for hand in scene.hands:
            gap = np.abs((hand[:2] + hand[2:]) / 2 - centre) - (hand[2:] - hand[:2]) / 2
            if (gap < side / 2).all() or not scene.hands_known:
                return self._crop(self.pools["none"].draw(rng), rng)
        example = HandExample(
            scene.file, scene.person, NONE, (float(centre[0]), float(centre[1])), side / REACH
        )
        return self._crop(example, rng)

    def _crop(self, example: HandExample, rng: Generator, turned: float = 0.0) -> dict[str, Any]:
        return crop_example(self.folder, example, self.jitter, rng, None, turned, self.size)

    def loss(
        self, network: nn.Module, batch: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy of the three answers plus the distance of the landmarks."""
        if self.recipe.frozen:
            self.backbone.eval()  # or batch normalisation would still follow the batches
        elif self.recipe.kept:
            for part in self._kept():
                part.eval()
        reading: Reading = network(to_tensor(batch["picture"]))
        label, weight = batch["label"], batch["weight"]
        parts: dict[str, Tensor] = {}
        for name, logits in reading.logits.items():
            # Where there is no hand the landmarks mean nothing.
            known_hand = (label != NONE) * (label != UNKNOWN)
            use = weight * known_hand if name == "shape" else weight
            parts[name] = (sign_loss(logits.float(), label) * use).sum() / use.sum().clamp_min(1)
        known = batch["known"] * weight
        gap = (reading.landmarks - batch["landmarks"]).abs().mean(dim=(1, 2))
        parts["landmarks"] = (gap * known).sum() / known.sum().clamp_min(1)
        # Sharp maps: each landmark's expectation is to come from one place.
        target = blobs(batch["landmarks"], reading.heat.shape[2]).flatten(2)
        surprise = -(target * reading.heat.float().flatten(2).log_softmax(dim=2)).sum(2).mean(1)
        parts["heat"] = (surprise * known).sum() / known.sum().clamp_min(1)
        total = parts["appearance"] + 0.5 * parts["shape"] + parts["both"]
        total = total + 16 * parts["landmarks"] + 0.3 * parts["heat"]
        return total, {name: part.detach() for name, part in parts.items()}

    @torch.no_grad()
    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """Five-sign macro-F1 of each answer on the teacher's crops of validation people."""
        numbers: dict[str, float] = {}
        readings, labels, gaps = self.predict(network, self.validation)
        for name, logits in readings.items():
            numbers[f"val_f1_{name}"] = five_sign_f1(labels, logits.argmax(axis=1))
        numbers["val_landmarks"] = float(np.nanmean(gaps))
        return numbers

    @torch.no_grad()
    def landmarks(
        self, network: nn.Module, examples: Sequence[HandExample], rng: Generator
    ) -> NDArray[np.float32]:
        """[N, 21, 2] as the network sees them, in crops of other places and lights."""
        network.eval()
        upright = replace(self.jitter, rotation=False)
        found: list[NDArray[np.float32]] = []
        device = next(network.parameters()).device
        for start in range(0, len(examples), 64):
            samples = [
                crop_example(self.folder, e, upright, rng, None, size=self.size)
                for e in examples[start : start + 64]
            ]
            reading: Reading = network(to_tensor(collate(samples)["picture"].to(device)))
            found.append(reading.landmarks.float().cpu().numpy())
        return np.concatenate(found)

    @torch.no_grad()
    def predict(
        self, network: nn.Module, examples: Sequence[HandExample]
    ) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.int64], NDArray[np.float32]]:
        """Logits of each answer [N, 8], labels [N], mean landmark distance / side [N] or NaN."""
        network.eval()
        rng = np.random.default_rng(0)
        still = Jitter(colour=False, rotation=False, crop=False, webcam=False)
        logits: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
        gaps: list[float] = []
        examples = [e for e in examples if e.label != UNKNOWN]
        for start in range(0, len(examples), 64):
            samples = [
                crop_example(self.folder, e, still, rng, None, size=self.size)
                for e in examples[start : start + 64]
            ]
            batch = collate(samples)
            device = next(network.parameters()).device
            reading: Reading = network(to_tensor(batch["picture"].to(device)))
            for name, values in reading.logits.items():
                logits[name].append(values.float().cpu().numpy())
            gap = (reading.landmarks.cpu() - batch["landmarks"]).norm(dim=2).mean(dim=1) * REACH
            gaps += [g if k else np.nan for g, k in zip(gap.tolist(), batch["known"], strict=True)]
        labels = np.array([e.label for e in examples], np.int64)
        return (
            {name: np.concatenate(values) for name, values in logits.items()},
            labels,
            np.array(gaps, np.float32),
        )


def sign_loss(logits: Tensor, label: Tensor) -> Tensor:
    """[B, 8], [B] -> [B]: cross-entropy; for an unknown sign, that it is not no hand at all."""
    known = F.cross_entropy(logits, label.clamp_min(0), reduction="none", label_smoothing=0.05)
    some_hand = -torch.log1p(-logits.softmax(dim=1)[:, NONE].clamp_max(1 - 1e-4))
    return torch.where(label == UNKNOWN, some_hand, known)


def _composer(
    folder: Path, train: Sequence[HandExample], scenes: Sequence[SceneExample]
) -> Composer:
    pointing = [
        example
        for example in train
        if example.label >= 0
        and GESTURES[example.label] in FINGERS
        and example.landmarks is not None
        and example.file.split("/")[1] in PLAIN_WALL
    ]
    return Composer(folder, scenes, pointing)
