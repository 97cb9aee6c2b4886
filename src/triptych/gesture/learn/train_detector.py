"""Training of the detector: which pictures are drawn, the loss, validation."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn

from triptych.gesture.learn.augment import jitter_colour, jitter_webcam
from triptych.gesture.learn.backbone import fine_tuning, load_imagenet, renormalise
from triptych.gesture.learn.crops import collate, read, to_tensor
from triptych.gesture.learn.detector import KINDS, Detector, box_loss, heat_loss
from triptych.gesture.learn.examples import SceneExample, overlap
from triptych.gesture.learn.metrics import average_precision, recall_at
from triptych.gesture.learn.mosaic import Objects, place, tiles
from triptych.gesture.learn.targets import decode, targets
from triptych.gesture.types import Frame

CANVAS = 256
"""Training pictures are squares of this many pixels; the shipped network takes 320 x 192."""


class DetectorTask:
    """What `fit` needs to train a detector."""

    def __init__(
        self,
        folder: Path,
        train: Sequence[SceneExample],
        validation: Sequence[SceneExample],
        *,
        weights: Path | None,
        batch_size: int = 16,
        rate: float = 1.5e-3,
    ) -> None:
        self.folder = folder
        self.validation = [e for e in validation if e.hands_known or len(e.faces)]
        self.batch_size = batch_size
        self.rate = rate
        self.people = _people(train)
        self.network: nn.Module = Detector()
        if weights is not None:
            load_imagenet(self.network.backbone, weights)  # type: ignore[arg-type]
        first = np.random.default_rng(0)
        pictures = torch.cat([to_tensor(self.batch(first)["picture"]) for _ in range(2)])
        renormalise(self.network, lambda: self.network(pictures))
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def optimizer(self) -> torch.optim.Optimizer:
        """AdamW; what was pretrained moves at a third of the rate."""
        return fine_tuning(self.network, self.network.backbone, self.rate, 0.02)  # type: ignore[arg-type]

    def batch(self, generator: Generator) -> dict[str, Tensor]:
        """picture [B, S, S, 3] uint8 BGR, and the fields of `targets`, each with a batch axis."""
        return collate([self._sample(generator) for _ in range(self.batch_size)])

    def _sample(self, rng: Generator) -> dict[str, Any]:
        canvas = np.full((CANVAS, CANVAS, 3), rng.integers(0, 256, 3), np.uint8)
        objects = Objects.none()
        for x0, y0, x1, y1 in tiles(rng, CANVAS):
            picture, found = self._picture(rng)
            placed, found = place(picture, found, (x1 - x0, y1 - y0), rng)
            canvas[y0:y1, x0:x1] = placed
            objects = objects.with_(found.moved(x0, y0))
        canvas = jitter_webcam(jitter_colour(canvas, rng), rng)
        return {"picture": canvas, **targets(objects, (CANVAS, CANVAS))}

    def _picture(self, rng: Generator) -> tuple[Frame, Objects]:
        examples = self.people[int(rng.integers(len(self.people)))]
        example = examples[int(rng.integers(len(examples)))]
        return read(self.folder / example.file), Objects(
            example.hands, example.faces, example.doubtful, example.hands_known, example.faces_known
        )

    def loss(
        self, network: nn.Module, batch: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Heat map loss plus box loss."""
        heat, sides = network(to_tensor(batch["picture"]))
        parts = {
            "heat": heat_loss(heat.float(), batch["heat"], batch["mask"]),
            "box": box_loss(sides.float(), batch["sides"], batch["weight"]),
        }
        total = parts["heat"] + 1.5 * parts["box"]
        return total, {name: part.detach() for name, part in parts.items()}

    @torch.no_grad()
    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """Average precision at IoU 0.5 and recall at one false box in ten pictures, per kind."""
        network.eval()
        device = next(network.parameters()).device
        scores: dict[str, list[tuple[float, bool]]] = defaultdict(list)
        totals: dict[str, int] = defaultdict(int)
        pictures = 0
        for example in self.validation[::2]:
            frame = read(self.folder / example.file)
            height, width = frame.shape[:2]
            scale = CANVAS / max(height, width)
            canvas = np.zeros((CANVAS, CANVAS, 3), np.uint8)
            small = cv2.resize(frame, (round(width * scale), round(height * scale)))
            canvas[: small.shape[0], : small.shape[1]] = small
            heat, sides = network(to_tensor(torch.from_numpy(canvas[None]).to(device)))
            boxes = decode(heat[0].sigmoid().cpu().numpy(), sides[0].cpu().numpy(), floor=0.1)
            pictures += 1
            for kind, truth, known in (
                ("hand", example.hands, example.hands_known),
                ("face", example.faces, example.faces_known),
            ):
                if not known:
                    continue
                left = [box * scale for box in truth]
                totals[kind] += len(left)
                for score, box in boxes[kind]:
                    match = next((t for t in left if overlap(box, t) >= 0.5), None)
                    doubtful = example.doubtful if kind == "face" else ()
                    if match is not None:
                        left = [t for t in left if t is not match]
                        scores[kind].append((score, True))
                    elif not any(overlap(box, d * scale) > 0.3 for d in doubtful):
                        scores[kind].append((score, False))
        numbers = {}
        for kind in KINDS:
            hits = np.array([hit for _score, hit in sorted(scores[kind], key=lambda s: -s[0])])
            if len(hits) == 0 or totals[kind] == 0:
                continue
            numbers[f"val_ap_{kind}"] = average_precision(hits, totals[kind])
            numbers[f"val_recall_{kind}"] = recall_at(hits, totals[kind], 0.1 * pictures)
        return numbers


def _people(examples: Sequence[SceneExample]) -> list[list[SceneExample]]:
    """People with their pictures; those with many near-copies come a few times, not many."""
    people: dict[str, list[SceneExample]] = defaultdict(list)
    for example in examples:
        nothing = not example.hands_known and len(example.faces) == 0 and not example.faces_known
        if not nothing:
            people[example.person].append(example)
    weighted: list[list[SceneExample]] = []
    for pictures in people.values():
        plain = all(max(p.size_wh) <= 100 for p in pictures)
        tickets = len(pictures) ** 0.6
        weighted += [pictures] * max(1, round(tickets * (0.35 if plain else 1.0)))
    return weighted
