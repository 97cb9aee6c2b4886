"""Covered unless sure: weak evidence keeps, only strong, sustained, fresh evidence uncovers."""

import dataclasses
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.config import Presence as Settings
from triptych.gesture.decide.presence import Presence

SETTINGS = Settings(away_seconds=0.8, return_seconds=0.5, face_enter=0.7, face_stay=0.4)


def play(scenes, settings=SETTINGS, presence=None):
    """Time -> present, for a run of scenes."""
    presence = presence or Presence()
    return {scene.t: presence.step(scene, settings) for scene in scenes}


def arrived(make, until=2.0):
    """A presence after somebody has been there for `until` seconds."""
    presence = Presence()
    play([make.scene(t) for t in make.times(0, until, 10)], SETTINGS, presence)
    assert presence.present
    return presence


@pytest.mark.parametrize("fps", [5, 15, 30, 60])
def test_uncovers_after_sustained_evidence(make, fps):
    """Absent at first, present once a clear face has been there for return_seconds."""
    present = play([make.scene(t) for t in make.times(0.0, 2.0, fps)])
    first = min(t for t, there in present.items() if there)
    assert 0.5 - 1e-6 <= first <= 0.5 + 1 / fps
    assert all(there for t, there in present.items() if t >= first)


def test_one_weak_look_starts_over(make):
    """Every look must be clear: one below face_enter resets the wait."""
    scores = [0.95, 0.95, 0.6, 0.95, 0.95, 0.95, 0.95]
    scenes = [make.scene(i * 0.2, faces=[make.face(score=s)]) for i, s in enumerate(scores)]
    present = play(scenes)
    assert [t for t, there in present.items() if there] == [scenes[-1].t]


def test_a_gap_between_looks_starts_over(make):
    """Evidence with a hole of more than 0.35 s in it is not sustained."""
    assert not any(play([make.scene(i * 0.4) for i in range(20)]).values())
    assert any(play([make.scene(i * 0.33) for i in range(20)]).values())


def test_a_stale_look_never_uncovers(make):
    """One look repeated in every picture is one look."""
    stuck = [make.scene(t, faces_at=0.0) for t in make.times(0.0, 5.0, 30)]
    assert not any(play(stuck).values())
    late = [make.scene(t, faces_at=t - 0.5) for t in make.times(1.0, 6.0, 30)]
    assert not any(play(late).values())


def test_a_late_look_counts_from_its_own_picture(make):
    """A face found in a picture of 0.3 s ago was a sign of a person 0.3 s ago, not now."""
    presence = arrived(make)
    assert presence.step(make.scene(2.6, faces_at=2.3), SETTINGS)
    assert presence.step(make.scene(3.0, faces_at=2.3), SETTINGS)
    assert not presence.step(make.scene(3.1, faces_at=2.3), SETTINGS)


def test_a_look_from_the_future_does_not_count(make):
    """A look dated after its picture is no evidence."""
    odd = [make.scene(t, faces_at=t + 0.1) for t in make.times(0.0, 5.0, 30)]
    assert not any(play(odd).values())


def test_a_plain_sign_uncovers_after_sustained_evidence(make):
    """Where no face is seen, a followed hand that plainly makes a sign is a person, too."""
    seen = play(
        [make.scene(t, make.hand("palm", 0.95, size=0.3), faces=[]) for t in make.times(2, 5, 30)]
    )
    first = min(t for t, present in seen.items() if present)
    assert first == pytest.approx(2 + SETTINGS.return_seconds, abs=0.04)


@pytest.mark.parametrize(
    ("sign", "score", "track"),
    [
        ("other", 1.0, 1),
        ("none", 1.0, 1),
        ("palm", 0.8, 1),
        ("palm", 1.0, 0),
        ("palm", math.nan, 1),
    ],
)
def test_other_hands_never_uncover(make, sign, score, track):
    """Idle, doubtful and untracked hands and impossible scores leave the picture covered."""
    hand = dataclasses.replace(
        make.hand(size=0.3, track=track), scores={**make.hand().scores, "palm": 0.0, sign: score}
    )
    assert not any(play([make.scene(t, hand, faces=[]) for t in make.times(0, 5, 30)]).values())


def test_a_sign_survives_a_short_lapse_but_not_a_long_one(make):
    """A tenth of a second of doubt does not start the evidence anew, half a second does."""

    def doubtful_for(seconds):
        return play(
            [
                make.scene(
                    t,
                    make.hand("palm", 0.5 if 0.3 < t < 0.3 + seconds else 1.0, size=0.3),
                    faces=[],
                )
                for t in make.times(0.0, 0.7, 30)
            ]
        )

    assert any(doubtful_for(0.1).values())
    assert not any(doubtful_for(0.3).values())


def test_a_small_hand_never_uncovers(make):
    """Small things in a room are easily taken for hands; without a face they prove nobody."""
    hands = [
        make.scene(t, make.hand("palm", 1.0, size=0.14), faces=[]) for t in make.times(0, 5, 30)
    ]
    assert not any(play(hands).values())


