"""Drawn people with drawn hands as training pictures, in the form of the photographs' records.

They add people, skin tones, glasses and signs that the photographs lack, and let the networks
recognise the demo's person. What is drawn is known exactly: landmarks, faces, signs.
"""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from triptych.data.hands import HandPicture, read_hands
from triptych.gesture.types import GESTURES

SIZE_WH = (400, 300)


def draw_pictures(folder: Path, count: int, seed: int, workers: int = 2) -> list[HandPicture]:
    """`count` drawn pictures with all that is known of them; drawn once and kept in `folder`.

    The same seed gives the same pictures. About a third of a second a picture and core.
    """
    folder = folder.resolve()
    listing = folder / "labels.jsonl"
    if not listing.exists() or len(listing.read_bytes().splitlines()) != count:
        folder.mkdir(parents=True, exist_ok=True)
        # Forked workers would inherit the locks of threads (OpenMP, OpenCV) that they do not have.
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            draw = partial(_draw, folder, seed)
            rows = list(pool.map(draw, range(count), chunksize=16))
        listing.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return [replace(p, file=str(folder / p.file)) for p in read_hands(folder)]


def _draw(folder: Path, seed: int, index: int) -> dict[str, Any]:
    from triptych.gesture.demo.scene import draw_scene

    cv2.setNumThreads(1)
    scene = draw_scene(np.random.default_rng([seed, index]), SIZE_WH)
    name = f"{index:05d}.jpg"
    cv2.imwrite(str(folder / name), scene.frame, [cv2.IMWRITE_JPEG_QUALITY, 92])
    # With two hands a single label would not do: each hand carries its own, as a drawn box.
    signs = [hand.gesture if hand.gesture in GESTURES else "other" for hand in scene.hands]
    return {
        "file": name,
        "label": signs[0] if len(signs) == 1 else "other" if signs else "none",
        "raw_label": " ".join(hand.gesture for hand in scene.hands),
        # A dozen people in name: sampling weighs people, and drawn ones must not outvote real ones.
        "person": f"drawn_{index % 12:02d}",
        "source": "drawn",
        "licence": "Apache-2.0",
        "evidence": "strong",
        "split": "train",
        "context": "frame",
        "width": SIZE_WH[0],
        "height": SIZE_WH[1],
        "boxes": [
            [*hand.box.as_list(), f"{sign}-hand"]
            for hand, sign in zip(scene.hands, signs, strict=True)
        ],
        "teacher": {
            "hands": [
                {
                    "landmarks": [[x, y, 0.0] for x, y in hand.landmarks.tolist()],
                    "handedness": "",
                    "score": 1.0,
                }
                for hand in scene.hands
            ],
            "faces": [[*face.as_list(), 1.0] for face in scene.faces],
            "person": 0.0,
        },
    }
