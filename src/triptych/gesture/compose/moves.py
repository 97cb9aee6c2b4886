"""Clips of movements: a real person's open hand that is drawn waving, rising or swiping."""

import numpy as np
from numpy.random import Generator

from triptych.gesture.compose.plan import (
    LEAD,
    SIGN_FPS,
    Face,
    Key,
    Layer,
    Take,
    beside,
    makers,
    pick,
    sitting,
)
from triptych.gesture.compose.stock import Stock

KINDS = ("wave", "raise", "swipe")


def motion_takes(stock: Stock, count: int, seed: int) -> list[Take]:
    """`count` clips, the three movements in turn, people drawn evenly."""
    ways = {"wave": _wave, "raise": _raise, "swipe": _swipe}
    takes: list[Take] = []
    for i in range(count):
        rng = np.random.default_rng([seed, 4, i])
        kind = KINDS[i % len(KINDS)]
        person = pick(makers(stock, "raised", "palm"), rng)
        hand = pick([p for p in stock.cutouts[person] if p.label == "palm"], rng)
        back, face = sitting(stock, rng)
        keys, start, end = ways[kind](face, rng)
        layer = Layer(hand.file, tuple(keys), mirror=bool(rng.random() < 0.5))
        takes.append(
            Take(
                f"motion_{i:04d}.mp4",
                "unlabelled",
                kind,
                stock.split,
                person,
                (seed, 4, i),
                keys[-1].t + 0.8,
                SIGN_FPS,
                back,
                (layer,),
                start,
                end,
                motion=kind,
            )
        )
    return takes


def _wave(face: Face, rng: Generator) -> tuple[list[Key], float, float]:
    """Up, to and fro for 1.5 to 2.5 s, down."""
    x, y, height, lean = beside(face, rng)
    start = LEAD + float(rng.uniform(0.3, 0.5))
    beat = 0.5 / float(rng.uniform(1.3, 2.8))
    sway, turn = float(rng.uniform(0.1, 0.45)) * height, float(rng.uniform(8, 25))
    keys = [Key(LEAD, x, 1 + height, height, lean), Key(start, x, y, height, lean)]
    t, side = start, 1.0
    for _ in range(round(float(rng.uniform(1.5, 2.5)) / beat)):
        t += beat
        keys.append(Key(t, x + side * sway, y, height, lean - side * turn))
        side = -side
    keys.append(Key(t + 0.35, x, 1 + height, height, lean))
    return keys, start, t


def _raise(face: Face, rng: Generator) -> tuple[list[Key], float, float]:
    """Up from below the picture, still for 1.2 s, down."""
    x, y, height, lean = beside(face, rng)
    there = LEAD + float(rng.uniform(0.35, 0.8))
    keys = [
        Key(LEAD, x, 1 + height, height, lean),
        Key(there, x, y, height, lean),
        Key(there + 1.2, x, y, height, lean),
        Key(there + 1.6, x, 1 + height, height, lean),
    ]
    return keys, there, there + 1.2


def _swipe(face: Face, rng: Generator) -> tuple[list[Key], float, float]:
    """Up at one side, a moment's rest, across in a third of a second, and down."""
    _, y, height, lean = beside(face, rng)
    way = float(rng.choice((-1.0, 1.0))) * float(rng.uniform(1.5, 2.5)) * height
    x = 0.5 - way / 2
    up = LEAD + float(rng.uniform(0.3, 0.5))
    start = up + float(rng.uniform(0.2, 0.4))
    done = start + float(rng.uniform(0.25, 0.45))
    keys = [
        Key(LEAD, x, 1 + height, height, lean),
        Key(up, x, y, height, lean),
        Key(start, x, y, height, lean),
        Key(done, x + way, y, height, lean + float(rng.normal(0, 15))),
        Key(done + 0.2, x + way, y, height, lean),
        Key(done + 0.6, x + way, 1 + height, height, lean),
    ]
    return keys, start, done
