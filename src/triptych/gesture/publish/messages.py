"""What the publisher, the analyser and the page tell each other; all of it can be pickled."""

from dataclasses import dataclass, field
from typing import Literal

from triptych.gesture.config_signs import TaughtSign
from triptych.gesture.types import Box, CoverReason, Event


@dataclass(frozen=True, slots=True)
class Status:
    """How things stand, a few times a second.

    t: seconds on the source's clock. fps: pictures analysed in the last second.
    analyse_ms: mean milliseconds a picture took to be analysed and drawn.
    covered: why the published picture is covered, or None. sign and progress: the sign being held.
    cpu_share: CPU time of all our processes, 1.0 = one core. words: where on the published picture
    words are drawn.
    """

    t: float
    covered: CoverReason | None
    fps: float = 0.0
    analyse_ms: float = 0.0
    sign: str | None = None
    progress: float = 0.0
    cpu_share: float = 0.0
    words: Box | None = None


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


TeachStep = Literal["start", "capture", "keep", "discard", "forget", "wrong"]


@dataclass(frozen=True, slots=True)
class Teach:
    """What a person asks for in order to teach, through the page.

    start: open a lesson for a sign that says `text` with `icon` (an emoji) or `png` (a file's
    bytes). capture: look at the held sign five times, anew. keep, discard: end the lesson. forget:
    the taught sign `name`. wrong: the gesture that fired at `t` (seconds, as its event says).
    """

    do: TeachStep
    name: str = ""
    text: str = ""
    icon: str = ""
    png: bytes = b""
    t: float = 0.0


LessonStep = Literal["closed", "hold", "capture", "refused", "try"]


@dataclass(frozen=True, slots=True)
class Lesson:
    """Analyser -> publisher, several times a second while a lesson is open, and when it ends.

    captured: how many of the `wanted` looks are done; counting: 0..1 of the present one.
    margin: 0..1, how clearly the hand that is held up differs from everything else; None without a
    hand. near: the sign, `other` or `none` that it is nearest to. words: sentences for the person.
    progress: 0..1 of the hold while trying. fired: how often it has fired while trying.
    """

    step: LessonStep
    captured: int = 0
    wanted: int = 5
    counting: float = 0.0
    margin: float | None = None
    near: str = ""
    words: tuple[str, ...] = ()
    progress: float = 0.0
    fired: int = 0


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Analyser -> publisher: the signs that are taught from now on."""

    taught: dict[str, TaughtSign]


@dataclass(frozen=True, slots=True)
class Noted:
    """Analyser -> publisher: the newest `Teach` is dealt with; `sentence`: what came of it."""

    sentence: str = ""


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


FromAnalyser = (
    Opened | Offered | Happened | Tuned | Problem | Failed | Ended | Lesson | Vocabulary | Noted
)
