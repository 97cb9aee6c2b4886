"""An MP4 file that stays playable whatever happens to its writer.

The file is fragmented: it opens with an empty index, and each second of video carries its own. A
writer that is killed, or a disk that fills up, loses at most the second that was being written.
"""

import os
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from triptych.errors import Unavailable
from triptych.gesture.publish.sinks.paths import check_path
from triptych.gesture.types import Frame

_TICKS = 90_000
"""Time stamps are multiples of 1/90000 s, as MPEG has them: exact for 24, 25 and 30 a second."""
_BT601, _VIDEO_RANGE = 6, 1
_ENCODERS = (
    ("libx264", {"preset": "veryfast", "tune": "zerolatency", "crf": "20"}),
    ("libopenh264", {}),
    ("mpeg4", {"q": "4"}),
)


class MovieSink:
    """Writes pictures of `size_wh` into an MP4: H.264 where an encoder is there, yuv420p.

    fps is what the file announces; each picture is shown at its own time all the same. Odd widths
    and heights get one more row or column. Raises BadInput if the file cannot be written and
    Unavailable if no encoder is there.
    """

    live = False

    def __init__(self, path: Path, size_wh: tuple[int, int], fps: float) -> None:
        check_path(path)
        self.name = str(path)
        self._path = path
        self._whole_bytes = 0
        self._failed = False
        self._size_wh = size_wh
        self._first: float | None = None
        self._last_pts = -1
        self._container = av.open(
            self.name,
            "w",
            format="mp4",
            options={
                "movflags": "frag_keyframe+empty_moov+default_base_moof",
                "flush_packets": "1",
            },
        )
        self._stream = self._add_stream(fps)

    def _add_stream(self, fps: float) -> VideoStream:
        rate = Fraction(fps).limit_denominator(1001)
        width, height = (side + side % 2 for side in self._size_wh)
        for encoder, options in _ENCODERS:
            try:
                av.Codec(encoder, "w")
            except ValueError:
                continue
            stream = cast(VideoStream, self._container.add_stream(encoder, rate, options=options))
            context = stream.codec_context
            context.width, context.height = width, height
            context.pix_fmt = "yuv420p"
            context.time_base = Fraction(1, _TICKS)
            context.gop_size = max(1, round(fps))
            context.max_b_frames = 0
            context.colorspace = _BT601
            context.color_range = _VIDEO_RANGE
            return stream
        raise Unavailable(
            "This copy of PyAV has no video encoder: install it from its wheel with "
            "`pip install --force-reinstall av`."
        )

    def send(self, frame: Frame, t: float) -> None:
        """Append `frame` [H, W, 3] (BGR) at `t` seconds; the first one starts the film.

        Times that do not grow are moved on by the smallest step. Raises OSError if the disk is
        full.
        """
        if self._first is None:
            self._first = t
        width, height = self._size_wh
        if width % 2 or height % 2:
            frame = cast(
                Frame,
                cv2.copyMakeBorder(frame, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE),
            )
        planes = cast(Frame, cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_BGR2YUV_I420))
        picture = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        picture.colorspace, picture.color_range = _BT601, _VIDEO_RANGE
        picture.pts = max(self._last_pts + 1, round((t - self._first) * _TICKS))
        picture.time_base = Fraction(1, _TICKS)
        self._last_pts = picture.pts
        self._failed = True  # until it has not
        self._container.mux(self._stream.encode(picture))
        self._failed = False
        self._whole_bytes = self._path.stat().st_size

    def close(self) -> None:
        """Write what the encoder still holds. Raises OSError if the disk is full.

        A second that could not be written whole is cut off: strict players refuse half of one.
        """
        failed, self._failed = self._failed, True
        try:
            try:
                if self._first is not None and not failed:
                    self._container.mux(self._stream.encode(None))
            finally:
                self._container.close()
            self._failed = failed
        finally:
            if self._failed:
                os.truncate(self._path, self._whole_bytes)
