"""Scenes as JSON, so that a recording without pictures can be decided again, bit for bit."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from triptych.errors import BadInput
from triptych.gesture.types import Box, Face, Hand, Scene


def scene_to_json(scene: Scene) -> dict[str, Any]:
    """One scene as an object for a JSON line; floats keep all their bits."""
    return {
        "t": scene.t,
        "faces_at": scene.faces_at,
        "faces": [{"box": face.box.as_list(), "score": face.score} for face in scene.faces],
        "hands": [
            {
                "box": hand.box.as_list(),
                "scores": dict(hand.scores),
                "track": hand.track,
                "landmarks": None if hand.landmarks is None else hand.landmarks.tolist(),
                "embedding": None if hand.embedding is None else hand.embedding.tolist(),
            }
            for hand in scene.hands
        ],
    }


def scene_from_json(line: Mapping[str, Any]) -> Scene:
    """The scene that `scene_to_json` wrote.

    Raises BadInput if the object is not a scene.
    """
    try:
        return Scene(
            t=float(line["t"]),
            faces_at=float(line["faces_at"]),
            faces=tuple(Face(Box(*face["box"]), float(face["score"])) for face in line["faces"]),
            hands=tuple(_hand(hand) for hand in line["hands"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            f"A line of the recording is not a scene ({error!r}): record it again."
        ) from None


def _hand(hand: Mapping[str, Any]) -> Hand:
    scores = cast(Mapping[str, Any], hand["scores"])
    return Hand(
        box=Box(*hand["box"]),
        scores={name: float(score) for name, score in scores.items()},
        landmarks=_array(hand["landmarks"]),
        embedding=_array(hand["embedding"]),
        track=int(hand["track"]),
    )


def _array(values: list[Any] | None) -> NDArray[np.float32] | None:
    return None if values is None else np.asarray(values, np.float32)
