"""Data sets -> the network's canvas: placed, enlarged, or turned into edges."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from triptych.capsules.sections import Data
from triptych.data.cifar10 import CLASSES as CIFAR10
from triptych.data.load import load
from triptych.errors import BadInput

_DIGITS_TRAIN = 1400
"""scikit-learn's 1,797 digits are one set: the first so many train, the other 397 test."""


@dataclass(frozen=True)
class Pictures:
    """images: [N, C, h, w] uint8. labels: [N] int64. note: "" or what is unusual about them."""

    images: Tensor
    labels: Tensor
    note: str = ""

    def __len__(self) -> int:
        return len(self.labels)


def read_pictures(name: str, split: str) -> Pictures:
    """The `train` or `test` pictures of a data set.

    Raises BadInput for unknown names and damaged files, Unavailable if the data is not here.
    """
    if name == "digits":
        data = load("digits", "train")
        chosen = slice(_DIGITS_TRAIN) if split == "train" else slice(_DIGITS_TRAIN, None)
        return _as_tensors(data.images[chosen], data.labels[chosen], data.note)
    data = load(name, split)
    return _as_tensors(data.images, data.labels, data.note)


def class_names(name: str, classes: int) -> list[str]:
    """What the labels of a data set are called."""
    return list(CIFAR10) if name == "cifar10" else [str(label) for label in range(classes)]


def held(pictures: Pictures) -> Pictures:
    """The last tenth of training pictures: looked at while training, in place of test pictures."""
    first = len(pictures) - max(1, len(pictures) // 10)
    return Pictures(pictures.images[first:], pictures.labels[first:], pictures.note)


def _as_tensors(images: NDArray[np.uint8], labels: NDArray[np.int64], note: str) -> Pictures:
    grey = images.ndim == 3
    planes = images[:, None] if grey else images.transpose(0, 3, 1, 2)
    # Copies: readers may hand out views of a file, which torch must not write to.
    return Pictures(
        torch.from_numpy(np.array(planes, order="C")), torch.from_numpy(labels.copy()), note
    )


def to_canvas(images: Tensor, data: Data, generator: np.random.Generator) -> Tensor:
    """Pictures [B, C, h, w], uint8, as the network sees them: [B, C, S, S] float, 0..1.

    generator: where they go, if they are to be anywhere. Raises BadInput if they are larger than
    the canvas.
    """
    height, width = images.shape[-2:]
    side = data.canvas
    values = images.float() / 255
    if (height, width) == (side, side):
        return values
    if data.place == "resize":
        return F.interpolate(values, (side, side), mode="bilinear", align_corners=False)
    if height > side or width > side:
        raise BadInput(f"Pictures of {width}x{height} pixels do not fit a canvas of {side}x{side}.")
    if data.place == "centre":
        top, left = (side - height) // 2, (side - width) // 2
        return F.pad(values, (left, side - width - left, top, side - height - top))
    tops = torch.from_numpy(shifts(side - height, len(images), generator))
    lefts = torch.from_numpy(shifts(side - width, len(images), generator))
    canvas = values.new_zeros(len(images), images.shape[1], side, side)
    rows = tops[:, None] + torch.arange(height)  # [B, h]
    columns = lefts[:, None] + torch.arange(width)  # [B, w]
    each = torch.arange(len(images))[:, None, None]
    # An advanced index apart from a slice moves its axes to the front: [B, h, w, C].
    canvas[each, :, rows[:, :, None], columns[:, None, :]] = values.permute(0, 2, 3, 1)
    return canvas


def shifts(room: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """How many pixels each of `count` pictures is from the edge, 0..room.

    The official code's law: offset 0 has half the weight of the others.
    """
    shift = generator.integers(-room, room + 1, size=count)
    return np.maximum(-shift, 0) + (room - np.abs(shift) + 1) // 2


def warped(canvas: Tensor, strength: float, generator: np.random.Generator) -> Tensor:
    """Canvases [B, C, S, S], each turned, stretched, moved, rumpled and inked by chance.

    At strength 1 turned by up to 0.5 radians, sheared by up to 0.5, stretched by up to a factor of
    1.4 along each axis, moved by up to an eighth of the side; each place of a 4x4 net, between
    which the rest follows smoothly, moved by up to a twelfth of the side more; and strokes up to
    a pixel thicker or thinner on each side. Without the last, objects tell thin from thick.
    """
    count = len(canvas)
    turn, shear, wide, high, x, y, ink = strength * generator.uniform(-1, 1, size=(7, count))
    cos, sin = np.cos(0.5 * turn), np.sin(0.5 * turn)
    wide, high = np.exp(0.34 * wide), np.exp(0.34 * high)
    maps = np.stack(
        [
            *(wide * (cos + 0.5 * shear * sin), wide * (0.5 * shear * cos - sin), 0.25 * x),
            *(high * sin, high * cos, 0.25 * y),
        ],
        -1,
    )
    grid = F.affine_grid(
        torch.from_numpy(maps.reshape(count, 2, 3)).float(), list(canvas.shape), align_corners=False
    )
    net = torch.from_numpy(strength / 6 * generator.uniform(-1, 1, size=(count, 2, 4, 4))).float()
    side = canvas.shape[-1]
    rumpled = F.interpolate(net, (side, side), mode="bicubic", align_corners=True)
    moved = F.grid_sample(canvas, grid + rumpled.permute(0, 2, 3, 1), align_corners=False)
    thickness = torch.from_numpy(ink).float()[:, None, None, None]
    thick, thin = F.max_pool2d(moved, 3, 1, 1), -F.max_pool2d(-moved, 3, 1, 1)
    return moved.lerp(thick, thickness.clamp_min(0)).lerp(thin, (-thickness).clamp_min(0))


def edges(pictures: Tensor) -> Tensor:
    """The paper's Sobel target for colour pictures; [B, C, S, S], 0..1 -> [B, C, S, S], 0..1.

    Of each channel the sum of both derivatives, minus its median, without sign, stretched to 0..1.
    """
    down = pictures.new_tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]])
    channels = pictures.shape[1]
    kernel = (down + down.T).expand(channels, 1, 3, 3)
    found = F.conv2d(F.pad(pictures, (1, 1, 1, 1), mode="reflect"), kernel, groups=channels)
    flat = found.flatten(2)
    flat = (flat - flat.median(-1, keepdim=True).values).abs()
    low, high = flat.amin(-1, keepdim=True), flat.amax(-1, keepdim=True)
    return ((flat - low) / (high - low + 1e-8)).view_as(pictures)


def target_of(canvas: Tensor, data: Data) -> Tensor:
    """What is to be reconstructed of pictures on the canvas."""
    return edges(canvas) if data.target == "sobel" else canvas
