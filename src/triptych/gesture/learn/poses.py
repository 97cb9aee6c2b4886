"""Hands by chance from the jointed hand (`gesture.demo.anatomy`): all signs, and what is none.

Photographs show a few dozen other signs; people make any. So every set of fingers that can be up,
every half-bent and resting hand is drawn from here, with its exact landmarks.
"""

from dataclasses import replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triptych.gesture.demo.anatomy import POSES, Anatomy, HandPose, bend, jitter
from triptych.gesture.demo.hand import DrawnHand, View, project
from triptych.gesture.demo.variety import random_light, random_look

Angles = tuple[float, float, float]
Vectors = tuple[Angles, Angles, Angles]

UP: tuple[Angles, ...] = ((4, 6, 4), (4, 6, 4), (15, 20, 12))
DOWN: tuple[Angles, ...] = ((84, 102, 55), (84, 102, 55), (75, 90, 50))
THUMB_OUT: Vectors = ((0.62, 0.55, 0.12), (0.62, 0.75, 0.06), (0.5, 0.85, 0.0))
THUMB_UP: tuple[Vectors, ...] = (
    ((0.75, 0.6, 0.3), (0.9, 0.5, 0.1), (0.95, 0.3, 0.0)),
    ((0.7, 0.5, 0.2), (0.98, 0.1, 0.05), (1.0, -0.1, 0.0)),
)
THUMB_LOOSE: Vectors = ((0.5, 0.65, 0.5), (0.25, 0.9, 0.3), (0.1, 1.0, 0.1))

OURS = {
    # index, middle, ring, little, thumb out
    (False, False, False, False, False),
    (True, False, False, False, False),
    (True, True, False, False, False),
    (True, True, True, True, True),
}
"""Fingers up that make a sign of ours (the OK sign is none of these: it is a touch)."""


def random_pose(rng: Generator, gesture: str) -> HandPose:
    """A way to make `gesture`, one of the signs or `other`, as another person would."""
    ways = POSES[gesture]
    pose = ways[int(rng.integers(len(ways)))]
    if gesture == "other":
        kind = rng.random()
        if kind < 0.5:
            pose = _fingers_up(rng)
        elif kind < 0.8:
            pose = _loose(rng)
        elif kind < 0.9:
            pose = _half_bent(rng)
    return jitter(pose, rng, 1.3)


def random_view(rng: Generator, gesture: str) -> View:
    """How the hand is turned: signs stand nearly upright, other hands any way."""
    back = gesture not in ("palm", "ok") and rng.random() < 0.15
    knuckles = gesture == "fist" and not back and rng.random() < 0.35
    roll = rng.normal(0, 14)
    if gesture == "other":
        roll = rng.uniform(-180, 180) if rng.random() < 0.15 else rng.normal(0, 35)
    return View(
        roll=float(roll),
        yaw=float(rng.normal(180 if back else 0, 18)),
        pitch=float(rng.normal(42 if knuckles else -4, 14)),
        left=bool(rng.random() < 0.5),
    )


def random_anatomy(rng: Generator) -> Anatomy:
    """Anybody's proportions."""
    return Anatomy(*np.clip(rng.normal(1, [0.05, 0.09, 0.06, 0.06]), 0.8, 1.2))


def random_landmarks(rng: Generator, gesture: str) -> NDArray[np.float32]:
    """[21, 2] in hands from the wrist, y down."""
    skeleton = bend(random_pose(rng, gesture), random_anatomy(rng))
    return project(skeleton.joints, random_view(rng, gesture), 1.0).astype(np.float32)


def random_drawn(rng: Generator, gesture: str) -> DrawnHand:
    """The same, to be drawn: with any skin, sleeve and light."""
    return DrawnHand(
        random_pose(rng, gesture),
        random_view(rng, gesture),
        random_anatomy(rng),
        random_look(rng, float(rng.random())),
        random_light(rng),
        sleeve=float(rng.uniform(0.35, 1.0) if rng.random() < 0.65 else 9.0),
    )


def _pose(flexion: tuple[Angles, ...], spread: float, thumb: Vectors, reach: str = "") -> HandPose:
    return replace(
        POSES["palm"][0],
        name="other",
        flexion=flexion,
        spread=(spread, 0.1 * spread, -0.5 * spread, -1.1 * spread),
        thumb=thumb,
        reach=reach,
        thumb_back=(0.25, 0.35, 0.9) if reach else (0.55, 0.3, -0.75),
    )


def _fingers_up(rng: Generator) -> HandPose:
    """Any set of fingers, sign-language digits and letters among them, that is no sign of ours."""
    while (up := tuple((rng.random(5) < 0.5).tolist())) in OURS:
        pass
    flexion = tuple((UP if finger else DOWN)[int(rng.integers(3))] for finger in up[:4])
    spread = float(rng.uniform(0, 18))
    if up[4]:
        thumb = THUMB_OUT if any(up[:4]) else THUMB_UP[int(rng.integers(2))]
        return _pose(flexion, spread, thumb)
    folded = [finger for finger in range(4) if not up[finger]]
    over = f"over:{folded[int(rng.integers(min(2, len(folded))))]}" if folded else "palm"
    return _pose(flexion, spread, THUMB_OUT, over)


def _loose(rng: Generator) -> HandPose:
    """Resting hands, claws and cups: all fingers bent about alike."""
    base, step = rng.uniform(22, 62), rng.uniform(-2, 8)
    flexion: list[Angles] = []
    for finger in range(4):
        bent = base + step * finger
        a, b, c = bent * rng.uniform((0.5, 0.9, 0.4), (1.1, 1.4, 0.8))
        flexion.append((min(float(a), 100.0), min(float(b), 105.0), min(float(c), 70.0)))
    thumb = THUMB_LOOSE if rng.random() < 0.5 else THUMB_OUT
    return _pose(tuple(flexion), float(rng.uniform(0, 8)), thumb)


def _half_bent(rng: Generator) -> HandPose:
    """Each finger bent by itself, none straight and none folded."""
    bends = rng.uniform(25, 75, 4)
    flexion = tuple((float(a), float(a * rng.uniform(0.8, 1.3)), float(a * 0.5)) for a in bends)
    thumb = THUMB_LOOSE if rng.random() < 0.5 else THUMB_OUT
    return _pose(flexion, float(rng.uniform(0, 12)), thumb)
