"""What the page of a run shows of one network, gathered as plain values that JSON can carry."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from triptych.capsules.evolution import Snapshot
from triptych.capsules.explanation import Explanation, explain, ink_of, who_drew
from triptych.capsules.film import spread
from triptych.capsules.health import examine
from triptych.capsules.model import StackedCapsules
from triptych.capsules.pictures import Pictures, target_of, to_canvas
from triptych.capsules.settings import Settings
from triptych.capsules.sheets import template_ink, tiles

_OF_EACH_CLASS = 3
"""So many pictures of each class are explained: the first ones, so that nobody chose them."""

_LOOKED_AT = 1000
"""So many test pictures decide what parts and objects are like on average."""

_BATCH, _TYPICAL, _FRAMES, _POINTS = 100, 8, 60, 400

_CURVES = (
    ("Loss", ("loss",)),
    ("Log-likelihood of the picture, nats", ("picture",)),
    ("Log-likelihood of the parts under the objects, nats", ("parts",)),
    ("Squared error of a picture's drawing", ("squared_error",)),
    (
        "Clustering accuracy, watched on some pictures",
        ("clustering_presence", "clustering_posterior"),
    ),
    (
        "Parts in trouble, share",
        ("out_of_frame", "over_zoomed", "never_used", "flat_templates"),
    ),
)


@dataclass(frozen=True)
class Averages:
    """Over N pictures: canvas [N, C, S, S]; features of parts [N, M] and top objects [N, K]."""

    canvas: NDArray[np.float32]
    labels: NDArray[np.int64]
    part_presence: NDArray[np.float32]
    part_share: NDArray[np.float32]
    presence: NDArray[np.float32]
    posterior: NDArray[np.float32]


def album(
    network: StackedCapsules,
    pictures: Pictures | None,
    snapshots: Sequence[tuple[int, Snapshot]],
    log: Sequence[Mapping[str, float]],
) -> dict[str, Any]:
    """Everything about one network.

    pictures: test pictures; None: the data set is not here, so what needs them is left out.
    """
    network.eval()
    seen = None if pictures is None else look(network, pictures)
    return {
        "templates": _templates(network, seen),
        "evolution": _evolution(snapshots),
        "curves": _curves(log),
        "health": None if pictures is None else _health(network, pictures),
        "pictures": [] if pictures is None else _explained(network, pictures),
        "objects": [] if seen is None or len(network.layers) == 0 else _objects(network, seen),
    }


@torch.no_grad()
def look(network: StackedCapsules, pictures: Pictures) -> Averages:
    """Read the first pictures, and keep what the page tells of them."""
    settings = network.settings
    still = still_data(settings)
    kept: list[tuple[torch.Tensor, ...]] = []
    for start in range(0, min(len(pictures), _LOOKED_AT), _BATCH):
        images = pictures.images[start : min(start + _BATCH, _LOOKED_AT)]
        canvas = to_canvas(images, still, np.random.default_rng(0))
        target = target_of(canvas, still)
        reading = network(canvas, noise=False)
        who = who_drew(reading, target, settings.parts.joint_colour)
        ink = ink_of(target, reading.drawing.background_mean)
        share = torch.einsum("mbhw,bhw->bm", who[:-1], ink)
        kept.append((canvas, reading.parts.presence, share, reading.presence, reading.posterior))
    columns = [torch.cat(column).numpy() for column in zip(*kept, strict=True)]
    return Averages(columns[0], pictures.labels[: len(columns[0])].numpy(), *columns[1:])


def still_data(settings: Settings) -> Any:
    """The run's data settings, but each picture stays in the middle of its canvas."""
    if settings.data.place == "resize":
        return settings.data
    return settings.data.model_copy(update={"place": "centre"})


def _templates(network: StackedCapsules, seen: Averages | None) -> list[dict[str, Any]]:
    inks = template_ink(network).numpy()
    return [
        {
            "png": picture_uri(ink),
            "presence": None if seen is None else float(seen.part_presence[:, m].mean()),
            "share": None if seen is None else float(seen.part_share[:, m].mean()),
            "typical": [] if seen is None else _most(seen, seen.part_share[:, m]),
        }
        for m, ink in enumerate(inks)
    ]


def _most(seen: Averages, score: NDArray[np.float32]) -> list[str]:
    best = np.argsort(-score, kind="stable")[:_TYPICAL]
    return [picture_uri(seen.canvas[i]) for i in best]


def _objects(network: StackedCapsules, seen: Averages) -> list[dict[str, Any]]:
    classes = network.settings.loss.classes
    mass = seen.posterior / seen.posterior.sum(1, keepdims=True).clip(1e-9)
    found: list[dict[str, Any]] = []
    for k in range(seen.presence.shape[1]):
        weight = np.bincount(seen.labels, weights=mass[:, k], minlength=classes)
        found.append(
            {
                "object": k,
                "presence": float(seen.presence[:, k].mean()),
                "share": float(mass[:, k].mean()),
                "labels": (weight / max(1e-9, weight.sum())).tolist(),
                "typical": _most(seen, mass[:, k]),
            }
        )
    return sorted(found, key=lambda item: -item["share"])


