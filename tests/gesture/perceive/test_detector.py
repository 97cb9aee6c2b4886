"""Heat maps -> boxes against brute force, and pictures of all shapes through the network."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from triptych.gesture.config import Config
from triptych.gesture.demo.features import Expression, Features
from triptych.gesture.demo.person import Person, draw_person
from triptych.gesture.demo.room import draw_room
from triptych.gesture.demo.shading import Light
from triptych.gesture.perceive import detector as detector_module
from triptych.gesture.perceive.detector import (
    FLOOR,
    KINDS,
    STRIDE,
    Detector,
    Found,
    decode,
    intersection_over_union,
    resize_into,
    suppress,
)
from triptych.gesture.types import Box, Frame

numbers = st.floats(-2, 3, width=32)


@pytest.mark.parametrize(
    ("size_wh", "into_wh"),
    [
        ((1280, 720), (320, 180)),
        ((1280, 720), (256, 144)),
        ((1280, 720), (160, 90)),
        ((1920, 1080), (320, 180)),
        ((641, 479), (320, 239)),
        ((320, 180), (320, 180)),
    ],
)
def test_shrinking_step_by_step_is_shrinking(
    size_wh: tuple[int, int], into_wh: tuple[int, int]
) -> None:
    """Halving first is as good as one step: the means differ by a grey level or two."""
    rough = np.random.default_rng(0).integers(0, 256, (9, 16, 3), np.uint8)
    frame = cv2.resize(rough, size_wh, interpolation=cv2.INTER_CUBIC)
    into = np.zeros((into_wh[1], into_wh[0], 3), np.uint8)
    resize_into(into, np.asarray(frame, np.uint8))
    once = cv2.resize(frame, into_wh, interpolation=cv2.INTER_AREA)
    assert np.abs(into.astype(int) - once).mean() < 1.0
    assert np.abs(into.astype(int) - once).max() <= 4


def test_a_small_picture_is_enlarged_smoothly() -> None:
    """Between its pixels there are values in between."""
    into = np.zeros((64, 64, 3), np.uint8)
    resize_into(into, np.array([[[0] * 3, [200] * 3]], np.uint8))
    assert len(np.unique(into)) > 20


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Boxes with some area, also partly outside the picture."""
    x, y = draw(numbers), draw(numbers)
    w, h = draw(st.floats(0.01, 2)), draw(st.floats(0.01, 2))
    return Box(x, y, x + w, y + h)


@given(boxes(), boxes())
def test_overlap_is_symmetric_and_a_share(a: Box, b: Box) -> None:
    """Intersection over union does not depend on the order and lies in 0..1."""
    assert intersection_over_union(a, b) == pytest.approx(intersection_over_union(b, a))
    assert 0 <= intersection_over_union(a, b) <= 1 + 1e-9


@given(boxes())
def test_a_box_overlaps_itself_wholly(box: Box) -> None:
    """Intersection over union of a box with itself is 1."""
    assert intersection_over_union(box, box) == pytest.approx(1)


def test_overlap_of_known_boxes() -> None:
    """Half-covered twins share a third; neighbours and empty boxes share nothing."""
    box = Box(0, 0, 1, 1)
    assert intersection_over_union(box, Box(0.5, 0, 1.5, 1)) == pytest.approx(1 / 3)
    assert intersection_over_union(box, Box(1, 0, 2, 1)) == 0
    assert intersection_over_union(box, Box(0.5, 0.5, 0.5, 0.5)) == 0
    assert intersection_over_union(Box(0, 0, 0, 0), Box(0, 0, 0, 0)) == 0


@given(st.lists(st.tuples(boxes(), st.floats(0, 1)), max_size=8), st.floats(0.1, 0.9))
def test_what_is_kept_overlaps_little_and_what_is_dropped_much(
    pairs: list[tuple[Box, float]], limit: float
) -> None:
    """Kept boxes overlap at most `limit`; each dropped one overlaps a better kept one by more."""
    objects = [Found(box, score) for box, score in sorted(pairs, key=lambda p: -p[1])]
    kept = suppress(objects, limit)
    for i, one in enumerate(kept):
        assert all(intersection_over_union(one.box, other.box) <= limit for other in kept[:i])
    for lost in (found for found in objects if found not in kept):
        assert any(
            intersection_over_union(lost.box, better.box) > limit and better.score >= lost.score
            for better in kept
        )


