"""A seed -> what happens in each clip: who is seen, which hand goes where, from when to when.

Places are fractions of the canvas, heights fractions of its height, times seconds. Nothing is
rendered here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.random import Generator

from triptych.data.hands import HandPicture
from triptych.gesture.compose.stock import ByPerson, Stock

T = TypeVar("T")

SIGN_FPS, QUIET_FPS = 30.0, 5.0
"""Trigger times need a camera's full rate. Hours in which nothing may fire are composed at what a
poor camera yields in the dark: cheaper, and harder, for fewer pictures can break a false hold."""

LEAD = 1.6
"""Seconds before a sign: the picture must be uncovered by then."""

SHORT_HOLD, LONG_HOLD = 1.0, 3.0
"""Three signs of four are held as long as promised, the fourth until its icon would go anyway."""

QUIET_SECONDS = 60.0

MIX: dict[str, float] = {
    "talking": 0.30,
    "gesturing": 0.20,
    "idle hands": 0.20,
    "other signs": 0.10,
    "passing": 0.10,
    "empty room": 0.10,
}
"""An hour without a sign: shares of its minutes. A choice; the rates are also told by kind."""


@dataclass(frozen=True, slots=True)
class Key:
    """Where a layer is at time `t`: its centre, its height, and by how much it is turned."""

    t: float
    x: float
    y: float
    height: float
    degrees: float = 0.0


@dataclass(frozen=True, slots=True)
class Layer:
    """A hand that is cut out of `file`, or with `whole` a picture as it is, on a path."""

    file: str
    keys: tuple[Key, ...]
    mirror: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Take:
    """One clip. back: pictures (or one film) behind, each with the time from which it is seen.

    motion: a movement that is made in it between `sign_from` and `sign_to`, or "".
    """

    name: str
    label: str
    kind: str
    split: str
    person: str
    seed: tuple[int, ...]
    seconds: float
    fps: float
    back: tuple[tuple[float, str], ...]
    layers: tuple[Layer, ...] = ()
    sign_from: float | None = None
    sign_to: float | None = None
    motion: str = ""


def sign_takes(stock: Stock, count: int, seed: int) -> list[Take]:
    """`count` clips, the five meanings in turn, people drawn evenly among those who make a sign."""
    turns = ("fist", "palm", "ok", "one", "peace", "fist", "palm", "ok", "two_up", "peace")
    takes: list[Take] = []
    for i in range(count):
        rng = np.random.default_rng([seed, 1, i])
        label = turns[i % len(turns)]
        kinds = {"raised": _raised, "changed": _changed}
        ways = [way for kind, way in kinds.items() if makers(stock, kind, label)]
        if not ways and label == "two_up":
            label, ways = "one", [_raised]  # they mean the same
        way = ways[int(rng.integers(len(ways)))]
        hold = LONG_HOLD if i % 4 == 3 else SHORT_HOLD
        takes.append(way(stock, label, hold, rng, f"sign_{i:04d}.mp4", (seed, 1, i)))
    return takes


def quiet_takes(stock: Stock, minutes: float, seed: int) -> list[Take]:
    """Clips of a minute in which nothing may fire, in the shares of `MIX`."""
    kinds: dict[str, Callable[[Stock, Generator], _Quiet]] = {
        "talking": _talking,
        "gesturing": _gesturing,
        "idle hands": _idle_hands,
        "other signs": _other_signs,
        "passing": _passing,
        "empty room": _empty_room,
    }
    count = round(minutes * 60 / QUIET_SECONDS)
    # Each kind gets its share of any number of clips: the one that lags most is next.
    done = dict.fromkeys(MIX, 0)
    takes: list[Take] = []
    for i in range(count):
        kind = max(MIX, key=lambda name: MIX[name] * (i + 1) - done[name])
        done[kind] += 1
        quiet = kinds[kind](stock, np.random.default_rng([seed, 2, i]))
        takes.append(
            Take(
                f"quiet_{i:04d}.mp4",
                "none",
                kind,
                stock.split,
                quiet.person,
                (seed, 2, i),
                QUIET_SECONDS,
                QUIET_FPS,
                quiet.back,
                quiet.layers,
            )
        )
    return takes


def makers(stock: Stock, kind: str, label: str) -> list[str]:
    """Who makes a sign, `raised` or `changed`; to change from another hand one needs both."""
    people = stock.cutouts if kind == "raised" else stock.signers
    needed = {label} if kind == "raised" else {label, "other"}
    return sorted(who for who, has in people.items() if needed <= {p.label for p in has})


def _raised(
    stock: Stock, label: str, hold: float, rng: Generator, name: str, seed: tuple[int, ...]
) -> Take:
    """Somebody sits there; a hand comes up from below, holds its sign and goes down again."""
    person = pick(makers(stock, "raised", label), rng)
    hand = pick([p for p in stock.cutouts[person] if p.label == label], rng)
    back, face = sitting(stock, rng)
    up, down = float(rng.uniform(0.3, 0.5)), float(rng.uniform(0.25, 0.4))
    start = LEAD + up
    x, y, height, degrees = beside(face, rng)
    low = 1.0 + height
    keys = (
        Key(LEAD, x, low, height, degrees),
        Key(start, x, y, height, degrees),
        Key(start + hold, x, y, height, degrees),
        Key(start + hold + down, x, low, height, degrees),
    )
    layer = Layer(hand.file, keys, mirror=bool(rng.random() < 0.5))
    seconds = start + hold + down + 1.2
    return Take(
        name, label, "raised", stock.split, person, seed, seconds, SIGN_FPS, back, (layer,),
        start, start + hold,
    )  # fmt: skip


def _changed(
    stock: Stock, label: str, hold: float, rng: Generator, name: str, seed: tuple[int, ...]
) -> Take:
    """A webcam's pictures of one person: a hand that says nothing, then the sign, then nothing."""
    person = pick(makers(stock, "changed", label), rng)
    sign = pick([p for p in stock.signers[person] if p.label == label], rng)
    others = [p for p in stock.signers[person] if p.label == "other"]
    start, end = LEAD + 0.2, LEAD + 0.2 + hold
    before, after = pick(others, rng).file, pick(others, rng).file
    back = ((0.0, before), (start, sign.file), (end, after))
    return Take(
        name, label, "changed", stock.split, person, seed, end + 1.2, SIGN_FPS, back, (),
        start, end,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Quiet:
    person: str
    back: tuple[tuple[float, str], ...]
    layers: tuple[Layer, ...] = ()


def _talking(stock: Stock, rng: Generator) -> _Quiet:
    back, _ = sitting(stock, rng, change=(8.0, 20.0))
    return _Quiet(back[0][1], back)


def _gesturing(stock: Stock, rng: Generator) -> _Quiet:
    """Hands that talk along: about the chest, at the chin, over the face; never a sign at rest."""
    back, face = sitting(stock, rng)
    layers: list[Layer] = []
    t = 1.0
    while t < QUIET_SECONDS - 6.0:
        person = pick(sorted(stock.cutouts), rng)
        hand = pick(stock.cutouts[person], rng)
        # A sign on its way up and down again is none; at rest, or on a slow way, it would be one.
        resting, stops = ((0.2, 2.5), (2, 6)) if hand.label == "other" else ((0.0, 0.15), (1, 2))
        height = float(np.clip(face[3] * rng.uniform(0.6, 1.1), 0.15, 0.5))
        keys = [Key(t, face[0], 1.0 + height, height)]
        for _ in range(int(rng.integers(*stops))):
            x = float(np.clip(face[0] + rng.normal(0, 0.9) * face[2], 0.05, 0.95))
            y = float(np.clip(face[1] + rng.uniform(-0.3, 1.8) * face[3], 0.1, 0.95))
            degrees = float(np.clip(rng.normal(0, 40), -80, 80))
            t += float(rng.uniform(0.15, 0.6))
            keys.append(Key(t, x, y, height, degrees))
            t += float(rng.uniform(*resting))
            keys.append(Key(t, x, y, height, degrees + float(rng.normal(0, 8))))
        t += float(rng.uniform(0.2, 0.5))
        keys.append(Key(t, face[0], 1.0 + height, height))
        t += float(rng.uniform(0.3, 4.0))
        layers.append(Layer(hand.file, tuple(keys), mirror=bool(rng.random() < 0.5)))
    return _Quiet(back[0][1], back, tuple(layers))


def _idle_hands(stock: Stock, rng: Generator) -> _Quiet:
    """Hands at the face, folded, in the lap: a person's own pictures, one after the other."""
    return _slides(stock.idle, rng, (2.0, 8.0))


def _other_signs(stock: Stock, rng: Generator) -> _Quiet:
    """Signs that are none of ours, held on purpose: harder than a call."""
    others = {
        who: [p for p in has if p.label == "other"]
        for who, has in stock.signers.items()
        if any(p.label == "other" for p in has)
    }
    return _slides(others, rng, (0.7, 4.0))


def _passing(stock: Stock, rng: Generator) -> _Quiet:
    """A room that people walk through, hands or not."""
    layers: list[Layer] = []
    t = 2.0
    while t < QUIET_SECONDS - 8.0:
        people = stock.bystanders if rng.random() < 0.5 else stock.idle
        picture = _of_anybody(people, rng)
        lasts, height = float(rng.uniform(1.5, 5.0)), float(rng.uniform(0.4, 0.8))
        way = 1 if rng.random() < 0.5 else -1
        y = 1.0 - height / 2
        keys = (Key(t, 0.5 - way, y, height), Key(t + lasts, 0.5 + way, y, height))
        layers.append(Layer(picture.file, keys, whole=True))
        t += lasts + float(rng.uniform(1.0, 8.0))
    room = pick(stock.rooms, rng).file
    return _Quiet(room, ((0.0, room),), tuple(layers))


def _empty_room(stock: Stock, rng: Generator) -> _Quiet:
    room = pick(stock.rooms, rng).file
    return _Quiet(room, ((0.0, room),))


def _slides(people: ByPerson, rng: Generator, each: tuple[float, float]) -> _Quiet:
    """Pictures of one person; of somebody else where there is but one."""
    person = pick(sorted(people), rng)
    back: list[tuple[float, str]] = []
    t = 0.0
    while t < QUIET_SECONDS:
        back.append((t, pick(people[person], rng).file))
        t += float(rng.uniform(*each))
        if len(people[person]) < 4:
            person = pick(sorted(people), rng)
    return _Quiet(person, tuple(back))


Face = tuple[float, float, float, float]
"""x and y of the centre, width and height."""


def sitting(
    stock: Stock, rng: Generator, change: tuple[float, float] | None = None
) -> tuple[tuple[tuple[float, str], ...], Face]:
    """Somebody before the camera: half of the time a film, where there is one.

    change: seconds after which another picture of somebody comes, from and to.
    """
    if stock.clips and rng.random() < 0.5:
        return ((0.0, pick(stock.clips, rng)),), (0.5, 0.4, 0.25, 0.4)
    person = pick(sorted(stock.bystanders), rng)
    picture = pick(stock.bystanders[person], rng)
    x0, y0, x1, y1 = max(picture.faces, key=lambda face: face.score).box_xyxy
    back = [(0.0, picture.file)]
    while change and back[-1][0] < QUIET_SECONDS:
        t = back[-1][0] + float(rng.uniform(*change))
        back.append((t, _of_anybody({person: stock.bystanders[person]}, rng).file))
    return tuple(back), ((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0)


def beside(face: Face, rng: Generator) -> tuple[float, float, float, float]:
    """A comfortable place for a raised hand: x, y, height, degrees."""
    height = float(np.clip(face[3] * rng.uniform(0.7, 1.1), 0.18, 0.45))
    side = 1.0 if rng.random() < 0.5 else -1.0
    if not 0.2 < face[0] + side * face[2] < 0.8:
        side = -side
    x = float(np.clip(face[0] + side * rng.uniform(0.8, 1.5) * face[2], 0.12, 0.88))
    y = float(np.clip(face[1] + rng.uniform(-0.1, 0.9) * face[3], 0.22, 0.78))
    return x, y, height, float(rng.normal(0, 8))


def _of_anybody(people: ByPerson, rng: Generator) -> HandPicture:
    return pick(people[pick(sorted(people), rng)], rng)


def pick(items: Sequence[T], rng: Generator) -> T:
    """Any one of them."""
    return items[int(rng.integers(len(items)))]
