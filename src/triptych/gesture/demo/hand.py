"""Draws a hand as a webcam sees it: bones become round cones, light falls on them.

The picture is drawn half as large again as needed and shrunk, which smooths all edges. One call
draws a hand of 200 pixels in about 10 ms.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from triptych.gesture.demo.anatomy import Anatomy, HandPose, Points, bend
from triptych.gesture.demo.shading import CLOTH, SKIN, Light, Look, shade
from triptych.gesture.demo.solids import HeightField, RoundCone
from triptych.gesture.types import Frame

_PERSPECTIVE = 4.5  # how many hands the camera is away


@dataclass(frozen=True, slots=True)
class View:
    """How the hand is turned, in degrees.

    roll: towards the picture's right. yaw: about the forearm; 180 shows the back. pitch: fingers
    tipped towards the viewer. left: a left hand.
    """

    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    left: bool = False


@dataclass(frozen=True, slots=True)
class DrawnHand:
    """Everything about a hand but where it is and how large."""

    pose: HandPose
    view: View = field(default_factory=View)
    anatomy: Anatomy = field(default_factory=Anatomy)
    look: Look = field(default_factory=Look)
    light: Light = field(default_factory=Light)
    sleeve: float = 0.75
    """Where the sleeve starts, in hands below the wrist; more than 2 for a bare arm."""


def draw_hand(
    canvas: Frame,
    hand: DrawnHand,
    wrist_xy: tuple[float, float],
    length: float,
    elbow_xy: tuple[float, float] | None = None,
) -> NDArray[np.float32]:
    """Draw `hand` onto `canvas` and return its 21 landmarks, [21, 2] in pixels.

    length: wrist to middle finger tip in pixels. elbow_xy: where the forearm comes from; by
    default it continues the hand downwards. Parts outside the canvas are cut off.
    """
    skeleton = bend(hand.pose, hand.anatomy)
    turn = _rotation(hand.view)
    joints, near = _project(skeleton.joints, turn, length)
    joints += [wrist_xy[0], wrist_xy[1], 0.0]
    cones = _forearm(hand, joints, turn, length, elbow_xy)
    cones += _palm(skeleton.joints, turn, length, np.array([*wrist_xy, 0.0]))
    lines = _palm_lines(turn, length, wrist_xy)
    backs = skeleton.backs @ turn.T
    fingers: list[RoundCone] = []
    radii = skeleton.radii * length * near
    for finger in range(5):
        fingers += _finger(finger, joints, radii, backs[finger], length, hand.pose)
    _paint(canvas, cones, fingers, lines, hand, length)
    return joints[:, :2].astype(np.float32)


def project(points: Points, view: View, length: float) -> Points:
    """Points [N, 3] of the hand's frame -> [N, 2] in pixels from the wrist, seen from `view`."""
    return _project(points, _rotation(view), length)[0][:, :2]


