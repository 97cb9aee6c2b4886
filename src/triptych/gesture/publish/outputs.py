"""What a person wrote after `--to` -> outputs, checked before anything starts."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.publish.sinks.paths import check_path
from triptych.gesture.publish.sinks.sink import NullSink, Sink
from triptych.gesture.types import Frame


@dataclass(frozen=True, slots=True)
class Output:
    """One place to publish to; `path` only for a film."""

    kind: Literal["virtual", "page", "null", "film"]
    path: Path = Path()

    @property
    def in_real_time(self) -> bool:
        """True if somebody watches as it happens."""
        return self.kind in ("virtual", "page")


def parse_outputs(values: Sequence[str], source: str | None) -> list[Output]:
    """Read the values of `--to`; doubles count once.

    Raises BadInput with one sentence: not a known output, a film that cannot be written, or one
    that would overwrite the source it is made from.
    """
    outputs: list[Output] = []
    for value in values:
        if value in ("virtual", "page", "null"):
            output = Output(value)
        elif Path(value).suffix.lower() == ".mp4":
            output = Output("film", Path(value).expanduser())
            _check_film(output.path, source)
        else:
            raise BadInput(
                f"--to {value} is not an output: it is virtual, page, null or a file whose name "
                "ends in .mp4."
            )
        if all(output.kind != o.kind or output.path.resolve() != o.path.resolve() for o in outputs):
            outputs.append(output)
    if any(output.kind == "virtual" for output in outputs):
        from triptych.gesture.publish.sinks.virtual import load_pyvirtualcam

        load_pyvirtualcam()
    return outputs


def check_events(path: Path, others: Sequence[Path]) -> None:
    """Raise BadInput if events would be appended to one of the `others`: film, source, settings."""
    for other in others:
        if path.expanduser().resolve() == other.expanduser().resolve():
            raise BadInput(f"--events {path} would be written into {other}: name another file.")


def _check_film(path: Path, source: str | None) -> None:
    if source is not None and path.exists():
        played = Path(source).expanduser()
        if played.exists() and played.samefile(path):
            raise BadInput(f"--to {path} would overwrite the source: name another file.")
    check_path(path)


def open_sink(
    output: Output, size_wh: tuple[int, int], fps: float, card: Frame, config: Config
) -> Sink | None:
    """Open an output for pictures of `size_wh`; None for the page, which is no sink.

    fps: pictures a second to expect. Raises a TriptychError with one sentence.
    """
    match output.kind:
        case "film":
            from triptych.gesture.publish.sinks.movie import MovieSink  # only now: it is large

            return MovieSink(output.path, size_wh, fps)
        case "virtual":
            from triptych.gesture.publish.sinks.virtual import VirtualCameraSink

            return VirtualCameraSink(size_wh, fps, config.publish.virtual_device, card)
        case "null":
            return NullSink()
        case "page":
            return None


def screen_is_there() -> bool:
    """True if a browser window can be expected to open for the person who started us."""
    if sys.platform == "linux":
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True
