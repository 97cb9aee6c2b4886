"""Scenes with a visible person -> the ring, the badge, and the gestures that fire."""

from dataclasses import dataclass
from typing import Final

from triptych.gesture.config import Config
from triptych.gesture.decide.badge import BadgeTimer
from triptych.gesture.decide.hold import Fired, Hold
from triptych.gesture.decide.motion import MotionLock
from triptych.gesture.decide.movement import MovementReader
from triptych.gesture.decide.person import MainPerson
from triptych.gesture.decide.smoothing import (
    MAX_STEP,
    NOTHING,
    SignScores,
    Smoother,
    by_meaning,
    evidence,
)
from triptych.gesture.motion_weights import load_motion
from triptych.gesture.types import Badge, Event, Hand, Ring, Scene

SIGN_OF: Final = {"wave": "peace", "raise": "palm"}
"""Movements that say what a sign says, with its icon and while it is on."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the signs in one picture come to."""

    ring: Ring | None = None
    badge: Badge | None = None
    event: Event | None = None


class GestureReader:
    """Reads one hand of the main person at a time.

    Of two hands the one with the strongest sign is read, and goes on being read as long as it is in
    the picture with a sign at or above `leave`, whatever the other hand does. Another hand, also
    one that was lost and found again, must hold its sign from the beginning. A hand that moves
    faster than `fastest` votes for nothing: a ring that is filling is cancelled, unless the
    movement was so short that the smoothed score stayed above `leave`.

    With `[motion] on`, movements are read too: a wave and a hand raised from below fire at once
    what their sign says, a swipe takes the icon off the picture (event `dismissed`).
    """

    def __init__(self, config: Config) -> None:
        self._movements: MovementReader | None = None
        self.reconfigure(config)
        self.reset()

    def reconfigure(self, config: Config) -> None:
        """Take over new settings without forgetting what is being held."""
        self._config = config
        signs = {name: config.sign(name) for name in config.names}
        self._meanings = {name: sign.meaning for name, sign in signs.items() if sign.on}
        if not config.motion.on:
            self._movements = None
        elif self._movements is None:
            self._movements = MovementReader(load_motion())

    def reset(self) -> None:
        """Forget everything; the next picture is a first one, which counts for no time."""
        self._t: float | None = None
        self._track = 0
        self._people = MainPerson()
        self._motion = MotionLock()
        self._smoother = Smoother()
        self._hold = Hold()
        self._badge = BadgeTimer()
        if self._movements is not None:
            self._movements.reset()

    def step(self, scene: Scene) -> Reading:
        """Take in one picture; `scene.t` must not be before the last one."""
        settings = self._config.decide
        seconds = 0.0 if self._t is None else min(scene.t - self._t, MAX_STEP)
        self._t = scene.t
        presence = self._config.presence
        hands = self._people.step(scene, presence.face_stay, presence.face_enter)
        fast = self._motion.step(scene.t, hands, settings.fastest)
        scores = self._read(hands, fast, settings.leave)
        smoothed = self._smoother.step(scores, seconds, settings.smooth_seconds)
        moved = self._moved(scene.t, hands)
        if moved is not None and moved.name == "swipe":
            self._badge.dismiss()
            return Reading(event=Event(scene.t, "dismissed", {"name": moved.name}))
        fired = moved or self._hold.step(smoothed, self._meanings, settings)
        badge = self._badge.step(
            scene.t,
            SIGN_OF.get(fired.name, fired.name) if fired else None,
            self._hold.still_held,
            self._config.show.badge_seconds,
        )
        if fired is None:
            return Reading(self._hold.ring, badge)
        detail = {"name": fired.name, "meaning": fired.meaning, "score": round(fired.score, 3)}
        return Reading(None, badge, Event(scene.t, "gesture", detail))

    def _moved(self, t: float, hands: list[Hand]) -> Fired | None:
        """A movement that has just been made, as what fires; its sign need not be held."""
        if self._movements is None:
            return None
        found = self._movements.step(t, hands, self._config.motion.sure)
        if found is None:
            return None
        name, score = found
        if name == "swipe":
            return Fired(name, "", score)
        meaning = self._meanings.get(SIGN_OF[name])
        if meaning is None:
            return None
        self._hold.spend(meaning)
        return Fired(name, meaning, score)

    def _read(self, hands: list[Hand], fast: frozenset[int], leave: float) -> SignScores:
        """The scores of the hand to read, NOTHING if there is none; starts over with a new hand."""
        votes = [(hand.track, NOTHING if hand.track in fast else evidence(hand)) for hand in hands]
        if not votes:
            return NOTHING
        for track, scores in votes:
            if track and track == self._track and self._strength(scores) >= leave:
                return scores
        track, scores = max(votes, key=lambda vote: self._strength(vote[1]))
        if track != self._track:
            # A sign must be held by one and the same hand: what is lost and found again all the
            # time is somebody passing, or no hand at all.
            self._smoother = Smoother()
        self._track = track
        return scores

    def _strength(self, scores: SignScores) -> float:
        """The score of the strongest meaning."""
        return max(by_meaning(scores, self._meanings).values())
