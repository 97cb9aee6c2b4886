"""Records of the hand pictures -> what the two networks learn from.

Labels name the sign of the raised hand; the teacher (MediaPipe 0.10.21, run on the full-size
originals) names where hands and faces are. People draw boxes in some pictures, some with a sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triptych.data.hands import COLLECTIVES, HandPicture
from triptych.gesture.types import GESTURES

OTHER, NONE, UNKNOWN = GESTURES.index("other"), GESTURES.index("none"), -1
"""UNKNOWN: a hand for certain, but nobody said which sign it makes."""

FINGERS_UP = {"0": "fist", "1": "one", "2": "peace", "5": "palm"}
"""Box classes of one source say how many fingers are up ("2-hand"), others name the sign."""

SURE_FACE, MAYBE_FACE = 0.65, 0.4
"""Teacher scores: a face, and a region in which nothing is learnt about faces."""

HAND_ALONE = ("crop", "crop60")
"""Contexts of pictures that show a hand and nothing else."""

PERSON_IN_VIEW = 0.12
"""Share of the picture that the teacher takes for a person, hands aside: a face may be there."""


@dataclass(frozen=True, slots=True)
class HandExample:
    """One hand (or, with label NONE, a place without one) in one picture.

    centre, side: pixels; side is the larger extent of the landmarks or box.
    landmarks: [21, 2] pixels, or None. sure: the teacher saw the hand well enough for its landmarks
    to be learnt. people: near-copies share a person and count less together. idle: the hand rests
    or talks along, and makes no sign on purpose. webcam: from the picture of somebody's webcam, not
    a picture of the hand alone.
    """

    file: str
    person: str
    label: int
    centre: tuple[float, float]
    side: float
    landmarks: NDArray[np.float32] | None = None
    weight: float = 1.0
    sure: bool = True
    idle: bool = False
    webcam: bool = False


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


def hand_examples(pictures: Sequence[HandPicture]) -> list[HandExample]:
    """Every hand of the pictures, with the sign that it is known to make."""
    found: list[HandExample] = []
    for picture in pictures:
        hands, boxes = _landmarks(picture), _drawn_boxes(picture)
        label = _label(picture)
        if hands:
            # The raised hand is the sign's; what the other hand does is not said.
            raised = min(range(len(hands)), key=lambda i: float(hands[i][:, 1].mean()))
            for i, landmarks in enumerate(hands):
                sign = label if i == raised or label == OTHER else UNKNOWN
                for box, name in boxes:
                    if name != "hand" and overlap(box_of(landmarks), box) > 0.4:
                        sign = _boxed_sign(name)
                if sign == UNKNOWN and (_hangs(landmarks) or picture.person in COLLECTIVES):
                    sign = OTHER
                found.append(_example(picture, sign, landmarks, landmarks))
        elif len(boxes) == 1 and label not in (UNKNOWN, NONE):
            found.append(_example(picture, label, boxes[0][0].reshape(2, 2), None))
        elif picture.context in HAND_ALONE and label != UNKNOWN:
            corners = np.array([[0, 0], [picture.width, picture.height]], np.float32)
            found.append(_example(picture, label, corners, None))
    return found


def scene_examples(pictures: Sequence[HandPicture]) -> list[SceneExample]:
    """Every picture as a whole: where hands and faces are, and what is not known about them."""
    found: list[SceneExample] = []
    for picture in pictures:
        size = np.array([picture.width, picture.height] * 2, np.float32)
        hands = [box_of(landmarks) for landmarks in _landmarks(picture)]
        for drawn, _name in _drawn_boxes(picture):
            if all(overlap(drawn, box) < 0.3 for box in hands):
                hands.append(drawn)
        sure, doubtful = [], []
        for face in picture.faces:
            box = np.asarray(face.box_xyxy, np.float32) * size
            # The teacher sometimes takes a hand for a face, at a low score.
            on_hand = any(overlap(box, hand) > 0.4 for hand in hands)
            if face.score >= SURE_FACE and not (on_hand and face.score < 0.8):
                sure.append(box)
            elif face.score >= MAYBE_FACE:
                doubtful.append(box)
        found.append(
            SceneExample(
                file=picture.file,
                person=picture.person,
                size_wh=(picture.width, picture.height),
                hands=_stack(hands),
                faces=_stack(sure),
                doubtful=_stack(doubtful),
                hands_known=bool(hands) or picture.label == "none",
                faces_known=bool(sure) or not _person_without_face(picture, hands),
            )
        )
    return found


def _landmarks(picture: HandPicture) -> list[NDArray[np.float32]]:
    scale = np.array([picture.width, picture.height], np.float32)
    return [hand.landmarks[:, :2] * scale for hand in picture.hands]


def _drawn_boxes(picture: HandPicture) -> list[tuple[NDArray[np.float32], str]]:
    scale = np.array([picture.width, picture.height] * 2, np.float32)
    return [
        (np.asarray(box.box_xyxy, np.float32) * scale, box.name)
        for box in picture.boxes
        if box.name.endswith("hand")
    ]


def _hangs(landmarks: NDArray[np.float32]) -> bool:
    """Fingers below the wrist: all our signs are made with the hand up."""
    return float(landmarks[12, 1]) > float(landmarks[0, 1])


def _label(picture: HandPicture) -> int:
    if picture.label == "unlabelled" or any("FIST_LIKE" in flag for flag in picture.flags):
        return UNKNOWN
    if picture.label == "none" and picture.hands:
        return OTHER  # an idle hand: there is a hand, and it makes no sign
    return GESTURES.index(picture.label)


def _boxed_sign(name: str) -> int:
    sign = name.removesuffix("-hand")
    sign = FINGERS_UP.get(sign, sign)
    return GESTURES.index(sign) if sign in GESTURES else OTHER


def _example(
    picture: HandPicture,
    label: int,
    points: NDArray[np.float32],
    landmarks: NDArray[np.float32] | None,
) -> HandExample:
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    side = float((high - low).max())
    if landmarks is None:
        side /= 1.2  # boxes have a margin around the joints
    return HandExample(
        file=picture.file,
        person=picture.person,
        label=label,
        centre=(float(middle[0]), float(middle[1])),
        side=max(side, 4.0),
        landmarks=landmarks,
        weight=0.4 if "NOISY_LABEL" in picture.flags or picture.person in COLLECTIVES else 1.0,
        sure=picture.context != "crop60",
        idle=label == OTHER
        and landmarks is not None
        and (picture.label == "none" or _hangs(landmarks)),
        webcam=picture.context not in HAND_ALONE,
    )


def _person_without_face(picture: HandPicture, hands: list[NDArray[np.float32]]) -> bool:
    if picture.context in HAND_ALONE:
        return False
    of_hands = sum(float(np.prod(box[2:] - box[:2])) for box in hands)
    return picture.person_share - of_hands / (picture.width * picture.height) > PERSON_IN_VIEW


def _stack(boxes: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.stack(boxes).astype(np.float32) if boxes else np.zeros((0, 4), np.float32)
