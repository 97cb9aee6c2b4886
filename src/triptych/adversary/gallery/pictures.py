"""The gallery's pictures: digits, MNIST or CIFAR-10 as tensors, in three parts.

`train` teaches, `val` (its last pictures, held out) is for choosing, `test` is only measured on.
"""

from typing import Final, Literal, get_args

import torch
from torch import Tensor

from triptych.data.load import load
from triptych.errors import BadInput, Unavailable

Data = Literal["cifar10", "mnist", "digits"]
Split = Literal["train", "val", "test"]

DATA: Final = get_args(Data)
SHAPES: Final[dict[str, tuple[int, int, int]]] = {
    "cifar10": (3, 32, 32),
    "mnist": (1, 28, 28),
    "digits": (1, 8, 8),
}
"""Channels, height and width."""

TRAINING: Final = {"cifar10": 48_000, "mnist": 55_000, "digits": 1_097}
"""How many pictures `train` has."""

_HELD_OUT: Final = {"cifar10": 2000, "mnist": 5000, "digits": 200}
_DIGITS_TEST: Final = 500  # the last ones, by writers that are not among the first


def pictures(data: str, split: Split) -> tuple[Tensor, Tensor]:
    """Pictures [N, C, H, W] uint8, 0..255, and labels [N] int64.

    Raises BadInput for an unknown data set, Unavailable if it is not on this machine.
    """
    if data not in DATA:
        raise BadInput(f"data is {data!r}, but must be one of {', '.join(DATA)}.")
    try:
        found = load(data, "train" if data == "digits" or split != "test" else "test")
    except Unavailable as error:
        if data == "digits":
            raise
        raise Unavailable(
            f"The pictures of {data} are not on this machine: set TRIPTYCH_DATA to a folder that "
            f"holds {data}/, run `triptych data fetch {data}`, or take --data digits, which needs "
            "none."
        ) from error
    images, labels = found.images, found.labels
    if data == "digits":
        images, labels = (
            (part[-_DIGITS_TEST:] if split == "test" else part[:-_DIGITS_TEST])
            for part in (images, labels)
        )
    if split != "test":
        held_out = _HELD_OUT[data]
        part = slice(None, -held_out) if split == "train" else slice(-held_out, None)
        images, labels = images[part], labels[part]
    channels_first = images.transpose(0, 3, 1, 2) if images.ndim == 4 else images[:, None]
    return torch.from_numpy(channels_first.copy()), torch.from_numpy(labels)


def as_floats(images: Tensor) -> Tensor:
    """uint8 pictures as float32 from 0 to 1."""
    return images.float() / 255
