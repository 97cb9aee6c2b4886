"""Drawn trajectories over real hands: what the network of movements learns from.

The shapes are landmarks of real people; where the hand goes, how it turns, when it is lost and how
the landmarks tremble is drawn. Real films of people who wave, raise a hand or swipe, and may be
used, were not to be had.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from triptych.gesture.decide.movement import FEATURES, MOVEMENTS, TICK, Pose, features, pose_of
from triptych.gesture.types import Box, Hand

SECONDS = 5.0
STEPS = round(SECONDS / TICK)
UNSURE = -1
"""Label of ticks about which nothing is learnt: a movement is under way."""

Course = NDArray[np.float64]
"""[T, 4]: centre x and y in hand sizes, turn in radians, growth (1: as it was)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A real hand: landmarks [21, 2] around its centre in units of its larger side; open or not."""

    points: NDArray[np.float64]
    palm: bool


def sequence(
    shapes: Sequence[Shape], rng: Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """One sequence of 5 s: features [T, 13] and labels [T] (an index of `MOVEMENTS`, or -1)."""
    kinds = (_wave, _raise, _swipe, _gesture, _gesture, _hold, _drift)
    make = kinds[int(rng.integers(len(kinds)))]
    palms = [shape for shape in shapes if shape.palm]
    wants_palm = make in (_wave, _swipe) or (make is _raise and rng.random() < 0.7)
    pool = palms if wants_palm else shapes
    shape = pool[int(rng.integers(len(pool)))]
    path, there, labels = make(rng)
    if make is _raise and not shape.palm:
        labels = np.where(labels == MOVEMENTS.index("raise"), MOVEMENTS.index("none"), labels)
    return _seen(shape, path, there, rng), labels


def _seen(
    shape: Shape, path: Course, there: NDArray[np.bool_], rng: Generator
) -> NDArray[np.float32]:
    """Features of a hand on a path, as a reader with its errors sees it."""
    size = rng.uniform(0.1, 0.35)  # of the picture's height
    aspect = rng.choice([4 / 3, 16 / 9, 1.0])
    points = shape.points * np.array([rng.choice((-1.0, 1.0)), 1.0])
    lean = rng.normal(0, 0.15)
    tremble = rng.uniform(0.004, 0.02)
    lost = 0
    before: Pose | None = None
    found = np.zeros((STEPS, FEATURES), np.float32)
    for i, (x, y, turn, growth) in enumerate(path):
        lost = lost - 1 if lost else int(rng.integers(1, 4)) if rng.random() < 0.01 else 0
        pose: Pose | None = None
        if there[i] and not lost:
            cos, sin = np.cos(turn + lean), np.sin(turn + lean)
            turned = points @ np.array([[cos, sin], [-sin, cos]]) * growth
            turned += rng.normal(0, tremble, turned.shape)
            placed = (turned + np.array([x, y])) * size + np.array([0.5 * aspect, 0.5])
            landmarks = (placed / [aspect, 1.0]).astype(np.float32)
            low, high = landmarks.min(axis=0), landmarks.max(axis=0)
            margin = 0.1 * (high - low).max()
            box = Box(*(low - margin).tolist(), *(high + margin).tolist())
            pose = pose_of(Hand(box, {}, landmarks))
        found[i] = features(pose, before)
        before = pose
    return found


def _wave(rng: Generator) -> tuple[Course, NDArray[np.bool_], NDArray[np.int64]]:
    """To and fro at 1.2 to 3 a second, about the wrist, the elbow or both; known after a cycle."""
    path, there, labels = _raised(rng)
    start = int(rng.integers(8, 25))
    ticks = int(rng.uniform(1.2, 3.0) / TICK)
    end = min(start + ticks, STEPS)
    rate = rng.uniform(1.2, 3.0)
    phase = 2 * np.pi * rate * TICK * np.arange(end - start)
    sway, turn = rng.uniform(0.1, 0.6), rng.uniform(0.1, 0.5)
    path[start:end, 0] += sway * np.sin(phase)
    path[start:end, 2] += turn * np.sin(phase + rng.normal(0, 0.3))
    known = min(start + round(1.0 / rate / TICK), end)
    labels[start:known] = UNSURE
    labels[known:end] = MOVEMENTS.index("wave")
    labels[end : end + 4] = UNSURE
    return path, there, labels


def _raise(rng: Generator) -> tuple[Course, NDArray[np.bool_], NDArray[np.int64]]:
    """Up from below the picture or from the lap in 0.3 to 0.9 s, then still for a while."""
    path, there, labels = _still(rng)
    start = int(rng.integers(5, 35))
    ticks = max(4, round(rng.uniform(0.3, 0.9) / TICK))
    low, high = rng.uniform(2.0, 4.0), rng.uniform(-1.0, 0.6)
    share = np.clip((np.arange(STEPS) - start) / ticks, 0, 1)
    share = share * share * (3 - 2 * share)
    path[:, 1] += low + share * (high - low)
    there[: start + int(rng.integers(0, ticks // 2 + 1))] = rng.random() < 0.3
    arrived, stays = start + ticks, round(rng.uniform(0.5, 2.0) / TICK)
    labels[start : arrived + 2] = UNSURE
    labels[arrived + 2 : arrived + 8] = MOVEMENTS.index("raise")
    labels[arrived + 8 : arrived + 12] = UNSURE
    gone = arrived + stays
    if gone < STEPS:
        path[gone:, 1] += np.minimum(np.arange(STEPS - gone) * 0.5, 4.0)
        there[gone + 8 :] = False
        labels[gone - 1 : gone + 2] = UNSURE
    return path, there, labels


def _swipe(rng: Generator) -> tuple[Course, NDArray[np.bool_], NDArray[np.int64]]:
    """Across by 1.5 to 4 hands in 0.2 to 0.5 s, and away or still."""
    path, there, labels = _raised(rng)
    start = int(rng.integers(8, 45))
    ticks = max(3, round(rng.uniform(0.2, 0.5) / TICK))
    way = rng.uniform(1.5, 4.0) * rng.choice((-1.0, 1.0))
    share = np.clip((np.arange(STEPS) - start) / ticks, 0, 1)
    path[:, 0] += way * (share * share * (3 - 2 * share) - 0.5)
    path[:, 2] += np.sign(way) * rng.uniform(0, 0.5) * share
    done = start + ticks
    labels[start : done - 1] = UNSURE
    labels[done - 1 : done + 4] = MOVEMENTS.index("swipe")
    labels[done + 4 : done + 6] = UNSURE
    if rng.random() < 0.5:
        there[done + int(rng.integers(1, 8)) :] = False
    return path, there, labels


def _gesture(rng: Generator) -> tuple[Course, NDArray[np.bool_], NDArray[np.int64]]:
    """Talking hands: from place to place with rests, to the face, down and up again a little."""
    path, there, labels = _still(rng)
    times, t = [0], 0
    while t < STEPS:
        t += int(rng.integers(3, 10))
        times.append(t)
        t += int(rng.integers(0, 20))
        times.append(t)
    places = np.repeat(rng.normal(0, [1.0, 0.8], (len(times) // 2 + 1, 2)), 2, axis=0)
    for axis in (0, 1):
        path[:, axis] += np.interp(np.arange(STEPS), times, places[: len(times), axis])
    turns = np.repeat(rng.normal(0, 0.4, len(times) // 2 + 1), 2)
    path[:, 2] += np.interp(np.arange(STEPS), times, turns[: len(times)])
    if rng.random() < 0.5:
        there[: int(rng.integers(0, 20))] = False
    return path, there, labels


def _hold(rng: Generator) -> tuple[Course, NDArray[np.bool_], NDArray[np.int64]]:
    """A hand that is up from the start, or shows up somewhere, and stays."""
    path, there, labels = _raised(rng)
    if rng.random() < 0.5:
        there[: int(rng.integers(0, 40))] = False
    return path, there, labels


def _drift(rng: Generator) -> tuple[Course, NDArray[np.bool_], NDArray[np.int64]]:
    """Slowly across or down, growing or shrinking, or nobody there for a while."""
    path, there, labels = _raised(rng)
    line = np.linspace(-0.5, 0.5, STEPS)
    path[:, 0] += line * rng.normal(0, 3.0)
    path[:, 1] += line * abs(rng.normal(0, 2.0))
    path[:, 3] *= np.exp(line * rng.normal(0, 0.5))
    if rng.random() < 0.3:
        start = int(rng.integers(0, STEPS - 10))
        there[start : start + int(rng.integers(5, 40))] = False
    return path, there, labels


def _still(rng: Generator) -> tuple[Course, NDArray[np.bool_], NDArray[np.int64]]:
    """A hand that trembles and sways a little in its place."""
    t = np.arange(STEPS) * TICK
    path = np.zeros((STEPS, 4))
    for axis, most in enumerate((0.06, 0.06, 0.05, 0.02)):
        rate, phase = rng.uniform(0.2, 1.0), rng.uniform(0, 2 * np.pi)
        path[:, axis] = rng.uniform(0, most) * np.sin(2 * np.pi * rate * t + phase)
    path[:, 3] += 1.0
    labels = np.zeros(STEPS, np.int64)
    return path, np.ones(STEPS, np.bool_), labels


def _raised(rng: Generator) -> tuple[Course, NDArray[np.bool_], NDArray[np.int64]]:
    path, there, labels = _still(rng)
    path[:, :2] += rng.normal(0, [1.0, 0.6])
    return path, there, labels
