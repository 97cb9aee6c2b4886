"""What every output answers to."""

from typing import Protocol

from triptych.gesture.types import Frame


class Sink(Protocol):
    """One output. Opening it is its constructor's work and raises a TriptychError.

    name: what sentences about it call it. live: True if somebody watches as it happens, so that
    the card must be the last thing it shows.
    """

    name: str
    live: bool

    def send(self, frame: Frame, t: float) -> None:
        """Take one picture [H, W, 3] (BGR, only to be read) at `t` seconds; may raise anything."""
        ...

    def close(self) -> None:
        """Finish; called once, also after `send` has failed."""
        ...


class NullSink:
    """Takes everything and keeps nothing: for trying things out and for measuring."""

    name = "null"
    live = False

    def send(self, frame: Frame, t: float) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
