import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from triptych.errors import BadInput
from triptych.gesture.sources.shot import Shot
from triptych.gesture.sources.video import VideoSource


def write_video(
    path: Path,
    frames: int = 20,
    size_wh: tuple[int, int] = (64, 48),
    codec: str = "libx264",
    pixels: str = "yuv420p",
    pts: list[int] | None = None,
    **options: str,
) -> Path:
    """A clip at 25 frames a second: the left half gets brighter, the right half stays black."""
    width, height = size_wh
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        for i in range(frames):
            picture = np.zeros((height, width, 3), np.uint8)
            picture[:, : (width + 1) // 2] = min(255, 60 + 6 * i)
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            if pts is not None:
                frame.pts, frame.time_base = pts[i], Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read_all(path: Path) -> tuple[VideoSource, list[Shot]]:
    with VideoSource(path) as source:
        shots = []
        while (shot := source.read()) is not None:
            shots.append(shot)
        assert source.read() is None
    return source, shots


def test_every_picture_comes_once_at_its_own_time(tmp_path: Path) -> None:
    """All frames arrive in order, at the medium's times, in the size that the source states."""
    source, shots = read_all(write_video(tmp_path / "a.mp4"))
    assert source.size_wh == (64, 48)
    assert source.fps == pytest.approx(25)
    assert not source.live
    assert [shot.t for shot in shots] == pytest.approx([i / 25 for i in range(20)])
    brightness = []
    for shot in shots:
        assert shot.frame is not None
        assert shot.frame.shape == (48, 64, 3)
        assert shot.frame.dtype == np.uint8
        brightness.append(int(shot.frame[24, 10, 0]))
    assert brightness == sorted(brightness)
    assert brightness[-1] > brightness[0] + 80


def test_pictures_may_be_drawn_into(tmp_path: Path) -> None:
    """A frame is contiguous and writable, and no two shots share memory."""
    _, shots = read_all(write_video(tmp_path / "a.mp4", frames=3))
    frames = [shot.frame for shot in shots if shot.frame is not None]
    assert all(frame.flags.writeable and frame.flags.c_contiguous for frame in frames)
    assert not np.shares_memory(frames[0], frames[1])


def test_variable_frame_rate_keeps_the_mediums_times(tmp_path: Path) -> None:
    """Pauses between frames stay as long as they were recorded."""
    pts = [0, 1, 2, 10, 11, 30, 31]
    _, shots = read_all(write_video(tmp_path / "a.mkv", frames=7, pts=pts))
    assert [shot.t for shot in shots] == pytest.approx([p / 25 for p in pts], abs=0.002)


def test_time_starts_at_zero(tmp_path: Path) -> None:
    """A medium whose clock starts late still begins at 0."""
    _, shots = read_all(write_video(tmp_path / "a.mkv", frames=3, pts=[100, 101, 102]))
    assert [shot.t for shot in shots] == pytest.approx([0, 0.04, 0.08], abs=0.002)


@pytest.mark.parametrize(
    ("matrix", "bright"),
    [
        ((0, 1, -1, 0), (slice(2, 28), slice(2, 46))),  # clockwise by 90: left half on top
        ((0, -1, 1, 0), (slice(36, 62), slice(2, 46))),  # anticlockwise: left half below
        ((-1, 0, 0, -1), (slice(2, 46), slice(36, 62))),  # upside down: left half right
    ],
)
def test_rotation_is_honoured(
    tmp_path: Path, matrix: tuple[int, ...], bright: tuple[slice, slice]
) -> None:
    """A clip recorded with the phone on its side stands upright."""
    path = write_video(tmp_path / "a.mp4", frames=5)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # version 0: the matrix follows 40 bytes of other fields
    a, b, c, d = (value << 16 for value in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    source, shots = read_all(path)
    frame = shots[-1].frame
    assert frame is not None
    assert frame.shape[:2] == (source.size_wh[1], source.size_wh[0])
    assert frame[bright].min() > 60
    assert np.count_nonzero(frame > 40) < 0.55 * frame.size


@pytest.mark.parametrize("name", ["a.gif", "a.webm", "a.mkv", "a.avi"])
def test_other_containers_are_played(tmp_path: Path, name: str) -> None:
    """GIF, WebM, Matroska and AVI are played like MP4."""
    codec, pixels = {
        "a.gif": ("gif", "rgb8"),
        "a.webm": ("libvpx", "yuv420p"),
        "a.mkv": ("ffv1", "gray"),
        "a.avi": ("mjpeg", "yuvj420p"),
    }[name]
    _, shots = read_all(write_video(tmp_path / name, 5, codec=codec, pixels=pixels))
    assert len(shots) == 5
    assert all(shot.frame is not None for shot in shots)


def test_one_pixel(tmp_path: Path) -> None:
    """A clip of 1x1 pixels is played."""
    source, shots = read_all(
        write_video(tmp_path / "a.mkv", 3, size_wh=(1, 1), codec="ffv1", pixels="bgr0")
    )
    assert source.size_wh == (1, 1)
    assert len(shots) == 3
    assert shots[0].frame is not None


def test_8k_is_scaled_down(tmp_path: Path) -> None:
    """A clip of 7680x4320 arrives as 1920x1080."""
    path = write_video(
        tmp_path / "a.avi", 1, size_wh=(7680, 4320), codec="mjpeg", pixels="yuvj420p"
    )
    source, shots = read_all(path)
    assert source.size_wh == (1920, 1080)
    assert shots[0].frame is not None
    assert shots[0].frame.shape == (1080, 1920, 3)


def test_a_file_cut_off_in_the_middle_plays_and_then_says_so(tmp_path: Path) -> None:
    """What is there is played, and the last shot names the file and how much was missing."""
    path = write_video(tmp_path / "a.mp4", 500, movflags="faststart")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.6)])
    _, shots = read_all(path)
    assert len(shots) > 50
    assert all(shot.frame is not None for shot in shots[:-1])
    assert shots[-1].frame is None
    assert "a.mp4 is cut off or damaged" in shots[-1].problem
    assert "of its 20.0 seconds" in shots[-1].problem


