"""A lesson: five short looks at a held sign, then the verdict. Time comes with each picture.

A look waits until the hand has had a moment to get ready, and then until it was held still for half
a second; hands that move, and pictures without one, do not count.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from triptych.gesture.teach.background import Background, Points
from triptych.gesture.teach.features import Features
from triptych.gesture.teach.recogniser import prototypes_of
from triptych.gesture.teach.signs import Taught
from triptych.gesture.teach.verdict import Verdict, clearness, judge
from triptych.gesture.types import Hand, Scene

LOOKS: Final = 5
READY_SECONDS: Final = 1.2
"""Between two looks, to hold the hand a little differently."""

LOOK_SECONDS: Final = 0.5
FEWEST_PICTURES: Final = 4
STILL: Final = 1.2
"""A hand is held still below this many of its own sizes a second."""

MAX_GAP: Final = 0.3
"""Seconds without the hand after which a look starts again."""

PATIENCE: Final = 120.0
"""Seconds after which a lesson that nobody goes on with is closed."""


@dataclass(frozen=True, slots=True)
class State:
    """How a lesson stands; as `publish.messages.Lesson` tells it."""

    step: Literal["hold", "capture", "refused", "try"]
    captured: int = 0
    counting: float = 0.0
    margin: float | None = None
    near: str = ""
    words: tuple[str, ...] = ()


@dataclass
class Lesson:
    """One lesson, from the first look to the verdict.

    sign: what is taught; its examples come from here. others: the taught signs that stay.
    """

    sign: Taught
    background: Background
    others: tuple[Taught, ...]
    enter: float
    switched_off: tuple[str, ...] = ()
    verdict: Verdict | None = None
    state: State = field(default_factory=lambda: State("hold", words=(WELCOME,)))
    _looks: list[Features] = field(default_factory=list[Features])
    _rows: list[Features] = field(default_factory=list[Features])
    _ready_at: float = 0.0
    _held: float = 0.0
    _before: tuple[float, Hand] | None = None
    _asked_at: float | None = None

    def __post_init__(self) -> None:
        self._others: Mapping[str, Points] = {
            sign.name: prototypes_of(self.background, sign.examples)
            for sign in self.others
            if sign.reader == self.background.reader
        }

    def capture(self, t: float) -> None:
        """Start the five looks, anew if there were some."""
        self._looks, self._rows, self._held = [], [], 0.0
        self._ready_at = t + READY_SECONDS
        self._asked_at = t
        self.verdict = None
        self.state = State("capture")

    def overdue(self, t: float) -> bool:
        """Whether nobody has gone on with it for two minutes."""
        if self._asked_at is None:
            self._asked_at = t
        return not 0 <= t - self._asked_at <= PATIENCE

    def step(self, t: float, scene: Scene, rows_of: Callable[[Hand], Features | None]) -> State:
        """Take in one picture. rows_of: a hand -> [2, 170], itself and its mirror image."""
        hand = max(scene.hands, key=lambda one: one.box.area, default=None)
        rows = rows_of(hand) if hand is not None else None
        if hand is None or rows is None:
            if self._before is not None and t - self._before[0] > MAX_GAP:
                self._rows, self._held, self._before = [], 0.0, None
            self.state = replace(self.state, margin=None, near="", counting=0.0)
            return self.state
        margin, near = clearness(self.background, rows[0], self._others)
        self.state = replace(self.state, margin=margin, near=near)
        if self.state.step == "capture":
            self._look(t, hand, rows)
        self._before = (t, hand)
        return self.state

    @property
    def taught(self) -> Taught:
        """The sign with what has been looked at so far."""
        return replace(self.sign, examples=np.concatenate(self._looks))

    def _look(self, t: float, hand: Hand, rows: Features) -> None:
        if t < self._ready_at:
            self.state = replace(self.state, counting=0.0)
            return
        gap = t - self._before[0] if self._before is not None else 0.0
        if self._before is None or not _still(self._before[1], hand, gap) or gap > MAX_GAP:
            self._rows, self._held = [], 0.0
        else:
            self._held += gap
        self._rows.append(rows)
        done = self._held / LOOK_SECONDS
        if done >= 1 and len(self._rows) >= FEWEST_PICTURES:
            self._looks.append(np.stack(self._rows).mean(axis=0).astype(np.float32))
            self._rows, self._held, done = [], 0.0, 0.0
            self._ready_at = t + READY_SECONDS
        self.state = replace(self.state, captured=len(self._looks), counting=min(done, 1.0))
        if len(self._looks) == LOOKS:
            self._judge()

    def _judge(self) -> None:
        self.verdict = judge(
            self.background,
            self.taught.examples,
            self.others,
            enter=self.enter,
            switched_off=self.switched_off,
        )
        step = "refused" if self.verdict.problems else "try"
        words = self.verdict.problems or (self.verdict.sentence(),)
        self.state = replace(self.state, step=step, words=words)


WELCOME: Final = (
    "Hold your new sign up where the camera sees it, and watch the meter. When it is clear, press "
    "Start and keep holding: five short looks are taken."
)


def _still(before: Hand, now: Hand, seconds: float) -> bool:
    if seconds <= 0 or before.track != now.track:
        return before.track == now.track
    (x, y), (past_x, past_y) = now.box.centre, before.box.centre
    across = (x - past_x) / max(now.box.width, 1e-6)
    down = (y - past_y) / max(now.box.height, 1e-6)
    return (across**2 + down**2) ** 0.5 / seconds <= STILL
