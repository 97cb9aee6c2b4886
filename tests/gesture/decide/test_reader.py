"""From scenes with a visible person to rings, badges and gestures."""

import math
from dataclasses import replace

import pytest

from triptych.gesture.config import Config
from triptych.gesture.config_signs import TaughtSign
from triptych.gesture.decide.reader import GestureReader

CONFIG = Config()


def play(scenes, config=CONFIG, reader=None):
    """Time -> reading."""
    reader = reader or GestureReader(config)
    return {scene.t: reader.step(scene) for scene in scenes}


def events(readings):
    """(time, name, meaning) of everything that fired."""
    return [
        (t, reading.event.detail["name"], reading.event.detail["meaning"])
        for t, reading in readings.items()
        if reading.event
    ]


def test_a_held_sign_shows_a_ring_then_fires_then_shows_a_badge(make):
    """Ring, event and badge follow one another."""
    readings = play([make.scene(t, make.hand("fist")) for t in make.times(0, 3, 30)])
    ((fired_at, name, meaning),) = events(readings)
    assert (name, meaning) == ("fist", "no")
    assert 0.5 <= fired_at <= 0.9
    rings = [t for t, reading in readings.items() if reading.ring]
    badges = [t for t, reading in readings.items() if reading.badge]
    assert rings
    assert max(rings) < fired_at == min(badges)
    assert max(badges) == 3.0
    event = readings[fired_at].event
    assert 0.8 <= event.detail["score"] <= 1.0
    assert event.as_json()["t"] == round(fired_at, 3)


def test_hand_gone_clears_the_badge(make):
    """The badge of a sign held for long is gone 0.4 s after the hand."""
    held = [make.scene(t, make.hand("fist")) for t in make.times(0, 4, 30)]
    gone = [make.scene(t) for t in make.times(4 + 1 / 30, 6, 30)]
    readings = play(held + gone)
    assert max(t for t, reading in readings.items() if reading.badge) <= 4.0 + 0.4 + 1 / 30


def test_one_wrong_picture_in_six_shows_nothing(make):
    """Single pictures with a sure sign among others never fire, as they did in the original."""
    hands = [make.hand("fist" if i % 6 == 0 else "other") for i in range(300)]
    readings = play([make.scene(i / 30, hand) for i, hand in enumerate(hands)])
    assert not any(r.event or r.badge or r.ring for r in readings.values())


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 2.0])
def test_broken_scores_never_fire(make, bad):
    """A hand with a broken score is a vote for nothing."""
    hand = make.hand("fist")
    hand = make.hand("fist").__class__(hand.box, {**hand.scores, "fist": bad}, track=1)
    readings = play([make.scene(t, hand) for t in make.times(0, 3, 30)])
    assert not any(r.event or r.ring for r in readings.values())


def test_a_moving_hand_is_not_read(make):
    """A sign made while the hand rushes about fires only after it has come to rest."""
    times = make.times(0, 4, 30)

    def x(t):
        return 0.1 + (abs((t * 1.0) % 1.0 - 0.5) if t < 2 else 0.0)

    readings = play([make.scene(t, make.hand("fist", x=x(t), size=0.05)) for t in times])
    ((fired_at, _, _),) = events(readings)
    assert fired_at >= 2.5


def test_a_rush_cancels_the_ring(make):
    """Moving the hand away quickly in the middle of a hold cancels it."""
    times = make.times(0, 0.9, 30)
    scenes = [make.scene(t, make.hand("fist", x=0.2 + max(t - 0.4, 0.0) * 0.8)) for t in times]
    readings = play(scenes)
    assert readings[times[12]].ring
    assert not readings[times[-1]].ring
    assert not events(readings)


def test_only_the_main_persons_hands_fire(make):
    """A sign made by somebody at the back is not read."""
    faces = [make.face(0.4, size=0.3), make.face(0.85, size=0.1)]
    hand = make.hand("ok", x=0.88, y=0.45, size=0.05)
    assert not events(play([make.scene(t, hand, faces=faces) for t in make.times(0, 3, 30)]))


def test_of_two_hands_the_sign_counts(make):
    """A resting hand beside the sign does not disturb it, whichever comes first."""
    rest, sign = make.hand("other", x=0.7, track=1), make.hand("peace", track=2)
    for hands in ((rest, sign), (sign, rest)):
        readings = play([make.scene(t, *hands) for t in make.times(0, 3, 30)])
        assert [name for _, name, _ in events(readings)] == ["peace"]


