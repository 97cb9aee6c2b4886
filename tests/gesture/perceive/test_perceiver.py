"""Detect rarely, track always: rates, tracks and what is believed, with scripted networks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from triptych.gesture.config import Config
from triptych.gesture.perceive import perceiver as module
from triptych.gesture.perceive.detector import CLEAR_FACE, COARSE_SIDE, LONGER_SIDE, Found
from triptych.gesture.perceive.perceiver import (
    MISSES,
    NEW_HAND,
    REFRESH_SECONDS,
    SEARCH_SECONDS,
    SETTLED_SECONDS,
    STIRRED_SECONDS,
    Perceiver,
)
from triptych.gesture.types import GESTURES, Box, Frame, Hand

FRAME: Frame = np.zeros((90, 160, 3), np.uint8)
LEFT, RIGHT = Box(0.1, 0.3, 0.3, 0.6), Box(0.6, 0.3, 0.8, 0.6)
FACE = Found(Box(0.4, 0.1, 0.6, 0.4), 0.9)


def found(box: Box, score: float = 0.9) -> Found:
    """A hand as the detector tells it."""
    return Found(box, score)


def moved(box: Box, x: float) -> Box:
    """The box further to the right."""
    return Box(box.x0 + x, box.y0, box.x1 + x, box.y1)


@dataclass
class World:
    """What the two networks will say, and how often they were asked.

    hands: what the detector finds. drift: how far each reading lies beside the box it was given.
    none: probability of `none` that the reader gives a hand whose box starts at this x or beyond.
    """

    hands: list[Found] = field(default_factory=list)
    faces: list[Found] = field(default_factory=list)
    drift: float = 0.0
    none: Callable[[Box], float] = lambda box: 0.0
    landmarks: float = 0.5
    looks: int = 0
    reads: int = 0
    sides: list[int] = field(default_factory=list[int])

    def find(self, _frame: Frame, longer_side: int) -> dict[str, list[Found]]:
        """As `Detector.find`."""
        self.looks += 1
        self.sides.append(longer_side)
        return {"hand": list(self.hands), "face": list(self.faces)}

    def read(self, _frame: Frame, boxes: list[Box], tracks: list[int] | None = None) -> list[Hand]:
        """As `HandReader.read`."""
        self.reads += len(boxes)
        hands = []
        for i, box in enumerate(boxes):
            none = self.none(box)
            scores = dict.fromkeys(GESTURES, 0.0) | {"palm": 1 - none, "none": none}
            points = np.full((21, 2), self.landmarks, np.float32)
            track = tracks[i] if tracks else 0
            hands.append(Hand(moved(box, self.drift), scores, points, None, track))
        return hands


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The scripted networks, put where the perceiver looks for the real ones."""
    world = World()
    monkeypatch.setattr(module, "Detector", lambda: world)
    monkeypatch.setattr(module, "HandReader", lambda _answer: world)
    return world


def times(seconds: float, fps: float = 30, start: float = 0.0) -> Iterator[float]:
    """The times of a camera's pictures."""
    return (start + i / fps for i in range(round(seconds * fps)))


@pytest.mark.parametrize("fps", [10, 15, 25, 30, 60])
def test_an_empty_room_is_searched_a_few_times_a_second(world: World, fps: float) -> None:
    """Without hands the detector looks about six times a second, never less often than five."""
    perceiver = Perceiver(Config())
    for t in times(6, fps):
        perceiver.look(FRAME, t)
    every = max(1, np.ceil((SEARCH_SECONDS - 0.01) * fps))
    assert world.looks == pytest.approx(6 * fps / every, abs=1)
    assert world.looks >= 30
    assert world.reads == 0


