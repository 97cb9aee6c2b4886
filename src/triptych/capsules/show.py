"""Sheets of a run as PNG files: its templates, and how it reads some test pictures."""

from pathlib import Path

import cv2
import numpy as np
import torch

from triptych.capsules.pictures import read_pictures, target_of, to_canvas
from triptych.capsules.run import Run, networks
from triptych.capsules.sheets import Sheet, reading_sheet, template_sheet
from triptych.errors import BadInput

_SHOWN = 12


def show(run: Run) -> list[Path]:
    """Write the sheets of each seed into its folder; returns their paths."""
    settings = run.settings
    images = read_pictures(settings.data.name, "test").images[:_SHOWN]
    canvas = to_canvas(images, settings.data, np.random.default_rng(0))
    written: list[Path] = []
    for seed, network in networks(run).items():
        with torch.no_grad():
            reading = network(canvas)
        folder = run.of_seed(seed)
        folder.mkdir(parents=True, exist_ok=True)
        for name, sheet in (
            ("templates", template_sheet(network)),
            ("readings", reading_sheet(reading, target_of(canvas, settings.data))),
        ):
            written.append(folder / f"{name}.png")
            _write(written[-1], sheet)
    return written


def _write(path: Path, sheet: Sheet) -> None:
    try:
        done = cv2.imwrite(str(path), sheet[..., ::-1])
    except cv2.error as error:
        raise BadInput(f"{path} cannot be written ({error}).") from error
    if not done:
        raise BadInput(f"{path} cannot be written; is there room, and may you write there?")