def test_damage_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    """Garbage inside a file costs some pictures, never an exception."""
    path = write_video(tmp_path / "a.avi", 30, codec="mjpeg", pixels="yuvj420p")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    path.write_bytes(data)
    _, shots = read_all(path)
    assert len([shot for shot in shots if shot.frame is not None]) >= 20


def test_each_failure_names_the_file_and_what_is_wrong(tmp_path: Path) -> None:
    """Missing, folder, empty, text, headless and audio-only files each get one sentence."""
    whole = write_video(tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "headless.mp4").write_bytes(whole[: whole.index(b"moov") - 8])
    (tmp_path / "text.mp4").write_text("this is not a video\n" * 50)
    (tmp_path / "empty.mp4").write_bytes(b"")
    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
    for name, words in {
        "missing.mp4": "no file",
        "": "is a folder",
        "empty.mp4": "is empty",
        "text.mp4": "not a video",
        "headless.mp4": "cut off before the index was written",
        "sound.wav": "only sound",
    }.items():
        with pytest.raises(BadInput, match=words) as caught:
            VideoSource(tmp_path / name)
        assert name in str(caught.value)


def test_a_video_without_pictures_is_refused(tmp_path: Path) -> None:
    """A file whose every packet is garbage holds no pictures."""
    path = write_video(tmp_path / "a.mp4", 3)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    with pytest.raises(BadInput, match="no pictures"):
        VideoSource(path)


def test_a_single_picture_is_a_clip_of_one_frame(tmp_path: Path) -> None:
    """A JPEG given as a video is played as one frame."""
    path = tmp_path / "a.jpg"
    cv2.imwrite(str(path), np.full((48, 64, 3), 120, np.uint8))
    _, shots = read_all(path)
    assert len(shots) == 1


def test_close_twice_is_fine(tmp_path: Path) -> None:
    """Closing again does nothing, and a closed source has ended."""
    source = VideoSource(write_video(tmp_path / "a.mp4"))
    source.close()
    source.close()
    assert source.read() is None
