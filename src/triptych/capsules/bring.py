"""A picture that a person brings -> one like those of the data set that a network learned from.

Any size, ink dark or bright, grey or colour, with or without transparency; a photograph of a digit
on paper works. Data sets of digits show bright ink on black, cut out and scaled to a fixed size, so
that is what is done; what was done is told in words. `test:17` and `train:3` name pictures of the
data set itself.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from triptych.capsules.pictures import read_pictures, to_canvas
from triptych.capsules.settings import Settings
from triptych.errors import BadInput

_INK_SIDE = {"mnist": 20, "usps": 16, "digits": 8}
"""Longest side of the ink in pictures of digits, in pixels of theirs."""

_STROKE = {"mnist": 2.3, "usps": 2.0, "digits": 1.3}
"""How thick strokes are in them; thinner ones would fade when they are made small."""

_LARGEST = 100_000_000  # pixels


@dataclass(frozen=True)
class Brought:
    """canvas: [1, C, S, S], 0..1, as the network reads it. label: None if nobody knows.

    name: the picture in words. done: what was done to it, a sentence, or "".
    """

    canvas: Tensor
    label: int | None
    name: str
    done: str = ""


def bring(picture: str, settings: Settings) -> Brought:
    """The picture called `picture`: a file, or one of the data set such as `test:17`.

    Files: whatever OpenCV reads (PNG, JPEG, WebP, BMP, TIFF, ...), and .npy arrays [h, w] or
    [h, w, 3], uint8 or float 0..1. Raises BadInput if it cannot be read, is blank, holds NaN or has
    no such number; Unavailable if it is of a data set that is not on this machine.
    """
    data = settings.data.model_copy(update={"place": _place(settings)})
    still = np.random.default_rng(0)  # nothing is placed at random
    if found := re.fullmatch(r"(train|test):(-?\d+)", picture):
        split, number = found[1], int(found[2])
        pictures = read_pictures(settings.data.name, split)
        if not 0 <= number < len(pictures):
            raise BadInput(
                f"There is no picture {picture}: {settings.data.name} has {split}:0 to "
                f"{split}:{len(pictures) - 1}."
            )
        canvas = to_canvas(pictures.images[number : number + 1], data, still)
        return Brought(canvas, int(pictures.labels[number]), f"{picture} of {data.name}")
    path = Path(picture)
    values = read_file(path)
    if settings.channels == 3:
        square, done = _square(values, settings.picture_side)
    else:
        square, done = as_digit(values, settings.data.name, settings.picture_side, data.canvas)
    images = torch.from_numpy(np.round(square * 255).astype(np.uint8))
    planes = images.permute(2, 0, 1) if images.ndim == 3 else images[None]
    return Brought(to_canvas(planes[None].contiguous(), data, still), None, path.name, done)


def _place(settings: Settings) -> str:
    """Explained pictures stay where they are: in the middle, or enlarged as in training."""
    return "resize" if settings.data.place == "resize" else "centre"


def read_file(path: Path) -> NDArray[np.float32]:
    """The pixels of a file, [h, w, 3] RGB, 0..1; what is transparent becomes paper.

    Raises BadInput.
    """
    if path.is_dir():
        raise BadInput(f"{path} is a folder; name one picture.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"There is no picture {path} ({error.strerror}); name a file, or one of the data set "
            "such as test:17."
        ) from error
    if path.suffix.lower() == ".npy":
        return _read_array(path)
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if pixels is None or pixels.size == 0:
        raise BadInput(f"{path} cannot be read as a picture.")
    if pixels.shape[0] * pixels.shape[1] > _LARGEST:
        raise BadInput(f"{path} has over {_LARGEST // 1_000_000} million pixels; make it smaller.")
    values = _to_unit(pixels, path)
    if values.ndim == 2:
        return values[..., None].repeat(3, axis=2)
    if values.shape[2] == 4:
        alpha, colour = values[..., 3:], values[..., :3]
        seen = float((colour * alpha).sum() / max(1e-6, 3 * alpha.sum()))
        paper = 1.0 if seen < 0.5 else 0.0  # dark ink lies on white, bright ink on black
        values = colour * alpha + np.float32(paper) * (1 - alpha)
    return np.ascontiguousarray(values[..., ::-1], np.float32)


def _read_array(path: Path) -> NDArray[np.float32]:
    try:
        pixels = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise BadInput(f"{path} cannot be read as a NumPy array ({error}).") from error
    if pixels.ndim == 2:
        pixels = pixels[..., None].repeat(3, axis=2)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise BadInput(f"{path} holds an array {list(pixels.shape)}, not [h, w] or [h, w, 3].")
    return _to_unit(pixels, path)


def _to_unit(pixels: NDArray[Any], path: Path) -> NDArray[np.float32]:
    kind = pixels.dtype.kind
    if kind not in "buif":
        raise BadInput(f"{path} holds {pixels.dtype}, not numbers.")
    values = pixels.astype(np.float64)
    if not np.isfinite(values).all():
        raise BadInput(f"{path} holds pixels that are NaN or infinite.")
    highest = 1 if kind in "bf" else 65535 if pixels.dtype == np.uint16 else 255
    if values.min() < 0 or values.max() > highest:
        raise BadInput(
            f"{path} holds values from {values.min():g} to {values.max():g}, not 0..{highest}."
        )
    return (values / highest).astype(np.float32)


def _square(values: NDArray[np.float32], side: int) -> tuple[NDArray[np.float32], str]:
    """The middle square of a colour picture, [side, side, 3]."""
    height, width = values.shape[:2]
    if (height, width) == (side, side):
        return values, ""
    size = min(height, width)
    top, left = (height - size) // 2, (width - size) // 2
    middle = values[top : top + size, left : left + size]
    small = _resize(middle, (side, side))
    cut = "" if height == width else "its middle square was cut out and "
    return np.clip(small, 0, 1), f"It was {width}x{height} pixels: {cut}scaled to {side}x{side}."


def as_digit(
    values: NDArray[np.float32], name: str, side: int, canvas: int
) -> tuple[NDArray[np.float32], str]:
    """A picture [h, w, 3] as one of a data set of grey digits: [side, side] or [canvas, canvas].

    Returns it with what was done in words. One that has the data set's size, or the canvas', stays
    as it is but for its polarity. Raises BadInput if it is blank.
    """
    grey = np.asarray(cv2.cvtColor(values, cv2.COLOR_RGB2GRAY), np.float32)
    height, width = grey.shape
    if float(grey.max() - grey.min()) < 0.05:
        raise BadInput("The picture is blank: all its pixels are alike.")
    done: list[str] = []
    dark = is_dark_on_light(grey)
    if dark:
        grey = 1 - grey
        done.append("its ink is dark, so it was inverted")
    if height == width and height in (side, canvas):
        return grey, _sentence(done)
    ink = _cut_out(_without_shading(grey, on_paper=dark))
    ink, thickened = _thicken(ink, _STROKE[name], _INK_SIDE[name])
    if thickened:
        done.append("its thin strokes were thickened")
    done.append(f"its ink was cut out and scaled to {_INK_SIDE[name]} pixels, as in {name}")
    return _normalise(ink, _INK_SIDE[name], side, by_mass=name == "mnist"), _sentence(done)


def is_dark_on_light(grey: NDArray[np.float32]) -> bool:
    """Whether the paper is lighter than the ink: ink seldom touches a picture's border."""
    ring = np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])
    corners = grey[[0, 0, -1, -1], [0, -1, 0, -1]]
    middle = (float(grey.min()) + float(grey.max())) / 2
    # In data sets cropped tight ink does touch the border, but corners and sides remain paper.
    votes = [np.median(ring), np.median(corners), np.median(grey)]
    return sum(float(vote) > middle for vote in votes) >= 2


