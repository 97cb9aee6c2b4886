"""A badge stays as long as it should and never longer."""

import pytest

from triptych.gesture.decide.badge import BadgeTimer


def run(timer, script):
    """Opacity at each time of a script of (time, fired sign or None, held)."""
    shown = [(t, timer.step(t, fired, held, 1.0)) for t, fired, held in script]
    return {t: badge.opacity if badge else None for t, badge in shown}


def test_nothing_has_fired_nothing_is_shown():
    """Without a fire there is no badge, held or not."""
    assert run(BadgeTimer(), [(0.0, None, True)]) == {0.0: None}


def test_let_go_at_once_it_stays_its_time_then_fades():
    """The shortest badge is full for its time, half faded 0.15 s later, gone after 0.3 s."""
    times = [(t, None, False) for t in (10.5, 10.99, 11.15, 11.3, 12.0)]
    opacity = run(BadgeTimer(), [(10.0, "ok", True), *times])
    assert [opacity[t] for t in (10.0, 10.5, 10.99)] == [1.0, 1.0, 1.0]
    assert opacity[11.15] == pytest.approx(0.5)
    assert opacity[11.3] is None or opacity[11.3] < 1e-9
    assert opacity[12.0] is None


def test_held_for_long_it_stays_then_clears():
    """A badge outlives its time only while the sign is held; then it is gone within 0.3 s."""
    held = [(t / 10, None, True) for t in range(1, 50)]
    opacity = run(BadgeTimer(), [(0.0, "ok", True), *held, (5.05, None, False), (5.3, None, False)])
    assert opacity[4.9] == 1.0
    assert 0.0 < opacity[5.05] < 1.0
    assert opacity[5.3] is None


def test_the_next_sign_replaces_it():
    """A new fire shows the new sign at full opacity."""
    timer = BadgeTimer()
    timer.step(0.0, "ok", True, 1.0)
    badge = timer.step(1.1, "palm", True, 1.0)
    assert (badge.sign, badge.opacity) == ("palm", 1.0)
