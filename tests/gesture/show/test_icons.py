"""Built-in icons and pictures that people bring along."""

from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest

from triptych.errors import BadConfig
from triptych.gesture.show.icons import BUILT_IN, icon, icon_png
from triptych.gesture.types import MEANINGS


def test_there_is_an_icon_for_every_meaning() -> None:
    """Every meaning has an icon of its own name."""
    assert BUILT_IN == MEANINGS


@pytest.mark.parametrize("pixels", [24, 64, 160])
def test_icons_differ_in_shape_not_only_in_colour(pixels: int) -> None:
    """The white signs of any two icons differ, so colour-blind people can tell them apart."""
    signs = {}
    for name in BUILT_IN:
        shown = icon(name, pixels)
        assert shown.shape == (pixels, pixels, 4)
        assert shown[..., :3].max() <= 1.0 + 1e-6
        signs[name] = shown[..., :3].min(axis=2) > 0.8
    for one, other in combinations(BUILT_IN, 2):
        assert (signs[one] ^ signs[other]).mean() > 0.02


def test_icon_is_clear_in_its_corners_and_solid_in_its_middle() -> None:
    """A round badge: nothing in the corners, everything in the middle."""
    for name in BUILT_IN:
        shown = icon(name, 96)
        assert shown[0, 0, 3] < 0.01 and shown[48, 48, 3] == pytest.approx(1)


def test_tiny_icons_do_not_fail() -> None:
    """One pixel is enough to draw on."""
    for name in BUILT_IN:
        assert icon(name, 1).shape == (1, 1, 4)


def test_icon_png_can_be_read_back() -> None:
    """The page's PNG has the asked size and an alpha channel."""
    picture = cv2.imdecode(np.frombuffer(icon_png("yes", 48), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None and picture.shape == (48, 48, 4)
    assert picture[0, 0, 3] == 0 and picture[24, 24, 3] == 255


@pytest.mark.parametrize("shape", [(40, 20, 4), (40, 20, 3), (40, 20)])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_users_picture_is_fitted_whole(
    tmp_path: Path, shape: tuple[int, ...], depth: type[np.unsignedinteger]
) -> None:
    """Grey, opaque and transparent PNGs of 8 and 16 bits keep their proportions."""
    path = tmp_path / "mine.png"
    picture = np.full(shape, np.iinfo(depth).max, depth)
    cv2.imwrite(str(path), picture)
    shown = icon(str(path), 32)
    assert np.allclose(shown[:, 10:22], 1)
    assert (shown[:, :7] == 0).all() and (shown[:, 25:] == 0).all()


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"\x89PNG\r\n\x1a\n\x00broken"])
def test_useless_pictures_are_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    """A missing, empty or broken file names the setting and the file."""
    path = tmp_path / "mine.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadConfig, match=r"signs\.ok\.icon.*mine\.png"):
        icon(str(path), 32, "signs.ok.icon")


def test_unknown_name_lists_the_known_ones() -> None:
    """A misspelt icon is told which there are."""
    with pytest.raises(BadConfig, match=r"qestion.*question"):
        icon("qestion", 32, "signs.palm.icon")
