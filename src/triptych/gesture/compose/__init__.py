"""Clips with known answers, composed from pictures of real people; `triptych gesture compose`.

Stills cannot hold a sign for a second or touch a face for a minute, and real footage of strangers
who do is what the data lack. So pictures are set in motion: a camera that sways, a hand that comes
up and trembles, light, noise, stuck pictures, compression. What is real: faces, hands, rooms. What
is drawn: the paths, the sleeves, the seams where a hand was cut out. See `plan.py` for what
happens in a clip and `film.py` for how it is rendered.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from triptych.errors import BadInput
from triptych.gesture.compose.film import frames_of
from triptych.gesture.compose.moves import motion_takes
from triptych.gesture.compose.plan import Take, quiet_takes, sign_takes
from triptych.gesture.compose.stock import stock_of

__all__ = ["compose"]


def compose(
    out: Path,
    hands: Path,
    split: str,
    signs: int,
    minutes: float,
    motions: int,
    seed: int,
    on_clip: Callable[[], None] = lambda: None,
) -> Path:
    """Write clips and their manifest.json into `out`; returns the manifest.

    hands: the folder of labels.jsonl. signs: clips in which one sign is held. minutes: of clips in
    which nothing may fire. motions: clips of a wave, a raised hand or a swipe. The same seed, data
    and OpenCV give the same pictures.
    Raises BadInput if `out` holds something already or the split has too few pictures.
    """
    if out.exists() and any(out.iterdir()):
        raise BadInput(f"{out} is not empty: name a new folder for the clips.")
    stock = stock_of(hands, split)
    takes = sign_takes(stock, signs, seed) + quiet_takes(stock, minutes, seed)
    takes += motion_takes(stock, motions, seed)
    out.mkdir(parents=True, exist_ok=True)
    for take in takes:
        _write(take, hands, out / take.name)
        on_clip()
    manifest = out / "manifest.json"
    manifest.write_text(json.dumps([_entry(t) for t in takes], indent=1) + "\n", encoding="utf-8")
    return manifest


def _write(take: Take, hands: Path, path: Path) -> None:
    """MPEG-4 in MP4: its losses are the compression that the clips are to have."""
    writer: cv2.VideoWriter | None = None
    for frame in frames_of(take, hands):
        if writer is None:
            height, width = frame.shape[:2]
            code = cv2.VideoWriter.fourcc(*"mp4v")
            writer = cv2.VideoWriter(str(path), code, take.fps, (width, height))
            if not writer.isOpened():
                raise BadInput(f"{path} cannot be written: OpenCV finds no MPEG-4 encoder or disk.")
        writer.write(np.ascontiguousarray(frame))
    if writer is not None:
        writer.release()


def _entry(take: Take) -> dict[str, Any]:
    """The take as the form of clips/manifest.json has it, and what else is known of it."""
    return {
        "file": take.name,
        "label": take.label,
        "what": f"composed: {take.kind}",
        "frames": round(take.seconds * take.fps),
        "fps": take.fps,
        "licence": "see labels.jsonl",
        "source": "composed",
        "split": take.split,
        "kind": take.kind,
        "person": take.person,
        "sign_from": take.sign_from,
        "sign_to": take.sign_to,
        "motion": take.motion,
        "recipe": {key: asdict(take)[key] for key in ("seed", "back", "layers")},
    }
