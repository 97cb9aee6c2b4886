"""What the publisher, the analyser and the page tell each other; all of it can be pickled."""

from dataclasses import dataclass
from typing import Literal

from triptych.gesture.types import CoverReason, Event


@dataclass(frozen=True, slots=True)
class Status:
    """How things stand, a few times a second.

    t: seconds on the source's clock. fps: pictures analysed in the last second.
    analyse_ms: median milliseconds a picture took to be analysed and drawn.
    covered: why the published picture is covered, or None. sign and progress: the sign being held.
    cpu_share: CPU time of all our processes, 1.0 = one core.
    """

    t: float
    covered: CoverReason | None
    fps: float = 0.0
    analyse_ms: float = 0.0
    sign: str | None = None
    progress: float = 0.0
    cpu_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Happened:
    """An event on its way from the analyser to the log, the terminal and the page."""

    event: Event


@dataclass(frozen=True, slots=True)
class Command:
    """What a person asks for through the page or the terminal.

    `cover` and `uncover` set and lift the user's own cover: it is applied by the publisher itself,
    works while the analyser hangs, and no gesture can lift it; lifting it never lifts a cover that
    presence has put there. `tune` changes a setting of the running analyser.
    """

    name: Literal["cover", "uncover", "tune", "quit"]
    setting: str = ""
    value: float = 0.0
