"""What happens in the demo clip, and when: the one truth for drawing it and for checking it."""

from dataclasses import dataclass
from typing import Any

SIZE_WH = (1280, 720)
FPS = 25
SECONDS = 27.5

RAISE_SECONDS = 0.5
"""How long a hand takes from below the picture to its place; lowering takes as long."""

WALK_SECONDS = 1.0
"""How long leaving and returning take."""


@dataclass(frozen=True, slots=True)
class Act:
    """A hand holds `sign` from `start` to `end` seconds; `left`: the person's left hand."""

    start: float
    end: float
    sign: str
    meaning: str
    left: bool = False


ACTS = (
    Act(1.9, 3.5, "fist", "no"),
    Act(5.4, 7.0, "palm", "question", left=True),
    Act(8.9, 10.5, "ok", "yes"),
    Act(12.4, 14.0, "one", "comment"),
    Act(15.9, 17.5, "peace", "goodbye"),
)

GONE = (20.0, 24.0)
"""From when to when nothing of the person is in the picture."""


def timeline() -> list[dict[str, Any]]:
    """The events that a perfect reader of the clip reports, in order.

    t: when the person is fully there or gone, or the sign fully held up; end: when that stops.
    """
    events: list[dict[str, Any]] = [{"t": 0.0, "end": GONE[0] - WALK_SECONDS, "event": "back"}]
    for act in ACTS:
        named = {"event": "gesture", "name": act.sign, "meaning": act.meaning}
        events.append({"t": act.start, "end": act.end, **named})
    events.append({"t": GONE[0], "end": GONE[1], "event": "away"})
    events.append({"t": GONE[1] + WALK_SECONDS, "end": SECONDS, "event": "back"})
    return events
