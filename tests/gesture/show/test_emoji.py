"""Emoji become icons on every machine, in colour where it can."""

from pathlib import Path

import numpy as np
import pytest

from triptych.errors import BadConfig
from triptych.gesture.config import Config
from triptych.gesture.config_signs import TaughtSign
from triptych.gesture.show import emoji as emoji_module
from triptych.gesture.show.emoji import SHIPPED, emoji, looks_like_emoji
from triptych.gesture.show.icons import icon
from triptych.gesture.show.painter import Painter
from triptych.gesture.types import Badge, Decision

ONE_EACH = ["❤️", "👍", "🎉", "☕", "👩‍💻", "🇩🇪", "1️⃣", "👍🏽"]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without coloured emoji."""
    monkeypatch.setattr(emoji_module, "COLOURED", ())


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("name", ONE_EACH)
def test_the_shipped_font_draws_it_in_white(name: str) -> None:
    """Whole, in the middle, premultiplied, and as large as was asked for."""
    drawn = emoji(name, 64)
    assert drawn is not None
    pixels, coloured = drawn
    assert not coloured
    assert pixels.shape == (64, 64, 4)
    assert pixels.max() <= 1
    assert np.allclose(pixels[..., :3], pixels[..., 3:], atol=1e-6)
    inked = pixels[..., 3] > 0.5
    assert 0.1 < inked.mean() < 0.9
    assert max(inked.any(axis=0).sum(), inked.any(axis=1).sum()) >= 62


@pytest.mark.usefixtures("plain")
def test_two_emoji_look_different() -> None:
    """The badge shows which one it is."""
    badges = [icon(name, 96) for name in ONE_EACH[:4]]
    gaps = [np.abs(a - b).mean() for i, a in enumerate(badges) for b in badges[:i]]
    assert min(gaps) > 0.01


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("name", ["❤️👍", "\U0010fffd", "👍👍👍"])
def test_what_is_not_one_emoji_is_refused(name: str) -> None:
    """In one sentence that names the setting."""
    with pytest.raises(BadConfig, match=r"signs.ok.icon = .* not one emoji"):
        icon(name, 64, "signs.ok.icon")


@pytest.mark.parametrize("name", ["heart", "a.png", "./❤️", "日本", "é", "", "no", "7"])
def test_words_and_paths_are_no_emoji(name: str) -> None:
    """They are looked up as icons and files."""
    assert not looks_like_emoji(name)


def test_a_font_with_colours_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has one; a file that is no font is passed over."""
    found = [path for path in emoji_module.COLOURED if Path(path).expanduser().is_file()]
    monkeypatch.setattr(emoji_module, "COLOURED", (__file__, *found))
    drawn = emoji("❤️", 64)
    assert drawn is not None
    assert drawn[1] == bool(found)


def test_a_black_and_white_font_does_not_count_as_coloured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Else white emoji would be drawn on white."""
    copy = tmp_path / "copy.ttf"
    copy.write_bytes(SHIPPED.read_bytes())
    monkeypatch.setattr(emoji_module, "COLOURED", (str(copy),))
    drawn = emoji("❤️", 64)
    assert drawn is not None
    assert not drawn[1]


@pytest.mark.usefixtures("plain")
def test_a_taught_sign_is_drawn_with_its_icon_and_text() -> None:
    """The painter knows every sign of the vocabulary."""
    heart = TaughtSign(icon="❤️", text="Love", meaning="heart")
    painter = Painter(Config().with_taught({"heart": heart}), (640, 360))
    frame = np.full((360, 640, 3), 128, np.uint8)
    painter.paint(frame, Decision(0.0, None, badge=Badge("heart", 1.0)))
    assert (frame[:120, 400:] != 128).any()
    assert (frame[120:] == 128).all()
