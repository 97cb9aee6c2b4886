"""Five looks at a held sign, by a scripted hand."""

import numpy as np
import pytest

from triptych.gesture.teach.lesson import LOOKS, Lesson
from triptych.gesture.teach.signs import Taught

FPS = 20


@pytest.fixture
def play(world, hand, scene):
    """Plays a lesson: a hand that shows `shown` at x(t), from start to end; yields its states."""

    def run(lesson, shown, start, end, x=lambda t: 0.5):
        states = []
        for t in np.arange(start, end, 1 / FPS):
            rows = np.repeat(world.rows(shown), 2, axis=0) if shown else None
            hands = [hand(x(t))] if shown else []
            states.append(lesson.step(float(t), scene(float(t), *hands), lambda _, r=rows: r))
        return states

    return run


@pytest.fixture
def lesson(world):
    none = np.zeros((0, 170), np.float32)
    sign = Taught("heart", "Love", "⭐", "heart", world.background.reader, none)
    return Lesson(sign, world.background, (), 0.8)


def test_a_sign_that_is_held_is_learnt(lesson, play, world):
    """Five looks, each counted from 0 to 1, then the verdict; the whole takes under 10 s."""
    states = play(lesson, "heart", 0, 1)
    assert all(state.step == "hold" and state.margin > 0.6 for state in states)
    lesson.capture(1.0)
    states = play(lesson, "heart", 1, 11)
    captured = [state.captured for state in states]
    assert captured == sorted(captured)
    assert set(captured) == set(range(LOOKS + 1))
    assert max(state.counting for state in states) > 0.7
    assert states[-1].step == "try"
    assert "false activations" in states[-1].words[0]
    assert lesson.taught.examples.shape == (2 * LOOKS, 170)
    assert lesson.taught.examples[0, 128:] == pytest.approx(world.places["heart"], abs=0.2)


def test_a_sign_that_is_there_already_is_refused(lesson, play):
    """The meter says so before, the verdict after."""
    states = play(lesson, "palm", 0, 1)
    assert states[-1].margin < 0.4
    assert states[-1].near == "palm"
    lesson.capture(1.0)
    states = play(lesson, "palm", 1, 11)
    assert states[-1].step == "refused"
    assert "open palm" in states[-1].words[0]


def test_a_hand_that_moves_is_not_looked_at(lesson, play):
    """It has to be held still."""
    lesson.capture(0.0)
    states = play(lesson, "heart", 0, 5, x=lambda t: 0.5 + 0.3 * np.sin(9 * t))
    assert states[-1].captured == 0
    assert play(lesson, "heart", 5, 8)[-1].captured >= 1


def test_without_a_hand_nothing_is_counted(lesson, play):
    """A look that is interrupted starts again."""
    lesson.capture(0.0)
    assert play(lesson, "heart", 0, 1.6)[-1].counting > 0.3
    state = play(lesson, None, 1.6, 2.2)[-1]
    assert (state.counting, state.margin) == (0.0, None)
    assert play(lesson, "heart", 2.2, 2.4)[-1].counting < 0.4


def test_capturing_again_starts_from_nothing(lesson, play):
    """What was looked at before does not stay."""
    lesson.capture(0.0)
    play(lesson, "palm", 0, 11)
    lesson.capture(11.0)
    assert play(lesson, "heart", 11, 21)[-1].step == "try"


def test_a_lesson_that_nobody_goes_on_with_ends(lesson):
    """After two minutes, and when the clock jumps."""
    assert not lesson.overdue(5.0)
    assert not lesson.overdue(120.0)
    assert lesson.overdue(126.0)
    lesson.capture(130.0)
    assert not lesson.overdue(131.0)
    assert lesson.overdue(1.0)