def test_signs_of_changing_hands_do_not_add_up(make):
    """The evidence must come from one and the same hand: phantoms get a new number each time."""
    scenes = [
        make.scene(t, make.hand("palm", 1.0, size=0.3, track=1 + int(t / 0.3)), faces=[])
        for t in make.times(0, 5, 30)
    ]
    assert not any(play(scenes).values())


def test_a_weak_face_keeps_but_does_not_uncover(make):
    """Between face_stay and face_enter the state stays what it is."""
    weak = [make.scene(t, faces=[make.face(score=0.5)]) for t in make.times(2.1, 6.0, 10)]
    assert not any(play(weak).values())
    assert all(play(weak, presence=arrived(make)).values())


def test_a_tracked_hand_keeps_for_a_while(make):
    """Without a face a followed, sure hand is a sign of a person; other hands are not."""
    times = make.times(2.1, 4.5, 10)

    def keeps(hand):
        scenes = [make.scene(t, hand, faces=[]) for t in times]
        return all(play(scenes, presence=arrived(make)).values())

    assert keeps(make.hand("other", 0.9))
    assert not keeps(make.hand("other", 0.9, track=0))
    assert not keeps(make.hand("none", 0.5))
    for bad in (math.nan, -math.inf, math.inf):
        hand = make.hand("other")
        assert not keeps(dataclasses.replace(hand, scores={**hand.scores, "none": bad}))


@pytest.mark.parametrize(("sign", "kept"), [("other", False), ("palm", True)])
def test_an_idle_hand_alone_does_not_keep_for_ever(make, sign, kept):
    """What looks like a hand in an empty room covers after 3 s; a sign that is held does not."""
    scenes = [
        make.scene(t, make.hand(sign, 0.95, size=0.3), faces=[]) for t in make.times(2.1, 9.0, 10)
    ]
    assert play(scenes, presence=arrived(make))[9.0] is kept


@pytest.mark.parametrize("score", [math.nan, math.inf, -1.0, 0.0, 0.39])
def test_faces_without_a_usable_score_are_nobody(make, score):
    """NaN, infinite, impossible and low scores neither uncover nor keep."""
    scenes = [make.scene(t, faces=[make.face(score=score)]) for t in make.times(2.1, 6.0, 10)]
    assert not any(play(scenes).values())
    assert not play(scenes, presence=arrived(make))[6.0]


@given(
    st.lists(st.floats(0.01, 0.2), min_size=1, max_size=40),
    st.lists(st.floats(0.01, 0.2), min_size=120, max_size=120),
    st.floats(0.3, 0.8),
)
def test_covers_within_a_second_of_the_last_sign(make, before, after, away_seconds):
    """With pictures at least every 0.2 s the cover comes between away_seconds and 1.0 s."""
    settings = Settings(away_seconds=away_seconds)
    presence, t = Presence(), 0.0
    for step in [*[0.1] * 8, *before]:
        t += step
        presence.step(make.scene(t), settings)
    assert presence.present
    last = t
    for step in after:
        t += step
        if not presence.step(make.scene(t, faces=[]), settings):
            break
    assert away_seconds - 1e-6 <= t - last <= 1.0 + 1e-6


def test_looks_at_five_a_second_are_enough_at_thirty_pictures(make):
    """With a look every sixth picture the person stays, and is covered in time after leaving."""
    scenes = []
    for i in range(240):
        look = i - i % 6
        faces = [make.face()] if look < 150 else []
        scenes.append(make.scene(i / 30, faces=faces, faces_at=look / 30))
    present = play(scenes)
    there = [t for t, is_there in present.items() if is_there]
    assert min(there) <= 0.5 + 0.2
    assert max(there) <= 149 / 30 + 1.0
    assert all(present[t] for t in present if min(there) <= t <= 5.0)


def test_a_taught_sign_is_a_sign(make):
    """Held plainly by a near hand it uncovers the picture, as a built-in one does."""
    hand = make.hand("other", 0.05, size=0.3)
    taught = replace(hand, scores={**hand.scores, "heart": 0.95, "other": 0.0})
    present = play([make.scene(t, taught, faces=[]) for t in make.times(0, 2, 30)])
    assert any(present.values())
    doubtful = replace(hand, scores={**hand.scores, "heart": 0.7})
    present = play([make.scene(t, doubtful, faces=[]) for t in make.times(0, 2, 30)])
    assert not any(present.values())


@given(st.lists(st.tuples(st.floats(0.01, 0.5), st.floats(0, 1), st.booleans()), max_size=60))
def test_present_always_has_its_evidence(make, script):
    """Whatever comes, present means a face or hand was seen less than away_seconds ago."""
    presence, t, look, seen, strong = Presence(), 0.0, -1.0, -10.0, []
    faces = []
    was_present = False
    for step, score, looks in script:
        t += step
        if looks:
            look, faces = t, [make.face(score=score)]
            strong.append((t, score >= SETTINGS.face_enter))
            seen = t if score >= SETTINGS.face_stay else seen
        present = presence.step(make.scene(t, faces=faces, faces_at=look), SETTINGS)
        if present:
            assert t - seen < SETTINGS.away_seconds
        if present and not was_present:
            recent = [clear for time, clear in strong if time >= look - SETTINGS.return_seconds]
            assert len(recent) >= 2
            assert all(recent)
        was_present = present
