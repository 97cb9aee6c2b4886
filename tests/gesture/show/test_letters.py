"""Text from the shipped alphabet."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.gesture.show.letters import draw_text, text_width, wrap

_LATIN_1 = [chr(code) for code in (*range(0x21, 0x7F), *range(0xA1, 0x100)) if code != 0xAD]


def test_every_latin_1_letter_is_drawn_and_differs_from_the_missing_one() -> None:
    """No letter of Latin-1 is empty or shows the box of missing letters."""
    missing = draw_text("\u4e2d", 24)
    for letter in _LATIN_1:
        ink = draw_text(letter, 24)
        assert ink.max() > 0.5, letter
        assert ink.shape != missing.shape or not np.array_equal(ink, missing), letter


def test_letters_that_are_not_there_are_visible() -> None:
    """A Chinese letter shows as a box, a combining accent joins its letter."""
    assert draw_text("\u4e2d", 30).max() > 0.5
    assert np.array_equal(draw_text("e\u0301", 30), draw_text("\u00e9", 30))


@pytest.mark.parametrize("em", [0.5, 3.0, 14.0, 90.0, 300.0])
def test_text_has_the_height_asked_for(em: float) -> None:
    """A capital letter is about 0.73 em high, at any size."""
    ink = draw_text("H", em)
    assert ink.shape[0] == max(round(1.5 * em), 1)
    if em > 10:
        rows = np.flatnonzero(ink.max(axis=1) > 0.5)
        assert rows[-1] - rows[0] + 1 == pytest.approx(0.73 * em, abs=1.6)


def test_nothing_to_write_is_no_error() -> None:
    """Empty text and text of control characters leave the paper empty."""
    assert draw_text("", 20).max() == 0
    assert draw_text("\u200b", 20).max() == 0


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_wrapped_lines_fit_and_lose_nothing(text: str) -> None:
    """No line of several letters is too wide, and all letters are still there, in order."""
    lines = wrap(text, 20, 120)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(text_width(line, 20) <= 120 or len(line) <= 2 for line in lines)
