"""A video file, at the medium's own times, upright, at most 1920 pixels on the longer side.

A file that was cut off plays as far as it goes; the last shot then says that it is not whole.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError

from triptych.errors import BadInput
from triptych.gesture.sources.pictures import fitted_size
from triptych.gesture.sources.shot import Shot
from triptych.gesture.types import Frame

_ALLOWED_SHORTFALL = 0.5  # seconds; containers round their durations


class VideoSource:
    """The pictures of a video file in order; nothing is dropped or repeated.

    `Shot.t` starts at 0 and never goes back; frame rates may vary.
    Raises BadInput, naming the file, if it is missing, not a video, or holds no pictures.
    """

    live = False

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        self._container = _open(path)
        try:
            self._stream = self._container.streams.video[0]
            self._stream.codec_context.thread_count = 2
            self._frames = self._decode()
            self._next = next(self._frames, None)
            if self._next is None:
                raise BadInput(f"{path} holds no pictures that can be decoded.")
        except IndexError:
            self.close()
            raise BadInput(f"{path} holds no video, only sound or data.") from None
        except BadInput:
            self.close()
            raise
        self._turns = round(self._next.rotation / 90) % 4
        self._first_pts = self._next.pts
        self._starts_at = max(0.0, self._next.time or 0.0)
        self._decoded_wh = fitted_size((self._next.width, self._next.height))
        w, h = self._decoded_wh
        self.size_wh = (h, w) if self._turns % 2 else (w, h)
        self.fps = _frames_a_second(self._stream)
        self._t = 0.0
        self._ended = False

    def read(self) -> Shot | None:
        """The next picture; once a cut-off file has ended, a shot without a frame; then None."""
        if self._ended:
            return None
        if self._next is None:
            self._ended = True
            problem = self._shortfall()
            return Shot(self._t, None, problem) if problem else None
        frame = self._next
        self._t = max(self._t, self._time(frame))
        shot = Shot(self._t, self._upright(frame))
        self._next = next(self._frames, None)
        return shot

    def close(self) -> None:
        """Release the file; safe to call twice."""
        self._ended = True
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _decode(self) -> Iterator[av.VideoFrame]:
        """Decode all that can be; damaged packets are passed over as every player does."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, FFmpegError):
                return
            try:
                yield from packet.decode()  # pyright: ignore[reportReturnType]
            except FFmpegError:
                continue

    def _time(self, frame: av.VideoFrame) -> float:
        if frame.pts is None or self._first_pts is None or frame.time_base is None:
            return self._t + 1 / self.fps
        return float((frame.pts - self._first_pts) * frame.time_base)

    def _upright(self, frame: av.VideoFrame) -> Frame:
        width, height = self._decoded_wh
        picture = np.asarray(frame.reformat(width, height, "bgr24").to_ndarray(), np.uint8)
        return np.ascontiguousarray(np.rot90(picture, self._turns))

    def _shortfall(self) -> str:
        stream = self._stream
        if stream.duration is not None and stream.time_base is not None:
            whole = float(stream.duration * stream.time_base)
        elif self._container.duration is not None:
            whole = self._container.duration / av.time_base
        else:
            return ""
        played = self._t + 1 / self.fps
        # Some containers count the time before the first picture as part of the duration.
        if played + self._starts_at >= whole - max(_ALLOWED_SHORTFALL, 0.05 * whole):
            return ""
        return (
            f"{self._path} is cut off or damaged: "
            f"only {played:.1f} of its {whole:.1f} seconds could be read."
        )


def _open(path: Path) -> InputContainer:
    try:
        if path.is_dir():
            raise BadInput(f"{path} is a folder, not a video file.")
        if not path.exists():
            raise BadInput(f"There is no file {path}.")
        if path.is_file() and path.stat().st_size == 0:
            raise BadInput(f"{path} is empty.")
        return av.open(str(path))
    except PermissionError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    except (FFmpegError, OSError, ValueError) as error:
        raise BadInput(
            f"{path} is not a video that can be read, or its recording was cut off "
            "before the index was written."
        ) from error


def _frames_a_second(stream: av.VideoStream) -> float:
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate is not None and 0 < rate <= 1000:
            return float(rate)
    return 25.0
