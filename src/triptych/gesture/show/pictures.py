"""Pictures that people bring along, for icons and the away card."""

from pathlib import Path

import cv2
import numpy as np

from triptych.errors import BadConfig
from triptych.gesture.show.patch import Pixels

_LARGEST = 64_000_000  # bytes; a picture for a card or an icon is never larger


def read_picture(path: Path, where: str) -> Pixels:
    """A picture file as premultiplied [h, w, 4], 0..1; grey and opaque ones, too.

    where: the setting that names the file; a useless file raises `BadConfig` that says so.
    """
    path = path.expanduser()
    try:
        if path.stat().st_size > _LARGEST:
            raise BadConfig(f"{where}: {path} is larger than 64 MB, too large for a picture here.")
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        told = f"{where}: cannot read {path} ({reason}); give the path of a picture."
        raise BadConfig(told) from None
    picture = _decode(content)
    if picture is None:
        raise BadConfig(f"{where}: {path} is not a picture that can be read; give a PNG or JPEG.")
    full = 65535.0 if picture.dtype == np.uint16 else 255.0
    whole = picture.astype(np.float32) / np.float32(full)
    if whole.ndim == 2:
        whole = whole[..., None]
    channels = whole.shape[2]
    pixels = np.ones((*whole.shape[:2], 4), np.float32)
    pixels[..., :3] = whole[..., :3] if channels >= 3 else whole[..., :1]
    if channels in (2, 4):
        pixels[..., 3] = whole[..., -1]
        pixels[..., :3] *= pixels[..., 3:]
    return pixels


def _decode(content: np.ndarray) -> np.ndarray | None:
    if content.size == 0:
        return None
    try:
        picture = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if picture is None or picture.dtype not in (np.uint8, np.uint16):
        return None
    return picture
