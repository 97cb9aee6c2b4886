"""Scenes over time -> what to show for each picture, and what has happened."""

import math
from typing import Final

from triptych.gesture.config import Config
from triptych.gesture.decide.presence import Presence
from triptych.gesture.decide.reader import GestureReader, Reading
from triptych.gesture.types import CoverReason, Decision, Event, Scene

MAX_JUMP: Final = 1.0
"""Seconds between two pictures beyond which nothing that was known still holds."""


class Decider:
    """Composes presence and gesture reading. Deterministic: same scenes, same decisions.

    Covered from the start until somebody is there. While covered no gesture is read, and what is
    being held when the cover lifts must be held from then on. A clock that goes backwards, jumps by
    more than 1 s or is no number means: start over, covered.

    Events: `gesture`; `back` when the cover lifts (also the first time); `away` when it comes down;
    `camera_lost` instead of `away` when there are no pictures, `camera_back` when there are again
    (followed by `back` once somebody is seen).
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._reader = GestureReader(config)
        self._presence = Presence()
        self._t: float | None = None
        self._visible = False
        self._camera_lost = False
        self._reason: CoverReason = "starting"

    def reconfigure(self, config: Config) -> None:
        """Take over new settings; presence and what is being held are kept."""
        self._config = config
        self._reader.reconfigure(config)

    def step(self, scene: Scene) -> Decision:
        """Take in one picture."""
        t, events = scene.t, list[Event]()
        if not math.isfinite(t):
            t = self._t or 0.0
            self._cover("away", t, events)
            return Decision(t, self._reason, events=tuple(events))
        if self._t is not None and not 0.0 <= t - self._t <= MAX_JUMP:
            self._cover("away", t, events)
        self._t = t
        if self._camera_lost:
            self._camera_lost = False
            events.append(Event(t, "camera_back"))
        if not self._presence.step(scene, self._config.presence):
            if self._visible:
                self._cover("away", t, events)
            return Decision(t, self._reason, events=tuple(events))
        if not self._visible:
            self._visible = True
            events.append(Event(t, "back"))
        reading: Reading = self._reader.step(scene)
        if reading.event is not None:
            events.append(reading.event)
        return Decision(t, None, reading.ring, reading.badge, tuple(events))

    def blind(self, t: float, reason: CoverReason) -> Decision:
        """There is no picture at time `t`: covered for `reason`, and everything starts over.

        `camera_lost` is told once until a picture comes; any other reason is told as `away` if the
        picture was to be seen.
        """
        events = list[Event]()
        if reason == "camera_lost":
            if not self._camera_lost:
                events.append(Event(t, "camera_lost"))
            self._camera_lost, self._visible = True, False
        self._cover(reason, t, events)
        self._reason = "starting"
        return Decision(t, reason, events=tuple(events))

    def _cover(self, reason: CoverReason, t: float, events: list[Event]) -> None:
        """Cover and forget; told as `away` if the picture was to be seen until now."""
        if self._visible:
            self._visible = False
            self._reason = reason
            events.append(Event(t, "away"))
        self._presence = Presence()
        self._reader.reset()
        self._t = None
