"""What a webcam and a person vary: place, turn and size of the crop, light, colour, blur, noise.

After the talk (S5): colour jitter, small rotations, random resized crops, mirrored copies; and what
separates pictures of data sets from webcams: motion blur, sensor noise, JPEG, low resolution.
All functions take a NumPy generator and uint8 BGR pictures [H, W, 3].
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triptych.gesture.types import Frame

Matrix = NDArray[np.float64]
"""[2, 3], maps (x, y, 1) of the source picture in pixels to the target's pixels."""


@dataclass(frozen=True, slots=True)
class Jitter:
    """Which augmentations are on; each can be switched off to measure what it brings."""

    colour: bool = True
    rotation: bool = True
    crop: bool = True
    webcam: bool = True


def square_crop(
    centre: tuple[float, float],
    side: float,
    size: int,
    *,
    degrees: float = 0.0,
    mirror: bool = False,
) -> Matrix:
    """The matrix that brings a turned square of the source picture to [size, size] pixels."""
    scale = size / side
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[cos, -sin], [sin, cos]])
    if mirror:
        turn[0] *= -1
    shift = np.array([size / 2, size / 2]) - turn @ np.asarray(centre)
    return np.concatenate([turn, shift[:, None]], axis=1)


def jitter_colour(picture: Frame, rng: Generator) -> Frame:
    """Brightness, contrast, saturation and hue, each by a random amount; sometimes grey."""
    x = picture.astype(np.float32)
    grey = x.mean(axis=2, keepdims=True)
    saturation = 0.0 if rng.random() < 0.05 else rng.uniform(0.5, 1.5)
    x = grey + (x - grey) * saturation
    # A cast of the light: one gain a channel stands for white balance and small changes of hue.
    x *= rng.uniform(0.85, 1.15, size=3).astype(np.float32)
    contrast, mean = rng.uniform(0.6, 1.4), float(x.mean())
    x = (x - mean) * contrast + mean
    x = 255 * np.clip(x / 255, 0, 1) ** np.float32(np.exp(rng.uniform(-0.6, 0.6)))
    return np.clip(x * rng.uniform(0.6, 1.25), 0, 255).astype(np.uint8)


def jitter_webcam(picture: Frame, rng: Generator) -> Frame:
    """What a webcam does, in its order: motion or defocus, few pixels, grain, JPEG; now and then.

    Grain and JPEG come at the few pixels that the camera spends on a hand and are enlarged with it.
    """
    height, width = picture.shape[:2]
    blur = rng.random()
    if blur < 0.25:
        picture = _move(picture, rng)
    elif blur < 0.45:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.6, 2.2)).astype(np.uint8)
    if rng.random() < 0.45:
        factor = rng.uniform(0.22, 0.8)
        small = max(8, int(width * factor)), max(8, int(height * factor))
        picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA).astype(np.uint8)
    if rng.random() < 0.35:
        noise = rng.standard_normal(picture.shape, dtype=np.float32) * rng.uniform(2, 14)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        quality = int(rng.integers(25, 85))
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    if picture.shape[:2] != (height, width):
        whole = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
        return whole.astype(np.uint8)
    return picture


def _move(picture: Frame, rng: Generator) -> Frame:
    """Blur along a line of 3 to 13 pixels."""
    length = int(rng.integers(3, 14))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = (length - 1) / 2 * np.array([np.cos(angle), np.sin(angle)])
    start, end = (length - 1) / 2 - reach, (length - 1) / 2 + reach
    cv2.line(
        kernel,
        (round(start[0]), round(start[1])),
        (round(end[0]), round(end[1])),
        1.0,
    )
    return cv2.filter2D(picture, -1, kernel / kernel.sum()).astype(np.uint8)


def occlude(picture: Frame, rng: Generator) -> Frame:
    """Cover a random rectangle with a flat colour (Zhong et al. 2017, arXiv 1708.04896)."""
    height, width = picture.shape[:2]
    h, w = (int(side * rng.uniform(0.1, 0.35)) for side in (height, width))
    y, x = int(rng.integers(0, height - h)), int(rng.integers(0, width - w))
    picture[y : y + h, x : x + w] = rng.integers(0, 256, size=3)
    return picture
