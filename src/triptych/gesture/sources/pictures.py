"""One picture file -> one frame; whatever is wrong with the file becomes one sentence."""

from pathlib import Path

import cv2
import numpy as np

from triptych.errors import BadInput
from triptych.gesture.sources.picture_header import size_from_header
from triptych.gesture.types import Frame

MOST_PIXELS = 100_000_000
"""Pictures of more pixels are refused."""

MOST_BYTES = 500_000_000
"""Files of more bytes are refused."""

LONGEST_SIDE = 1920
"""Videos and slide shows are scaled down to this many pixels on their longer side."""

PICTURE_SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm"}
    | {".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"}
)
"""File names that count as pictures, in lower case."""


def read_picture(path: Path) -> Frame:
    """The picture in `path` as a frame, [height, width, 3] BGR 0..255.

    EXIF rotation is applied, grey becomes BGR, 16 bits become 8, and what is transparent becomes
    black, so that nothing shows that was meant to be cut out.

    Raises BadInput, naming the file, if it is missing, a directory, empty, not a picture, or has
    more than 100 million pixels.
    """
    data = _read_bytes(path)
    size = size_from_header(data)
    if size is not None:
        _refuse_huge(path, *size)
    frame = _decode(data)
    if frame is None:
        raise BadInput(f"{path} is not a picture that can be read (or it is damaged).")
    _refuse_huge(path, frame.shape[1], frame.shape[0])
    return frame


def fitted_size(size_wh: tuple[int, int]) -> tuple[int, int]:
    """`size_wh` scaled down, in proportion, to at most `LONGEST_SIDE`; each side at least 1."""
    width, height = size_wh
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def letterbox(frame: Frame, size_wh: tuple[int, int]) -> Frame:
    """`frame` scaled to fit into `size_wh` in proportion, centred on black; a new array if not."""
    width, height = size_wh
    if frame.shape[:2] == (height, width):
        return frame
    scale = min(width / frame.shape[1], height / frame.shape[0])
    inner_w = min(width, max(1, round(frame.shape[1] * scale)))
    inner_h = min(height, max(1, round(frame.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    inner = cv2.resize(frame, (inner_w, inner_h), interpolation=how)
    canvas = np.zeros((height, width, 3), np.uint8)
    x, y = (width - inner_w) // 2, (height - inner_h) // 2
    canvas[y : y + inner_h, x : x + inner_w] = inner
    return canvas


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise BadInput(f"{path} is a folder, not a picture.")
        if not path.exists():
            raise BadInput(f"There is no file {path}.")
        if not path.is_file():
            raise BadInput(f"{path} is not a plain file.")
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{path} is larger than {MOST_BYTES // 10**6} MB: too large a picture.")
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a NUL in the name
        raise BadInput(f"{str(path)!r} is not a file name: {error}.") from error
    if not data:
        raise BadInput(f"{path} is empty.")
    return data


def _refuse_huge(path: Path, width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise BadInput(
            f"{path} has {width} x {height} pixels; pictures of more than "
            f"{MOST_PIXELS // 10**6} million pixels are not read, make it smaller first."
        )


def _decode(data: bytes) -> Frame | None:
    buffer = np.frombuffer(data, np.uint8)
    try:
        if not data.startswith(b"\xff\xd8"):  # all but JPEG may hold transparency
            full = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
            if full is not None and full.ndim == 3 and full.shape[2] == 4:
                return _on_black(full)
        frame = cv2.imdecode(buffer, cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if frame is None or frame.size == 0 else np.asarray(frame, np.uint8)


def _on_black(picture: np.ndarray) -> Frame:
    if picture.dtype == np.uint16:
        picture = (picture >> 8).astype(np.uint8)
    colour = picture[..., :3].astype(np.uint16)
    alpha = picture[..., 3:].astype(np.uint16)
    return ((colour * alpha + 127) // 255).astype(np.uint8)
