"""What an analyser is made of: the one place that names the rooms it draws on.

Made inside the analyser's process by a function that can be pickled, so tests hand in fakes from
`triptych.testing` and everything around them stays the real thing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from triptych.gesture.config import Config
from triptych.gesture.publish.clock import now
from triptych.gesture.sources.shot import Source
from triptych.gesture.types import CoverReason, Decision, Frame, Scene


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

    def paint(self, frame: Frame, decision: Decision) -> None:
        """Draw in place; the card is not drawn here."""
        ...


@dataclass(frozen=True)
class Parts:
    """Constructors of an analyser's parts, and its clock."""

    open_source: Callable[[str | None, Config], Source]
    perceiver: Callable[[Config], Looks]
    decider: Callable[[Config], Decides]
    painter: Callable[[Config, tuple[int, int]], Paints]
    now: Callable[[], float] = now


MakeParts = Callable[[], Parts]


def real_parts() -> Parts:
    """The parts that people use; only the analyser calls it."""
    from triptych.gesture.decide.decider import Decider
    from triptych.gesture.show.painter import Painter
    from triptych.gesture.sources import open_source

    return Parts(open_source, _perceiver, Decider, Painter)


def _perceiver(config: Config) -> Looks:
    """Imports the networks' runtime only now, while the publisher already shows the card."""
    from triptych.gesture.perceive.perceiver import Perceiver

    return Perceiver(config)
