import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.errors import BadInput
from triptych.gesture.sources.picture_header import size_from_header
from triptych.gesture.sources.pictures import fitted_size, letterbox, read_picture

HALVES = np.zeros((20, 40, 3), np.uint8)
HALVES[:, :20] = (255, 0, 0)
HALVES[:, 20:] = (0, 0, 255)


def write(path: Path, picture: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), picture)
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".webp", ".jpg", ".gif"])
def test_common_formats_are_read_as_bgr(tmp_path: Path, suffix: str) -> None:
    """Each common format gives the picture that was written, up to its own losses."""
    frame = read_picture(write(tmp_path / f"a{suffix}", HALVES))
    assert frame.shape == HALVES.shape
    assert frame.dtype == np.uint8
    assert np.abs(frame[:, :16].astype(int) - (255, 0, 0)).max() < 60
    assert np.abs(frame[:, 24:].astype(int) - (0, 0, 255)).max() < 60


def test_grey_becomes_three_channels(tmp_path: Path) -> None:
    """A grey picture has three equal channels."""
    frame = read_picture(write(tmp_path / "a.png", np.full((5, 7), 90, np.uint8)))
    assert frame.shape == (5, 7, 3)
    assert (frame == 90).all()


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    """A 16-bit picture keeps its brightness."""
    frame = read_picture(write(tmp_path / "a.png", np.full((5, 7), 0x8000, np.uint16)))
    assert frame.dtype == np.uint8
    assert abs(int(frame[0, 0, 0]) - 128) <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_transparent_parts_become_black(tmp_path: Path, dtype: type) -> None:
    """What was cut out through transparency does not show, what is opaque stays."""
    full = np.iinfo(dtype).max
    picture = np.full((4, 8, 4), full, dtype)
    picture[:, :4, 3] = 0
    frame = read_picture(write(tmp_path / "a.png", picture))
    assert (frame[:, :4] == 0).all()
    assert (frame[:, 4:] == 255).all()


def test_exif_rotation_is_applied(tmp_path: Path) -> None:
    """A picture taken with the camera on its side stands upright."""
    ok, jpeg = cv2.imencode(".jpg", HALVES)
    assert ok
    tag = struct.pack("<HHII", 0x0112, 3, 1, 6)  # orientation 6: turn clockwise by 90 degrees
    tiff = b"II*\x00\x08\x00\x00\x00" + b"\x01\x00" + tag + b"\x00\x00\x00\x00"
    exif = b"Exif\x00\x00" + tiff
    data = jpeg.tobytes()
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    path = tmp_path / "a.jpg"
    path.write_bytes(data[:2] + segment + data[2:])
    frame = read_picture(path)
    assert frame.shape == (40, 20, 3)
    assert frame[2, 10, 0] > 200  # the left half is on top now


def test_one_pixel_is_a_picture(tmp_path: Path) -> None:
    """A picture of 1x1 is read."""
    assert read_picture(write(tmp_path / "a.png", HALVES[:1, :1])).shape == (1, 1, 3)


def test_a_huge_picture_is_refused_by_its_header(tmp_path: Path) -> None:
    """A PNG that claims 30000x30000 pixels is refused before it is decoded."""
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(header))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
    )
    with pytest.raises(BadInput, match=r"bomb\.png has 30000 x 30000 pixels"):
        read_picture(path)


def test_each_failure_names_the_file_and_what_is_wrong(tmp_path: Path) -> None:
    """Missing, folder, empty, text and cut-off files each get a sentence of their own."""
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("this is not a picture\n" * 20)
    whole = cv2.imencode(".png", HALVES)[1].tobytes()
    (tmp_path / "cut.png").write_bytes(whole[:30])
    for name, words in {
        "missing.png": "no file",
        "": "is a folder",
        "empty.png": "is empty",
        "text.png": "not a picture",
        "cut.png": "not a picture",
    }.items():
        with pytest.raises(BadInput, match=words) as caught:
            read_picture(tmp_path / name)
        assert name in str(caught.value)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".webp", ".jpg", ".gif"])
def test_header_tells_the_decoded_size(suffix: str) -> None:
    """Width and height from the header are those of the decoded picture."""
    data = cv2.imencode(suffix, HALVES)[1].tobytes()
    assert size_from_header(data) == (40, 20)


def test_header_of_lossless_and_extended_webp() -> None:
    """All three kinds of WebP tell their size."""
    lossless = cv2.imencode(".webp", HALVES, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    assert lossless[12:16] == b"VP8L"
    assert size_from_header(lossless) == (40, 20)
    extended = b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00"
    extended += (39).to_bytes(3, "little") + (19).to_bytes(3, "little")
    assert size_from_header(extended) == (40, 20)


@given(st.binary(max_size=64), st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"BM", b"RIFF"]))
def test_header_never_raises(rest: bytes, start: bytes) -> None:
    """Whatever bytes follow a known beginning, the answer is a size or None."""
    size = size_from_header(start + rest)
    assert size is None or len(size) == 2


@given(st.integers(1, 10000), st.integers(1, 10000))
def test_fitted_size_never_exceeds_the_limit(width: int, height: int) -> None:
    """The longer side is at most 1920, no side vanishes, and small pictures stay as they are."""
    new_w, new_h = fitted_size((width, height))
    assert 1 <= new_w <= 1920
    assert 1 <= new_h <= 1920
    if max(width, height) <= 1920:
        assert (new_w, new_h) == (width, height)


def test_letterbox_keeps_proportions() -> None:
    """A wide picture in a square frame has equal black bars above and below."""
    boxed = letterbox(HALVES, (40, 40))
    assert boxed.shape == (40, 40, 3)
    assert (boxed[:10] == 0).all()
    assert (boxed[30:] == 0).all()
    assert np.array_equal(boxed[10:30], HALVES)
