"""The evolution of the templates as a strip and as a film, from the snapshots of training."""

import io
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from triptych.capsules.evolution import Snapshot
from triptych.capsules.sheets import Sheet, tiles

_FRAMES = 60
_SECONDS = 8.0
_LINE = 18  # pixels of a line of text
_INK = (60, 60, 60)


def spread(snapshots: Sequence[tuple[int, Snapshot]], count: int) -> list[tuple[int, Snapshot]]:
    """At most `count` of the snapshots, evenly spaced, the first and the last among them."""
    if len(snapshots) <= count:
        return list(snapshots)
    chosen = np.unique(np.linspace(0, len(snapshots) - 1, count).round().astype(int))
    return [snapshots[i] for i in chosen]


def strip(snapshots: Sequence[tuple[int, Snapshot]], times: int = 12, most: int = 16) -> Sheet:
    """A column for each of some times, a row for each of at most `most` templates."""
    chosen = spread(snapshots, times)
    stacked = np.stack([ink[:most] for _, ink in chosen], 1)  # [M, times, C, T, T]
    rows, columns = stacked.shape[:2]
    flat = torch.from_numpy(stacked.reshape(rows * columns, *stacked.shape[2:])).float() / 255
    enlarge = max(3, 44 // stacked.shape[-1])
    sheet = tiles(flat, columns, enlarge=enlarge)
    header = np.full((_LINE + 4, sheet.shape[1], 3), 255, np.uint8)
    width = (sheet.shape[1] - 2) / columns
    for i, (step, _) in enumerate(chosen):
        _write(header, _short(step), 2 + round(i * width), _LINE - 3)
    return np.concatenate([header, sheet])


def film(snapshots: Sequence[tuple[int, Snapshot]], columns: int = 8) -> bytes:
    """An animated GIF of all templates; the last frame stays for two seconds."""
    frames: list[Image.Image] = []
    for step, ink in spread(snapshots, _FRAMES):
        enlarge = max(3, 66 // ink.shape[-1])
        sheet = tiles(torch.from_numpy(ink).float() / 255, columns, enlarge=enlarge)
        footer = np.full((_LINE + 6, sheet.shape[1], 3), 255, np.uint8)
        _write(footer, f"step {step:,}", 4, _LINE - 2)
        frames.append(Image.fromarray(np.concatenate([sheet, footer])))
    pause = round(1000 * _SECONDS / _FRAMES)
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=[pause] * (len(frames) - 1) + [2000],
        loop=0,
    )
    return buffer.getvalue()


def _short(step: int) -> str:
    if step < 1000:
        return str(step)
    return f"{step / 1000:.3g}k"


def _write(picture: NDArray[np.uint8], words: str, x: int, y: int) -> None:
    cv2.putText(picture, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
