"""What is shown and told over time, from a person's arrival to a lost camera."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.gesture.config import Config
from triptych.gesture.decide.decider import Decider

CONFIG = Config()


def play(scenes, decider=None):
    """The decisions for a run of scenes."""
    decider = decider or Decider(CONFIG)
    return [decider.step(scene) for scene in scenes]


def told(decisions):
    """(time, event or the sign's name) of everything told."""
    return [
        (event.t, event.detail.get("name", event.event))
        for decision in decisions
        for event in decision.events
    ]


def names(decisions):
    """What was told, without times."""
    return [name for _, name in told(decisions)]


def visible(make, until=1.0):
    """A decider whose picture has become visible by time `until`."""
    decider = Decider(CONFIG)
    assert play([make.scene(t) for t in make.times(0, until, 30)], decider)[-1].covered is None
    return decider


def test_starts_covered_and_comes_back(make):
    """The first pictures are covered as `starting`; then `back` is told once."""
    decisions = play([make.scene(t) for t in make.times(0, 3, 30)])
    assert decisions[0].covered == "starting"
    assert {d.covered for d in decisions} == {"starting", None}
    ((t, name),) = told(decisions)
    assert name == "back"
    assert 0.5 <= t <= 0.55
    assert all((d.covered is None) == (d.t >= t) for d in decisions)


def test_leaving_and_returning(make):
    """Away covers within a second, back uncovers after half a second of a clear face."""
    there, gone = [make.face()], []
    scenes = [make.scene(t, faces=gone if 3 < t < 6 else there) for t in make.times(0, 9, 30)]
    decisions = play(scenes)
    (_, first), (away, second), (back, third) = told(decisions)
    assert (first, second, third) == ("back", "away", "back")
    assert 3.0 < away <= 4.0
    assert 6.5 <= back <= 6.6
    assert all(d.covered == "away" for d in decisions if away <= d.t < back)


def test_nobody_ever(make):
    """An empty room stays covered and silent."""
    decisions = play([make.scene(t, faces=[]) for t in make.times(0, 5, 30)])
    assert {d.covered for d in decisions} == {"starting"}
    assert not told(decisions)


def test_nothing_is_read_while_covered(make):
    """A hand that is no proof of a person shows no ring and fires nothing."""
    scenes = [make.scene(t, make.hand("fist", 0.85), faces=[]) for t in make.times(0, 5, 30)]
    decisions = play(scenes)
    assert not told(decisions)
    assert not any(d.ring or d.badge for d in decisions)


def test_a_sign_held_during_the_cover_is_held_anew_after_it(make):
    """After the cover lifts, the hold starts from nothing."""
    decisions = play([make.scene(t, make.hand("fist")) for t in make.times(0, 3, 30)])
    (back, first), (fired, second) = told(decisions)
    assert (first, second) == ("back", "fist")
    assert fired >= back + CONFIG.decide.hold_seconds


def test_a_hold_begun_before_the_cover_is_forgotten(make):
    """A ring half full when the cover comes down starts from nothing when it lifts."""
    decider = visible(make)
    before = play([make.scene(t, make.hand("fist")) for t in make.times(1.01, 1.5, 30)], decider)
    assert before[-1].ring.progress > 0.5
    decider.blind(1.65, "camera_lost")
    after = play([make.scene(t, make.hand("fist")) for t in make.times(1.7, 4, 30)], decider)
    _, (back, _), (fired, _) = told(after)
    assert fired >= back + CONFIG.decide.hold_seconds


def test_a_badge_does_not_outlive_the_cover(make):
    """An icon on show when the cover comes down is not there when it lifts."""
    decider = Decider(CONFIG.tuned("show.badge_seconds", 10.0))
    before = play([make.scene(t, make.hand("fist")) for t in make.times(0, 2, 30)], decider)
    assert before[-1].badge
    decider.blind(2.1, "camera_lost")
    after = play([make.scene(t) for t in make.times(2.2, 4, 30)], decider)
    assert after[-1].covered is None
    assert not any(d.badge for d in after)


def test_the_cover_takes_ring_and_badge_away(make):
    """Nothing of a sign is left on the card or after it."""
    decider = visible(make)
    play([make.scene(t, make.hand("fist")) for t in make.times(1.01, 3, 30)], decider)
    covered = play([make.scene(t, faces=[]) for t in make.times(3.1, 5, 30)], decider)
    assert covered[-1].covered == "away"
    assert not any(d.ring or d.badge for d in covered if d.covered)
    after = play([make.scene(t) for t in make.times(5.1, 8, 30)], decider)
    assert not any(d.ring or d.badge for d in after)


def test_hands_keep_the_picture_and_are_read_without_a_face(make):
    """While presence still holds, a sign counts even if the face is hidden."""
    decider = visible(make)
    scenes = [make.scene(t, make.hand("ok"), faces=[]) for t in make.times(1.01, 4, 30)]
    decisions = play(scenes, decider)
    assert names(decisions) == ["ok"]
    assert all(d.covered is None for d in decisions)


@pytest.mark.parametrize("jump", [-0.5, -100.0, 1.01, 3600.0, math.nan, math.inf])
def test_a_clock_that_jumps_covers(make, jump):
    """After a jump the picture is covered until somebody is seen anew for half a second."""
    decider = visible(make)
    at = 1.0 + jump
    broken = decider.step(make.scene(at))
    assert broken.covered == "away"
    assert names([broken]) == ["away"]
    assert math.isfinite(broken.t)
    start = at + 0.1 if math.isfinite(at) else 1.1
    decisions = play([make.scene(t) for t in make.times(start, start + 2, 30)], decider)
    ((back, name),) = told(decisions)
    assert name == "back"
    assert back >= start + 0.3


def test_a_still_clock_neither_uncovers_nor_fires(make):
    """Pictures that all carry the same time are no sustained evidence of anything."""
    assert not told(play([make.scene(1.0, make.hand("fist"))] * 500))


def test_camera_lost_and_back(make):
    """Losing the camera is told once and covers at once; its return is told, then `back`."""
    decider = visible(make)
    lost = [decider.blind(t, "camera_lost") for t in make.times(1.1, 3, 30)]
    assert {d.covered for d in lost} == {"camera_lost"}
    assert told(lost) == [(1.1, "camera_lost")]
    decisions = play([make.scene(t) for t in make.times(3.1, 5, 30)], decider)
    assert told(decisions)[0] == (3.1, "camera_back")
    assert names(decisions) == ["camera_back", "back"]
    assert decisions[0].covered is not None
    assert told(decisions)[1][0] >= 3.6


def test_a_camera_lost_from_the_start(make):
    """Without a first picture there is nothing to come back from but the camera."""
    decider = Decider(CONFIG)
    assert names([decider.blind(0.0, "camera_lost")]) == ["camera_lost"]
    assert names(play([make.scene(0.1, faces=[])], decider)) == ["camera_back"]


def test_blind_for_another_reason(make):
    """Any other blindness covers, tells `away` if the picture was to be seen, and starts over."""
    decider = visible(make)
    blind = [decider.blind(t, "analyser_lost") for t in (1.1, 1.2)]
    assert [d.covered for d in blind] == ["analyser_lost"] * 2
    assert names(blind) == ["away"]
    assert names(play([make.scene(t) for t in make.times(1.3, 3, 30)], decider)) == ["back"]


def test_new_settings_apply_at_once(make):
    """Switching a sign off while running stops it, without covering."""
    decider = visible(make)
    decider.reconfigure(CONFIG.tuned("signs.fist.on", False))
    decisions = play([make.scene(t, make.hand("fist")) for t in make.times(1.01, 4, 30)], decider)
    assert not told(decisions)
    assert all(d.covered is None for d in decisions)


segments = st.lists(
    st.tuples(
        st.sampled_from(["fist", "palm", "ok", "peace"]),
        st.one_of(st.floats(0.05, 0.25), st.floats(1.2, 2.5)),
        st.floats(2.0, 2.6),
        st.floats(0.92, 1.0),
    ),
    min_size=1,
    max_size=4,
)


def _events(make, script, times):
    """Events of signs held as the script says: (sign, seconds held, pause after it, score)."""
    ends, t = [], 1.0
    for sign, held, pause, score in script:
        ends.append((t, t + held, make.hand(sign, score)))
        t += held + pause
    scenes = []
    for time in times(t):
        up = [hand for start, end, hand in ends if start <= time < end]
        scenes.append(make.scene(time, *up))
    return told(play(scenes))


@settings(max_examples=25)
@given(segments, st.floats(0, 1))
def test_same_events_at_every_rate(make, script, phase):
    """At 5, 15, 30 and 60 pictures a second a signal fires alike, to within one interval."""

    def at(fps):
        return lambda end: [(i + phase) / fps for i in range(int(end * fps))]

    reference = _events(make, script, at(240))
    held_long = [sign for sign, held, _, _ in script if held > 1.0]
    assert [name for _, name in reference] == ["back", *held_long]
    for fps in (5, 15, 30, 60):
        found = _events(make, script, at(fps))
        assert [name for _, name in found] == [name for _, name in reference]
        for (a, name), (b, _) in zip(found, reference, strict=True):
            allowed = 2 / fps if name == "back" else 1 / fps
            assert abs(a - b) <= allowed + 1 / 240 + 1e-6


@settings(max_examples=25)
@given(segments, st.lists(st.floats(0.01, 0.2), min_size=20, max_size=60))
def test_same_events_at_irregular_times(make, script, intervals):
    """With intervals from 0.01 to 0.2 s the events are those of a steady fast camera."""

    def regular(end):
        return [i / 240 for i in range(int(end * 240))]

    def irregular(end):
        times, i = [0.0], 0
        while times[-1] < end:
            times.append(times[-1] + intervals[i % len(intervals)])
            i += 1
        return times

    reference = _events(make, script, regular)
    found = _events(make, script, irregular)
    assert [name for _, name in found] == [name for _, name in reference]
    for (a, name), (b, _) in zip(found, reference, strict=True):
        assert abs(a - b) <= (0.4 if name == "back" else 0.2) + 1 / 240 + 1e-6
