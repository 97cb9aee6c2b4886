"""A hand as a chain of joints: bone lengths, joint angles, and the 21 landmarks they give.

The hand's own frame: wrist at the origin, fingers along +y, palm looks along +z (at the viewer),
and the thumb of a right hand points along +x. Lengths are in hands (wrist to middle finger tip).
Proportions follow common anthropometric tables; poses are angles a reader can check on their own
hand. The thumb reaches for a point with FABRIK (Aristidou and Lasenby, 2011).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_KNUCKLES = np.array(
    [[0.125, 0.47, 0.0], [0.03, 0.48, -0.01], [-0.065, 0.455, 0.0], [-0.15, 0.405, 0.02]]
)
_PHALANGES = np.array(
    [[0.235, 0.135, 0.095], [0.26, 0.16, 0.1], [0.24, 0.15, 0.1], [0.185, 0.105, 0.088]]
)
_FINGER_RADII = np.array([0.059, 0.055, 0.05, 0.04])
_FINGER_WIDTH = np.array([1.0, 1.02, 0.96, 0.84])
_THUMB_ROOT = np.array([0.085, 0.1, 0.035])
_THUMB_BONES = np.array([0.215, 0.165, 0.125])
_THUMB_RADII = np.array([0.08, 0.062, 0.055, 0.042])


@dataclass(frozen=True, slots=True)
class Anatomy:
    """How one person's hand differs from the average; all are factors around 1."""

    finger_length: float = 1.0
    finger_width: float = 1.0
    palm_width: float = 1.0
    thumb_length: float = 1.0


@dataclass(frozen=True, slots=True)
class HandPose:
    """Joint angles in degrees, of a right hand.

    flexion: [4][3] bend of knuckle, middle and end joint, index to little finger; 0 is straight.
    spread: [4] sideways turn of each finger, positive towards the thumb.
    twist: [4] turn of the plane in which a finger bends, positive if it bends to the thumb's side.
    thumb: [3] directions of the thumb's bones (need not be unit vectors).
    thumb_back: where the thumb's nail looks.
    reach: what the thumb tip touches: "", "pinch" (the index tip), "over:F" (lies over the middle
        bone of finger F, 0 index .. 3 little), "beside" (along the bent index finger), "palm".
    """

    name: str
    flexion: tuple[tuple[float, float, float], ...]
    spread: tuple[float, float, float, float]
    thumb: tuple[tuple[float, float, float], ...]
    thumb_back: tuple[float, float, float]
    reach: str
    twist: tuple[float, float, float, float]


_UP = (4.0, 6.0, 4.0)
_FOLDED = (84.0, 102.0, 55.0)
_OUT = ((0.62, 0.55, 0.12), (0.62, 0.75, 0.06), (0.5, 0.85, 0.0))
_ACROSS = ((0.45, 0.7, 0.5), (-0.05, 0.8, 0.6), (-0.7, 0.55, 0.3))


def _pose(
    name: str,
    flexion: tuple[tuple[float, float, float], ...],
    spread: tuple[float, float, float, float] = (3.0, 0.5, -2.5, -6.0),
    thumb: tuple[tuple[float, float, float], ...] = _ACROSS,
    reach: str = "",
    twist: tuple[float, float, float, float] = (-3.0, 2.0, 7.0, 12.0),
) -> HandPose:
    facing = reach.startswith("over") or reach == "palm"
    back = (0.25, 0.35, 0.9) if facing else (0.55, 0.3, -0.75)
    return HandPose(name, flexion, spread, thumb, back, reach, twist)


_BESIDE = ((0.6, 0.7, 0.35), (0.25, 0.95, 0.25), (0.0, 1.0, 0.1))
_OPPOSED = ((0.72, 0.5, 0.4), (0.5, 0.85, 0.3), (0.05, 1.0, 0.2))

