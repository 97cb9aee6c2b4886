"""Records of the hand pictures -> what the two networks learn from.

Labels name the sign of the raised hand; the teacher (MediaPipe 0.10.21, run on the full-size
originals) names where hands and faces are. People draw boxes in some pictures, some with a sign.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triptych.gesture.types import GESTURES

OTHER, NONE, UNKNOWN = GESTURES.index("other"), GESTURES.index("none"), -1
"""UNKNOWN: a hand for certain, but nobody said which sign it makes."""

DRAWN_SIGNS = {"0-hand": "fist", "1-hand": "one", "2-hand": "peace", "5-hand": "palm"}
"""Box classes of one source, which say how many fingers are up."""

SURE_FACE, MAYBE_FACE = 0.65, 0.4
"""Teacher scores: a face, and a region in which nothing is learnt about faces."""

PERSON_IN_VIEW = 0.12
"""Share of the picture that the teacher takes for a person, hands aside: a face may be there."""


@dataclass(frozen=True, slots=True)
class HandExample:
    """One hand (or, with label NONE, a place without one) in one picture.

    centre, side: pixels; side is the larger extent of the landmarks or box.
    landmarks: [21, 2] pixels, or None. people: near-copies share a person and count less together.
    """

    file: str
    person: str
    label: int
    centre: tuple[float, float]
    side: float
    landmarks: NDArray[np.float32] | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class SceneExample:
    """Hands and faces of one picture, boxes [N, 4] = x0, y0, x1, y1 in pixels.

    hands_known, faces_known: False if one may be there but nobody said where, so that its absence
    teaches nothing. doubtful: boxes of what may or may not be a face.
    """

    file: str
    person: str
    size_wh: tuple[int, int]
    hands: NDArray[np.float32]
    faces: NDArray[np.float32]
    doubtful: NDArray[np.float32]
    hands_known: bool
    faces_known: bool


def read_records(folder: Path, splits: Iterable[str]) -> list[dict[str, Any]]:
    """The lines of `labels.jsonl` whose split is one of `splits`."""
    wanted = set(splits)
    with (folder / "labels.jsonl").open(encoding="utf-8") as lines:
        return [record for line in lines if (record := json.loads(line))["split"] in wanted]


def box_of(landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """[21, 2] -> the box [4] that holds the hand: landmarks sit on joints, so add flesh around."""
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    margin = 0.1 * float((high - low).max())
    return np.concatenate([low - margin, high + margin]).astype(np.float32)


def overlap(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Intersection over union of two boxes [4]."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    inner = float(np.prod(np.clip(high - low, 0, None)))
    areas = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]))
    return inner / max(areas - inner, 1e-9)


def _landmarks(record: dict[str, Any]) -> list[NDArray[np.float32]]:
    scale = np.array([record["width"], record["height"]], np.float32)
    return [
        np.asarray(hand["landmarks"], np.float32)[:, :2] * scale
        for hand in record["teacher"]["hands"]
    ]


def _drawn_boxes(record: dict[str, Any]) -> list[tuple[NDArray[np.float32], str]]:
    scale = np.array([record["width"], record["height"]] * 2, np.float32)
    return [
        (np.asarray(box[:4], np.float32) * scale, str(box[4]))
        for box in record.get("boxes") or []
        if str(box[4]).endswith("hand")
    ]


def hand_examples(records: Sequence[dict[str, Any]]) -> list[HandExample]:
    """Every hand of the records, with the sign that it is known to make."""
    found: list[HandExample] = []
    for record in records:
        flag = str(record.get("flag") or "")
        weight = 0.4 if "NOISY_LABEL" in flag else 1.0
        hands = _landmarks(record)
        boxes = _drawn_boxes(record)
        label = _label(record, flag)
        if hands:
            # The raised hand is the sign's; what the other hand does is not said.
            raised = min(range(len(hands)), key=lambda i: float(hands[i][:, 1].mean()))
            for i, landmarks in enumerate(hands):
                box = box_of(landmarks)
                sign = label if i == raised or label == OTHER else UNKNOWN
                for drawn, name in boxes:
                    if name != "hand" and overlap(box, drawn) > 0.4:
                        sign = GESTURES.index(DRAWN_SIGNS.get(name, "other"))
                found.append(_example(record, sign, landmarks, landmarks, weight))
        elif len(boxes) == 1 and label not in (UNKNOWN, NONE):
            found.append(_example(record, label, boxes[0][0].reshape(2, 2), None, weight))
        elif record["context"] in ("crop", "crop60") and label != UNKNOWN:
            whole = np.array([[0, 0], [record["width"], record["height"]]], np.float32) * 0.999
            example = _example(record, label, whole, None, weight)
            found.append(example)
    return found


def _label(record: dict[str, Any], flag: str) -> int:
    if record["label"] == "unlabelled" or "FIST_LIKE" in flag:
        return UNKNOWN
    if record["label"] == "none" and record["teacher"]["hands"]:
        return OTHER  # an idle hand: there is a hand, and it makes no sign
    return GESTURES.index(record["label"])


def _example(
    record: dict[str, Any],
    label: int,
    points: NDArray[np.float32],
    landmarks: NDArray[np.float32] | None,
    weight: float,
) -> HandExample:
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    side = float((high - low).max())
    if landmarks is None:
        side /= 1.2  # boxes have a margin around the joints
    return HandExample(
        file=record["file"],
        person=record["person"],
        label=label,
        centre=(float(middle[0]), float(middle[1])),
        side=max(side, 4.0),
        landmarks=landmarks,
        weight=weight,
    )


def scene_examples(records: Sequence[dict[str, Any]]) -> list[SceneExample]:
    """Every picture as a whole: where hands and faces are, and what is not known about them."""
    found: list[SceneExample] = []
    for record in records:
        size = np.array([record["width"], record["height"]] * 2, np.float32)
        hands = [box_of(landmarks) for landmarks in _landmarks(record)]
        for drawn, _name in _drawn_boxes(record):
            if all(overlap(drawn, box) < 0.3 for box in hands):
                hands.append(drawn)
        sure, doubtful = [], []
        for *corners, score in record["teacher"]["faces"]:
            box = np.asarray(corners, np.float32) * size
            # The teacher sometimes takes a hand for a face, at a low score.
            on_hand = any(overlap(box, hand) > 0.4 for hand in hands)
            if score >= SURE_FACE and not (on_hand and score < 0.8):
                sure.append(box)
            elif score >= MAYBE_FACE:
                doubtful.append(box)
        labelled = record["label"] not in ("none", "unlabelled")
        unsure = (labelled or record["label"] == "unlabelled") and not hands
        found.append(
            SceneExample(
                file=record["file"],
                person=record["person"],
                size_wh=(record["width"], record["height"]),
                hands=_stack(hands),
                faces=_stack(sure),
                doubtful=_stack(doubtful),
                hands_known=not unsure,
                faces_known=bool(sure) or not _person_without_face(record, hands),
            )
        )
    return found


def _person_without_face(record: dict[str, Any], hands: list[NDArray[np.float32]]) -> bool:
    if record["context"] in ("crop", "crop60"):
        return False
    of_hands = sum(float(np.prod(box[2:] - box[:2])) for box in hands)
    share = record["teacher"]["person"] - of_hands / (record["width"] * record["height"])
    return share > PERSON_IN_VIEW


def _stack(boxes: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.stack(boxes).astype(np.float32) if boxes else np.zeros((0, 4), np.float32)