def test_who_just_sits_there_is_looked_at_coarsely_every_other_time(world: World) -> None:
    """And five times a second, but only after a second of clear faces."""
    world.faces = [FACE]
    perceiver = Perceiver(Config())
    sides: list[tuple[float, int]] = []
    for t in times(4):
        if perceiver.look(FRAME, t).faces_at == t:
            sides.append((t, world.sides[-1]))
    assert {side for t, side in sides if t < SETTLED_SECONDS} == {LONGER_SIDE}
    later = [side for t, side in sides if t >= SETTLED_SECONDS]
    assert len(later) == pytest.approx(3 / REFRESH_SECONDS, abs=1)
    assert set(later[::2]) == {COARSE_SIDE}
    assert set(later[1::2]) == {LONGER_SIDE}


def test_who_stirs_is_looked_at_at_once_and_in_full(world: World) -> None:
    """A hand on its way up is not kept waiting for the next look, nor for the one after it."""
    world.faces = [FACE]
    perceiver = Perceiver(Config())
    looked, t = 0.0, 0.0
    for t in times(3):
        if perceiver.look(FRAME, t).faces_at == t:
            looked = t
    hand = FRAME.copy()
    hand[40:, 20:70] = 200
    later = next(t for t in times(1, start=t + 1 / 30) if perceiver.look(hand, t).faces_at == t)
    assert later - looked <= max(STIRRED_SECONDS, t + 1 / 30 - looked) + 1e-6
    assert world.sides[-1] == LONGER_SIDE
    world.sides.clear()
    for t in times(2, start=later + 1 / 30):
        # Never still: the hand is wherever it was not.
        hand = hand[:, ::-1]
        perceiver.look(hand if round(t * 30) % 3 else FRAME, t)
    assert set(world.sides) >= {LONGER_SIDE}
    assert len(world.sides) > 2 / REFRESH_SECONDS + 1


@pytest.mark.parametrize("score", [None, CLEAR_FACE - 0.01])
def test_who_is_not_clearly_there_is_looked_for_in_full(world: World, score: float | None) -> None:
    """One look without a clear face, and the coarser ones are over for a second."""
    world.faces = [FACE]
    perceiver = Perceiver(Config())
    t = 0.0
    for t in times(3):
        perceiver.look(FRAME, t)
    assert COARSE_SIDE in world.sides
    world.faces = [] if score is None else [Found(FACE.box, score)]
    looks = world.looks
    while world.looks == looks:
        perceiver.look(FRAME, t := t + 1 / 30)
    world.sides.clear()
    world.faces = [FACE]
    for later in times(SETTLED_SECONDS, start=t + 1 / 30):
        perceiver.look(FRAME, later)
    assert len(world.sides) >= 5
    assert set(world.sides) == {LONGER_SIDE}


def test_an_empty_room_is_never_searched_coarsely(world: World) -> None:
    """Whoever comes in is found, and the picture uncovered, by full looks."""
    perceiver = Perceiver(Config())
    for t in times(4):
        perceiver.look(FRAME, t)
    assert set(world.sides) == {LONGER_SIDE}


@pytest.mark.parametrize("hands", [[found(LEFT)], [found(LEFT), found(RIGHT)]])
def test_a_followed_hand_is_read_or_looked_for_in_every_picture(
    world: World, hands: list[Found]
) -> None:
    """With one hand of two the gate does not stay open: five looks a second, not thirty."""
    world.hands = hands
    perceiver = Perceiver(Config())
    for t in times(6):
        scene = perceiver.look(FRAME, t)
        assert len(scene.hands) == len(hands)
    assert world.looks == pytest.approx(6 / REFRESH_SECONDS, abs=1)
    # In the very first picture both is done: nothing was read before.
    assert world.reads == (180 - world.looks + 1) * len(hands)
    assert world.sides == [LONGER_SIDE, *[COARSE_SIDE] * (world.looks - 1)]


def test_a_slow_camera_s_hands_are_read_in_every_picture(world: World) -> None:
    """A reading that is older than 0.05 s stands for no other."""
    world.hands = [found(LEFT)]
    perceiver = Perceiver(Config())
    for t in times(2, fps=15):
        assert len(perceiver.look(FRAME, t).hands) == 1
    assert world.reads == 30


