"""What is in single pictures: hands and their gestures, faces, and whether a person is present."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from triptych.errors import BadInput
from triptych.gesture.sources.folder import list_pictures
from triptych.gesture.sources.pictures import read_picture
from triptych.gesture.types import Frame, Scene


def classify(
    paths: Iterable[Path], look: Callable[[Frame], Scene], face_enter: float, enter: float
) -> Iterator[dict[str, Any] | BadInput]:
    """One JSON object a picture, in the order of `paths`; folders give their pictures by name.

    A picture that cannot be read gives its `BadInput` instead, and the others are still read.

    look: what sees a single picture, `Perceiver.look_still`.
    face_enter: score (0..1) from which a face shows that somebody is present.
    enter: score (0..1) from which a sign is one; `config.decide.enter`.
    """
    for path in paths:
        try:
            pictures = list_pictures(path) if path.is_dir() else [path]
        except BadInput as error:
            yield error
            continue
        for picture in pictures:
            try:
                frame = read_picture(picture)
            except BadInput as error:
                yield error
                continue
            yield scene_as_json(picture, look(frame), face_enter, enter)


def scene_as_json(file: Path, scene: Scene, face_enter: float, enter: float) -> dict[str, Any]:
    """{"file", "hands": [{"box", "gesture", "score", "scores"}], "faces": [...], "present"}.

    A sign is named only if the overlay would start to believe it; else the gesture is `other`.
    Boxes are [x0, y0, x1, y1] in fractions of width and height.
    """
    return {
        "file": str(file),
        "hands": [
            {
                "box": _rounded(hand.box.as_list()),
                "gesture": (gesture := hand.judged(enter)),
                "score": round(float(hand.scores[gesture]), 4),
                "scores": {name: round(float(score), 4) for name, score in hand.scores.items()},
            }
            for hand in scene.hands
        ],
        "faces": [
            {"box": _rounded(face.box.as_list()), "score": round(float(face.score), 4)}
            for face in scene.faces
        ],
        "present": any(face.score >= face_enter for face in scene.faces),
    }


def _rounded(values: list[float]) -> list[float]:
    return [round(float(value), 5) for value in values]
