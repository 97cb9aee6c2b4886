"""Hands are cut out, read, and put back where they were."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.demo.anatomy import POSES
from triptych.gesture.demo.hand import DrawnHand, draw_hand
from triptych.gesture.demo.room import draw_room
from triptych.gesture.perceive import reader as reader_module
from triptych.gesture.perceive.reader import (
    ANSWERS,
    REACH,
    SIZE,
    HandReader,
    box_around,
    crop_square,
    cut,
)
from triptych.gesture.types import GESTURES, Box


class FakeSession:
    """Answers every crop alike and keeps the crops; scores are one-hot on the answer's number."""

    def __init__(self, landmarks: np.ndarray) -> None:
        self.landmarks = landmarks.astype(np.float32)
        self.crops = np.zeros((0, SIZE, SIZE, 3), np.uint8)

    def run(self, _outputs: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Scores, landmarks and embeddings for the crops."""
        self.crops = given["crops"]
        count = len(self.crops)
        scores = np.eye(8, dtype=np.float32)[None, :3].repeat(count, 0)
        embedding = np.arange(count, dtype=np.float32)[:, None].repeat(128, 1)
        return [scores, self.landmarks[None].repeat(count, 0), embedding]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[[np.ndarray], FakeSession]:
    """Lets the next reader answer with the given landmarks."""

    def install(landmarks: np.ndarray) -> FakeSession:
        session = FakeSession(landmarks)
        monkeypatch.setattr(reader_module, "load_session", lambda _name: session)
        return session

    return install


centres = st.floats(-0.5, 1.5)
extents = st.floats(0.01, 0.9)


@given(centres, centres, extents, extents, st.integers(40, 2000), st.integers(40, 2000))
def test_the_square_lies_around_the_box(
    x: float, y: float, w: float, h: float, width: int, height: int
) -> None:
    """Its middle is the box's, its side 1.5 times the landmarks' extent, to a pixel."""
    box = Box(x - w / 2, y - h / 2, x + w / 2, y + h / 2)
    left, top, side = crop_square(box, width, height)
    extent = max(w * width, h * height) / 1.2
    assert side == pytest.approx(max(REACH * extent, 8), abs=1)
    assert left + side / 2 == pytest.approx(x * width, abs=1)
    assert top + side / 2 == pytest.approx(y * height, abs=1)


@given(st.lists(st.tuples(st.floats(0, 640), st.floats(0, 480)), min_size=21, max_size=21))
def test_a_box_holds_its_landmarks_with_some_flesh(points: list[tuple[float, float]]) -> None:
    """Every landmark is inside, and the margin is a tenth of the extent on each side."""
    size = np.array([640, 480], np.float32)
    landmarks = np.array(points, np.float32)
    box = box_around(landmarks, size)
    span = landmarks.max(0) - landmarks.min(0)
    assert box.width * 640 == pytest.approx(span[0] + 0.2 * span.max(), abs=0.01)
    assert box.height * 480 == pytest.approx(span[1] + 0.2 * span.max(), abs=0.01)
    assert (landmarks >= np.array([box.x0, box.y0]) * size - 0.01).all()
    assert (landmarks <= np.array([box.x1, box.y1]) * size + 0.01).all()


@pytest.mark.parametrize(
    ("square", "black"),
    [
        ((50, 40, 60), 0.0),
        ((-30, 40, 60), 0.5),
        ((130, 40, 60), 0.5),
        ((50, -30, 60), 0.5),
        ((50, 90, 60), 0.5),
        ((-30, -30, 60), 0.75),
        ((-500, 40, 60), 1.0),
        ((900, 900, 60), 1.0),
    ],
)
def test_what_lies_outside_the_picture_is_black(square: tuple[int, int, int], black: float) -> None:
    """The share of the square beyond the border is black, the rest is the picture."""
    frame = np.full((120, 160, 3), 200, np.uint8)
    crop = cut(frame, square)
    assert crop.shape == (SIZE, SIZE, 3) and crop.dtype == np.uint8
    assert (crop < 100).mean() == pytest.approx(black, abs=0.02)


@pytest.mark.parametrize("side", [8, 40, 128, 400])
def test_a_crop_shows_the_square_and_nothing_else(side: int) -> None:
    """Its corners show the square's corners, whatever the square's size."""
    frame = np.zeros((600, 600, 3), np.uint8)
    frame[100 : 100 + side, 50 : 50 + side] = 255
    assert (cut(frame, (50, 100, side)) == 255).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (4320, 7680)])
def test_pictures_of_any_size_can_be_cut(shape: tuple[int, int]) -> None:
    """From one pixel to 8K, and long strips."""
    frame = np.full((*shape, 3), 9, np.uint8)
    for box in (Box(0, 0, 1, 1), Box(-3, -3, -2, -2), Box(0.5, 0.5, 0.5, 0.5)):
        assert cut(frame, crop_square(box, shape[1], shape[0])).shape == (SIZE, SIZE, 3)


def test_a_runaway_box_does_not_eat_the_memory() -> None:
    """However large a box grows, the square stays within twice the picture's size."""
    _x, _y, side = crop_square(Box(-1e6, -1e6, 1e6, 1e6), 1280, 720)
    assert side == 2 * 1280


@given(centres, centres, extents, st.floats(-0.25, 1.25), st.floats(-0.25, 1.25))
def test_what_the_network_points_at_is_found_there_in_the_picture(
    x: float, y: float, size: float, u: float, v: float
) -> None:
    """Fractions of the crop become the very pixels that the crop was cut from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            reader_module, "load_session", lambda _name: FakeSession(np.tile([[u, v]], (21, 1)))
        )
        reader = HandReader()
    box = Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2)
    (hand,) = reader.read(np.zeros((240, 320, 3), np.uint8), [box])
    left, top, side = crop_square(box, 320, 240)
    assert hand.landmarks is not None
    assert hand.landmarks[0] * [320, 240] == pytest.approx(
        [left + u * side, top + v * side], abs=0.01
    )


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_chosen_answer_is_believed(answer: str, fake: Callable) -> None:
    """`appearance`, `shape` and `both` are the first three rows of the network's scores."""
    fake(np.random.default_rng(0).random((21, 2)))
    reader = HandReader(answer)  # type: ignore[arg-type]
    (hand,) = reader.read(np.zeros((48, 64, 3), np.uint8), [Box(0.2, 0.2, 0.8, 0.8)])
    assert hand.gesture == GESTURES[ANSWERS.index(answer)]
    assert hand.score == 1.0
    assert tuple(hand.scores) == GESTURES


def test_hands_come_back_in_order_with_their_tracks(fake: Callable) -> None:
    """One hand for each box, the number of its track and its own embedding with it."""
    fake(np.random.default_rng(0).random((21, 2)))
    boxes = [Box(0.0, 0.0, 0.3, 0.3), Box(0.6, 0.6, 0.9, 0.9)]
    hands = HandReader().read(np.zeros((96, 96, 3), np.uint8), boxes, [7, 3])
    assert [hand.track for hand in hands] == [7, 3]
    assert [float(hand.embedding[0]) for hand in hands if hand.embedding is not None] == [0, 1]
    assert hands[0].box.centre < hands[1].box.centre
    assert [hand.track for hand in HandReader().read(np.zeros((9, 9, 3), np.uint8), boxes)] == [
        0,
        0,
    ]


def test_without_boxes_nothing_is_run(fake: Callable) -> None:
    """No hand to read: an empty list, and the network rests."""
    session = fake(np.zeros((21, 2)))
    assert HandReader().read(np.zeros((48, 64, 3), np.uint8), []) == []
    assert len(session.crops) == 0


@pytest.mark.parametrize("gesture", ["fist", "palm", "ok", "one", "two_up", "peace"])
def test_shipped_weights_read_the_textbook_hand(gesture: str) -> None:
    """A drawn hand in its textbook pose is read as its sign, its landmarks within a tenth of it."""
    frame = draw_room(np.random.default_rng(3), (640, 480), 1.0)
    drawn = draw_hand(frame, DrawnHand(POSES[gesture][0]), (320, 380), 190)
    frame = cv2.GaussianBlur(frame, (0, 0), 0.6)
    size = np.array([640, 480], np.float32)
    box = box_around(drawn, size)
    (hand,) = HandReader().read(np.asarray(frame, np.uint8), [box])
    assert hand.landmarks is not None
    gap = np.linalg.norm(hand.landmarks * size - drawn, axis=1).mean()
    extent = (drawn.max(0) - drawn.min(0)).max()
    assert gap < 0.1 * extent
    assert hand.gesture == gesture