POSES: dict[str, tuple[HandPose, ...]] = {
    "fist": (
        _pose("fist", (_FOLDED,) * 4, reach="over:1"),
        _pose("fist", (_FOLDED,) * 4, reach="over:0"),
        _pose("fist", ((72.0, 104.0, 55.0),) * 4, thumb=_BESIDE, reach="beside"),
    ),
    "palm": (
        _pose("palm", (_UP,) * 4, (13.0, 3.0, -8.0, -20.0), _OUT),
        _pose("palm", ((9.0, 10.0, 6.0),) * 4, (8.0, 1.0, -6.0, -15.0), _OUT),
        _pose(
            "palm",
            (_UP,) * 4,
            (3.0, 0.5, -2.0, -6.0),
            ((0.5, 0.7, 0.15), (0.3, 0.95, 0.1), (0.15, 1.0, 0.0)),
        ),
    ),
    "ok": (
        _pose(
            "ok",
            ((48.0, 68.0, 34.0), (12.0, 12.0, 8.0), (5.0, 9.0, 6.0), (3.0, 8.0, 5.0)),
            (8.0, 2.0, -9.0, -22.0),
            _OPPOSED,
            "pinch",
            (58.0, 6.0, 7.0, 12.0),
        ),
        _pose(
            "ok",
            ((52.0, 60.0, 40.0), (22.0, 18.0, 10.0), (13.0, 12.0, 8.0), (6.0, 9.0, 6.0)),
            (6.0, 3.0, -6.0, -17.0),
            _OPPOSED,
            "pinch",
            (44.0, 6.0, 7.0, 12.0),
        ),
        _pose(
            "ok",
            ((46.0, 76.0, 30.0), (8.0, 8.0, 6.0), (4.0, 7.0, 5.0), (3.0, 6.0, 5.0)),
            (10.0, 1.0, -4.0, -10.0),
            _OPPOSED,
            "pinch",
            (66.0, 4.0, 7.0, 12.0),
        ),
    ),
    "one": (
        _pose("one", (_UP, _FOLDED, _FOLDED, _FOLDED), reach="over:1"),
        _pose("one", (_UP, _FOLDED, _FOLDED, _FOLDED), reach="over:2"),
    ),
    "two_up": (
        _pose("two_up", (_UP, _UP, _FOLDED, _FOLDED), (-1.8, 1.6, -2.0, -6.0), reach="over:2"),
        _pose("two_up", (_UP, _UP, _FOLDED, _FOLDED), (-1.2, 2.2, -2.0, -6.0), reach="over:2"),
    ),
    "peace": (
        _pose("peace", (_UP, _UP, _FOLDED, _FOLDED), (15.0, -12.0, -3.0, -6.0), reach="over:2"),
        _pose("peace", (_UP, _UP, _FOLDED, _FOLDED), (19.0, -13.0, -3.0, -6.0), reach="over:2"),
    ),
    "other": (
        _pose("three", (_UP, _UP, _UP, _FOLDED), (13.0, 1.0, -11.0, -6.0), reach="over:3"),
        _pose("three", (_UP, _UP, _FOLDED, _FOLDED), (11.0, -5.0, -3.0, -6.0), _OUT),
        _pose("four", (_UP,) * 4, (11.0, 2.0, -6.0, -15.0), reach="palm"),
        _pose(
            "thumb",
            (_FOLDED,) * 4,
            thumb=((0.75, 0.6, 0.3), (0.9, 0.5, 0.1), (0.95, 0.3, 0.0)),
        ),
        _pose("el", (_UP, _FOLDED, _FOLDED, _FOLDED), thumb=_OUT),
        _pose("wye", (_FOLDED, _FOLDED, _FOLDED, _UP), (0.0, 0.0, -3.0, -22.0), _OUT),
        _pose("horns", (_UP, _FOLDED, _FOLDED, _UP), (6.0, 0.0, -3.0, -14.0), reach="over:1"),
        _pose(
            "cee",
            ((42.0, 48.0, 26.0),) * 4,
            thumb=((0.5, 0.5, 0.7), (0.35, 0.8, 0.6), (0.0, 1.0, 0.4)),
        ),
        _pose(
            "relaxed",
            ((24.0, 32.0, 18.0), (32.0, 38.0, 20.0), (38.0, 42.0, 22.0), (42.0, 42.0, 22.0)),
            thumb=((0.5, 0.65, 0.5), (0.25, 0.9, 0.3), (0.1, 1.0, 0.1)),
        ),
        _pose(
            "relaxed",
            ((40.0, 55.0, 28.0), (50.0, 60.0, 30.0), (56.0, 62.0, 32.0), (58.0, 60.0, 32.0)),
            thumb=((0.45, 0.7, 0.5), (0.15, 0.95, 0.35), (0.0, 1.0, 0.2)),
        ),
        _pose(
            "relaxed",
            ((12.0, 22.0, 14.0), (20.0, 26.0, 15.0), (26.0, 30.0, 17.0), (30.0, 32.0, 18.0)),
            (5.0, 1.0, -3.0, -8.0),
            ((0.55, 0.65, 0.3), (0.4, 0.85, 0.2), (0.3, 0.95, 0.1)),
        ),
    ),
}
"""Every sign, and `other`, with the ways people make it; the first is the textbook one."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Where the joints are, in the hand's own frame.

    joints: [21, 3], MediaPipe's order. radii: [21] thickness of the flesh at each joint.
    backs: [5, 3, 3] for thumb to little finger and each of its three bones the unit vector that
        points out of its back (nail side).
    """

    joints: Points
    radii: NDArray[np.float64]
    backs: Points


