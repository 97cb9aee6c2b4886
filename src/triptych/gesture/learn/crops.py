"""Pictures of the data set -> augmented crops of hands -> tensors."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from triptych.errors import BadInput
from triptych.gesture.learn.augment import (
    Jitter,
    jitter_colour,
    jitter_webcam,
    occlude,
    square_crop,
)
from triptych.gesture.learn.cutout import cut_out
from triptych.gesture.learn.examples import HandExample
from triptych.gesture.learn.hand_reader import REACH, SIZE
from triptych.gesture.types import Frame


def to_tensor(pictures: Tensor) -> Tensor:
    """[B, H, W, 3] uint8 BGR -> [B, 3, H, W] RGB in [-1, 1]."""
    x = pictures.flip(3).permute(0, 3, 1, 2).float() / 127.5 - 1
    return x.contiguous(memory_format=torch.channels_last)


def collate(samples: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
    """A list of samples -> tensors with a batch axis in front."""
    return {
        name: torch.from_numpy(np.stack([sample[name] for sample in samples]))
        for name in samples[0]
    }


@lru_cache(maxsize=4096)
def read(path: Path) -> Frame:
    """A picture of the data set, BGR; cached, for the same ones come again and again."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise BadInput(f"{path} is not a picture that can be read; fetch the data set again.")
    return picture.astype(np.uint8)


def crop_example(
    folder: Path,
    example: HandExample,
    jitter: Jitter,
    rng: Generator,
    background: Frame | None,
    turned: float = 0.0,
    size: int = SIZE,
) -> dict[str, Any]:
    """One augmented crop as the network reads it; see `ClassifierTask.batch` for the fields.

    turned: degrees by which it is turned besides the small rotations. size: of the crop, pixels.
    """
    picture = read(folder / example.file)
    side = example.side * REACH
    centre = np.array(example.centre)
    degrees = turned
    mirror = bool(jitter.crop and rng.random() < 0.5)
    if jitter.crop:
        side *= np.exp(rng.uniform(np.log(0.75), np.log(1.4)))
        centre = centre + rng.uniform(-0.12, 0.12, 2) * side
    if jitter.rotation:
        degrees += rng.normal(0, 15)
    matrix = square_crop((centre[0], centre[1]), side, size, degrees=degrees, mirror=mirror)
    flags = cv2.INTER_AREA if side > 2 * size else cv2.INTER_LINEAR
    border = cv2.BORDER_REPLICATE if rng.random() < 0.5 and jitter.crop else cv2.BORDER_CONSTANT
    crop = cv2.warpAffine(picture, matrix, (size, size), flags=flags, borderMode=border)
    crop = crop.astype(np.uint8)
    if background is not None and example.landmarks is not None:
        mask = cut_out(folder / example.file, picture, example.landmarks)
        if mask is not None:
            alpha = cv2.warpAffine(mask, matrix, (size, size)).astype(np.float32)[..., None] / 255
            behind = _window(background, rng, size)
            crop = (crop * alpha + behind * (1 - alpha)).astype(np.uint8)
    if jitter.colour:
        crop = jitter_colour(crop, rng)
    if jitter.webcam:
        crop = jitter_webcam(crop, rng)
        if rng.random() < 0.15:
            crop = occlude(crop, rng)
    landmarks = np.zeros((21, 2), np.float32)
    if example.landmarks is not None:
        landmarks = (example.landmarks @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32) / size
    return {
        "picture": crop,
        "label": np.int64(example.label),
        "weight": np.float32(example.weight),
        "landmarks": landmarks,
        "known": np.float32(example.landmarks is not None and example.sure),
    }


def _window(picture: Frame, rng: Generator, size: int) -> Frame:
    """A random square of a picture, [size, size, 3]."""
    height, width = picture.shape[:2]
    side = int(min(height, width) * rng.uniform(0.3, 1.0))
    y, x = int(rng.integers(0, height - side + 1)), int(rng.integers(0, width - side + 1))
    window = picture[y : y + side, x : x + side]
    return cv2.resize(window, (size, size), interpolation=cv2.INTER_AREA).astype(np.uint8)
