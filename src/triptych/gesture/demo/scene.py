"""Drawn webcam pictures with their truth: where faces and hands are, and what the hands say."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.demo.anatomy import POSES
from triptych.gesture.demo.hand import draw_hand
from triptych.gesture.demo.person import Person, draw_person
from triptych.gesture.demo.room import draw_room
from triptych.gesture.demo.shading import Light
from triptych.gesture.demo.variety import (
    random_expression,
    random_hand,
    random_light,
    random_person,
)
from triptych.gesture.types import Box, Frame


@dataclass(frozen=True, slots=True)
class SceneHand:
    """One drawn hand. landmarks: [21, 2] fractions of the picture, MediaPipe's order."""

    gesture: str
    box: Box
    landmarks: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DrawnScene:
    """A drawn picture and all that is in it, to train and test detectors on."""

    frame: Frame
    faces: tuple[Box, ...]
    hands: tuple[SceneHand, ...]


def draw_scene(
    rng: np.random.Generator, size_wh: tuple[int, int] = (640, 480), people: int | None = None
) -> DrawnScene:
    """A room with `people` in it (by chance none, one or two), most with a hand or two up.

    The same state of `rng` gives the same picture.
    """
    width, height = size_wh
    frame = draw_room(rng, size_wh, float(rng.uniform(0.3, 3)))
    light = random_light(rng)
    if people is None:
        people = int(rng.choice([0, 1, 2], p=[0.12, 0.76, 0.12]))
    sizes = sorted(rng.uniform(0.2, 0.6, people) * height)
    faces: list[Box] = []
    hands: list[SceneHand] = []
    bodies: list[tuple[Person, tuple[float, float], float]] = []
    for i, size in enumerate(sizes):
        middle = width * (i + 0.5 + rng.uniform(-0.2, 0.2)) / people
        at = (middle, rng.uniform(0.6, 0.95) * size + rng.uniform(0, 0.25) * height)
        person = random_person(rng)
        head = (at[0] + rng.normal(0, 0.06) * size, at[1])
        face = draw_person(frame, person, random_expression(rng), light, head, size, at)
        faces.append(face)
        bodies.append((person, at, size))
    for person, at, size in bodies:
        for side in (-1, 1):
            if rng.random() < 0.55:
                _raise_hand(frame, rng, person, light, at, size, side, hands)
    seen = tuple(
        face
        for i, face in enumerate(faces)
        if not any(_hides(at, size, face, size_wh) for _, at, size in bodies[i + 1 :])
    )
    return DrawnScene(through_camera(frame, rng), seen, tuple(hands))


def _hides(at: tuple[float, float], size: float, face: Box, size_wh: tuple[int, int]) -> bool:
    """Whether somebody in front, head at `at`, covers the middle of a face behind."""
    across = abs(face.centre[0] * size_wh[0] - at[0]) / size
    down = (face.centre[1] * size_wh[1] - at[1]) / size
    return (across < 0.5 and down > -0.6) or (across < 0.95 and down > 0.4)


def _raise_hand(
    frame: Frame,
    rng: np.random.Generator,
    person: Person,
    light: Light,
    at: tuple[float, float],
    size: float,
    side: int,
    hands: list[SceneHand],
) -> None:
    """Add a hand beside, before or below the face to frame and `hands`.

    It is left out if it would cover a hand, and not listed if it lies mostly outside the picture.
    """
    gesture = str(rng.choice(list(POSES)))
    hand = random_hand(rng, gesture)
    roll = hand.view.roll + side * float(rng.uniform(-5, 12))
    left = side > 0 if rng.random() < 0.85 else side < 0
    hand = replace(
        hand, look=person.look, light=light, view=replace(hand.view, left=left, roll=roll)
    )
    length = size * float(np.clip(rng.normal(0.85, 0.13), 0.6, 1.25))
    wrist = (
        at[0] + side * size * float(rng.uniform(0.35, 1.25)),
        at[1] + size * float(rng.uniform(0.25, 1.2)),
    )
    elbow = (
        wrist[0] + size * float(rng.normal(0.15 * side, 0.25)),
        wrist[1] + size * float(rng.uniform(1.0, 1.5)),
    )
    rows, cols = frame.shape[:2]
    if any(
        abs(other.box.centre[0] * cols - wrist[0]) < 1.3 * length
        and abs(other.box.centre[1] * rows - wrist[1]) < 1.6 * length
        for other in hands
    ):
        return
    landmarks = draw_hand(frame, hand, wrist, length, elbow)
    places = landmarks / np.array([cols, rows], np.float32)
    if ((places > 0) & (places < 1)).all(axis=1).mean() >= 0.7:
        box = box_of(places, length / cols, length / rows)
        hands.append(SceneHand(gesture, box, places))


def box_of(landmarks: NDArray[np.float32], wide: float, tall: float) -> Box:
    """The box of the flesh around `landmarks` [21, 2], cut at the picture's edge.

    wide, tall: the hand's length in fractions of the picture's width and height.
    """
    margin = np.array([0.05 * wide, 0.05 * tall])
    x0, y0 = np.clip(landmarks.min(0) - margin, 0, 1)
    x1, y1 = np.clip(landmarks.max(0) + margin, 0, 1)
    return Box(float(x0), float(y0), float(x1), float(y1))


def through_camera(frame: Frame, rng: np.random.Generator) -> Frame:
    """What a cheap camera makes of a scene: exposure, white balance, soft lens, noise, JPEG."""
    picture = frame.astype(np.float32) * (1 / 255)
    picture = picture ** float(np.exp(rng.normal(0, 0.16)))
    picture *= (np.exp(rng.normal(0, 0.12)) * (1 + rng.normal(0, 0.05, 3))).astype(np.float32)
    soft = float(rng.uniform(0, 1.3)) * frame.shape[0] / 480
    if soft > 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), soft)
    noise = rng.normal(0, 1, (frame.shape[0] // 2 + 1, frame.shape[1] // 2 + 1, 3))
    noise = cv2.resize(noise.astype(np.float32), (frame.shape[1], frame.shape[0]))
    picture += noise * float(rng.uniform(0.004, 0.035))
    out = np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        _, coded = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))])
        out = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return out
