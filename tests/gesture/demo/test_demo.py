"""The shipped demo clip and its script."""

from itertools import pairwise

import av
import numpy as np
import pytest

from triptych.gesture.demo import demo_clip, demo_script
from triptych.gesture.demo.script import ACTS, FPS, GONE, SECONDS, SIZE_WH, timeline
from triptych.gesture.demo.stage import draw_moment
from triptych.gesture.types import MEANINGS


def test_shipped_script_is_the_one_in_the_code() -> None:
    """script.json says what script.py says: remake the clip after a change."""
    assert demo_script() == timeline()


def test_script_shows_everything_in_order() -> None:
    """All five meanings, a leaving and a return, one after the other, inside the clip."""
    script = demo_script()
    assert [entry["meaning"] for entry in script if entry["event"] == "gesture"] == [*MEANINGS]
    assert [e["event"] for e in script if e["event"] != "gesture"] == ["back", "away", "back"]
    starts = [entry["t"] for entry in script]
    assert starts == sorted(starts) and script[0]["t"] == 0
    assert all(entry["t"] < entry["end"] <= SECONDS for entry in script)


def test_signs_are_held_long_enough_and_far_enough_apart() -> None:
    """Each sign is up for 1.5 s, with hands down for a moment before the next one."""
    assert all(act.end - act.start >= 1.5 for act in ACTS)
    assert all(b.start - a.end >= 1.8 for a, b in pairwise(ACTS))


def test_clip_is_small_and_as_announced() -> None:
    """H.264, 1280x720, 25 pictures a second, 20 to 30 s, under 3 MB."""
    assert demo_clip().stat().st_size < 3_000_000
    with av.open(str(demo_clip())) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert (stream.width, stream.height) == SIZE_WH
        assert stream.average_rate == FPS
        assert stream.frames == round(SECONDS * FPS) and 20 <= SECONDS <= 30


@pytest.mark.parametrize("moment", [2.4, 9.6, GONE[0] + 0.4])
def test_clip_shows_what_the_stage_draws(moment: float) -> None:
    """The shipped pictures are the drawn ones, but for what the codec changes."""
    number = round(moment * FPS)
    with av.open(str(demo_clip())) as container:
        for i, frame in enumerate(container.decode(video=0)):
            if i == number:
                shown = frame.to_ndarray(format="bgr24").astype(int)
                break
        else:
            pytest.fail("the clip ends too early")
    assert np.abs(shown - draw_moment(number / FPS)).mean() < 3


def test_room_is_empty_while_the_person_is_gone() -> None:
    """Between leaving and returning nothing but noise changes."""
    first, second = draw_moment(GONE[0] + 0.2), draw_moment(GONE[1] - 0.2)
    assert np.abs(first.astype(int) - second).max() < 12
