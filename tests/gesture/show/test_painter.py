"""Rings and badges on the picture."""

import numpy as np
import pytest

from triptych.errors import BadConfig
from triptych.gesture.config import Config
from triptych.gesture.show.painter import Painter
from triptych.gesture.types import SIGNS, Badge, Decision, Frame, Ring

_SIZE = (640, 360)


def _painted(painter: Painter, size_wh: tuple[int, int] = _SIZE, **shown: object) -> Frame:
    frame = np.full((size_wh[1], size_wh[0], 3), 90, np.uint8)
    painter.paint(frame, Decision(0.0, None, **shown))  # type: ignore[arg-type]
    return frame


def _with_show(**settings: object) -> Config:
    return Config.model_validate({"show": settings})


def test_nothing_to_show_changes_nothing() -> None:
    """Without ring and badge, and with a badge that has faded out, the picture stays as it is."""
    painter = Painter(Config(), _SIZE)
    assert (_painted(painter) == 90).all()
    assert (_painted(painter, badge=Badge("ok", 0.0)) == 90).all()


@pytest.mark.parametrize("place", ["top-left", "top-right", "bottom-left", "bottom-right"])
def test_badge_lies_in_its_corner_and_touches_nothing_else(place: str) -> None:
    """Only pixels in the chosen quarter of the picture change."""
    painter = Painter(_with_show(place=place), _SIZE)
    frame = _painted(painter, badge=Badge("palm", 1.0), ring=Ring("fist", 0.5))
    rows, cols = np.nonzero((frame != 90).any(axis=2))
    upper, lefter = place.startswith("top"), place.endswith("left")
    assert (rows < 180).all() if upper else (rows >= 180).all()
    assert (cols < 320).all() if lefter else (cols >= 320).all()


@pytest.mark.parametrize("place", ["top-left", "bottom-right"])
def test_the_badge_s_place_is_told(place: str) -> None:
    """A looking-glass leaves its words as they are: the box holds what was drawn, closely."""
    painter = Painter(_with_show(place=place), _SIZE)
    frame = np.full((_SIZE[1], _SIZE[0], 3), 90, np.uint8)
    box = painter.paint(frame, Decision(0.0, None, badge=Badge("palm", 1.0)))
    rows, cols = np.nonzero((np.abs(frame.astype(int) - 90) > 50).any(axis=2))
    assert box is not None
    drawn = (cols.min() / 640, rows.min() / 360, (cols.max() + 1) / 640, (rows.max() + 1) / 360)
    assert box.as_list() == pytest.approx(drawn, abs=0.01)
    assert painter.paint(frame, Decision(0.0, None, ring=Ring("palm", 0.5))) is None


def test_every_sign_looks_its_own_way() -> None:
    """Badges of signs with different icons or texts differ; the two comment signs look alike."""
    painter = Painter(Config(), _SIZE)
    frames = {sign: _painted(painter, badge=Badge(sign, 1.0)) for sign in SIGNS}
    assert np.array_equal(frames["one"], frames["two_up"])
    assert len({frame.tobytes() for frame in frames.values()}) == 5


def test_badge_fades_from_full_to_nothing() -> None:
    """Less opacity changes the picture less."""
    painter = Painter(Config(), _SIZE)
    change = [
        int(np.abs(_painted(painter, badge=Badge("ok", o)).astype(int) - 90).sum())
        for o in (1.0, 0.7, 0.3, 0.05)
    ]
    assert change == sorted(change, reverse=True) and change[0] > change[-1] > 0


def test_ring_closes_with_progress() -> None:
    """White spreads around the ring, from none at 0 to all around at 1."""
    painter = Painter(Config(), _SIZE)
    white = [
        int((_painted(painter, ring=Ring("ok", p)) > 245).all(axis=2).sum())
        for p in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert white == sorted(white) and white[0] == 0
    assert white[2] == pytest.approx(white[4] / 2, rel=0.1)


def test_labels_can_be_off() -> None:
    """Without labels the badge is as wide as it is high."""
    spans = []
    for labels in (True, False):
        frame = _painted(Painter(_with_show(labels=labels), _SIZE), badge=Badge("palm", 1.0))
        rows, cols = np.nonzero((frame != 90).any(axis=2))
        spans.append((int(np.ptp(cols)), int(np.ptp(rows))))
    assert spans[0][0] > 1.5 * spans[0][1] and abs(spans[1][0] - spans[1][1]) <= 3


@pytest.mark.parametrize("size_wh", [(1, 1), (3, 200), (200, 3), (160, 120), (3840, 2160)])
def test_any_size_can_be_painted(size_wh: tuple[int, int]) -> None:
    """From one pixel to 4K nothing fails, and the badge stays in the picture."""
    config = Config.model_validate({"signs": {"ok": {"text": "W" * 40}}})
    painter = Painter(config, size_wh)
    frame = _painted(painter, size_wh, badge=Badge("ok", 1.0), ring=Ring("palm", 0.5))
    assert frame.shape == (size_wh[1], size_wh[0], 3)


def test_a_frame_of_another_size_is_cut_not_crashed() -> None:
    """A smaller frame than announced shows what fits."""
    painter = Painter(Config(), _SIZE)
    frame = _painted(painter, (500, 40), badge=Badge("ok", 1.0), ring=Ring("ok", 1.0))
    assert frame.shape == (40, 500, 3)


def test_useless_icon_names_the_setting() -> None:
    """A broken icon path is found at construction, not in the call."""
    config = Config.model_validate({"signs": {"ok": {"icon": "/nowhere/mine.png"}}})
    with pytest.raises(BadConfig, match=r"signs\.ok\.icon"):
        Painter(config, _SIZE)
