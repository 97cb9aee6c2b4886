"""Linux: what v4l2loopback shows when the publisher itself is killed.

By default the far side keeps the last picture. The driver can do better: after `timeout`
milliseconds without a new picture it shows its timeout image, which we set to the away card. The
control numbers are those of v4l2loopback 0.12 to 0.15 (its README, "setting stream timeout"); the
structures are those of the kernel's videodev2.h.
"""

import fcntl
import mmap
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np

from triptych.gesture.types import Frame

_CID_TIMEOUT, _CID_TIMEOUT_IMAGE_IO = 0x0098F902, 0x0098F903
_CONTROL = struct.Struct("=Ii")  # struct v4l2_control
_CAPABILITY = struct.Struct("=16s32s32s6I")  # struct v4l2_capability
_BUFFER_BYTES = 88  # struct v4l2_buffer on 64 bit
_BUFFER_OFFSET, _BUFFER_LENGTH = 64, 72
_OUTPUT, _MMAP = 2, 1


def _request(direction: int, size: int, number: int) -> int:
    """An ioctl number of the V4L2 interface: direction 1 writes, 2 reads, 3 both."""
    return direction << 30 | size << 16 | ord("V") << 8 | number


_QUERYCAP = _request(2, _CAPABILITY.size, 0)
_QUERYBUF = _request(3, _BUFFER_BYTES, 9)
_S_CTRL = _request(3, _CONTROL.size, 28)

Ioctl = Callable[[int, int, bytes], bytes]


def first_device(folder: Path = Path("/dev"), ioctl: Ioctl = fcntl.ioctl) -> str | None:
    """The v4l2loopback device to use: one labelled Triptych, else the lowest number; or None."""
    found: list[tuple[bool, int, str]] = []
    for path in folder.glob("video*"):
        number = path.name.removeprefix("video")
        if not number.isdigit():
            continue
        with suppress(OSError), _opened(str(path)) as device:
            answer = ioctl(device, _QUERYCAP, bytes(_CAPABILITY.size))
            driver, label = _CAPABILITY.unpack(answer)[:2]
            if driver.rstrip(b"\0") == b"v4l2 loopback":
                found.append((not label.startswith(b"Triptych"), int(number), str(path)))
    return min(found)[2] if found else None


def set_timeout_card(
    path: str, card: Frame, seconds: float, ioctl: Ioctl = fcntl.ioctl
) -> list[str]:
    """Have the driver show `card` [H, W, 3] when no picture has come for `seconds`.

    Call it once the device has its format (I420 of the card's size). Returns a sentence for each
    thing that this driver does not do; nothing is raised, because the camera works without.
    """
    try:
        with _opened(path) as device:
            ioctl(device, _S_CTRL, _CONTROL.pack(_CID_TIMEOUT, round(seconds * 1000)))
    except OSError as error:
        return [
            f"{path} has no timeout ({error.strerror}): if this program is killed, others may keep "
            "seeing its last picture."
        ]
    try:
        with _opened(path) as control:
            ioctl(control, _S_CTRL, _CONTROL.pack(_CID_TIMEOUT_IMAGE_IO, 1))
            with _opened(path) as image:  # the next one to open it writes the timeout image
                _write_image(image, card, ioctl)
    except (OSError, ValueError) as error:
        return [
            f"{path} did not take the away card as its timeout picture ({error}): if this program "
            "is killed, others see the driver's own empty picture."
        ]
    return []


def _write_image(device: int, card: Frame, ioctl: Ioctl) -> None:
    height, width = (side - side % 2 for side in card.shape[:2])
    planes = cv2.cvtColor(np.ascontiguousarray(card[:height, :width]), cv2.COLOR_BGR2YUV_I420)
    wanted = bytearray(_BUFFER_BYTES)
    struct.pack_into("=II", wanted, 0, 0, _OUTPUT)
    struct.pack_into("=I", wanted, 60, _MMAP)
    answer = ioctl(device, _QUERYBUF, bytes(wanted))
    (offset,) = struct.unpack_from("=I", answer, _BUFFER_OFFSET)
    (length,) = struct.unpack_from("=I", answer, _BUFFER_LENGTH)
    pixels = planes.tobytes()
    if length < len(pixels):
        raise ValueError(f"its buffer has {length} bytes, the card {len(pixels)}")
    with mmap.mmap(device, length, offset=offset) as image:
        image[: len(pixels)] = pixels


@contextmanager
def _opened(path: str) -> Iterator[int]:
    device = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield device
    finally:
        os.close(device)
