"""Composed training crops: a hand, drawn or cut out of a photograph, before another photograph.

Drawn hands bring every shape with exact landmarks, photographs behind them bring rooms and faces.
Photographed hands bring many people's, who were pictured before a white wall; their arm is drawn
out, and their skin made lighter or darker.
A raised finger before the mouth asks for silence and is no sign of ours; the same finger beside
the face is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triptych.gesture.demo.hand import draw_hand
from triptych.gesture.learn.augment import (
    Jitter,
    jitter_colour,
    jitter_webcam,
    occlude,
    square_crop,
)
from triptych.gesture.learn.crops import read
from triptych.gesture.learn.cutout import cut_out
from triptych.gesture.learn.examples import OTHER, HandExample, SceneExample
from triptych.gesture.learn.hand_reader import REACH
from triptych.gesture.learn.poses import random_drawn
from triptych.gesture.types import FINGERS, GESTURES, Frame

DRAWN_SHARES = {
    "fist": 0.1,
    "palm": 0.1,
    "ok": 0.1,
    "one": 0.1,
    "two_up": 0.06,
    "peace": 0.1,
    "other": 0.44,
}
LENGTH = 90
"""Wrist to middle finger tip of a drawn hand, pixels."""

CANVAS = 176
DRAWN = 1500
"""How many different hands are drawn."""
SEED = 11

ROOM = 200
"""Longer side of a picture, pixels, from which it shows more than a patch."""


@dataclass(frozen=True, slots=True)
class CutOut:
    """A hand without its background: picture BGR, mask 0..255, landmarks [21, 2] pixels."""

    picture: Frame
    mask: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    label: int
    weight: float = 1.0
    photographed: bool = False


def draw_cut_out(index: int) -> CutOut:
    """The `index`-th drawn hand; the same index gives the same hand. About 20 ms."""
    rng = np.random.default_rng([SEED, index])
    names = list(DRAWN_SHARES)
    name = names[int(rng.choice(len(names), p=list(DRAWN_SHARES.values())))]
    hand = random_drawn(rng, name)
    wrist = (CANVAS / 2 + rng.uniform(-8, 8), CANVAS * 0.72)
    # Drawn on black and on white: what differs is how much of the background shines through.
    dark, light = (np.full((CANVAS, CANVAS, 3), tone, np.uint8) for tone in (0, 255))
    landmarks = draw_hand(dark, hand, wrist, LENGTH)
    draw_hand(light, hand, wrist, LENGTH)
    through = (light.astype(np.int16) - dark).mean(axis=2)
    mask = np.clip(255 - through, 0, 255).astype(np.uint8)
    return CutOut(dark, mask, landmarks, GESTURES.index(name))


class Composer:
    """Puts hands before scenes without a hand there."""

    def __init__(
        self,
        folder: Path,
        scenes: Sequence[SceneExample],
        pointing: Sequence[HandExample],
    ) -> None:
        """pointing: photographed hands with one or two fingers up that can be cut out."""
        self.folder = folder
        known = [scene for scene in scenes if scene.hands_known or len(scene.faces)]
        self.empty = [scene for scene in known if len(scene.hands) == 0] or known
        self.rooms = [scene for scene in scenes if max(scene.size_wh) >= ROOM] or known
        self.with_face = [
            scene for scene in known if any(box[2] - box[0] >= 24 for box in scene.faces)
        ]
        self.pointing = pointing
        self.drawn = [draw_cut_out(index) for index in range(DRAWN)]
        self.fingers = [h for h in self.drawn if GESTURES[h.label] in FINGERS] or self.drawn

    def sample(self, rng: Generator, jitter: Jitter, size: int) -> dict[str, Any]:
        """One crop; see `ClassifierTask.batch` for the fields."""
        kind = rng.random()
        if kind < 0.2 and self.with_face:
            hand = self._finger(rng)
            placed = self._at_mouth(rng, hand)
            if placed is not None:
                return _compose(hand, *placed, OTHER, rng, jitter, size)
        hand = self.drawn[int(rng.integers(len(self.drawn)))]
        if kind < 0.55 and self.with_face:
            if rng.random() < 0.3:
                hand = self._finger(rng)
            placed = self._beside_face(rng, hand)
            if placed is not None:
                return _compose(hand, *placed, hand.label, rng, jitter, size)
        return _compose(hand, *self._anywhere(rng, hand), hand.label, rng, jitter, size)

    def put(
        self, example: HandExample, rng: Generator, jitter: Jitter, size: int
    ) -> dict[str, Any] | None:
        """A photographed hand, beside somebody's face or anywhere; None if it cannot be cut out."""
        hand = self._photographed(example)
        if hand is None:
            return None
        placed = None
        if self.with_face and rng.random() < 0.5:
            placed = self._beside_face(rng, hand)
        return _compose(hand, *(placed or self._anywhere(rng, hand)), hand.label, rng, jitter, size)

    def _photographed(self, example: HandExample) -> CutOut | None:
        if example.landmarks is None:
            return None
        path = self.folder / example.file
        picture = read(path)
        mask = cut_out(path, picture, example.landmarks)
        if mask is None:
            return None
        return CutOut(picture, mask, example.landmarks, example.label, example.weight, True)

    def _finger(self, rng: Generator) -> CutOut:
        """One or two fingers up, photographed or drawn."""
        if self.pointing and rng.random() < 0.6:
            hand = self._photographed(self.pointing[int(rng.integers(len(self.pointing)))])
            if hand is not None:
                return hand
        return self.fingers[int(rng.integers(len(self.fingers)))]

    def _at_mouth(self, rng: Generator, hand: CutOut) -> tuple[Frame, NDArray[np.float64]] | None:
        """The finger crosses the lips: its tip lies between nose and mouth."""
        scene, box = self._face(rng)
        width, height = box[2:] - box[:2]
        target = (box[:2] + box[2:]) / 2 + [
            rng.normal(0, 0.06) * width,
            rng.uniform(0, 0.3) * height,
        ]
        scale = height * rng.uniform(0.7, 1.15) / _extent(hand)
        matrix = _placement(hand.landmarks[8], target, scale, rng)
        return self._free(scene, hand, matrix)

    def _beside_face(
        self, rng: Generator, hand: CutOut
    ) -> tuple[Frame, NDArray[np.float64]] | None:
        """As people hold a hand up in a call: beside the face, partly before it, below it."""
        scene, box = self._face(rng)
        width, height = box[2:] - box[:2]
        aside = rng.choice((-1, 1)) * rng.uniform(0.6, 1.8)
        target = (box[:2] + box[2:]) / 2 + [aside * width, rng.uniform(-0.3, 1.3) * height]
        scale = height * rng.uniform(0.6, 1.3) / _extent(hand)
        middle = (hand.landmarks.min(axis=0) + hand.landmarks.max(axis=0)) / 2
        return self._free(scene, hand, _placement(middle, target, scale, rng))

    def _anywhere(self, rng: Generator, hand: CutOut) -> tuple[Frame, NDArray[np.float64]]:
        """Mostly in a picture of somebody's webcam, where there is room between its hands."""
        for pool in (self.rooms, self.rooms, self.empty):
            scene = pool[int(rng.integers(len(pool)))]
            width, height = scene.size_wh
            target = rng.uniform((0.1, 0.1), (0.9, 0.9)) * (width, height)
            scale = min(width, height) * rng.uniform(0.15, 0.7) / _extent(hand)
            middle = (hand.landmarks.min(axis=0) + hand.landmarks.max(axis=0)) / 2
            matrix = _placement(middle, target, scale, rng)
            placed = self._free(scene, hand, matrix)
            if placed is not None:
                return placed
        return read(self.folder / scene.file), matrix

    def _face(self, rng: Generator) -> tuple[SceneExample, NDArray[np.float32]]:
        scene = self.with_face[int(rng.integers(len(self.with_face)))]
        return scene, max(scene.faces, key=lambda box: float(box[2] - box[0]))

    def _free(
        self, scene: SceneExample, hand: CutOut, matrix: NDArray[np.float64]
    ) -> tuple[Frame, NDArray[np.float64]] | None:
        """The placement, unless one of the scene's own hands would be in the crop."""
        points = hand.landmarks @ matrix[:, :2].T + matrix[:, 2]
        low, high = points.min(axis=0), points.max(axis=0)
        reach = (REACH - 1) / 2 * float((high - low).max())
        for box in scene.hands:
            if (box[:2] < high + reach).all() and (box[2:] > low - reach).all():
                return None
        return read(self.folder / scene.file), matrix