@given(
    # Few different values, so that plateaus and ties are common.
    arrays.arrays(np.float32, (2, 5, 6), elements=st.sampled_from([0, 0.1, 0.15, 0.4, 0.7, 1.0])),
    st.integers(0, 1000),
)
def test_decoding_agrees_with_brute_force(heat: np.ndarray, seed: int) -> None:
    """Cells not below any of their neighbours, from the floor up, with the sides found there."""
    sides = np.random.default_rng(seed).uniform(1, 60, (2, 4, 5, 6)).astype(np.float32)
    found = decode(heat, sides, (48, 40))
    for index, kind in enumerate(KINDS):
        expected: list[Found] = []
        for row in range(5):
            for column in range(6):
                score = heat[index, row, column]
                around = heat[index, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
                if score < np.float32(FLOOR) or score < around.max():
                    continue
                x, y = STRIDE * (column + 0.5), STRIDE * (row + 0.5)
                left, top, right, bottom = sides[index, :, row, column].astype(float)
                box = Box((x - left) / 48, (y - top) / 40, (x + right) / 48, (y + bottom) / 40)
                expected.append(Found(box, float(score)))
        expected = suppress(sorted(expected, key=lambda found: -found.score))
        assert all(type(number) is float for f in found[kind] for number in f.box.as_list())
        assert [f.score for f in found[kind]] == [f.score for f in expected]
        for got, wanted in zip(found[kind], expected, strict=True):
            assert got.box.as_list() == pytest.approx(wanted.box.as_list(), abs=1e-6)


def test_a_map_of_nan_shows_nothing() -> None:
    """A network gone wrong finds nobody, so that the picture is covered."""
    nan = np.full((2, 4, 4), np.nan, np.float32)
    assert decode(nan, np.ones((2, 4, 4, 4), np.float32), (32, 32)) == {"hand": [], "face": []}


class FakeSession:
    """Keeps what the network was given; finds one face in the middle of what it saw."""

    def __init__(self, score: float = 0.9) -> None:
        self.picture = np.zeros(0, np.uint8)
        self.score = score
        self.widths: list[int] = []

    def run(self, _outputs: None, given: dict[str, Any]) -> list[np.ndarray]:
        """Heat and sides for the picture."""
        self.picture = given["picture"]
        self.widths.append(self.picture.shape[2])
        rows, columns = (side // STRIDE for side in self.picture.shape[1:3])
        heat = np.zeros((1, 2, rows, columns), np.float32)
        heat[0, 1, 2, 3] = self.score
        return [heat, np.full((1, 2, 4, rows, columns), 8, np.float32)]


@pytest.mark.parametrize(
    ("shape", "canvas", "picture"),
    [
        ((720, 1280), (192, 320), (180, 320)),
        ((480, 640), (256, 320), (240, 320)),
        ((640, 480), (320, 256), (320, 240)),
        ((1, 1), (320, 320), (320, 320)),
        ((1, 8000), (32, 320), (1, 320)),
        ((8000, 1), (320, 32), (320, 1)),
        ((4320, 7680), (192, 320), (180, 320)),
    ],
)
def test_pictures_are_fitted_into_the_network(
    shape: tuple[int, int],
    canvas: tuple[int, int],
    picture: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The longer side becomes 320, sides multiples of 32, what is added stays black."""
    session = FakeSession()
    monkeypatch.setattr(detector_module, "load_session", lambda _name: session)
    detector = Detector()
    found = detector.find(np.full((*shape, 3), 200, np.uint8))
    (seen,) = session.picture
    assert seen.shape == (*canvas, 3) and seen.dtype == np.uint8
    assert (seen[: picture[0], : picture[1]] == 200).all()
    assert not seen[picture[0] :].any() and not seen[:, picture[1] :].any()
    (face,) = found["face"]
    wide, tall = picture[1], picture[0]
    assert face.box.as_list() == pytest.approx([20 / wide, 12 / tall, 36 / wide, 28 / tall])
    assert found["hand"] == []


@pytest.mark.parametrize(("score", "widths"), [(0.9, [320]), (0.4, [320, 160])])
def test_a_second_look_only_where_no_face_is_clear(
    score: float, widths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At half the size, and its faces are told beside the first look's."""
    session = FakeSession(score)
    monkeypatch.setattr(detector_module, "load_session", lambda _name: session)
    found = Detector().find(np.zeros((720, 1280, 3), np.uint8))
    assert session.widths == widths
    assert len(found["face"]) == len(widths)


@pytest.mark.parametrize("value", [0, 127, 255])
@pytest.mark.parametrize("shape", [(1, 1), (2, 500), (500, 2), (4320, 7680)])
def test_the_shipped_network_sees_nothing_in_flat_pictures(
    shape: tuple[int, int], value: int
) -> None:
    """From one pixel to 8K: no error, and no face sure enough to show the room."""
    enter = Config().presence.face_enter
    found = Detector().find(np.full((*shape, 3), value, np.uint8))
    assert all(face.score < enter for face in found["face"])


def person(frame: Frame, at: tuple[float, float], size: float) -> Box:
    """A drawn person in the picture; the face's box."""
    return draw_person(frame, Person(Features()), Expression(), Light(), at, size)


@pytest.mark.parametrize("size", [70, 160])
def test_shipped_weights_see_a_drawn_face(size: int) -> None:
    """The best face lies on the drawn one and shows that somebody is there; a room alone not."""
    enter = Config().presence.face_enter
    room = draw_room(np.random.default_rng(3), (640, 480))
    frame = room.copy()
    box = person(frame, (320, 200), size)
    frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), 0.6), np.uint8)
    best = Detector().find(frame)["face"][0]
    assert intersection_over_union(best.box, box) > 0.5
    assert best.score > enter
    assert all(face.score < enter for face in Detector().find(room)["face"])


@pytest.mark.parametrize("margin", [0.05, 0.2])
def test_shipped_weights_see_a_face_that_fills_the_picture(margin: float) -> None:
    """Somebody who leans into the camera is not taken for absent."""
    frame = draw_room(np.random.default_rng(3), (640, 480))
    box = person(frame, (320, 240), 220)
    wide, tall = margin * box.width, margin * box.height
    close = frame[
        max(0, int((box.y0 - tall) * 480)) : int((box.y1 + tall) * 480),
        max(0, int((box.x0 - wide) * 640)) : int((box.x1 + wide) * 640),
    ]
    best = Detector().find(np.ascontiguousarray(close))["face"][0]
    assert best.score > Config().presence.face_enter
    assert intersection_over_union(best.box, Box(0, 0, 1, 1)) > 0.5
