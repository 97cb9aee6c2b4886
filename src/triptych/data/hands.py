"""The hand pictures: labels.jsonl as records, pictures and clips on demand.

Points and boxes are fractions of width and height, origin top left, unmirrored.
"""

import json
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triptych.errors import BadInput

LABELS = ("fist", "palm", "ok", "one", "two_up", "peace", "other", "none", "unlabelled")
"""What a picture can be labelled as; `other` is a hand that makes no sign of ours."""

SPLITS = ("train", "val", "test", "wild")
"""By person: nobody is in two of them. `test` and `wild` are for final measurements alone."""

COLLECTIVES = frozenset({"basem"})
"""Values of `person` that stand for many unknown people (pictures from the web), in any split."""


@dataclass(frozen=True, slots=True)
class TeacherHand:
    """A hand as the teacher saw it: landmarks [21, 3] float32 (x, y fractions; z), score 0..1.

    handedness: `Left` or `Right`, as seen in the unmirrored picture.
    """

    landmarks: NDArray[np.float32]
    handedness: str
    score: float


@dataclass(frozen=True, slots=True)
class NamedBox:
    """A box that people drew, [x0, y0, x1, y1] in fractions, and what they called it."""

    box_xyxy: tuple[float, float, float, float]
    name: str


@dataclass(frozen=True, slots=True)
class TeacherFace:
    """A face as the teacher saw it, [x0, y0, x1, y1] in fractions, score 0..1."""

    box_xyxy: tuple[float, float, float, float]
    score: float


@dataclass(frozen=True, slots=True)
class HandPicture:
    """One picture and all that is known of it.

    file: relative to the folder. person: who is on it. evidence: how sure the licence is.
    context: `frame` (a webcam picture), `roi`, `crop`, `crop60` (a hand), `face`, `room`.
    width, height: pixels of the picture. flags: such as NATURAL_HANDS or FIST_LIKE.
    hands, faces, person_share (of pixels, 0..1): what the teacher saw in the full-size original.
    """

    file: str
    label: str
    raw_label: str
    person: str
    source: str
    licence: str
    evidence: str
    split: str
    context: str
    width: int
    height: int
    flags: frozenset[str]
    boxes: tuple[NamedBox, ...]
    hands: tuple[TeacherHand, ...]
    faces: tuple[TeacherFace, ...]
    person_share: float


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip: `label` is the sign held in it, or `none` where nothing may fire.

    kind: what sort of clip it is, such as `empty room`; `real` unless the manifest says otherwise.
    sign_from, sign_to: seconds between which the sign is held, where that is known.
    motion: a movement that is made then instead of a sign, such as `wave`; such clips have the
    label `unlabelled`.
    """

    file: str
    label: str
    what: str
    frames: int
    fps: float
    licence: str
    source: str
    split: str
    kind: str = "real"
    sign_from: float | None = None
    sign_to: float | None = None
    motion: str = ""


def read_hands(place: Path, split: str | None = None) -> list[HandPicture]:
    """The records of labels.jsonl, all or those of one split, in the order of the file.

    A record needs `file` and `label`; a picture without a `person` is one of somebody else, and
    training needs the rest, too.

    place: the folder that holds labels.jsonl, or a file of that form with any name in `.jsonl`.
    Raises BadInput, naming file and line, if it is missing or a line is not such a record.
    """
    return [picture for picture in iterate_hands(place) if split in (None, picture.split)]


def iterate_hands(place: Path) -> Iterator[HandPicture]:
    """The same, one after the other."""
    path = place if place.suffix == ".jsonl" else place / "labels.jsonl"
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    yield _parse(json.loads(line))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise BadInput(f"{path}, line {number}: {_reason(error)}.") from error
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read ({error}).") from error


def read_hand_picture(folder: Path, picture: HandPicture) -> NDArray[np.uint8]:
    """The pixels of one picture, [height, width, 3] BGR. Raises BadInput if there are none."""
    import cv2

    path = folder / picture.file
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise BadInput(f"{path} is missing or not a picture that can be read.")
    return np.asarray(pixels, np.uint8)


def read_clips(place: Path) -> list[Clip]:
    """The clips of clips/manifest.json. Raises BadInput if it is missing or of another form.

    place: the folder that holds clips/, or a file of that form with any name in `.json`.
    """
    path = place if place.suffix == ".json" else place / "clips" / "manifest.json"
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return [_clip(entry) for entry in entries]
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is not a manifest of clips ({_reason(error)}).") from error


def _clip(entry: dict[str, Any]) -> Clip:
    if entry["label"] not in LABELS:
        raise ValueError(f"label {entry['label']!r} is not one of {', '.join(LABELS)}")
    needed = [f.name for f in fields(Clip) if f.default is MISSING]
    known = {f.name: entry[f.name] for f in fields(Clip) if f.name in entry}
    return Clip(**{key: entry[key] for key in needed} | known)


def _reason(error: Exception) -> str:
    return f"the key {error} is missing" if isinstance(error, KeyError) else str(error)


def _parse(row: dict[str, Any]) -> HandPicture:
    if row["label"] not in LABELS:
        raise ValueError(f"label {row['label']!r} is not one of {', '.join(LABELS)}")
    if row.get("split", "") not in ("", *SPLITS):
        raise ValueError(f"split {row['split']!r} is not one of {', '.join(SPLITS)}")
    teacher = row.get("teacher", {"hands": [], "faces": [], "person": 0.0})
    context = str(row.get("context", "frame"))
    return HandPicture(
        file=str(row["file"]),
        label=row["label"],
        raw_label=str(row.get("raw_label", "")),
        person=str(row.get("person", row["file"])),
        source=str(row.get("source", "")),
        licence=str(row.get("licence", "")),
        evidence=str(row.get("evidence", "")),
        split=str(row.get("split", "")),
        context="frame" if context.startswith("bbox ") else context,  # the box is in `boxes` too
        width=int(row.get("width", 0)),
        height=int(row.get("height", 0)),
        flags=frozenset(filter(None, (row.get("flag") or "").split(";"))),
        boxes=tuple(NamedBox(_box(box), str(box[4])) for box in row.get("boxes", ())),
        hands=tuple(_hand(hand) for hand in teacher["hands"]),
        faces=tuple(TeacherFace(_box(face), float(face[4])) for face in teacher["faces"]),
        person_share=float(teacher["person"]),
    )


def _hand(hand: dict[str, Any]) -> TeacherHand:
    landmarks = np.array(hand["landmarks"], np.float32)
    if landmarks.shape != (21, 3):
        raise ValueError(f"landmarks are {landmarks.shape}, not (21, 3)")
    return TeacherHand(landmarks, hand["handedness"], float(hand["score"]))


def _box(values: list[Any]) -> tuple[float, float, float, float]:
    if len(values) != 5:
        raise ValueError(f"a box has {len(values)} values, not 5")
    x0, y0, x1, y1 = (float(value) for value in values[:4])
    return x0, y0, x1, y1
