"""What an analyser is made of: the one place that names the rooms it draws on.

Made inside the analyser's process by a function that can be pickled, so tests hand in fakes from
`triptych.testing` and everything around them stays the real thing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from triptych.gesture.config import Config
from triptych.gesture.publish.clock import now
from triptych.gesture.publish.messages import Lesson, Noted, Teach, Vocabulary
from triptych.gesture.sources.shot import Source
from triptych.gesture.types import Box, CoverReason, Decision, Frame, Scene


class Looks(Protocol):
    """Picture -> what is in it."""

    def look(self, frame: Frame, t: float) -> Scene:
        """The scene at `t` seconds."""
        ...


class Decides(Protocol):
    """Scenes over time -> decisions."""

    def step(self, scene: Scene) -> Decision:
        """The decision for one picture."""
        ...

    def blind(self, t: float, reason: CoverReason) -> Decision:
        """The decision where there is no picture: covered."""
        ...

    def reconfigure(self, config: Config) -> None:
        """Go on with other settings."""
        ...


class Paints(Protocol):
    """Draws a decision onto a picture."""

    def paint(self, frame: Frame, decision: Decision) -> Box | None:
        """Draw in place; the card is not drawn here. Returns where there are words."""
        ...


class Teaches(Protocol):
    """Gives lessons; see `teacher.Teacher`."""

    config: Config
    problems: list[str]

    def ask(self, wish: Teach) -> Sequence[Lesson | Vocabulary | Noted]:
        """Do what a person asked for."""
        ...

    def watch(self, frame: Frame, t: float, scene: Scene) -> Sequence[Lesson | Vocabulary | Noted]:
        """Take in a picture."""
        ...

    def after(self, decision: Decision, shift: float) -> Decision:
        """What others get to see of a decision."""
        ...


@dataclass(frozen=True)
class Parts:
    """Constructors of an analyser's parts, and its clock; without a teacher nothing is taught."""

    open_source: Callable[[str | None, Config], Source]
    perceiver: Callable[[Config], Looks]
    decider: Callable[[Config], Decides]
    painter: Callable[[Config, tuple[int, int]], Paints]
    now: Callable[[], float] = now
    teacher: Callable[[Looks, Config], Teaches] | None = None


MakeParts = Callable[[], Parts]


def real_parts() -> Parts:
    """The parts that people use; only the analyser calls it."""
    from triptych.gesture.decide.decider import Decider
    from triptych.gesture.show.painter import Painter
    from triptych.gesture.sources import open_source

    return Parts(open_source, _perceiver, Decider, Painter, teacher=_teacher)


def _perceiver(config: Config) -> Looks:
    """Imports the networks' runtime only now, while the publisher already shows the card."""
    from triptych.gesture.perceive.perceiver import Perceiver
    from triptych.gesture.teach.recogniser import recogniser_of
    from triptych.gesture.teach.seeing import Seeing

    return Seeing(Perceiver(config), recogniser_of(None))


def _teacher(perceiver: Looks, config: Config) -> Teaches:
    from triptych.gesture.teach.seeing import Seeing
    from triptych.gesture.teacher import Teacher

    assert isinstance(perceiver, Seeing)
    return Teacher(perceiver, config)
