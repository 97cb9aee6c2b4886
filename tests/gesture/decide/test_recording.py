"""A recording of scenes, without pictures, decides to the same events."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.decide.decider import Decider
from triptych.gesture.decide.recording import scene_from_json, scene_to_json
from triptych.gesture.types import Box, Face, Hand, Scene

floats = st.floats(-1e6, 1e6)
boxes = st.builds(Box, floats, floats, floats, floats)
scores = st.dictionaries(st.sampled_from(["fist", "none"]), st.floats(allow_nan=False))
hands = st.builds(Hand, boxes, scores, track=st.integers(0, 9))
faces = st.builds(Face, boxes, floats)
scenes = st.builds(
    Scene, floats, st.lists(hands).map(tuple), st.lists(faces).map(tuple), faces_at=floats
)


@given(scenes)
def test_a_scene_survives_json(scene):
    """Writing and reading a scene gives the same scene, bit for bit."""
    assert scene_from_json(json.loads(json.dumps(scene_to_json(scene)))) == scene


def test_arrays_survive_json(make):
    """Landmarks and embedding come back with the same type, shape and values."""
    generator = np.random.default_rng(1)
    landmarks = generator.random((21, 2), np.float32)
    embedding = generator.random(64, np.float32)
    hand = Hand(Box(0, 0, 1, 1), {"ok": 1.0}, landmarks, embedding, 3)
    back = scene_from_json(json.loads(json.dumps(scene_to_json(Scene(0.5, (hand,))))))
    for before, after in (
        (landmarks, back.hands[0].landmarks),
        (embedding, back.hands[0].embedding),
    ):
        assert after is not None
        assert after.dtype == np.float32
        assert np.array_equal(before, after)


def test_a_replayed_recording_decides_the_same(make):
    """The same scenes, live, again, and from JSON lines, give identical decisions."""
    generator = np.random.default_rng(2)
    signs = ["fist", "palm", "other", "none", "one", "two_up"]
    seen, t = [], 0.0
    for i in range(900):
        t += float(generator.uniform(0.01, 0.06))
        hand = make.hand(
            signs[i // 60 % len(signs)],
            float(generator.uniform(0.7, 1.0)),
            x=0.3 + float(generator.normal(0, 0.003)),
        )
        away = 500 < i < 600
        seen.append(make.scene(t, *([] if away else [hand]), faces=[] if away else None))
    lines = [json.dumps(scene_to_json(scene)) for scene in seen]
    live, again, replayed = Decider(Config()), Decider(Config()), Decider(Config())
    first = [live.step(scene) for scene in seen]
    assert [again.step(scene) for scene in seen] == first
    assert [replayed.step(scene_from_json(json.loads(line))) for line in lines] == first
    names = {event.event for decision in first for event in decision.events}
    assert names == {"gesture", "away", "back"}


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"t": "x", "faces_at": 0, "faces": [], "hands": []},
        {"t": 0, "faces_at": 0, "faces": [{"box": [0, 1], "score": 1}], "hands": []},
        {"t": 0, "faces_at": 0, "faces": [], "hands": [{"box": [0, 0, 1, 1]}]},
        {"t": 0, "faces_at": 0, "faces": 3, "hands": []},
        {"t": 0, "faces_at": 0, "faces": ["x"], "hands": []},
    ],
)
def test_what_is_no_scene_is_refused(line):
    """A line that is not a scene gets one sentence."""
    with pytest.raises(BadInput, match="not a scene"):
        scene_from_json(line)