def _extent(hand: CutOut) -> float:
    return float((hand.landmarks.max(axis=0) - hand.landmarks.min(axis=0)).max())


def _placement(
    anchor: NDArray[np.float32], target: NDArray[np.float64], scale: float, rng: Generator
) -> NDArray[np.float64]:
    """[2, 3]: brings `anchor` to `target`, scaled, mirrored half of the time."""
    turn = np.diag([scale * rng.choice((-1.0, 1.0)), scale])
    return np.concatenate([turn, (target - turn @ anchor)[:, None]], axis=1)


def _compose(
    hand: CutOut,
    scene: Frame,
    placement: NDArray[np.float64],
    label: int,
    rng: Generator,
    jitter: Jitter,
    size: int,
) -> dict[str, Any]:
    points = hand.landmarks @ placement[:, :2].T + placement[:, 2]
    low, high = points.min(axis=0), points.max(axis=0)
    side, centre = float((high - low).max()) * REACH, (low + high) / 2
    if jitter.crop:
        side *= np.exp(rng.uniform(np.log(0.75), np.log(1.4)))
        centre = centre + rng.uniform(-0.12, 0.12, 2) * side
    degrees = rng.normal(0, 12) if jitter.rotation else 0.0
    to_crop = square_crop((float(centre[0]), float(centre[1])), side, size, degrees=degrees)
    whole = to_crop @ np.concatenate([placement, [[0, 0, 1]]])
    border = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_CONSTANT
    behind = cv2.warpAffine(scene, to_crop, (size, size), flags=cv2.INTER_AREA, borderMode=border)
    # Where the photograph ends, its last row goes on: an arm does not end in the air.
    beyond = cv2.BORDER_REPLICATE if hand.photographed else cv2.BORDER_CONSTANT
    front = cv2.warpAffine(hand.picture, whole, (size, size), borderMode=beyond)
    mask = cv2.warpAffine(hand.mask, whole, (size, size), borderMode=beyond)
    alpha = mask.astype(np.float32)[..., None] / 255
    if hand.photographed and jitter.colour:
        front = tone(front.astype(np.uint8), rng)
    crop = np.clip(front * alpha + behind * (1 - alpha), 0, 255).astype(np.uint8)
    if jitter.colour:
        crop = jitter_colour(crop, rng)
    if jitter.webcam:
        crop = jitter_webcam(crop, rng)
        if rng.random() < 0.15:
            crop = occlude(crop, rng)
    landmarks = (hand.landmarks @ whole[:, :2].T + whole[:, 2]).astype(np.float32) / size
    return {
        "picture": crop,
        "label": np.int64(label),
        "weight": np.float32(hand.weight),
        "landmarks": landmarks,
        "known": np.float32(1.0),
    }


def tone(picture: Frame, rng: Generator) -> Frame:
    """Skin and its light by chance: darker or lighter, darker skin also warmer."""
    light = float(np.exp(rng.uniform(-0.6, 0.25)))
    gains = np.array([light**1.2, light, light**0.85]) * rng.uniform(0.93, 1.07, 3)
    steps = np.arange(256)[:, None] / 255
    table = 255 * np.clip(steps ** float(np.exp(rng.uniform(-0.25, 0.25))) * gains, 0, 1)
    return cv2.LUT(picture, table.astype(np.uint8)[None]).astype(np.uint8)