def test_the_hand_being_read_keeps_the_word(make):
    """A second hand with a slightly stronger sign does not take over a running hold."""
    first = make.hand("ok", 0.9, x=0.35, track=1)
    second = make.hand("palm", 0.97, x=0.65, track=2)
    scenes = [make.scene(t, first, *([second] if t > 0.3 else [])) for t in make.times(0, 1.5, 30)]
    assert [name for _, name, _ in events(play(scenes))] == ["ok"]


@pytest.mark.parametrize(("new_track_every", "fires"), [(10.0, True), (0.4, False)])
def test_a_sign_must_be_held_by_one_hand(make, new_track_every, fires):
    """A hand that is lost and found again all the time, as of somebody passing, says nothing."""
    hands = [
        (t, make.hand("fist", track=1 + int(t / new_track_every))) for t in make.times(0, 4, 30)
    ]
    readings = play([make.scene(t, hand) for t, hand in hands])
    assert bool(events(readings)) is fires


def test_signs_switched_off_do_not_fire(make):
    """A sign that is off fires nothing, the others go on."""
    config = CONFIG.tuned("signs.fist.on", False)
    times = make.times(0, 3, 30)
    assert not events(play([make.scene(t, make.hand("fist")) for t in times], config))
    assert events(play([make.scene(t, make.hand("ok")) for t in times], config))


def test_meanings_come_from_the_configuration(make):
    """A sign says what the configuration says."""
    config = CONFIG.tuned("signs.fist.meaning", "yes")
    readings = play([make.scene(t, make.hand("fist")) for t in make.times(0, 1, 30)], config)
    assert [found[1:] for found in events(readings)] == [("fist", "yes")]


def test_new_settings_apply_while_running(make):
    """A longer hold set while a ring fills is the one that counts."""
    reader = GestureReader(CONFIG)
    play([make.scene(t, make.hand("ok")) for t in make.times(0, 0.5, 30)], reader=reader)
    reader.reconfigure(CONFIG.tuned("decide.hold_seconds", 2.0))
    times = make.times(0.5, 3.0, 30)
    ((fired_at, _, _),) = events(
        play([make.scene(t, make.hand("ok")) for t in times], reader=reader)
    )
    assert 2.0 <= fired_at <= 2.3


def test_rare_pictures_vouch_for_little(make):
    """At one picture a second, one picture with a sign does not make a hold."""
    hands = [make.hand("ok" if i % 3 == 0 else "other") for i in range(30)]
    assert not events(play([make.scene(i * 0.9, hand) for i, hand in enumerate(hands)]))


HEART = TaughtSign(icon="\u2764\ufe0f", text="Love", meaning="heart")


def taught_hand(make, name, score):
    """A hand with the scores of a taught sign on top."""
    hand = make.hand("other", 0.9 * (1 - score))
    return replace(hand, scores={**hand.scores, name: score})


def test_a_taught_sign_fires_with_its_name(make):
    """It is held, fires once, and says itself."""
    config = CONFIG.with_taught({"heart": HEART})
    scenes = [make.scene(t, taught_hand(make, "heart", 0.95)) for t in make.times(0, 2, 30)]
    ((_, name, meaning),) = events(play(scenes, config))
    assert (name, meaning) == ("heart", "heart")
    assert events(play(scenes)) == []


def test_a_sign_can_be_taught_and_forgotten_in_a_running_call(make):
    """What is held while the vocabulary changes neither breaks anything nor fires any more."""
    reader = GestureReader(CONFIG)
    hand = taught_hand(make, "heart", 0.95)
    assert events(play([make.scene(t, hand) for t in make.times(0, 1, 30)], reader=reader)) == []
    reader.reconfigure(CONFIG.with_taught({"heart": HEART}))
    scenes = [make.scene(t, hand) for t in make.times(1.1, 2, 30)]
    assert [name for _, name, _ in events(play(scenes, reader=reader))] == ["heart"]
    reader.reconfigure(CONFIG)
    scenes = [make.scene(t, make.hand("fist")) for t in make.times(2.1, 4, 30)]
    assert [name for _, name, _ in events(play(scenes, reader=reader))] == ["fist"]


def test_a_taught_sign_may_say_what_another_says(make):
    """With a meaning of the five it adds up with the built-in sign of that meaning."""
    thumb = HEART.model_copy(update={"meaning": "yes"})
    config = CONFIG.with_taught({"thumb": thumb})
    hand = make.hand("ok", 0.45)
    hand = replace(hand, scores={**hand.scores, "thumb": 0.5})
    ((_, name, meaning),) = events(
        play([make.scene(t, hand) for t in make.times(0, 2, 30)], config)
    )
    assert (name, meaning) == ("thumb", "yes")
