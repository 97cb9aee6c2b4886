"""Steady scores -> a sign that fires: hysteresis, hold, release, cooldown.

Works on meanings, not on signs: the scores of signs that say the same are added up, so wobbling
between one finger and two does not start the hold again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from triptych.gesture.config import Decide
from triptych.gesture.decide.smoothing import Smoothed, by_meaning, share_above
from triptych.gesture.types import Ring

RELEASE_SECONDS: Final = 0.2
"""A sign that has fired must be let go for this long before anything can be held again."""

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Fired:
    """A sign that has been held long enough; score: 0..1, that of its meaning."""

    name: str
    meaning: str
    score: float


class Hold:
    """What is being held, and what has been.

    A meaning becomes the candidate when its score reaches `enter`, and stays it while the score is
    at least `leave` and no other meaning reaches `enter`. Held for `hold_seconds`, it fires once.
    Then it must be let go (below `leave` for 0.2 s), and `cooldown_seconds` must pass since it
    fired, before a sign, the same or another, can become the candidate.
    """

    def __init__(self) -> None:
        self._candidate: str | None = None
        self._held = 0.0
        self._weights: dict[str, float] = {}
        self._spent: str | None = None
        self._let_go = 0.0
        self._since_release = float("inf")
        self._since_fire = float("inf")
        self._before = by_meaning({}, {})
        self._hold_seconds = 1.0

    @property
    def ring(self) -> Ring | None:
        """The candidate and its progress, 0..1."""
        if self._candidate is None:
            return None
        return Ring(self._leading_sign(), min(self._held / self._hold_seconds, 1.0))

    @property
    def still_held(self) -> bool:
        """True while the sign that fired last has not been let go."""
        return self._spent is not None and self._let_go == 0.0

    def step(self, now: Smoothed, meanings: Mapping[str, str], settings: Decide) -> Fired | None:
        """Take in the scores after one more picture.

        meanings: sign -> what it says; signs that are not in it are ignored.
        """
        self._hold_seconds = settings.hold_seconds
        before, after = self._before, by_meaning(now.scores, meanings)
        self._before = after
        self._since_fire += now.seconds
        self._since_release += now.seconds
        if self._spent is not None:
            spent = self._spent  # a sign that was forgotten meanwhile is let go
            self._await_release(before.get(spent, 0.0), after.get(spent, 0.0), now, settings.leave)
        free = min(self._since_release, self._since_fire - settings.cooldown_seconds)
        if self._spent is not None or free <= 0.0:
            return None
        strongest = max(after, key=lambda meaning: after[meaning])
        if strongest != self._candidate and after[strongest] >= settings.enter:
            was = before.get(strongest, 0.0)
            share = share_above(was, after[strongest], settings.enter, now.decay)
            self._candidate, self._held = strongest, min(share * now.seconds, free)
            self._weights = {}
        elif self._candidate is not None and after.get(self._candidate, 0.0) < settings.leave:
            self._candidate = None
        elif self._candidate is not None:
            self._held += now.seconds
        if self._candidate is None:
            return None
        self._weigh(self._candidate, now, meanings)
        if self._held < settings.hold_seconds - _ROUNDING:
            return None
        return self._fire(self._candidate, after.get(self._candidate, 0.0))

    def _weigh(self, candidate: str, now: Smoothed, meanings: Mapping[str, str]) -> None:
        """Add up which of the candidate's signs there is most evidence for."""
        self._weights = {
            name: self._weights.get(name, 0.0) + now.scores.get(name, 0.0) * now.seconds
            for name, meaning in meanings.items()
            if meaning == candidate
        }

    def spend(self, meaning: str) -> None:
        """This meaning has just been said: whatever is held starts over after the usual pauses."""
        self._candidate = None
        self._spent, self._let_go, self._since_fire = meaning, 0.0, 0.0

    def _fire(self, candidate: str, score: float) -> Fired:
        self.spend(candidate)
        return Fired(self._leading_sign(), candidate, score)

    def _await_release(self, before: float, after: float, now: Smoothed, leave: float) -> None:
        """Count for how long the score of what fired has been below `leave`."""
        if after >= leave:
            self._let_go = 0.0
        elif before < leave:
            self._let_go += now.seconds
        else:
            self._let_go = share_above(-before, -after, -leave, now.decay) * now.seconds
        if self._let_go >= RELEASE_SECONDS - _ROUNDING:
            self._spent = None
            self._since_release = self._let_go - RELEASE_SECONDS

    def _leading_sign(self) -> str:
        return max(self._weights, key=lambda name: self._weights[name])