def test_a_new_hand_is_read_at_once_beside_one_that_is_fresh(world: World) -> None:
    """In the picture in which it is found; the other keeps the reading that it has."""
    world.hands = [found(LEFT)]
    perceiver = Perceiver(Config())
    for t in times(0.2):
        perceiver.look(FRAME, t)
    before, world.hands = world.reads, [found(LEFT), found(RIGHT)]
    assert len(perceiver.look(FRAME, 0.2).hands) == 2
    assert world.reads == before + 1
    assert len(perceiver.look(FRAME, 0.2 + 1 / 30).hands) == 2
    assert world.reads == before + 3


def test_a_hand_that_is_given_up_is_not_kept_by_its_last_reading(world: World) -> None:
    """What two looks did not find is gone, also from the picture of the second look."""
    world.hands = [found(LEFT)]
    perceiver = Perceiver(Config())
    for t in times(0.3):
        perceiver.look(FRAME, t)
    world.hands = []
    seen = {round(t, 3): len(perceiver.look(FRAME, t).hands) for t in times(0.5, start=0.3)}
    gone = [t for t, hands in seen.items() if not hands]
    assert gone and min(gone) == pytest.approx(0.6, abs=0.07)


def test_a_second_hand_is_found_at_the_slow_rate(world: World) -> None:
    """A hand that comes up is followed after 0.2 s at the latest; the first keeps its number."""
    world.hands = [found(LEFT)]
    perceiver = Perceiver(Config())
    for t in times(1):
        (first,) = perceiver.look(FRAME, t).hands
    world.hands = [found(RIGHT, 0.95), found(LEFT)]
    seen = [perceiver.look(FRAME, t) for t in times(REFRESH_SECONDS + 0.04, start=1)]
    assert {hand.track for hand in seen[-1].hands} == {first.track, first.track + 1}
    assert [hand.box for hand in seen[-1].hands] == [LEFT, RIGHT]


def test_more_hands_than_asked_for_are_left_out(world: World) -> None:
    """With `hands = 1` the best one is followed, and no other while it is there."""
    world.hands = [found(RIGHT, 0.9), found(LEFT, 0.8)]
    perceiver = Perceiver(Config.model_validate({"perceive": {"hands": 1}}))
    for t in times(1):
        (hand,) = perceiver.look(FRAME, t).hands
        assert hand.box == RIGHT
    assert len(perceiver.look_still(FRAME).hands) == 1


def test_a_track_keeps_its_number_while_the_hand_moves(world: World) -> None:
    """Landmarks carry the box along between looks, and the detector finds it at its new place."""
    world.hands = [found(LEFT)]
    perceiver = Perceiver(Config())
    perceiver.look(FRAME, 0.0)
    world.drift = 0.01
    # A slow camera, whose every picture is read.
    for i, t in enumerate(times(2, fps=15, start=1 / 15), 1):
        world.hands = [found(moved(LEFT, 0.01 * i))]
        (hand,) = perceiver.look(FRAME, t).hands
        assert hand.track == 1
        assert hand.box.x0 == pytest.approx(LEFT.x0 + 0.01 * i)


def test_no_hand_gives_the_track_up_at_once(world: World) -> None:
    """When the reader says `none`, the hand is gone in the same picture and gets a new number."""
    world.hands = [found(LEFT)]
    perceiver = Perceiver(Config())
    assert len(perceiver.look(FRAME, 0.0).hands) == 1
    world.none = lambda box: 0.9
    assert perceiver.look(FRAME, 0.03).hands == ()
    world.none = lambda box: 0.0
    reads = world.reads
    assert perceiver.look(FRAME, 0.06).hands == ()
    assert world.reads == reads
    (again,) = perceiver.look(FRAME, 0.3).hands
    assert again.track == 2


def test_a_hand_that_the_detector_misses_is_given_up(world: World) -> None:
    """One look that misses it is forgiven, the second in a row is not; a hit in between resets."""
    world.hands = [found(LEFT)]
    perceiver = Perceiver(Config())
    perceiver.look(FRAME, 0.0)
    for number in range(1, 4):
        world.hands = [] if number % MISSES else [found(LEFT)]
        assert len(perceiver.look(FRAME, REFRESH_SECONDS * number).hands) == 1
    world.hands = []
    assert perceiver.look(FRAME, REFRESH_SECONDS * 4).hands == ()


