"""Boxes -> what the detector learns -> boxes; mosaics with everything in its place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.learn.mosaic import Objects, place, tiles
from triptych.gesture.learn.targets import decode, targets
from triptych.gesture.perceive.detector import decode as runtime_decode

NOTHING = np.zeros((0, 4), np.float32)


def objects(
    hands: object = (), faces: object = (), doubtful: object = (), **known: bool
) -> Objects:
    """Objects from lists of boxes."""
    made = [np.array(boxes, np.float32).reshape(-1, 4) for boxes in (hands, faces, doubtful)]
    return Objects(*made, known.get("hands_known", True), known.get("faces_known", True))


@st.composite
def separate_boxes(draw: st.DrawFn) -> list[list[float]]:
    """Boxes in different fields of a 3 x 3 board of 256 pixels."""
    fields = draw(st.lists(st.integers(0, 8), unique=True, max_size=6))
    made = []
    for field in fields:
        x, y = 85 * (field % 3) + 42, 85 * (field // 3) + 42
        w, h = draw(st.floats(14, 70)), draw(st.floats(14, 70))
        x += draw(st.floats(-5, 5))
        y += draw(st.floats(-5, 5))
        made.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return made


@given(separate_boxes(), separate_boxes())
def test_boxes_come_back(hands: list[list[float]], faces: list[list[float]]) -> None:
    """What the targets say, read as the network's answer, are the boxes themselves."""
    learnt = targets(objects(hands, faces), (256, 256))
    found = decode(learnt["heat"], learnt["sides"], floor=0.99)
    for kind, wanted in (("hand", hands), ("face", faces)):
        got = sorted(box.tolist() for _score, box in found[kind])
        assert len(got) == len(wanted)
        for one, other in zip(got, sorted(wanted), strict=True):
            assert one == pytest.approx(other, abs=0.01)
    shown = runtime_decode(learnt["heat"], learnt["sides"], (256, 256))
    assert len([found for found in shown["hand"] if found.score > 0.99]) == len(hands)


def test_a_hand_before_a_face_keeps_its_own_box() -> None:
    """Kinds do not share maps, even at the same centre."""
    hand, face = [100, 100, 140, 150], [80, 80, 160, 170]
    learnt = targets(objects([hand], [face]), (256, 256))
    found = decode(learnt["heat"], learnt["sides"], floor=0.99)
    assert found["hand"][0][1].tolist() == pytest.approx(hand)
    assert found["face"][0][1].tolist() == pytest.approx(face)


def test_what_is_too_small_teaches_nothing() -> None:
    """A box under 5 pixels is neither learnt nor counted as background."""
    learnt = targets(objects([[100, 100, 104, 104]]), (256, 256))
    assert learnt["heat"].max() == 0 and learnt["weight"].max() == 0
    assert learnt["mask"][0, 12, 12] == 0
    assert learnt["mask"][1].all()


def test_nothing_is_learnt_in_blind_regions_but_centres() -> None:
    """Doubtful faces are masked; a known centre inside still counts."""
    seen = objects([], [[100, 100, 140, 140]], [[90, 90, 200, 200]])
    placed = seen.mapped(np.array([[1.0, 0, 0], [0, 1, 0]]), (256, 256))
    learnt = targets(placed, (256, 256))
    assert learnt["mask"][1, 15, 15] == 1
    assert learnt["mask"][1, 20, 20] == 0
    assert learnt["mask"][1, 5, 5] == 1
    assert learnt["mask"][0].all()


@pytest.mark.parametrize(("kind", "key"), [(0, "hands_known"), (1, "faces_known")])
def test_what_nobody_looked_for_is_not_background(kind: int, key: str) -> None:
    """If hands (or faces) are not known, their whole map is masked, the other's is not."""
    placed = objects(**{key: False}).mapped(np.array([[1.0, 0, 0], [0, 1, 0]]), (64, 64))
    mask = targets(placed, (64, 64))["mask"]
    assert not mask[kind].any()
    assert mask[1 - kind].all()


def test_mapping_moves_scales_and_drops() -> None:
    """Boxes are mapped with their corners, cut at the border, and dropped if little is left."""
    seen = objects([[10, 10, 30, 20], [50, 10, 70, 20], [90, 10, 110, 20]])
    doubled = seen.mapped(np.array([[2.0, 0, 0], [0, 2, 5]]), (120, 100))
    assert doubled.hands.tolist() == [[20, 25, 60, 45], [100, 25, 120, 45]]
    mirrored = seen.mapped(np.array([[-1.0, 0, 100], [0, 1, 0]]), (100, 100))
    assert mirrored.hands.tolist() == [[70, 10, 90, 20], [30, 10, 50, 20], [0, 10, 10, 20]]


def test_moving_and_joining_keep_what_is_blind() -> None:
    """A tile's objects and blind regions go along when it is put into the mosaic."""
    left = objects([[0, 0, 9, 9]], faces_known=False)
    left = left.mapped(np.array([[1.0, 0, 0], [0, 1, 0]]), (32, 64))
    both = objects(faces=[[40, 0, 60, 20]]).with_(left.moved(32, 0))
    assert both.hands.tolist() == [[32, 0, 41, 9]]
    assert both.faces.tolist() == [[40, 0, 60, 20]]
    assert both.blind.tolist() == [[1, 32, 0, 64, 64]]
    nothing = Objects.none()
    assert nothing.with_(nothing).blind.shape == (0, 5)


@given(st.integers(0, 1000))
def test_tiles_cover_the_square_once(seed: int) -> None:
    """No pixel is left out and none is drawn twice."""
    board = np.zeros((256, 256), int)
    for x0, y0, x1, y1 in tiles(np.random.default_rng(seed), 256):
        board[y0:y1, x0:x1] += 1
    assert (board == 1).all()


@given(st.integers(0, 10_000))
def test_boxes_stay_on_what_they_name(seed: int) -> None:
    """However a picture is placed, the box lies around the pixels that it lay around before."""
    picture = np.full((200, 300, 3), 40, np.uint8)
    picture[60:130, 100:190] = 250
    tile, found = place(
        picture, objects([[100, 60, 190, 130]]), (160, 120), np.random.default_rng(seed)
    )
    assert tile.shape == (120, 160, 3) and tile.dtype == np.uint8
    assert found.hands_known and found.faces_known
    if len(found.hands) == 0:
        return
    ((x0, y0, x1, y1),) = found.hands.tolist()
    assert 0 <= x0 < x1 <= 160 and 0 <= y0 < y1 <= 120
    inside = tile[round(y0) : round(y1), round(x0) : round(x1)]
    # The box of a turned rectangle holds corners that are not the rectangle's.
    assert (inside > 150).mean() > 0.5
    middle = tile[int((y0 + y1) / 2), int((x0 + x1) / 2)]
    assert (middle > 150).all()
