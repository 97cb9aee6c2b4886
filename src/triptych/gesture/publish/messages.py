"""What the publisher, the analyser and the page tell each other; all of it can be pickled."""

from dataclasses import dataclass, field
from typing import Literal

from triptych.gesture.types import CoverReason, Event


@dataclass(frozen=True, slots=True)
class Status:
    """How things stand, a few times a second.

    t: seconds on the source's clock. fps: pictures analysed in the last second.
    analyse_ms: mean milliseconds a picture took to be analysed and drawn.
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


@dataclass(frozen=True, slots=True)
class Opened:
    """Analyser -> publisher, first of all: the source is open.

    live: a camera, whose pictures are lost when nobody reads. name: what the source calls itself.
    """

    size_wh: tuple[int, int]
    fps: float
    live: bool
    name: str


@dataclass(frozen=True, slots=True)
class Begin:
    """Publisher -> analyser: start.

    slot: name of the shared memory for pictures of `size_wh`. lockstep: every picture, each one
    waited for. loop: play the source again when it ends. epoch: moment on the shared clock from
    which events are timed; None: from the source's own start. tuned: settings the person changed.
    """

    slot: str
    size_wh: tuple[int, int]
    lockstep: bool
    loop: bool
    epoch: float | None = None
    tuned: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Offered:
    """Analyser -> publisher: picture `number` lies in the slot (or only its verdict, if covered).

    t: seconds as events have them. epoch: moment on the shared clock of the events' t = 0.
    seconds: how long analysing and drawing took.
    """

    number: int
    t: float
    epoch: float
    covered: CoverReason | None
    seconds: float
    sign: str | None = None
    progress: float = 0.0


@dataclass(frozen=True, slots=True)
class Go:
    """Publisher -> analyser, in lockstep: one more picture has been taken in."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """Analyser -> publisher: the newest `tune` has been applied, or refused with a `problem`."""

    problem: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Analyser -> publisher: something a person should read, in one sentence."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Analyser -> publisher, last of all: it gave up.

    kind: name of the TriptychError that says so, or empty for a bug of ours.
    """

    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Analyser -> publisher, last of all: the source has ended for good."""


FromAnalyser = Opened | Offered | Happened | Tuned | Problem | Failed | Ended
