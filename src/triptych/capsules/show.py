"""`triptych capsules show RUN`: a run to look at, as pictures, a film and a page to browse."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from triptych.capsules import point_views
from triptych.capsules.album import album, read_log, still_data
from triptych.capsules.evolution import snapshots
from triptych.capsules.film import film, strip
from triptych.capsules.model import StackedCapsules
from triptych.capsules.page import page
from triptych.capsules.panel import object_hues
from triptych.capsules.pictures import Pictures, class_names, read_pictures, target_of, to_canvas
from triptych.capsules.point_task import test_constellations
from triptych.capsules.run import Run, networks, point_networks
from triptych.capsules.sheets import Sheet, hues, reading_sheet, template_sheet
from triptych.errors import BadInput, Unavailable

PAGE = "index.html"
_SHOWN = 12


def show(run: Run, out: Path | None = None) -> list[Path]:
    """Write all there is to see of a run; returns the paths, the page first.

    out: the folder; None: the run's own. Without the data set, what needs pictures is left out.
    Raises BadInput if there is no such run, or its folder cannot be written.
    """
    folder = out or run.folder
    if run.settings.of_points:
        return _show_points(run, folder)
    missing = ""
    pictures: Pictures | None = None
    try:
        pictures = read_pictures(run.settings.data.name, "test")
    except Unavailable as error:
        missing = f"What needs test pictures is left out: {error}"
    written: list[Path] = []
    seeds: list[dict[str, Any]] = []
    for seed, network in networks(run).items():
        source, place = run.of_seed(seed), folder / f"seed-{seed}"
        history = snapshots(source)
        for name, content in _sheets(network, pictures).items():
            written.append(_write(place / f"{name}.png", _png(content)))
        if history:
            written.append(_write(place / "evolution.png", _png(strip(history))))
            written.append(_write(place / "evolution.gif", film(history)))
        log = read_log(source / "log.jsonl")
        seeds.append({"seed": seed, **album(network, pictures, history, log)})
    content = {
        "title": f"{run.folder.name}: capsules that learned from {run.settings.data.name}",
        "subtitle": _subtitle(run),
        "numbers": _numbers(run),
        "settings": _settings(run),
        "missing": missing,
        "classes": class_names(run.settings.data.name, run.settings.loss.classes),
        "hues": hues(run.settings.parts.count).tolist(),
        "objectHues": object_hues(max([0, *run.settings.objects.layers])).tolist(),
        "seeds": seeds,
        "footer": f"Made by triptych capsules show on {datetime.now(UTC):%Y-%m-%d}.",
    }
    return [_write(folder / PAGE, page(content).encode()), *written]


def _show_points(run: Run, folder: Path) -> list[Path]:
    """Of constellations there is one sheet a seed: the first test pictures."""
    drawn = test_constellations(_SHOWN)
    written: list[Path] = []
    for seed, network in point_networks(run).items():
        reading = point_views.read(network, drawn)
        right = point_views.accuracies(reading)
        titles = [f"test:{i}, {share:.0%} right" for i, share in enumerate(right)]
        path = folder / f"seed-{seed}" / "constellations.png"
        written.append(_write(path, point_views.sheet(reading, titles)))
    return written


def _sheets(network: StackedCapsules, pictures: Pictures | None) -> dict[str, Sheet]:
    found = {"templates": template_sheet(network)}
    if pictures is not None:
        data = still_data(network.settings)
        canvas = to_canvas(pictures.images[:_SHOWN], data, np.random.default_rng(0))
        with torch.no_grad():
            reading = network(canvas, noise=False)
        found["readings"] = reading_sheet(reading, target_of(canvas, data))
    return found


def _subtitle(run: Run) -> str:
    settings = run.settings
    layers = "+".join(map(str, settings.objects.layers)) or "no"
    seeds = f"{len(run.seeds)} seed" + ("s" if len(run.seeds) > 1 else "")
    return (
        f"Preset {settings.preset}: {settings.parts.count} parts, {layers} objects, "
        f"{settings.train.steps:,} steps of {settings.train.batch} pictures, {seeds}. "
        "A Stacked Capsule Autoencoder (Kosiorek, Sabour, Teh, Hinton 2019); it learned without "
        "labels."
    )


def _numbers(run: Run) -> list[tuple[str, str]]:
    """What `evaluate` has measured, if it was run on these weights: they may have been trained on,
    or come anew with the package."""
    file = run.folder / "evaluation.json"
    try:
        measured = file.stat().st_mtime
        if any(run.weights(seed).stat().st_mtime > measured for seed in run.seeds):
            return []
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    numbers: list[tuple[str, str]] = []
    for key, words in (
        ("clustering_accuracy", "clustering accuracy on test pictures, without labels"),
        ("probe_accuracy", "accuracy of a linear probe"),
        ("affnist_accuracy", "clustering accuracy on affNIST, unseen"),
    ):
        table = found.get(key)
        if isinstance(table, Mapping) and isinstance(table.get("mean"), int | float):
            std = table.get("std")
            spread = f" ± {100 * std:.1f}" if isinstance(std, int | float) else ""
            numbers.append((f"{100 * table['mean']:.1f}{spread} %", words))
    return numbers


def _settings(run: Run) -> list[tuple[str, str]]:
    return [
        (f"{section}.{key}", ", ".join(map(str, value)) if isinstance(value, tuple) else str(value))
        for section, table in run.settings.model_dump(exclude={"preset"}).items()
        for key, value in table.items()
    ]


def _png(sheet: Sheet) -> bytes:
    done, content = cv2.imencode(".png", sheet[..., ::-1])
    assert done
    return content.tobytes()


def _write(path: Path, content: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error
    return path
