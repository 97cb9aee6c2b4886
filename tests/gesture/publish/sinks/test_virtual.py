"""The virtual camera, with a backend of our own in place of a kernel module."""

import sys
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest

from triptych.errors import Unavailable
from triptych.gesture.publish.sinks.virtual import VirtualCameraSink

pyvirtualcam = pytest.importorskip("pyvirtualcam", reason="pip install triptych[virtualcam]")
CARD = np.zeros((36, 64, 3), np.uint8)


class _Backend:
    """Keeps what it gets."""

    made: ClassVar[list["_Backend"]] = []

    def __init__(self, *, width: int, height: int, fps: float, fourcc: int, device: str | None):
        if device == "busy":
            raise RuntimeError("device is in\nuse")
        self.size_wh, self.name = (width, height), device or "first"
        self.frames: list[Any] = []
        self.closed = 0
        _Backend.made.append(self)

    def close(self) -> None:
        self.closed += 1

    def send(self, frame: Any) -> None:
        self.frames.append(frame.copy())

    def device(self) -> str:
        return self.name

    def native_fourcc(self) -> None:
        return None


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    """Register our backend for one test."""
    pyvirtualcam.register_backend("ours", _Backend)
    _Backend.made.clear()
    yield
    del pyvirtualcam.camera.BACKENDS["ours"]


def test_pictures_reach_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """The named device is opened, gets the pixels as they are, and is let go."""
    sink = VirtualCameraSink((64, 36), 30, "/dev/video9", CARD, backend="ours")
    frame = np.arange(64 * 36 * 3, dtype=np.uint8).reshape(36, 64, 3)
    sink.send(frame, 0.0)
    sink.close()
    (backend,) = _Backend.made
    assert (backend.size_wh, backend.name, backend.closed) == ((64, 36), "/dev/video9", 1)
    assert (backend.frames[0] == frame.reshape(-1)).all()
    assert sink.live
    assert sink.name == "virtual camera /dev/video9"


@pytest.mark.parametrize(
    ("system", "fix"),
    [
        ("linux", "sudo modprobe v4l2loopback exclusive_caps=1 card_label=Triptych"),
        ("darwin", "install OBS 30 or newer"),
        ("win32", "Unity Capture"),
    ],
)
def test_a_device_that_cannot_be_used_is_one_sentence_with_this_systems_fix(
    monkeypatch: pytest.MonkeyPatch, system: str, fix: str
) -> None:
    """What was asked for, why not, what to do."""
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(Unavailable, match="virtual camera busy cannot be used") as caught:
        VirtualCameraSink((64, 36), 30, "busy", CARD, backend="ours")
    assert fix in str(caught.value)
    assert "device is in use" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other devices")
def test_without_any_device_the_module_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence a new user meets first."""
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {})
    with pytest.raises(
        Unavailable, match=r"^No virtual camera can be used .*modprobe v4l2loopback"
    ):
        VirtualCameraSink((64, 36), 30, "", CARD)


def test_without_the_extra_the_install_line_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """pyvirtualcam is not a dependency."""
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(Unavailable, match=r"pip install triptych\[virtualcam\]"):
        VirtualCameraSink((64, 36), 30, "", CARD)
