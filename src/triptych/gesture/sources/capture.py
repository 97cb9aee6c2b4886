"""OpenCV's cameras: which there are, and how one is opened for low delay."""

import re
import sys
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from triptych.errors import Unavailable
from triptych.gesture.types import Frame

_PIXELS_WITHOUT_MJPEG = 640 * 480  # above, USB 2 cannot carry uncompressed pictures at full rate


class Capture(Protocol):
    """An open camera; `size_wh` is the width and height in pixels it was opened with."""

    size_wh: tuple[int, int]

    def read(self) -> Frame | None:
        """Block for the next picture; None if the camera is gone."""
        ...

    def release(self) -> None:
        """Give the camera back."""
        ...


class OpenCVCapture:
    """Camera `device` through OpenCV, asked for the size and rate; it may choose others.

    Raises Unavailable if it cannot be opened.
    """

    def __init__(self, device: int, width: int, height: int, fps: float) -> None:
        cv2.utils.logging.setLogLevel(
            cv2.utils.logging.LOG_LEVEL_SILENT
        )  # what OpenCV would print is said in our own words
        missing = sys.platform == "linux" and not Path(f"/dev/video{device}").exists()
        backend = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
        self._capture = None if missing else cv2.VideoCapture(device, backend)
        if self._capture is None or not self._capture.isOpened():
            raise Unavailable(
                f"Camera {device} cannot be opened: plug it in, end other programs that use it, "
                "and check that this one may use cameras."
            )
        if width * height > _PIXELS_WITHOUT_MJPEG and sys.platform != "darwin":
            self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        self._capture.set(cv2.CAP_PROP_FPS, fps)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        got_w = int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        got_h = int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self.size_wh = (got_w or width, got_h or height)

    def read(self) -> Frame | None:
        """Block for the next picture; None if the camera is gone."""
        assert self._capture is not None
        ok, frame = self._capture.read()
        return np.asarray(frame, np.uint8) if ok and frame is not None and frame.size else None

    def release(self) -> None:
        """Give the camera back."""
        assert self._capture is not None
        self._capture.release()


def camera_numbers(
    devices: Path = Path("/dev"), classes: Path = Path("/sys/class/video4linux")
) -> list[int]:
    """The cameras that might be there, lowest number first; instant where Linux knows of none.

    Virtual cameras of Linux are left out, as our own output is one of them.
    """
    if sys.platform != "linux":
        return [0, 1, 2, 3]
    found = [re.fullmatch(r"video(\d+)", path.name) for path in devices.glob("video*")]
    numbers = sorted(int(match[1]) for match in found if match)
    return [n for n in numbers if "virtual" not in (classes / f"video{n}").resolve().parts]
