"""What a source yields: one picture, or the news that there is none."""

from dataclasses import dataclass
from typing import Protocol, Self

from triptych.gesture.types import Frame


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture at time `t`, or `frame` None and the `problem` in a few words.

    t: seconds since the source was opened: a monotonic clock for cameras, the medium's own time
    for files. Pictures are unmirrored BGR.
    """

    t: float
    frame: Frame | None
    problem: str = ""


class Source(Protocol):
    """Anything that yields pictures: a context manager whose `read` blocks for the next one.

    live: True if pictures are lost when nobody reads in time (a camera).
    size_wh: width and height in pixels of every picture. fps: nominal pictures a second.
    """

    live: bool
    size_wh: tuple[int, int]
    fps: float

    def read(self) -> Shot | None:
        """The newest picture not yet read, or None when the source has ended for good."""
        ...

    def close(self) -> None:
        """Release the device or file; safe to call twice."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
