"""A sign fires once when it is held, and only then."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.config import Decide
from triptych.gesture.decide.hold import Hold
from triptych.gesture.decide.smoothing import Smoothed
from triptych.gesture.types import SIGNS

MEANINGS = {
    "fist": "no",
    "palm": "question",
    "ok": "yes",
    "one": "comment",
    "two_up": "comment",
    "peace": "goodbye",
}
STEP = 0.05
DECAY = 0.66
SETTINGS = Decide(hold_seconds=0.5, cooldown_seconds=1.0, enter=0.8, leave=0.5)


def play(script, hold=None, meanings=MEANINGS, settings=SETTINGS):
    """Run (seconds, {sign: smoothed score}) pieces; (time, what fired) and the rings by time."""
    hold = hold or Hold()
    fired, rings, t = [], [], 0.0
    for seconds, scores in script:
        for _ in range(round(seconds / STEP)):
            t += STEP
            full = dict.fromkeys(SIGNS, 0.0) | scores
            if (what := hold.step(Smoothed(full, STEP, DECAY), meanings, settings)) is not None:
                fired.append((round(t, 2), what))
            rings.append((round(t, 2), hold.ring))
    return fired, rings


def test_fires_once_after_the_hold():
    """A sign held for ten seconds fires once, half a second after it began."""
    fired, rings = play([(1.0, {}), (10.0, {"ok": 0.9})])
    assert [(t, what.name, what.meaning, what.score) for t, what in fired] == [
        (pytest.approx(1.5, abs=1.5 * STEP), "ok", "yes", 0.9)
    ]
    assert all(ring is None for t, ring in rings if t <= 1.0 or t > 1.6)


def test_ring_fills_steadily():
    """The ring goes up from near 0 to near 1 without falling back."""
    _, rings = play([(0.45, {"ok": 0.9})])
    progress = [ring.progress for _, ring in rings]
    assert progress == sorted(progress)
    assert 0.0 < progress[0] < 0.2
    assert 0.7 < progress[-1] < 1.0


def test_letting_go_early_cancels():
    """Two holds of 0.4 s with a pause between do not make one of 0.8 s."""
    fired, rings = play([(0.4, {"ok": 0.9}), (0.1, {"ok": 0.4}), (0.4, {"ok": 0.9})])
    assert fired == []
    assert rings[9][1] is None


def test_a_dip_above_leave_is_bridged():
    """Between `leave` and `enter` a hold goes on, but cannot begin."""
    assert play([(0.2, {"ok": 0.9}), (0.2, {"ok": 0.55}), (0.2, {"ok": 0.9})])[0]
    assert not play([(5.0, {"ok": 0.75})])[0]


def test_another_sign_takes_over():
    """A sign that comes up strongly starts a hold of its own."""
    fired, _ = play([(0.4, {"ok": 0.9}), (0.4, {"ok": 0.6, "palm": 0.85}), (0.3, {"palm": 0.9})])
    assert [what.name for _, what in fired] == ["palm"]
    assert fired[0][0] >= 0.4 + 0.5 - STEP


def test_needs_a_release():
    """Without letting go nothing more fires, with or without other signs beside it."""
    script = [(2.0, {"ok": 0.9}), (0.1, {}), (3.0, {"ok": 0.9})]
    assert len(play(script)[0]) == 1


def test_fires_again_after_release_and_cooldown():
    """Let go for half a second and held again, a sign fires again, not before the cooldown."""
    fired, rings = play([(0.6, {"ok": 0.9}), (0.5, {}), (3.0, {"ok": 0.9})])
    assert [what.name for _, what in fired] == ["ok", "ok"]
    first = fired[0][0]
    assert all(ring is None for t, ring in rings if first <= t <= first + 1.0 - 1e-6)
    assert fired[1][0] == pytest.approx(first + 1.5, abs=2 * STEP)


def test_a_different_sign_needs_its_own_hold_after_the_cooldown():
    """Changing from one sign to another fires the second after cooldown and hold."""
    fired, _ = play([(0.6, {"ok": 0.9}), (3.0, {"palm": 0.9})])
    assert [what.name for _, what in fired] == ["ok", "palm"]
    assert fired[1][0] >= fired[0][0] + 1.5 - STEP


def test_wobbling_between_signs_of_one_meaning_does_not_restart():
    """One finger, two fingers, one finger is one comment, named after the sign seen longest."""
    one, two = {"one": 0.7, "two_up": 0.2}, {"one": 0.2, "two_up": 0.7}
    fired, _ = play([(0.15, one), (0.1, two), (0.15, one), (0.1, two), (0.1, one)])
    assert [(what.name, what.meaning) for _, what in fired] == [("one", "comment")]
    assert fired[0][0] == pytest.approx(0.5, abs=1.5 * STEP)


def test_signs_switched_off_never_fire():
    """A sign that is not in the vocabulary is not there, also when it is switched off mid-hold."""
    on = {name: meaning for name, meaning in MEANINGS.items() if name != "ok"}
    assert not play([(5.0, {"ok": 1.0})], meanings=on)[0]
    hold = Hold()
    play([(0.4, {"ok": 1.0})], hold)
    fired, rings = play([(5.0, {"ok": 1.0})], hold, meanings=on)
    assert not fired
    assert all(ring is None for _, ring in rings)


def test_a_sign_switched_off_does_not_lend_its_name():
    """Of two signs with one meaning the one still switched on is named."""
    on = {name: meaning for name, meaning in MEANINGS.items() if name != "two_up"}
    hold = Hold()
    play([(0.4, {"two_up": 0.9})], hold)
    fired, _ = play([(0.4, {"one": 0.9, "two_up": 0.1})], hold, meanings=on)
    assert [what.name for _, what in fired] == ["one"]


def test_the_name_is_one_of_the_meanings_own_signs():
    """A sign of another meaning, however strong beside it, does not lend its name."""
    beside = {"one": 0.27, "two_up": 0.25, "ok": 0.48}
    fired, _ = play([(0.1, {"one": 0.45, "two_up": 0.45}), (0.5, beside)])
    assert [(what.name, what.meaning) for _, what in fired] == [("one", "comment")]


scores = st.dictionaries(st.sampled_from(SIGNS), st.floats(0, 1), max_size=3)


@given(st.lists(st.tuples(st.floats(0.05, 1.0), scores), max_size=30))
def test_whatever_comes_every_fire_was_held_and_cooled_down(script):
    """No sequence of scores fires without a full hold at `leave` or within cooldown plus hold."""
    seen, fired, hold, t = [], [], Hold(), 0.0
    for seconds, given_scores in script:
        for _ in range(round(seconds / STEP)):
            t += STEP
            full = dict.fromkeys(SIGNS, 0.0) | given_scores
            seen.append((t, full))
            if (what := hold.step(Smoothed(full, STEP, DECAY), MEANINGS, SETTINGS)) is not None:
                fired.append((t, what))
            if hold.ring is not None:
                assert 0.0 <= hold.ring.progress <= 1.0
    for t, what in fired:
        held = [full for time, full in seen if t - 0.5 + STEP + 1e-6 < time <= t]
        signs = [name for name, meaning in MEANINGS.items() if meaning == what.meaning]
        assert all(sum(full[name] for name in signs) >= 0.5 for full in held)
    for (a, _), (b, _) in itertools.pairwise(fired):
        assert b - a >= 1.5 - STEP - 1e-6