def test_two_tracks_on_one_hand_become_one(world: World) -> None:
    """When squares close in on the same hand, the older track stays."""
    world.hands = [found(LEFT), found(RIGHT, 0.8)]
    perceiver = Perceiver(Config())
    first = perceiver.look(FRAME, 0.0)
    assert [hand.track for hand in first.hands] == [1, 2]
    both = World.read

    def onto_the_left(
        frame: Frame, boxes: list[Box], tracks: list[int] | None = None
    ) -> list[Hand]:
        return both(world, frame, [LEFT for _ in boxes], tracks)

    perceiver._reader.read = onto_the_left  # type: ignore[method-assign]
    assert [hand.track for hand in perceiver.look(FRAME, 0.03).hands] == [1]
    assert len(perceiver.look_still(FRAME).hands) == 1


def test_doubtful_hands_are_not_followed(world: World) -> None:
    """Below the threshold no hand is taken up in a video; in a single picture it is read."""
    world.hands = [found(LEFT, NEW_HAND - 0.01)]
    perceiver = Perceiver(Config())
    assert perceiver.look(FRAME, 0.0).hands == ()
    assert world.reads == 0
    assert len(perceiver.look_still(FRAME).hands) == 1


def test_a_followed_hand_is_kept_on_a_weaker_detection(world: World) -> None:
    """What was once taken up is not given up because the detector is less sure of it."""
    world.hands = [found(LEFT, NEW_HAND + 0.1)]
    perceiver = Perceiver(Config())
    perceiver.look(FRAME, 0.0)
    world.hands = [found(LEFT, NEW_HAND - 0.1)]
    for i in range(1, 40):
        (hand,) = perceiver.look(FRAME, i * 0.1).hands
    assert hand.track == 1


@pytest.mark.parametrize("jump", [-100.0, -0.001, 5.0, 1e9])
def test_a_jump_of_the_clock_looks_again(world: World, jump: float) -> None:
    """Backwards or far ahead: what was seen before does not count as fresh."""
    world.faces = [FACE]
    perceiver = Perceiver(Config())
    assert perceiver.look(FRAME, 50.0).faces_at == 50.0
    world.faces = []
    scene = perceiver.look(FRAME, 50.0 + jump)
    assert scene.faces == ()
    assert scene.faces_at == 50.0 + jump
    assert world.looks == 2


def test_faces_say_when_they_were_looked_for(world: World) -> None:
    """Between looks the last faces are repeated with the time of the picture that showed them."""
    world.faces = [FACE]
    perceiver = Perceiver(Config())
    scenes = [perceiver.look(FRAME, t) for t in times(1)]
    assert all(scene.faces[0].box == FACE.box for scene in scenes)
    assert all(0 <= scene.t - scene.faces_at < SEARCH_SECONDS for scene in scenes)
    assert len({scene.faces_at for scene in scenes}) == world.looks < len(scenes)


def test_a_reading_that_is_not_a_number_is_no_hand(world: World) -> None:
    """NaN in scores or landmarks drops the hand; it does not stop the program."""
    world.hands = [found(LEFT)]
    perceiver = Perceiver(Config())
    world.none = lambda box: float("nan")
    assert perceiver.look(FRAME, 0.0).hands == ()
    world.none, world.landmarks = lambda box: 0.0, float("nan")
    assert perceiver.look(FRAME, 0.5).hands == ()
    assert perceiver.look_still(FRAME).hands == ()


def test_a_still_is_read_twice(world: World) -> None:
    """The second reading is where the first one found the hand; no track is begun."""
    world.hands, world.drift = [found(LEFT)], 0.02
    perceiver = Perceiver(Config())
    (hand,) = perceiver.look_still(FRAME).hands
    assert hand.box.x0 == pytest.approx(LEFT.x0 + 0.04)
    assert hand.track == 0
    world.hands = []
    assert perceiver.look(FRAME, 0.0).hands == ()
