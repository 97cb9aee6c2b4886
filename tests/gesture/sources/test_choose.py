import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from triptych.errors import BadInput, Unavailable
from triptych.gesture.config import Config
from triptych.gesture.sources import choose, open_source
from triptych.gesture.sources.capture import OpenCVCapture, camera_numbers
from triptych.gesture.sources.folder import FolderSource

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="/dev/video* exists on Linux only")


def test_a_folder_is_played_as_pictures(tmp_path: Path) -> None:
    """A folder becomes a slide show."""
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((4, 4, 3), np.uint8))
    with open_source(str(tmp_path), Config()) as source:
        assert isinstance(source, FolderSource)


def test_a_missing_source_names_it_and_what_is_allowed(tmp_path: Path) -> None:
    """A name that is nothing gets a sentence with the four kinds of sources."""
    with pytest.raises(BadInput, match=r"nothing\.mp4; a source is the number of a camera"):
        open_source(str(tmp_path / "nothing.mp4"), Config())


def test_a_text_file_is_refused(tmp_path: Path) -> None:
    """A file that is no video is refused by name."""
    path = tmp_path / "a.mp4"
    path.write_text("hello")
    with pytest.raises(BadInput, match=r"a\.mp4 is not a video"):
        open_source(str(path), Config())


@linux_only
def test_a_camera_that_is_not_there_is_unavailable(capfd: pytest.CaptureFixture[str]) -> None:
    """Asking for camera 4711 gets one sentence, and OpenCV prints nothing of its own."""
    with pytest.raises(Unavailable, match="Camera 4711 cannot be opened"):
        open_source("4711", Config())
    with pytest.raises(Unavailable):
        OpenCVCapture(4711, 640, 480, 30)
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


@linux_only
def test_virtual_cameras_are_not_taken_for_cameras(tmp_path: Path) -> None:
    """Of /dev/video0, 2 and 10, where 2 is a loopback device, 0 and 10 are cameras."""
    devices, classes = tmp_path / "dev", tmp_path / "class"
    devices.mkdir()
    classes.mkdir()
    for number in (10, 2, 0):
        (devices / f"video{number}").touch()
        place = tmp_path / ("virtual" if number == 2 else "usb") / f"video{number}"
        place.mkdir(parents=True)
        (classes / f"video{number}").symlink_to(place)
    (devices / "video-notes").touch()
    assert camera_numbers(devices, classes) == [0, 10]


def test_the_configured_camera_is_tried_first_and_then_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With no source given, cameras are tried until one opens."""
    tried: list[int] = []

    def fake_camera(device: int, config: Config) -> str:
        tried.append(device)
        if device != 3:
            raise Unavailable("busy")
        return "camera 3"

    monkeypatch.setattr("triptych.gesture.sources.capture.camera_numbers", lambda: [0, 1, 2, 3])
    monkeypatch.setattr(choose, "_camera", fake_camera)
    config = Config.model_validate({"camera": {"device": 2}})
    assert open_source(None, config) == "camera 3"
    assert tried == [2, 0, 1, 3]


def test_without_a_camera_the_demo_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no source and no camera the demo is chosen, and its name says why."""
    monkeypatch.setattr("triptych.gesture.sources.capture.camera_numbers", list)
    monkeypatch.setattr(choose, "_demo", lambda name: name)
    assert open_source(None, Config()) == "demo (no camera found)"