def _rotation(view: View) -> NDArray[np.float64]:
    """From the hand's frame (y up) to the picture's (y down); mirrors left hands."""
    roll, yaw, pitch = np.radians([view.roll, view.yaw, view.pitch])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    about_z = np.array(
        [[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    )
    mirror = np.diag([-1.0 if view.left else 1.0, 1.0, 1.0])
    return np.diag([1.0, -1.0, 1.0]) @ about_z @ about_x @ about_y @ mirror


def _project(
    points: Points, turn: NDArray[np.float64], length: float
) -> tuple[Points, NDArray[np.float64]]:
    """Points [N, 3] in pixels from the wrist, and how much nearer things look larger, [N]."""
    turned = points @ turn.T
    near = _PERSPECTIVE / (_PERSPECTIVE - turned[:, 2])
    return turned * near[:, None] * length, near


def _finger(
    finger: int,
    joints: Points,
    radii: NDArray[np.float64],
    backs: Points,
    length: float,
    pose: HandPose,
) -> list[RoundCone]:
    """The three bones of one finger, 0 the thumb."""
    first = 1 + 4 * finger
    cones: list[RoundCone] = []
    for bone in range(3):
        a, b = first + bone, first + bone + 1
        bent = finger > 0 and pose.flexion[finger - 1][min(bone, 2)] > 40
        deep = 0.85 if bent else 0.5
        if bone == 0:
            creases = ((0.5, 0.45), (0.97, deep * 0.8)) if finger else ((0.96, 0.35),)
        else:
            creases = ((0.0, deep), (0.12, deep * 0.5)) if bone == 1 else ((0.0, deep * 0.8),)
        end = radii[b] * (0.96 if bone == 2 else 1.0)
        cones.append(
            RoundCone(
                joints[a],
                joints[b],
                radii[a],
                end,
                backs[bone],
                blend=length * ((0.05 if finger else 0.07) if bone == 0 else 0.012),
                creases=creases,
                wrinkle=0.25 if bone and not bent else 0.0,
                nail=bone == 2,
                material=SKIN,
            )
        )
    return cones


_PALM = (  # start, end and radii of the fleshy parts, in hands
    ((-0.075, 0.08, 0.025), (-0.125, 0.31, 0.03), 0.075, 0.062),  # little finger's edge
    ((-0.02, 0.08, 0.02), (0.0, 0.3, -0.005), 0.085, 0.08),
)


def _palm(
    joints: Points, turn: NDArray[np.float64], length: float, wrist: NDArray[np.float64]
) -> list[RoundCone]:
    """The palm: four metacarpals, the fleshy parts, and the webs between the fingers."""
    wide = joints[5, 0] / 0.125
    parts: list[tuple[Points, Points, float, float, float]] = []
    for finger in range(4):
        knuckle = joints[5 + 4 * finger]
        root = np.array([0.055 - 0.04 * finger, 0.06, 0.005])
        parts.append((root, knuckle, 0.075, 0.068 if finger < 3 else 0.06, 0.07))
    for a, b, ra, rb in _PALM:
        parts.append((np.array(a) * [wide, 1, 1], np.array(b) * [wide, 1, 1], ra, rb, 0.06))
    for finger in range(3):
        a, b = 5 + 4 * finger, 9 + 4 * finger
        for share, radius in ((0.1, 0.062), (0.3, 0.044)):
            start = joints[a] + share * (joints[a + 1] - joints[a])
            end = joints[b] + share * (joints[b + 1] - joints[b])
            parts.append((start, end, radius, radius * 0.97, 0.05))
    root, end, knuckle = joints[1], joints[2], joints[5]
    ball = root + 0.8 * (end - root) + [-0.015, 0.0, 0.005]
    parts.append((np.array([0.07 * wide, 0.07, 0.03]), ball, 0.075, 0.058, 0.06))
    inner = 0.6 * ball + 0.4 * np.array([0.03 * wide, 0.3, 0.03])
    parts.append((np.array([0.03 * wide, 0.1, 0.045]), inner, 0.07, 0.05, 0.07))
    for low, high, radius in ((0.5, 0.6, 0.06), (0.7, 0.76, 0.045), (0.86, 0.88, 0.034)):
        parts.append((knuckle * [0.9, high, 1], root + low * (end - root), radius, radius, 0.07))
    back = turn @ np.array([0.0, 0.0, -1.0])
    cones: list[RoundCone] = []
    for start, end, ra, rb, blend in parts:
        ends, near = _project(np.stack([start, end]), turn, length)
        ends = ends + wrist
        radii = np.array([ra, rb]) * length * near
        cones.append(
            RoundCone(ends[0], ends[1], radii[0], radii[1], back, blend * length, material=SKIN)
        )
    return cones


def _forearm(
    hand: DrawnHand,
    joints: Points,
    turn: NDArray[np.float64],
    length: float,
    elbow_xy: tuple[float, float] | None,
) -> list[RoundCone]:
    """Wrist and forearm, two bones side by side, and the sleeve around them."""
    wrist = joints[0]
    down = turn @ np.array([0.0, -1.0, 0.0])
    if elbow_xy is None:
        elbow = wrist + (down * 0.75 + [0.0, 0.45, 0.0]) * length * 1.5
    else:
        elbow = np.array([*elbow_xy, -0.35 * length])
    side = turn @ np.array([1.0, 0.0, 0.0])
    back = turn @ np.array([0.0, 0.0, -1.0])
    cones: list[RoundCone] = []
    for sign in (-1.0, 1.0):
        start = wrist + side * sign * 0.052 * length - down * 0.05 * length
        end = elbow + side * sign * 0.07 * length
        cones.append(
            RoundCone(
                start, end, 0.082 * length, 0.145 * length, back, 0.06 * length, ((0.055, 0.3),)
            )
        )
    if hand.sleeve <= 2:
        reach = np.linalg.norm(elbow - wrist)
        cuff = wrist + (elbow - wrist) * min(hand.sleeve * length / max(reach, 1.0), 0.9)
        thick = 0.185 * length
        cones.append(
            RoundCone(cuff, elbow, thick, thick * 1.3, back, 0.01 * length, material=CLOTH)
        )
    return cones


_LINES = (  # heart, head and life line of the palm, in the hand's frame
    ((-0.2, 0.33), (-0.1, 0.345), (0.0, 0.38), (0.075, 0.45)),
    ((0.18, 0.36), (0.08, 0.335), (-0.03, 0.28), (-0.13, 0.22)),
    ((0.17, 0.355), (0.09, 0.31), (0.035, 0.21), (0.025, 0.07)),
)


def _palm_lines(
    turn: NDArray[np.float64], length: float, wrist_xy: tuple[float, float]
) -> list[NDArray[np.float64]]:
    """The palm's lines as pixel polylines; none when the palm looks away."""
    if (turn @ np.array([0.0, 0.0, 1.0]))[2] < 0.35:
        return []
    lines: list[NDArray[np.float64]] = []
    steps = np.linspace(0, 1, 14)[:, None]
    for a, b, c, d in (np.array(line) for line in _LINES):
        curve = (1 - steps) ** 3 * a + 3 * (1 - steps) ** 2 * steps * b
        curve = curve + 3 * (1 - steps) * steps**2 * c + steps**3 * d
        spatial = np.column_stack([curve, np.full(len(steps), 0.085)])
        lines.append(_project(spatial, turn, length)[0][:, :2] + wrist_xy)
    return lines


def _paint(
    canvas: Frame,
    cones: list[RoundCone],
    fingers: list[RoundCone],
    lines: list[NDArray[np.float64]],
    hand: DrawnHand,
    length: float,
) -> None:
    """Rasterise, shade and blend onto the canvas."""
    rows, cols = canvas.shape[:2]
    ends = np.array([(c.start[:2], c.end[:2]) for c in cones + fingers]).reshape(-1, 2)
    margin = 0.25 * length
    x0, y0 = np.maximum(np.floor(ends.min(0) - margin), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(ends.max(0) + margin), [cols, rows]).astype(int)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    fine = 1.5 if length > 90 else 2.0
    size = round((x1 - x0) * fine), round((y1 - y0) * fine)
    zoom = np.array([size[0] / (x1 - x0), size[1] / (y1 - y0)])
    field = HeightField(*size)
    for cone in cones:
        field.add(_scaled(cone, zoom, (x0, y0)))
    folds = np.zeros(field.height.shape, np.uint8)
    for line in lines:
        points = np.round((line - [x0, y0]) * zoom * 16).astype(np.int32)
        wide = max(round(length * 0.012 * fine), 1)
        cv2.polylines(folds, [points], False, 150, wide, cv2.LINE_AA, 4)
    if lines:
        soft = cv2.GaussianBlur(folds, (0, 0), max(0.006 * length * fine, 0.4))
        field.layers[3] += soft * np.float32(1 / 255) * np.clip(field.layers[5], 0, 1)
    for cone in fingers:
        field.add(_scaled(cone, zoom, (x0, y0)))
    colours, cover = shade(field, hand.look, hand.light, length * fine)
    small = (int(x1 - x0), int(y1 - y0))
    colours = cv2.resize(colours, small, interpolation=cv2.INTER_AREA)
    cover = cv2.resize(cover, small, interpolation=cv2.INTER_AREA)[..., None]
    region = canvas[y0:y1, x0:x1]
    region[...] = np.clip(colours + region * (1 - cover) + 0.5, 0, 255).astype(np.uint8)


def _scaled(cone: RoundCone, zoom: NDArray[np.float64], corner: tuple[int, int]) -> RoundCone:
    grow = float(zoom.mean())
    factors, shift = np.array([zoom[0], zoom[1], grow]), np.array([corner[0], corner[1], 0.0])
    return RoundCone(
        (cone.start - shift) * factors,
        (cone.end - shift) * factors,
        cone.start_radius * grow,
        cone.end_radius * grow,
        cone.back,
        cone.blend * grow,
        cone.creases,
        cone.wrinkle,
        cone.nail,
        cone.material,
    )