def bend(pose: HandPose, anatomy: Anatomy) -> Skeleton:
    """The joints of a right hand of `anatomy` in `pose`."""
    joints = np.zeros((21, 3))
    radii = np.full(21, 0.085)
    backs = np.zeros((5, 3, 3))
    widths = _FINGER_RADII * anatomy.finger_width
    for finger in range(4):
        first = 5 + 4 * finger
        joints[first] = _KNUCKLES[finger] * [anatomy.palm_width, 1.0, 1.0]
        radii[first : first + 4] = widths * _FINGER_WIDTH[finger]
        side = np.radians(pose.spread[finger])
        straight = np.array([np.sin(side), np.cos(side), 0.0])
        twist = np.radians(pose.twist[finger])
        beside = np.array([np.cos(side), -np.sin(side), 0.0])
        inwards = beside * np.sin(twist) + np.array([0.0, 0.0, np.cos(twist)])
        turn = 0.0
        for bone in range(3):
            turn += np.radians(pose.flexion[finger][bone])
            ahead = straight * np.cos(turn) + inwards * np.sin(turn)
            backs[finger + 1, bone] = straight * np.sin(turn) - inwards * np.cos(turn)
            length = _PHALANGES[finger, bone] * anatomy.finger_length
            joints[first + bone + 1] = joints[first + bone] + ahead * length
    radii[1:5] = _THUMB_RADII * anatomy.finger_width
    joints[1:5] = _thumb(pose, anatomy, joints, radii)
    for bone in range(3):
        along = joints[bone + 2] - joints[bone + 1]
        along = along / np.linalg.norm(along)
        out = np.array(pose.thumb_back) - along * np.dot(pose.thumb_back, along)
        backs[0, bone] = out / np.linalg.norm(out)
    return Skeleton(joints, radii, backs)


def _thumb(pose: HandPose, anatomy: Anatomy, joints: Points, radii: NDArray[np.float64]) -> Points:
    """The thumb's four joints, [4, 3]."""
    lengths = _THUMB_BONES * anatomy.thumb_length
    chain = np.zeros((4, 3))
    chain[0] = _THUMB_ROOT * [anatomy.palm_width, 1.0, 1.0]
    for bone in range(3):
        ahead = np.array(pose.thumb[bone])
        chain[bone + 1] = chain[bone] + ahead / np.linalg.norm(ahead) * lengths[bone]
    if pose.reach == "pinch":
        tip = joints[8]
        gap = chain[1] - tip
        goal = tip + gap / np.linalg.norm(gap) * (radii[8] + radii[4]) * 0.8
    elif pose.reach == "beside":
        goal = joints[6] + [radii[6] + radii[4] * 0.8, 0.02, 0.02]
    elif pose.reach == "palm":
        goal = np.array([-0.01, 0.36, 0.13])
    elif pose.reach.startswith("over:"):
        first = 5 + 4 * int(pose.reach[5:])
        middle = 0.45 * joints[first + 1] + 0.55 * joints[first + 2]
        middle[2] += radii[first + 1] + radii[4] * 0.9
        goal = middle
    else:
        return chain
    return _fabrik(chain, lengths, goal)


def _fabrik(chain: Points, lengths: NDArray[np.float64], goal: NDArray[np.float64]) -> Points:
    """Move the chain's end to `goal`, root and bone lengths kept; as near as it can."""
    chain, root = chain.copy(), chain[0].copy()
    for _ in range(12):
        chain[-1] = goal
        for i in range(len(lengths) - 1, -1, -1):
            step = chain[i] - chain[i + 1]
            chain[i] = chain[i + 1] + step / np.linalg.norm(step) * lengths[i]
        chain[0] = root
        for i in range(len(lengths)):
            step = chain[i + 1] - chain[i]
            chain[i + 1] = chain[i] + step / np.linalg.norm(step) * lengths[i]
    return chain


def jitter(pose: HandPose, rng: np.random.Generator, amount: float = 1.0) -> HandPose:
    """The same sign as another person would make it: every angle a little different."""
    flexion: list[tuple[float, float, float]] = []
    common = rng.normal(0, 4, 3)
    for angles in pose.flexion:
        loose = np.array(angles) + amount * (common + rng.normal(0, 4, 3))
        a, b, c = np.clip(loose, -6, 108)
        flexion.append((float(a), float(b), float(c)))
    spread = tuple(float(s + amount * rng.normal(0, 1.2)) for s in pose.spread)
    thumb = tuple(
        tuple(float(v + amount * rng.normal(0, 0.07)) for v in bone) for bone in pose.thumb
    )
    return replace(pose, flexion=tuple(flexion), spread=spread, thumb=thumb)  # type: ignore[arg-type]


def blend(start: HandPose, end: HandPose, share: float) -> HandPose:
    """A pose between two: `share` 0 is `start`, 1 is `end`; it keeps the name of `end`."""

    def between(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(x + (y - x) * share for x, y in zip(a, b, strict=True))

    return replace(
        end,
        flexion=tuple(between(a, b) for a, b in zip(start.flexion, end.flexion, strict=True)),
        spread=between(start.spread, end.spread),  # type: ignore[arg-type]
        thumb=tuple(between(a, b) for a, b in zip(start.thumb, end.thumb, strict=True)),
        thumb_back=between(start.thumb_back, end.thumb_back),  # type: ignore[arg-type]
        reach=end.reach if share > 0.5 else start.reach,
    )
