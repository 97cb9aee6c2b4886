"""The teacher in the analyser: lessons, the store, and corrections, on scripted hands."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from triptych.gesture.config import Config
from triptych.gesture.model_files import reader_now
from triptych.gesture.publish.messages import Lesson, Noted, Teach, Vocabulary
from triptych.gesture.teach.background import Background
from triptych.gesture.teach.recogniser import recogniser_of
from triptych.gesture.teach.seeing import Seeing
from triptych.gesture.teacher import Teacher
from triptych.gesture.types import GESTURES, SIGNS, Box, Decision, Event, Hand, Ring, Scene

FRAME = np.zeros((100, 100, 3), np.uint8)


class Perceiver:
    """Sees one hand, always the same; `row` are its features."""

    def __init__(self) -> None:
        background = Background.load(reader_now())
        # A point far from everything that is known, as features: the inverse of the measure.
        far = background.points.mean(axis=0) + 3 * np.linalg.qr(background.points[:170].T)[0][:, -1]
        row = np.linalg.lstsq(background.whiten.T, far, rcond=None)[0].astype(np.float32)
        self.hand = self._hand(row)

    @staticmethod
    def _hand(row: np.ndarray) -> Hand:
        scores = dict.fromkeys(GESTURES, 0.0) | {"other": 1.0}
        points = row[128:].reshape(21, 2)
        return Hand(Box(0.4, 0.4, 0.6, 0.6), scores, points, row[:128], track=1)

    def look(self, frame, t):
        """The hand."""
        return Scene(t, (self.hand,), (), t)

    def look_still(self, frame):
        """The hand."""
        return Scene(0.0, (self.hand,))

    def look_mirrored(self, frame, hand):
        """The hand."""
        return hand


@pytest.fixture
def teacher(tmp_path):
    """A teacher with an empty folder."""
    return Teacher(Seeing(Perceiver(), recogniser_of(None)), Config(), tmp_path / "signs")


def watch(teacher, start, end):
    """Shows the hand from start to end; all that the teacher tells."""
    news = []
    for t in np.arange(start, end, 0.05).tolist():
        scene = teacher.seeing.look(FRAME, t)
        news += teacher.watch(FRAME, t, scene)
    return news


def notes(news):
    """The sentences among the news."""
    return [one.sentence for one in news if isinstance(one, Noted)]


START = Teach("start", text="I agree", icon="👍")


def learn(teacher):
    """A whole lesson up to its end; what `keep` answers."""
    teacher.ask(START)
    watch(teacher, 0, 1)
    teacher.ask(Teach("capture"))
    told = watch(teacher, 1, 12)
    assert told[-1].step == "try", told[-1]
    return teacher.ask(Teach("keep"))


def test_a_lesson_ends_in_a_new_word(teacher):
    """The sign is kept, read, and named with its icon and text."""
    lesson, vocabulary, note = learn(teacher)
    assert lesson == Lesson("closed")
    assert isinstance(vocabulary, Vocabulary)
    assert vocabulary.taught["i_agree"].text == "I agree"
    assert "i_agree" in note.sentence
    assert teacher.config.names == (*SIGNS, "i_agree")
    (hand,) = teacher.seeing.look(FRAME, 13.0).hands
    assert hand.gesture == "i_agree"
    again = Teacher(Seeing(Perceiver(), recogniser_of(None)), Config(), teacher.folder)
    assert again.config.names == (*SIGNS, "i_agree")
    (hand,) = again.seeing.look(FRAME, 0.0).hands
    assert hand.score > 0.8


def test_a_lesson_that_is_discarded_leaves_nothing(teacher):
    """Neither a file nor a word, also with an own picture."""
    png = cv2.imencode(".png", np.full((9, 9, 3), 7, np.uint8))[1].tobytes()
    teacher.ask(replace(START, icon="", png=png))
    watch(teacher, 0, 1)
    teacher.ask(Teach("capture"))
    assert watch(teacher, 1, 12)[-1].step == "try"
    assert "i_agree" in teacher.config.names
    teacher.ask(Teach("discard"))
    assert teacher.config.names == SIGNS
    assert list(teacher.folder.iterdir()) == []


def test_an_own_picture_becomes_the_icon(teacher):
    """It is kept beside the sign."""
    png = cv2.imencode(".png", np.full((9, 9, 3), 7, np.uint8))[1].tobytes()
    teacher.ask(replace(START, icon="", png=png))
    watch(teacher, 0, 1)
    teacher.ask(Teach("capture"))
    watch(teacher, 1, 12)
    teacher.ask(Teach("keep"))
    names = {path.name for path in teacher.folder.iterdir()}
    assert names == {"sign-i_agree.json", "sign-i_agree.png"}
    assert teacher.config.sign("i_agree").icon.endswith("sign-i_agree.png")


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (replace(START, text="  "), "few words"),
        (replace(START, text="x" * 60), "longer than 40"),
        (replace(START, icon="nothing"), "is no icon"),
        (replace(START, icon="", png=b"no PNG"), "not a picture"),
        (Teach("forget", name="heart"), "no taught sign"),
        (Teach("wrong", t=3.0), "too long ago"),
    ],
)
def test_what_cannot_be_done_is_said(teacher, wish, words):
    """In one sentence; no lesson starts."""
    (sentence,) = notes(teacher.ask(wish))
    assert words in sentence
    assert not teacher.teaching


def test_nothing_fires_for_others_during_a_lesson(teacher):
    """Rings, badges and gestures stay inside; presence goes on."""
    teacher.ask(START)
    fired = Event(1.0, "gesture", {"name": "fist", "meaning": "no", "score": 1.0})
    decision = Decision(1.0, None, Ring("fist", 0.5), events=(Event(1.0, "back"), fired))
    seen = teacher.after(decision, 0.0)
    assert (seen.ring, seen.badge) == (None, None)
    assert [event.event for event in seen.events] == ["back"]
    teacher.ask(Teach("discard"))
    assert teacher.after(decision, 0.0) == decision


def test_that_was_wrong(teacher):
    """The hand that fired is kept as features, and the same hand does not fire again."""
    learn(teacher)
    watch(teacher, 13, 14)
    event = Event(13.9, "gesture", {"name": "i_agree", "meaning": "i_agree", "score": 0.9})
    teacher.after(Decision(13.9, None, events=(event,)), 100.0)
    (sentence,) = notes(teacher.ask(Teach("wrong", t=113.9)))
    assert "I agree" in sentence
    (hand,) = teacher.seeing.look(FRAME, 15.0).hands
    assert hand.scores["i_agree"] < 0.5
    held = json.loads((teacher.folder / "wrong.json").read_text())
    assert held["wrong"][0]["sign"] == "i_agree"
    assert "too long ago" in notes(teacher.ask(Teach("wrong", t=113.9)))[0]


def test_a_lesson_is_closed_when_nobody_goes_on(teacher):
    """So that signs do not stay mute for ever behind a closed page."""
    teacher.ask(START)
    watch(teacher, 0, 1)
    news = teacher.watch(FRAME, 200.0, Scene(200.0))
    assert news[0] == Lesson("closed")
    assert not teacher.teaching


def test_a_sign_of_another_reader_is_not_read(teacher):
    """It is told by the publisher at the start; here it simply is not there."""
    learn(teacher)
    path = teacher.folder / "sign-i_agree.json"
    path.write_text(path.read_text().replace(reader_now(), "b" * 64))
    again = Teacher(Seeing(Perceiver(), recogniser_of(None)), Config(), teacher.folder)
    assert again.config.names == SIGNS
    assert not again.seeing.recogniser.knows_anything