def _evolution(snapshots: Sequence[tuple[int, Snapshot]]) -> dict[str, Any] | None:
    if not snapshots:
        return None
    frames = [
        tiles(torch.from_numpy(ink).float() / 255, columns=8, enlarge=2)
        for _, ink in spread(snapshots, _FRAMES)
    ]
    height, width = frames[0].shape[:2]
    return {
        "sprite": _uri(np.concatenate(frames)[..., ::-1]),
        "steps": [step for step, _ in spread(snapshots, _FRAMES)],
        "width": width,
        "height": height,
    }


def _curves(log: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for title, names in _CURVES:
        series = [
            {"name": name.replace("_", " "), "points": points}
            for name in names
            if len(points := _points(log, name)) > 1
        ]
        if series:
            found.append({"title": title, "series": series})
    return found


def _points(log: Sequence[Mapping[str, float]], name: str) -> list[tuple[float, float]]:
    rows = [(row["step"], row[name]) for row in log if name in row]
    every = -(-len(rows) // _POINTS)
    return rows[:: max(1, every)]


@torch.no_grad()
def _health(network: StackedCapsules, pictures: Pictures) -> dict[str, Any]:
    canvas = to_canvas(
        pictures.images[:256], still_data(network.settings), np.random.default_rng(0)
    )
    found = examine(network, network(canvas, noise=False))
    return {
        "warnings": found.warnings(),
        "shares": found.numbers(),
        "presence": list(found.presence),
        "scales": list(found.scale_histogram),
    }


def _explained(network: StackedCapsules, pictures: Pictures) -> list[dict[str, Any]]:
    data = still_data(network.settings)
    labels = pictures.labels.numpy()
    chosen = [i for c in np.unique(labels) for i in np.flatnonzero(labels == c)[:_OF_EACH_CLASS]]
    found: list[dict[str, Any]] = []
    for i in chosen:
        canvas = to_canvas(pictures.images[i : i + 1], data, np.random.default_rng(0))
        explanation = explain(network, canvas, target_of(canvas, data))
        found.append({"number": int(i), "label": int(labels[i]), **_told(explanation)})
    return found


def _told(found: Explanation) -> dict[str, Any]:
    ink = found.target.mean(0)
    return {
        "picture": picture_uri(found.picture),
        "by_parts": picture_uri(found.by_parts),
        "by_objects": None if found.by_objects is None else picture_uri(found.by_objects),
        "side": found.picture.shape[-1],
        # For each pixel the part that drew it and how bright it is: the page colours them.
        "who": _base64(found.who.argmax(0).astype(np.uint16)),
        "ink": _base64(np.round(255 * ink / max(1e-6, float(ink.max()))).astype(np.uint8)),
        "error": found.error,
        "background": found.background,
        "parts": [
            {
                "part": part.part,
                "presence": part.presence,
                "share": part.share,
                "nats": part.nats,
                "corners": part.corners.round(4).tolist(),
                "object": part.object,
                "claim": part.claim,
            }
            for part in found.used(0.01)
        ],
        "objects": []
        if not found.layers
        else [
            {"object": item.object, "presence": item.presence, "share": item.share}
            for item in sorted(found.layers[0].objects, key=lambda item: -item.share)
        ],
        "guesses": list(found.guesses),
    }


def read_log(path: Path) -> list[dict[str, float]]:
    """The rows of a run's log.jsonl; of a step that was done twice, the later one.

    Lines that a kill cut short are left out.
    """
    rows: dict[tuple[float, bool], dict[str, float]] = {}
    if not path.is_file():
        return []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
            rows[row["step"], "loss" in row] = row
        except (ValueError, KeyError, TypeError):
            continue
    return sorted(rows.values(), key=lambda row: row["step"])


def picture_uri(picture: NDArray[np.float32]) -> str:
    """[C, h, w], 0..1, as a data: URI that a browser shows."""
    rgb = np.broadcast_to(picture, (3, *picture.shape[1:])).clip(0, 1)
    return _uri(np.round(rgb[::-1].transpose(1, 2, 0) * 255).astype(np.uint8))


def _uri(bgr: NDArray[np.uint8]) -> str:
    if np.array_equal(bgr[..., 0], bgr[..., 1]) and np.array_equal(bgr[..., 1], bgr[..., 2]):
        bgr = bgr[..., 0]
    _, png = cv2.imencode(".png", np.ascontiguousarray(bgr))
    return "data:image/png;base64," + base64.b64encode(png.tobytes()).decode()


def _base64(array: NDArray[Any]) -> str:
    return base64.b64encode(array.tobytes()).decode()
