"""C5 and F1 of the talk: is Haar fast, and what does it miss? Used by `gesture_talk.py`.

Webcam pictures of `test` in which the teacher is sure of a face; the same with sunglasses and with
a mask drawn over each face, which stand for real ones. A face is found if a box overlaps it by 0.3
(intersection over union).
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.data.hands import read_hands
from triptych.gesture.config import Config
from triptych.gesture.evaluate.intervals import bootstrap
from triptych.gesture.learn.examples import scene_examples
from triptych.gesture.perceive.detector import Detector, intersection_over_union
from triptych.gesture.perceive.haar import HaarFaces
from triptych.gesture.sources.pictures import read_picture
from triptych.gesture.types import Box, Frame

OVERLAP = 0.3
CALL_WH = (1280, 720)
"""The size of a call's picture, at which the milliseconds are measured."""

PER_PERSON = 10
TIMED = 40

Faces = NDArray[np.float32]
"""[N, 4] x0, y0, x1, y1 in pixels."""


def sunglasses(frame: Frame, faces: Faces) -> Frame:
    """A dark bar with two lenses over the eyes of each face."""
    drawn = frame.copy()
    for x0, y0, x1, y1 in faces.tolist():
        w, h = x1 - x0, y1 - y0
        y = y0 + 0.3 * h
        for x in (x0 + 0.3 * w, x0 + 0.7 * w):
            axes = (round(0.19 * w), round(0.14 * h))
            cv2.ellipse(drawn, (round(x), round(y)), axes, 0, 0, 360, (22, 18, 16), -1, cv2.LINE_AA)
        left, right = (round(x0 + 0.05 * w), round(y)), (round(x1 - 0.05 * w), round(y))
        cv2.line(drawn, left, right, (22, 18, 16), max(1, round(0.04 * h)), cv2.LINE_AA)
    return drawn


def mask(frame: Frame, faces: Faces) -> Frame:
    """A pale blue cloth over nose, mouth and chin of each face."""
    drawn = frame.copy()
    for x0, y0, x1, y1 in faces.tolist():
        w, h = x1 - x0, y1 - y0
        outline = [(0.04, 0.46), (0.5, 0.36), (0.96, 0.46), (0.9, 0.82), (0.5, 1.06), (0.1, 0.82)]
        points = np.array([[x0 + u * w, y0 + v * h] for u, v in outline]).round().astype(np.int32)
        cv2.fillPoly(drawn, [points], (214, 190, 160), cv2.LINE_AA)
        for v in (0.56, 0.68, 0.8):
            left, right = ((round(x0 + u * w), round(y0 + v * h)) for u in (0.14, 0.86))
            cv2.line(drawn, left, right, (190, 166, 138), 1, cv2.LINE_AA)
    return drawn


COVERS: dict[str, Callable[[Frame, Faces], Frame]] = {
    "as they are": lambda frame, _faces: frame,
    "sunglasses": sunglasses,
    "mask": mask,
}


def pictures(folder: Path) -> list[tuple[str, Frame, Faces]]:
    """Person, picture and faces of webcam pictures of `test`, a few of each person."""
    records = [p for p in read_hands(folder, "test") if p.context == "frame"]
    seen: dict[str, int] = {}
    found = []
    for scene in scene_examples(records):
        if len(scene.faces) and seen.get(scene.person, 0) < PER_PERSON:
            seen[scene.person] = seen.get(scene.person, 0) + 1
            found.append((scene.person, read_picture(folder / scene.file), scene.faces))
    return found


def faces(data: Path) -> dict[str, Any]:
    """Recall and wrong boxes of both finders on each kind of picture, and milliseconds."""
    shots = pictures(data / "hands")
    network, haar = Detector(), HaarFaces()
    enter = Config().presence.face_enter
    finders: dict[str, Callable[[Frame], list[Box]]] = {
        "Haar": lambda frame: [face.box for face in haar.find(frame)],
        "ours": lambda frame: [f.box for f in network.find(frame)["face"] if f.score >= enter],
    }
    numbers: dict[str, Any] = {
        "pictures": len(shots),
        "people": len({person for person, _frame, _faces in shots}),
        "faces": sum(len(where) for _person, _frame, where in shots),
    }
    for name, find in finders.items():
        numbers[name] = {}
        for cover, draw in COVERS.items():
            people: dict[str, list[tuple[int, int, int]]] = {}
            for person, frame, where in shots:
                people.setdefault(person, []).append(_found(find(draw(frame, where)), where, frame))
            groups = list(people.values())
            every = [item for group in groups for item in group]
            numbers[name][cover] = {
                "recall": _recall(every),
                "recall_ci95": bootstrap(groups, _recall),
                "wrong_boxes_a_picture": sum(wrong for _hits, _all, wrong in every) / len(every),
            }
    for name, values in _milliseconds(finders, [frame for _p, frame, _f in shots]).items():
        numbers[name] |= values
    return numbers


def _found(boxes: list[Box], where: Faces, frame: Frame) -> tuple[int, int, int]:
    """Faces found, faces there, boxes on no face."""
    height, width = frame.shape[:2]
    scale = np.array([width, height] * 2)
    there = [Box(*(face / scale).tolist()) for face in where]
    pairs = [[intersection_over_union(box, face) >= OVERLAP for face in there] for box in boxes]
    hits = sum(any(row[i] for row in pairs) for i in range(len(there)))
    return hits, len(there), sum(not any(row) for row in pairs)


def _recall(items: "list[tuple[int, int, int]] | Any") -> float:
    return sum(hits for hits, _all, _wrong in items) / max(1, sum(n for _hits, n, _wrong in items))


def _milliseconds(
    finders: dict[str, Callable[[Frame], list[Box]]], frames: list[Frame]
) -> dict[str, dict[str, float]]:
    """Medians a picture of a call's size, the finders in turns, one thread."""
    step = max(1, len(frames) // TIMED)
    wall: dict[str, list[float]] = {name: [] for name in finders}
    cpu: dict[str, list[float]] = {name: [] for name in finders}
    for frame in frames[::step]:
        large = cv2.resize(frame, CALL_WH, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
        for name, find in finders.items():
            began, spent = time.perf_counter(), time.process_time()
            find(large)
            wall[name].append(1e3 * (time.perf_counter() - began))
            cpu[name].append(1e3 * (time.process_time() - spent))
    return {name: {"ms": median(wall[name]), "cpu_ms": median(cpu[name])} for name in finders}
