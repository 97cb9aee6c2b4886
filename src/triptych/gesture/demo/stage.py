"""Plays the demo's script: what the camera sees at any moment, drawn."""

from functools import cache

import cv2
import numpy as np

from triptych.gesture.demo import script
from triptych.gesture.demo.anatomy import POSES, HandPose, blend
from triptych.gesture.demo.features import Expression, Features
from triptych.gesture.demo.hand import DrawnHand, View, draw_hand
from triptych.gesture.demo.person import Person, draw_person
from triptych.gesture.demo.room import draw_room
from triptych.gesture.demo.script import Act
from triptych.gesture.demo.shading import Light, Look, skin_colour
from triptych.gesture.types import Frame

_HEAD = 262.0
_SEAT = (655.0, 268.0)
_LIGHT = Light(towards=(-0.5, -0.55, 0.8), key=0.86, ambient=0.46)
_PERSON = Person(
    Features(
        look=Look(skin=skin_colour(0.32, 0.3), pale=0.16, blotch=0.8, seed=11),
        hair_colour=(24.0, 34.0, 52.0),
        hairline=-0.62,
        jaw=1.15,
        lips=1.1,
    ),
    cloth=(118.0, 88.0, 58.0),
    broad=1.02,
)
_REST: HandPose = POSES["other"][8]
_ROOM_SEED = 110


def draw_moment(t: float) -> Frame:
    """The demo's picture at `t` seconds, [720, 1280, 3]."""
    frame = _room().copy()
    away = _walked_off(t)
    if away < 1:
        step = np.sin(away * 5 * np.pi) ** 2 * 9 if 0 < away < 1 else 0.0
        seat = (_SEAT[0] + away * 1010, _SEAT[1] + float(step) + 1.6 * float(np.sin(1.5 * t)))
        sway = 5.0 * np.sin(0.7 * t) + 3.0 * np.sin(1.37 * t + 1)
        head = (seat[0] + float(sway), seat[1] + 2.5 * float(np.sin(0.9 * t + 2)))
        draw_person(frame, _PERSON, _expression(t, away), _LIGHT, head, _HEAD, seat)
        for act in script.ACTS:
            _draw_act(frame, act, t, seat)
    return _through_lens(frame, t)


@cache
def _room() -> Frame:
    return draw_room(np.random.default_rng(_ROOM_SEED), script.SIZE_WH, focus=1.6)


def _ease(share: float) -> float:
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _walked_off(t: float) -> float:
    """0 at the desk, 1 out of the picture."""
    gone, back = script.GONE
    leaving = _ease((t - gone + script.WALK_SECONDS) / script.WALK_SECONDS)
    returning = _ease((t - back) / script.WALK_SECONDS)
    return leaving - returning


def _expression(t: float, away: float) -> Expression:
    blinks = max(1 - abs((t + 0.9) % 3.3 - 1.6) / 0.09, 1 - abs(t % 5.1 - 4.2) / 0.09, 0.0)
    turn = 30 * np.sin(np.pi * min(away, 1.0)) if away > 0 else 0.0
    return Expression(
        yaw=float(6 * np.sin(0.53 * t) + 3 * np.sin(1.1 * t + 2) + turn),
        tilt=float(2.5 * np.sin(0.61 * t + 1)),
        blink=min(blinks * 1.3, 1.0),
        smile=0.45 + 0.25 * float(np.sin(0.4 * t)),
    )


def _draw_act(frame: Frame, act: Act, t: float, seat: tuple[float, float]) -> None:
    lead = script.RAISE_SECONDS
    up = min(_ease((t - act.start + lead) / lead), _ease((act.end + lead - t) / lead))
    if up <= 0:
        return
    side = 1.0 if act.left else -1.0
    drift = 2.5 * np.array([np.sin(2.1 * t), np.sin(1.7 * t + 1)])
    place = np.array([seat[0] + side * 1.02 * _HEAD, seat[1] + 0.62 * _HEAD]) + drift
    below = np.array([seat[0] + side * 1.2 * _HEAD, script.SIZE_WH[1] + 1.0 * _HEAD])
    wrist = below + (place - below) * up
    elbow = (seat[0] + side * 1.16 * _HEAD, max(float(wrist[1]) + 1.2 * _HEAD, 640.0))
    pose = blend(_REST, POSES[act.sign][0], _ease((up - 0.35) / 0.5))
    view = View(
        roll=side * -4.0 + 2.0 * float(np.sin(1.3 * t)),
        yaw=side * 6.0 + 3.0 * float(np.sin(0.9 * t)),
        pitch=-4.0 + 30.0 * (1 - up),
        left=act.left,
    )
    hand = DrawnHand(pose, view, look=_PERSON.look, light=_LIGHT, sleeve=0.5)
    draw_hand(frame, hand, (float(wrist[0]), float(wrist[1])), 0.86 * _HEAD, elbow)


def _through_lens(frame: Frame, t: float) -> Frame:
    """A soft lens, dark corners, and a little noise that differs from frame to frame."""
    soft = cv2.GaussianBlur(frame, (0, 0), 0.7).astype(np.float32) * _corners()
    rng = np.random.default_rng(round(t * 1000))
    rows, cols = frame.shape[:2]
    grain = rng.normal(0, 1.1, (rows // 2, cols // 2)).astype(np.float32)
    soft += cv2.resize(grain, (cols, rows))[..., None]
    return np.clip(soft + 0.5, 0, 255).astype(np.uint8)


@cache
def _corners() -> np.ndarray:
    cols, rows = script.SIZE_WH
    x, y = np.linspace(-1, 1, cols), np.linspace(-1, 1, rows)[:, None]
    return (1 - 0.1 * (x * x + y * y) ** 1.5)[..., None].astype(np.float32)
