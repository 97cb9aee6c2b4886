"""The away card."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from triptych.errors import BadConfig
from triptych.gesture.config import Config
from triptych.gesture.show.card import away_card


def _config(**away: str) -> Config:
    return Config.model_validate({"away": away})


@pytest.mark.parametrize(
    "size_wh", [(1, 1), (160, 120), (640, 480), (1280, 720), (720, 1280), (3840, 2160)]
)
def test_card_fills_any_size(size_wh: tuple[int, int]) -> None:
    """The card has the size asked for; the cup shows from thumbnails on."""
    card = away_card(size_wh, Config())
    assert card.shape == (size_wh[1], size_wh[0], 3) and card.dtype == np.uint8
    if size_wh[0] > 1:
        assert (card.min(axis=2) > 200).any()


def test_card_is_the_same_every_time() -> None:
    """Two calls give the same pixels, so the card never flickers."""
    assert np.array_equal(away_card((320, 180), Config()), away_card((320, 180), Config()))


@pytest.mark.parametrize("text", ["", "Mittagspause – zurück um 13 Uhr", "W" * 120, "a " * 60])
def test_text_stays_inside(text: str) -> None:
    """Whatever the text, nothing bright touches the card's edge, and text makes a difference."""
    card = away_card((320, 240), _config(text=text))
    edge = np.concatenate([card[0], card[-1], card[:, 0], card[:, -1]])
    assert edge.max() < 200
    plain = away_card((320, 240), _config(text=""))
    assert np.array_equal(card, plain) == (text == "")


def test_users_picture_is_shown_whole(tmp_path: Path) -> None:
    """A tall picture stands in the middle, dark on both sides; see-through parts are dark."""
    picture = np.zeros((200, 100, 4), np.uint8)
    picture[:100] = 255
    cv2.imwrite(str(tmp_path / "my card.png"), picture)
    card = away_card((400, 200), _config(picture=str(tmp_path / "my card.png")))
    assert (card[:95, 155:245] > 250).all()
    assert card[105:].max() < 60 and card[:, :145].max() < 60 and card[:, 255:].max() < 60


@pytest.mark.parametrize("content", [None, b"text"])
def test_useless_picture_is_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    """A missing or broken picture names the setting and the file."""
    if content:
        (tmp_path / "card.png").write_bytes(content)
    with pytest.raises(BadConfig, match=r"away\.picture.*card\.png"):
        away_card((320, 180), _config(picture=str(tmp_path / "card.png")))
