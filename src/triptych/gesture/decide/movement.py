"""Movements of a hand over the last second or two: a wave, a hand raised from below, a swipe.

A gated recurrent unit (Cho et al. 2014, arXiv 1406.1078, in the form of PyTorch's `GRU`) reads a
few numbers fifteen times a second, whatever the rate of pictures: how the hand moves in its own
sizes, how its fingers are stretched, which way it points. It is trained by `learn/train_motion.py`
and runs here in NumPy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from triptych.gesture.types import Box, Hand

MOVEMENTS: Final = ("none", "wave", "raise", "swipe")
"""What the network tells apart, in the order of its outputs."""

TICK: Final = 1 / 15
"""Seconds between two steps of the network."""

FEATURES: Final = 13
FOREVER: Final = 0.5
"""Seconds without any picture after which what was known of the hand is forgotten."""

SUSTAINED: Final = 2
"""Ticks in a row for which a movement must be sure."""

PAUSE: Final = 1.5
"""Seconds after a movement in which there is no other."""

_TIPS: Final = [4, 8, 12, 16, 20]
_Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pose:
    """A hand at one moment: its box, and how it is held.

    stretch: [5], distance of each fingertip from the wrist. points: [2], from the wrist to the
    middle finger's knuckle. Both in units of the box, across and down, so that the picture's shape
    does not matter.
    """

    box: Box
    stretch: _Vector
    points: _Vector


def pose_of(hand: Hand) -> Pose | None:
    """The pose of a hand whose landmarks are known and finite."""
    if hand.landmarks is None or not np.isfinite(hand.landmarks).all():
        return None
    size = np.array([max(hand.box.width, 1e-6), max(hand.box.height, 1e-6)])
    points = (hand.landmarks.astype(np.float64) - hand.landmarks[0]) / size
    return Pose(hand.box, np.linalg.norm(points[_TIPS], axis=1), points[9])


def features(now: Pose | None, before: Pose | None) -> _Vector:
    """[13] numbers about a tick, all 0 where no hand is known; before: a tick earlier."""
    found = np.zeros(FEATURES)
    if now is None:
        return found
    found[0] = 1.0
    found[3] = now.box.centre[1] - 0.5
    found[4:9] = now.stretch - 0.7
    found[9:11] = now.points
    if before is not None:
        (x, y), (was_x, was_y) = now.box.centre, before.box.centre
        found[1] = (x - was_x) / max(before.box.width, 1e-6)
        found[2] = (y - was_y) / max(before.box.height, 1e-6)
        found[11] = np.log(max(now.box.area, 1e-9) / max(before.box.area, 1e-9))
        found[12] = now.points[0] - before.points[0]
    return np.clip(found, -2.0, 2.0)


class Network:
    """The recurrent network.

    weights: `input` [3H, F], `hidden` [3H, H], `input_bias`, `hidden_bias` [3H] in the order reset,
    update, new; `output` [4, H], `output_bias` [4].
    """

    def __init__(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        self._w = {name: np.asarray(value, np.float64) for name, value in weights.items()}
        self.units = self._w["hidden"].shape[1]

    def step(self, found: _Vector, state: _Vector) -> tuple[_Vector, _Vector]:
        """Probability of each of `MOVEMENTS` after one more tick, and the new state [H]."""
        w, n = self._w, self.units
        given = w["input"] @ found + w["input_bias"]
        kept = w["hidden"] @ state + w["hidden_bias"]
        reset, update = np.split(1 / (1 + np.exp(-given[: 2 * n] - kept[: 2 * n])), 2)
        new = np.tanh(given[2 * n :] + reset * kept[2 * n :])
        state = (1 - update) * new + update * state
        logits = w["output"] @ state + w["output_bias"]
        e = np.exp(logits - logits.max())
        return e / e.sum(), state


class MovementReader:
    """Watches one hand, the most visible one, and names its movements. Time comes in."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.reset()

    def reset(self) -> None:
        """Start over."""
        self._sure_for = dict.fromkeys(MOVEMENTS, 0)
        self._fired_at = float("-inf")
        self._forget()

    def _forget(self) -> None:
        self._state = np.zeros(self._network.units)
        self._track = 0
        self._seen: tuple[float, Pose | None] | None = None
        self._ticked: tuple[float, Pose | None] = (float("-inf"), None)

    def step(self, t: float, hands: list[Hand], sure: float) -> tuple[str, float] | None:
        """Take in one picture; a movement and its score when one has just been made.

        sure: probability that a movement needs.
        """
        if self._seen is not None and not 0 <= t - self._seen[0] <= FOREVER:
            self._forget()
        pose = self._pose(hands)
        before = self._seen
        self._seen = (t, pose)
        if before is None:
            self._ticked = (t, pose)
            return None
        fired: tuple[str, float] | None = None
        while (tick := self._ticked[0] + TICK) <= t + 1e-9:
            between = _between(before, (t, pose), tick)
            chances, self._state = self._network.step(
                features(between, self._ticked[1]), self._state
            )
            self._ticked = (tick, between)
            fired = self._judge(tick, chances, sure) or fired
        return fired

    def _pose(self, hands: list[Hand]) -> Pose | None:
        """Of the hand that is followed, else of the largest one."""
        known = [(hand, pose) for hand in hands if (pose := pose_of(hand)) is not None]
        for hand, pose in known:
            if hand.track == self._track:
                return pose
        if not known:
            return None
        hand, pose = max(known, key=lambda one: one[0].box.area)
        self._track = hand.track
        return pose

    def _judge(self, t: float, chances: _Vector, sure: float) -> tuple[str, float] | None:
        for name, chance in zip(MOVEMENTS, chances.tolist(), strict=True):
            self._sure_for[name] = self._sure_for[name] + 1 if chance >= sure else 0
        if t - self._fired_at < PAUSE:
            return None
        for name, chance in zip(MOVEMENTS[1:], chances.tolist()[1:], strict=True):
            if self._sure_for[name] == SUSTAINED:
                self._fired_at = t
                return name, chance
        return None


def _between(a: tuple[float, Pose | None], b: tuple[float, Pose | None], t: float) -> Pose | None:
    """The pose at time `t` between two pictures; a hand that is in one of them alone is there."""
    if a[1] is None or b[1] is None:
        return b[1] if t > a[0] else a[1]
    share = min(max((t - a[0]) / max(b[0] - a[0], 1e-9), 0.0), 1.0)
    p, q = a[1], b[1]
    pairs = zip(p.box.as_list(), q.box.as_list(), strict=True)
    box = Box(*(x + share * (y - x) for x, y in pairs))
    stretch = p.stretch + share * (q.stretch - p.stretch)
    return Pose(box, stretch, p.points + share * (q.points - p.points))