def _without_shading(grey: NDArray[np.float32], *, on_paper: bool) -> NDArray[np.float32]:
    """Bright ink on black, 0..1, of at most 512 pixels: shadows on the paper are taken off.

    on_paper: the picture was inverted, so where less light fell there is less contrast, too.
    """
    height, width = grey.shape
    scale = 512 / max(height, width)
    if scale < 1:
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        grey = _resize(grey, small)
    if max(grey.shape) > 64:
        size = max(grey.shape) // 3 | 1
        kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
        paper = cv2.blur(cv2.morphologyEx(grey, cv2.MORPH_OPEN, kernel), (size, size))
        flat = np.clip(grey - paper, 0, 1)
        if on_paper:
            flat = flat / np.maximum(1 - paper, 0.05)
        # Ink as wide as the kernel would be taken for paper: then the picture stays as it is.
        if float(flat.max()) > 0.5 * float(grey.max() - np.median(grey)):
            grey = flat
    low = float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    high = float(np.quantile(grey, 0.998))
    high = high if high > low else float(grey.max())
    return np.clip((grey - low) / max(1e-6, high - low), 0, 1).astype(np.float32)


def _cut_out(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """The box around the ink; specks far smaller than its largest piece are wiped off."""
    bytes_ = np.round(ink * 255).astype(np.uint8)
    threshold, mask = cv2.threshold(bytes_, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    del threshold
    count, marks, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    sizes = stats[1:count, cv2.CC_STAT_AREA]
    if len(sizes) == 0:
        raise BadInput("The picture is blank: no ink stands out from its paper.")
    kept = np.isin(marks, 1 + np.flatnonzero(sizes >= 0.05 * sizes.max()))
    rows, columns = np.flatnonzero(kept.any(1)), np.flatnonzero(kept.any(0))
    near = cv2.dilate(kept.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    clean = np.where(near, ink, 0)
    return clean[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)


def _thicken(ink: NDArray[np.float32], wanted: float, box: int) -> tuple[NDArray[np.float32], bool]:
    """Strokes at least `wanted` pixels thick once the ink is scaled to `box` pixels."""
    scale = box / max(ink.shape)
    mask = (ink > 0.5).astype(np.uint8)
    inside = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)
    # A stroke w wide has distances from 0 to w / 2, so their mean is w / 4.
    thick = 4 * float(inside[inside > 0].mean()) * scale if mask.any() else wanted
    missing = (wanted - thick) / scale
    if missing < 1:
        return ink, False
    size = 2 * math.ceil(missing / 2) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return np.asarray(cv2.dilate(np.pad(ink, size // 2), kernel), np.float32), True


def _normalise(
    ink: NDArray[np.float32], box: int, side: int, *, by_mass: bool
) -> NDArray[np.float32]:
    """Ink, its longest side `box`, with its centre of mass (or its middle) mid-square."""
    scale = box / max(ink.shape)
    height, width = (max(1, round(length * scale)) for length in ink.shape)
    small = _resize(ink, (width, height))
    small = np.clip(small / max(1e-6, float(small.max())), 0, 1)
    top, left = (side - height) / 2, (side - width) / 2
    if by_mass:
        rows, columns = np.indices(small.shape)
        mass = float(small.sum())
        top = (side - 1) / 2 - float((rows * small).sum()) / mass
        left = (side - 1) / 2 - float((columns * small).sum()) / mass
    row = min(max(round(top), 0), side - height)
    column = min(max(round(left), 0), side - width)
    square = np.zeros((side, side), np.float32)
    square[row : row + height, column : column + width] = small
    return square


def _resize(picture: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """size: width, height in pixels."""
    smaller = size[0] < picture.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.float32)


def _sentence(done: list[str]) -> str:
    if not done:
        return ""
    text = "; ".join(done)
    return f"{text[0].upper()}{text[1:]}."
