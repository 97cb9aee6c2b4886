"""Movements of a hand: the network in NumPy, its clock, and what fires."""

import numpy as np
import pytest
import torch

from triptych.gesture.config import Config
from triptych.gesture.decide import reader as reader_module
from triptych.gesture.decide.movement import (
    FEATURES,
    MOVEMENTS,
    PAUSE,
    TICK,
    MovementReader,
    Network,
    features,
    pose_of,
)
from triptych.gesture.decide.reader import GestureReader
from triptych.gesture.types import GESTURES, Box, Hand, Scene

POINTS = np.stack([0.5 + 0.4 * np.cos(np.arange(21)), 0.5 + 0.4 * np.sin(np.arange(21))], 1)


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    """Random ones of the right shapes."""
    rng = np.random.default_rng(seed)
    shapes = {"input": (24, FEATURES), "hidden": (24, 8), "output": (4, 8)}
    biases = {"input_bias": (24,), "hidden_bias": (24,), "output_bias": (4,)}
    return {name: rng.normal(0, 0.7, shape) for name, shape in (shapes | biases).items()}


def hand(x: float, y: float = 0.5, track: int = 1, scores: dict[str, float] | None = None) -> Hand:
    """A hand of a fixed shape at (x, y)."""
    box = Box(x - 0.1, y - 0.1, x + 0.1, y + 0.1)
    landmarks = (np.array([x - 0.1, y - 0.1]) + 0.2 * POINTS).astype(np.float32)
    return Hand(box, scores or dict.fromkeys(GESTURES, 1 / 8), landmarks, None, track)


def test_the_network_is_pytorch_s_gru() -> None:
    """Step by step the same numbers as torch.nn.GRU and Linear give for the whole sequence."""
    w = weights()
    gru, out = torch.nn.GRU(FEATURES, 8, batch_first=True), torch.nn.Linear(8, 4)
    names = ("input", "hidden", "input_bias", "hidden_bias")
    for name, parameter in zip(names, gru.parameters(), strict=True):
        parameter.data = torch.from_numpy(w[name]).float()
    out.weight.data = torch.from_numpy(w["output"]).float()
    out.bias.data = torch.from_numpy(w["output_bias"]).float()
    found = np.random.default_rng(1).normal(size=(30, FEATURES))
    with torch.no_grad():
        wanted = out(gru(torch.from_numpy(found).float()[None])[0])[0].softmax(1).numpy()
    network, state = Network(w), np.zeros(8)
    for given, chances in zip(found, wanted, strict=True):
        got, state = network.step(given, state)
        assert np.allclose(got, chances, atol=1e-5)


def test_features_are_in_sizes_of_the_hand() -> None:
    """A move by half a hand's width is 0.5, wherever the hand and however large it is."""
    before, now = pose_of(hand(0.4)), pose_of(hand(0.5, 0.55))
    found = features(now, before)
    assert found[:3] == pytest.approx([1.0, 0.5, 0.25])
    assert not features(None, before).any()
    assert features(now, None)[1] == 0.0


class Told:
    """A network that is told what to say at each tick; counts them."""

    units = 1

    def __init__(self, *said: str) -> None:
        self.said, self.ticks = list(said), 0

    def step(self, _found: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Certain of the next word."""
        word = self.said[self.ticks] if self.ticks < len(self.said) else "none"
        self.ticks += 1
        return np.eye(4)[MOVEMENTS.index(word)] * 0.97 + 0.0075, state


@pytest.mark.parametrize("fps", [5, 15, 24, 30, 60])
def test_the_network_ticks_at_its_own_rate(fps: int) -> None:
    """Two seconds are thirty ticks, however many pictures there are."""
    told = Told()
    watching = MovementReader(told)  # type: ignore[arg-type]
    for i in range(2 * fps + 1):
        watching.step(i / fps, [hand(0.5)], 0.9)
    assert told.ticks == 30


def test_a_movement_fires_once_and_then_rests() -> None:
    """One sure tick is not enough, many are one movement, and the next needs a pause."""
    told = Told(*["none", "wave", "none"], *["wave"] * 6, "none", *["swipe"] * 4)
    watching = MovementReader(told)  # type: ignore[arg-type]
    fired = [(i, m[0]) for i in range(20) if (m := watching.step(i * TICK, [hand(0.5)], 0.9))]
    assert fired == [(5, "wave")]
    told = Told(*["swipe"] * 2, *["none"] * 30, *["wave"] * 3)
    watching = MovementReader(told)  # type: ignore[arg-type]
    times = [(i * TICK, m[0]) for i in range(40) if (m := watching.step(i * TICK, [hand(0)], 0.9))]
    assert [name for _, name in times] == ["swipe", "wave"]
    assert times[1][0] - times[0][0] >= PAUSE


def test_a_gap_and_broken_landmarks_are_no_movement() -> None:
    """After a gap nothing is known; a hand without real landmarks is no hand."""
    told = Told()
    watching = MovementReader(told)  # type: ignore[arg-type]
    for t in (0.0, 0.1, 5.0, 5.1, 4.0):
        watching.step(t, [hand(0.5)], 0.9)
    assert told.ticks == 2
    broken = Hand(Box(0, 0, 1, 1), {}, np.full((21, 2), np.nan, np.float32), None, 1)
    assert pose_of(broken) is None
    assert watching.step(4.05, [broken, Hand(Box(0, 0, 1, 1), {})], 0.9) is None


def reader(monkeypatch: pytest.MonkeyPatch, *said: str) -> GestureReader:
    """A reader with movements on, whose network is told what to say."""
    monkeypatch.setattr(reader_module, "load_motion", lambda: Told(*said))
    return GestureReader(Config().tuned("motion.on", True))


def test_a_wave_says_what_peace_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its icon, at once, and nothing else fires right after it."""
    reading = reader(monkeypatch, *["none"] * 5, *["wave"] * 10)
    palm = dict.fromkeys(GESTURES, 0.0) | {"palm": 1.0}
    seen = [reading.step(Scene(i / 30, (hand(0.5, scores=palm),))) for i in range(45)]
    events = [one.event for one in seen if one.event]
    assert [event.detail["name"] for event in events] == ["wave"]
    assert events[0].detail["meaning"] == "goodbye"
    badge = next(one.badge for one in seen if one.badge)
    assert badge.sign == "peace"


def test_a_swipe_takes_the_icon_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The badge is gone in the same picture."""
    reading = reader(monkeypatch, *["none"] * 14, *["swipe"] * 4)
    palm = dict.fromkeys(GESTURES, 0.0) | {"palm": 1.0}
    seen = [reading.step(Scene(i / 30, (hand(0.5, scores=palm),))) for i in range(60)]
    names = [one.event.event for one in seen if one.event]
    assert names == ["gesture", "dismissed"]
    swiped = next(i for i, one in enumerate(seen) if one.event and one.event.event == "dismissed")
    assert seen[swiped - 1].badge is not None
    assert all(one.badge is None for one in seen[swiped : swiped + 5])


def test_movements_are_off_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network is not even loaded; it can be switched on and off while running."""
    loaded: list[int] = []
    monkeypatch.setattr(reader_module, "load_motion", lambda: loaded.append(1) or Told())
    reading = GestureReader(Config())
    reading.step(Scene(0.0, (hand(0.5),)))
    assert not loaded
    reading.reconfigure(Config().tuned("motion.on", True))
    reading.step(Scene(0.1, (hand(0.5),)))
    reading.reconfigure(Config())
    assert loaded == [1]
