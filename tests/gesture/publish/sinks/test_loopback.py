"""What the v4l2loopback driver is told, with a driver of our own."""

import struct
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

if sys.platform != "linux":
    pytest.skip("v4l2loopback is a Linux driver", allow_module_level=True)

from triptych.gesture.publish.sinks import loopback

CARD = np.random.default_rng(0).integers(0, 255, (36, 64, 3), dtype=np.uint8)
PLANES = cv2.cvtColor(CARD, cv2.COLOR_BGR2YUV_I420).tobytes()


class _Driver:
    """Answers ioctls on plain files; its timeout image lies `OFFSET` into the device."""

    OFFSET = 4096

    def __init__(self, missing: tuple[int, ...] = (), length: int = len(PLANES)) -> None:
        self.controls: dict[int, int] = {}
        self.missing = missing
        self.length = length

    def __call__(self, device: int, request: int, argument: bytes) -> bytes:
        if request == loopback._S_CTRL:
            number, value = struct.unpack("=Ii", argument)
            if number in self.missing:
                raise OSError(22, "Invalid argument")
            self.controls[number] = value
            return argument
        answer = bytearray(argument)
        struct.pack_into("=I", answer, 64, self.OFFSET)
        struct.pack_into("=I", answer, 72, self.length)
        return bytes(answer)


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """A file in place of a device."""
    path = tmp_path / "video7"
    path.write_bytes(bytes(4096 + 8192))
    return path


def test_the_card_becomes_the_timeout_picture(device: Path) -> None:
    """Half a second after our death the driver shows the card."""
    driver = _Driver()
    assert loopback.set_timeout_card(str(device), CARD, 0.5, driver) == []
    assert driver.controls == {0x0098F902: 500, 0x0098F903: 1}
    assert device.read_bytes()[4096 : 4096 + len(PLANES)] == PLANES


def test_a_driver_without_timeout_is_one_sentence(device: Path) -> None:
    """The camera works without, but people should know."""
    (note,) = loopback.set_timeout_card(str(device), CARD, 0.5, _Driver((0x0098F902,)))
    assert "has no timeout (Invalid argument)" in note
    assert device.read_bytes() == bytes(4096 + 8192)


@pytest.mark.parametrize("driver", [_Driver((0x0098F903,)), _Driver(length=10)])
def test_a_driver_without_timeout_picture_is_one_sentence(device: Path, driver: _Driver) -> None:
    """Then its own empty picture is shown, which covers, too."""
    (note,) = loopback.set_timeout_card(str(device), CARD, 0.5, driver)
    assert "did not take the away card" in note
    assert driver.controls[0x0098F902] == 500


def test_the_device_labelled_for_us_is_chosen(tmp_path: Path) -> None:
    """Real cameras are passed over; ours comes before the lowest number."""
    labels = {
        "video0": (b"uvcvideo", b"Webcam"),
        "video4": (b"v4l2 loopback", b"OBS Cam"),
        "video10": (b"v4l2 loopback", b"Triptych"),
    }
    for name in labels:
        (tmp_path / name).write_text(name)

    def ioctl(device: int, request: int, argument: bytes) -> bytes:
        name = Path(f"/proc/self/fd/{device}").readlink().name
        return struct.pack("=16s32s32s6I", *labels[name], b"", *[0] * 6)

    assert loopback.first_device(tmp_path, ioctl) == str(tmp_path / "video10")
    (tmp_path / "video10").unlink()
    assert loopback.first_device(tmp_path, ioctl) == str(tmp_path / "video4")
    (tmp_path / "video4").unlink()
    assert loopback.first_device(tmp_path, ioctl) is None
