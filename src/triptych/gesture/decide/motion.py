"""Hands on the move are not read: a hand on its way up passes through many shapes."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from triptych.gesture.types import Hand

WINDOW: Final = 0.15
"""Seconds over which speed is measured; long enough that jitter of the box does not count."""

SHORTEST: Final = 0.1
"""Seconds a hand must have been followed before its speed is known."""

FORGET: Final = 0.5
"""Seconds after which a place is too old to measure speed from."""


class _Place(NamedTuple):
    t: float
    x: float
    y: float
    width: float
    height: float


class MotionLock:
    """Follows the centre of each tracked hand over the last moments."""

    def __init__(self) -> None:
        self._places: dict[int, list[_Place]] = {}

    def step(self, t: float, hands: Iterable[Hand], fastest: float) -> frozenset[int]:
        """The tracks that move faster than `fastest` hand sizes a second at time `t`.

        The way across is measured in widths of the hand, the way down in heights, so the shape of
        the picture does not matter. A hand seen for less than 0.1 s counts as still, and so does
        one without a track (0).
        """
        for hand in hands:
            if hand.track:
                box = hand.box
                place = _Place(t, *box.centre, box.width, box.height)
                self._places.setdefault(hand.track, []).append(place)
        self._places = {
            track: kept for track, places in self._places.items() if (kept := _recent(places, t))
        }
        return frozenset(
            track for track, places in self._places.items() if _speed(places, t) > fastest
        )


def _recent(places: list[_Place], t: float) -> list[_Place]:
    """The places within the window and the last one before it."""
    first = sum(place.t <= t - WINDOW for place in places)
    return [place for place in places[max(first - 1, 0) :] if t - place.t <= FORGET]


def _speed(places: list[_Place], t: float) -> float:
    now, past = places[-1], places[0]
    if now.t < t or now.t - past.t < SHORTEST - 1e-9:
        return 0.0
    if past.t < t - WINDOW:
        past = _between(past, places[1], t - WINDOW)
    across = (now.x - past.x) / ((now.width + past.width) / 2)
    down = (now.y - past.y) / ((now.height + past.height) / 2)
    return (across**2 + down**2) ** 0.5 / (now.t - past.t)


def _between(a: _Place, b: _Place, t: float) -> _Place:
    share = (t - a.t) / (b.t - a.t)
    return _Place(*(p + share * (q - p) for p, q in zip(a, b, strict=True)))
