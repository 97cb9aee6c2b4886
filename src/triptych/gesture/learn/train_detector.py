"""Training of the detector: mosaics of pictures, targets, loss, validation."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn

from triptych.gesture.learn.augment import jitter_colour, jitter_webcam
from triptych.gesture.learn.backbone import load_imagenet, renormalise
from triptych.gesture.learn.detector import KINDS, STRIDE, Detector, box_loss, heat_loss
from triptych.gesture.learn.examples import SceneExample, overlap
from triptych.gesture.learn.train_classifier import collate, read, to_tensor
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
        backbone = list(self.network.backbone.parameters())  # type: ignore[union-attr]
        known = {id(parameter) for parameter in backbone}
        rest = [p for p in self.network.parameters() if id(p) not in known]
        return torch.optim.AdamW(
            [{"params": backbone, "lr": self.rate / 3}, {"params": rest, "lr": self.rate}],
            weight_decay=0.02,
        )

    def batch(self, generator: Generator) -> dict[str, Tensor]:
        """picture [B, S, S, 3] uint8 BGR, and the fields of `targets`, each with a batch axis."""
        return collate([self._sample(generator) for _ in range(self.batch_size)])

    def _sample(self, rng: Generator) -> dict[str, Any]:
        canvas = np.full((CANVAS, CANVAS, 3), rng.integers(0, 256, 3), np.uint8)
        objects = Objects.none()
        for x0, y0, x1, y1 in _tiles(rng):
            picture, found = self._picture(rng)
            placed, found = place(picture, found, (x1 - x0, y1 - y0), rng)
            canvas[y0:y1, x0:x1] = placed
            objects = objects.with_(found.moved(x0, y0))
        canvas = jitter_webcam(jitter_colour(canvas, rng), rng)
        return {"picture": canvas, **targets(objects, (CANVAS, CANVAS))}

    def _picture(self, rng: Generator) -> tuple[Frame, "Objects"]:
        examples = self.people[int(rng.integers(len(self.people)))]
        example = examples[int(rng.integers(len(examples)))]
        return read(self.folder / example.file), Objects(
            example.hands, example.faces, example.doubtful, example.hands_known, example.faces_known
        )

    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
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
            heat, sides = network(to_tensor(torch.from_numpy(canvas[None])))
            boxes = decode(heat[0].sigmoid().numpy(), sides[0].numpy(), floor=0.1)
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
            true, false = np.cumsum(hits), np.cumsum(~hits)
            precision = true / (true + false)
            numbers[f"val_ap_{kind}"] = float(precision[hits].sum() / totals[kind])
            allowed = false <= 0.1 * pictures
            numbers[f"val_recall_{kind}"] = float(true[allowed].max(initial=0) / totals[kind])
        return numbers


class Objects:
    """What is in a picture, pixels; boxes [N, 4]."""

    def __init__(
        self,
        hands: NDArray[np.float32],
        faces: NDArray[np.float32],
        doubtful: NDArray[np.float32],
        hands_known: bool,
        faces_known: bool,
    ) -> None:
        self.hands, self.faces, self.doubtful = hands, faces, doubtful
        self.hands_known, self.faces_known = hands_known, faces_known
        # Regions [N, 5] (kind, box) in which nothing is learnt.
        self.blind = np.zeros((0, 5), np.float32)

    @staticmethod
    def none() -> "Objects":
        """Nothing, and that is known."""
        empty = np.zeros((0, 4), np.float32)
        return Objects(empty, empty, empty, True, True)

    def mapped(self, matrix: NDArray[np.float64], size_wh: tuple[int, int]) -> "Objects":
        """Through an affine map [2, 3] into a picture of `size_wh`, without what falls outside."""

        def through(boxes: NDArray[np.float32], kept: float) -> NDArray[np.float32]:
            if len(boxes) == 0:
                return boxes
            corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
            corners = corners @ matrix[:, :2].T + matrix[:, 2]
            low, high = corners.min(axis=1), corners.max(axis=1)
            inside_low = np.clip(low, 0, size_wh)
            inside_high = np.clip(high, 0, size_wh)
            share = np.prod(inside_high - inside_low, axis=1) / np.prod(high - low, axis=1)
            boxes = np.concatenate([inside_low, inside_high], axis=1).astype(np.float32)
            return boxes[share > kept]

        new = Objects(
            through(self.hands, 0.4),
            through(self.faces, 0.4),
            through(self.doubtful, 0.05),
            self.hands_known,
            self.faces_known,
        )
        whole = np.array([0, 0, *size_wh], np.float32)
        blind = [np.array([1, *box], np.float32) for box in new.doubtful]
        if not self.hands_known:
            blind.append(np.array([0, *whole], np.float32))
        if not self.faces_known:
            blind.append(np.array([1, *whole], np.float32))
        new.blind = np.stack(blind) if blind else new.blind
        return new

    def moved(self, x: float, y: float) -> "Objects":
        """Shifted by (x, y) pixels."""
        shift = np.array([x, y, x, y], np.float32)
        new = Objects(
            self.hands + shift,
            self.faces + shift,
            self.doubtful + shift,
            self.hands_known,
            self.faces_known,
        )
        new.blind = self.blind + np.array([0, x, y, x, y], np.float32)
        return new

    def with_(self, other: "Objects") -> "Objects":
        """These and the others."""
        new = Objects(
            np.concatenate([self.hands, other.hands]),
            np.concatenate([self.faces, other.faces]),
            np.concatenate([self.doubtful, other.doubtful]),
            True,
            True,
        )
        new.blind = np.concatenate([self.blind, other.blind])
        return new


def place(
    picture: Frame, objects: Objects, size_wh: tuple[int, int], rng: Generator
) -> tuple[Frame, Objects]:
    """The picture scaled, shifted, turned a little and perhaps mirrored into a tile."""
    height, width = picture.shape[:2]
    fit = min(size_wh[0] / width, size_wh[1] / height)
    scale = fit * float(np.exp(rng.uniform(np.log(0.45), np.log(2.2))))
    angle = np.deg2rad(rng.normal(0, 6))
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[cos, -sin], [sin, cos]])
    if rng.random() < 0.5:
        turn[:, 0] *= -1
    turn[0] *= np.exp(rng.uniform(-0.12, 0.12))
    # Look at an object most of the time, so that close-ups are not of the wall.
    boxes = np.concatenate([objects.hands, objects.faces])
    focus = np.array([width, height]) * rng.uniform(0.3, 0.7, 2)
    if len(boxes) and rng.random() < 0.7:
        box = boxes[int(rng.integers(len(boxes)))]
        focus = (box[:2] + box[2:]) / 2
    target = np.array(size_wh) * rng.uniform(0.2, 0.8, 2)
    if scale <= fit:  # all of it fits: keep it in the tile
        focus, target = np.array([width, height]) / 2, np.array(size_wh) * rng.uniform(0.4, 0.6, 2)
    shift = target - turn @ focus
    matrix = np.concatenate([turn, shift[:, None]], axis=1)
    flags = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    border = cv2.BORDER_REPLICATE if rng.random() < 0.4 else cv2.BORDER_CONSTANT
    source = picture
    if scale < 0.5:  # shrink first: an affine warp alone would alias
        source = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        matrix_small = matrix.copy()
        matrix_small[:, :2] *= 2
    else:
        matrix_small = matrix
    colour = tuple(float(v) for v in rng.integers(0, 256, 3))
    placed = cv2.warpAffine(
        source, matrix_small, size_wh, flags=flags, borderMode=border, borderValue=colour
    )
    return placed.astype(np.uint8), objects.mapped(matrix, size_wh)


def targets(objects: Objects, size_wh: tuple[int, int]) -> dict[str, NDArray[np.float32]]:
    """heat [2, h, w], mask [2, h, w], sides [2, 4, h, w] and weight [2, h, w] at stride 8."""
    w, h = size_wh[0] // STRIDE, size_wh[1] // STRIDE
    heat = np.zeros((2, h, w), np.float32)
    mask = np.ones((2, h, w), np.float32)
    sides = np.ones((2, 4, h, w), np.float32)
    weight = np.zeros((2, h, w), np.float32)
    ys, xs = np.mgrid[:h, :w].astype(np.float32)
    cx, cy = (xs + 0.5) * STRIDE, (ys + 0.5) * STRIDE
    for kind, *box in objects.blind:
        x0, y0, x1, y1 = box
        mask[int(kind)][(cx > x0) & (cx < x1) & (cy > y0) & (cy < y1)] = 0
    for kind, boxes in enumerate((objects.hands, objects.faces)):
        for x0, y0, x1, y1 in sorted(boxes.tolist(), key=lambda b: -(b[2] - b[0]) * (b[3] - b[1])):
            width, height = x1 - x0, y1 - y0
            if min(width, height) < 5:
                mask[kind][(cx > x0 - 4) & (cx < x1 + 4) & (cy > y0 - 4) & (cy < y1 + 4)] = 0
                continue
            mx, my = (x0 + x1) / 2, (y0 + y1) / 2
            sx, sy = max(width / 7, 5), max(height / 7, 5)
            blob = np.exp(-((cx - mx) ** 2) / (2 * sx**2) - (cy - my) ** 2 / (2 * sy**2))
            row, column = min(int(my / STRIDE), h - 1), min(int(mx / STRIDE), w - 1)
            blob[row, column] = 1
            heat[kind] = np.maximum(heat[kind], blob)
            mask[kind][row, column] = 1
            near = blob > 0.5
            near &= (cx > x0) & (cx < x1) & (cy > y0) & (cy < y1)
            near[row, column] = True
            for i, distance in enumerate((cx - x0, cy - y0, x1 - cx, y1 - cy)):
                sides[kind, i][near] = np.maximum(distance[near], 0.5)
            weight[kind][near] = blob[near]
    return {"heat": heat, "mask": mask, "sides": sides, "weight": weight}


def decode(
    heat: NDArray[np.float32], sides: NDArray[np.float32], floor: float
) -> dict[str, list[tuple[float, NDArray[np.float32]]]]:
    """heat [2, h, w] (0..1), sides [2, 4, h, w] -> kind -> (score, box [4] in pixels), best first."""
    found: dict[str, list[tuple[float, NDArray[np.float32]]]] = {}
    for index, kind in enumerate(KINDS):
        scores = heat[index]
        peaks = (scores >= cv2.dilate(scores, np.ones((3, 3), np.uint8))) & (scores >= floor)
        rows, columns = np.nonzero(peaks)
        found[kind] = []
        for row, column in zip(rows, columns, strict=True):
            x, y = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
            left, top, right, bottom = sides[index, :, row, column]
            box = np.array([x - left, y - top, x + right, y + bottom], np.float32)
            found[kind].append((float(scores[row, column]), box))
        found[kind].sort(key=lambda item: -item[0])
    return found


def _tiles(rng: Generator) -> list[tuple[int, int, int, int]]:
    """One tile half of the time, else two or four: small faces and hands as seen from afar."""
    draw = rng.random()
    if draw < 0.5:
        return [(0, 0, CANVAS, CANVAS)]
    cut = int(rng.uniform(0.3, 0.7) * CANVAS)
    if draw < 0.75:
        if rng.random() < 0.5:
            return [(0, 0, cut, CANVAS), (cut, 0, CANVAS, CANVAS)]
        return [(0, 0, CANVAS, cut), (0, cut, CANVAS, CANVAS)]
    row = int(rng.uniform(0.3, 0.7) * CANVAS)
    return [
        (0, 0, cut, row),
        (cut, 0, CANVAS, row),
        (0, row, cut, CANVAS),
        (cut, row, CANVAS, CANVAS),
    ]


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
