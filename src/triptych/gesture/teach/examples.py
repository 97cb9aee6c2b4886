"""Sources that people name -> examples of one sign: pictures, folders, videos, a camera.

Of a picture the largest hand is taken. Of a video the hand that is held: the pictures around the
middle of what is seen, so that raising and lowering it teach nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from triptych.errors import BadInput, Unavailable
from triptych.gesture.config import Config
from triptych.gesture.sources.choose import open_source
from triptych.gesture.sources.folder import list_pictures
from triptych.gesture.sources.pictures import PICTURE_SUFFIXES, read_picture
from triptych.gesture.teach.background import Background, distances
from triptych.gesture.teach.features import LENGTH, Features
from triptych.gesture.teach.lesson import LOOKS, Lesson, State
from triptych.gesture.teach.seeing import Seeing
from triptych.gesture.types import Hand, Scene

MOST: Final = 32
FROM_VIDEO: Final = 10
"""Examples taken of one video, evenly spread."""

HELD: Final = 1.2
"""Distance from the middle of a video's hands up to which the hand is still being held."""

CAMERA_SECONDS: Final = 90.0
"""After so long without five looks a camera is given up."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """examples: [2 N, 170], each hand followed by its mirror image. unused: sentences."""

    examples: Features
    unused: tuple[str, ...]


def gather(
    sources: Sequence[str],
    seeing: Seeing,
    background: Background,
    lesson: Callable[[], Lesson],
    say: Callable[[str], None],
    config: Config,
) -> Gathered:
    """Examples from all sources, in their order.

    seeing: a new one, as nothing was seen before. lesson: makes a lesson, for cameras. say: tells
    the person before a camera what to do. Raises `BadInput` for a source that is none.
    """
    found: list[Features] = []
    unused: list[str] = []
    for spec in sources:
        if spec.isascii() and spec.isdigit():
            found.append(_from_camera(spec, seeing, lesson(), say, config))
            continue
        path = Path(spec).expanduser()
        if path.is_dir() or path.suffix.lower() in PICTURE_SUFFIXES:
            for picture in list_pictures(path) if path.is_dir() else [path]:
                frame = read_picture(picture)
                hand = largest(seeing.look_still(frame))
                rows = seeing.examples(frame, hand) if hand is not None else None
                if rows is None:
                    unused.append(f"{picture.name}: no hand was found.")
                else:
                    found.append(rows)
        else:
            found.append(_from_video(spec, seeing, background, config))
    rows = np.concatenate(found) if found else np.zeros((0, LENGTH), np.float32)
    if len(rows) > 2 * MOST:
        chosen = np.linspace(0, len(rows) // 2 - 1, MOST).round().astype(int)
        rows = rows.reshape(-1, 2, LENGTH)[chosen].reshape(-1, LENGTH)
    return Gathered(rows, tuple(unused))


def largest(scene: Scene) -> Hand | None:
    """The hand that is meant."""
    return max(scene.hands, key=lambda hand: hand.box.area, default=None)


def _from_video(spec: str, seeing: Seeing, background: Background, config: Config) -> Features:
    rows: list[Features] = []
    with open_source(spec, config) as source:
        while (shot := source.read()) is not None:
            if shot.frame is None:
                continue
            hand = largest(seeing.look(shot.frame, shot.t))
            seen = seeing.examples(shot.frame, hand) if hand is not None else None
            if seen is not None:
                rows.append(seen)
    if not rows:
        raise BadInput(f"{spec} shows no hand that can be read: use another.")
    points = background.place(np.stack([seen[0] for seen in rows]))
    gaps = distances(points, points)
    middle = int(np.median(gaps, axis=1).argmin())
    held = np.flatnonzero(gaps[middle] <= HELD)
    chosen = held[np.linspace(0, len(held) - 1, min(FROM_VIDEO, len(held))).round().astype(int)]
    return np.concatenate([rows[i] for i in chosen])


def _from_camera(
    spec: str, seeing: Seeing, lesson: Lesson, say: Callable[[str], None], config: Config
) -> Features:
    """Five looks at the hand before a camera."""
    told = -1
    with open_source(spec, config) as source:
        say("Hold your sign up before the camera, and keep it up for five short looks.")
        lesson.capture(0.0)
        while (shot := source.read()) is not None and shot.t < CAMERA_SECONDS:
            if shot.frame is None:
                continue
            frame = shot.frame
            scene = seeing.look(frame, shot.t)
            state: State = lesson.step(shot.t, scene, partial(seeing.examples, frame))
            if state.captured > told:
                told = state.captured
                say(f"Look {told} of {LOOKS} taken.")
            if told == LOOKS:
                return lesson.taught.examples
    raise Unavailable(
        f"Camera {spec} did not see a sign that was held still: hold it up and try again."
    )
