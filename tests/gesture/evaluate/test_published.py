"""What the docs publish is what the shipped networks do."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from triptych.gesture.config import Config
from triptych.gesture.evaluate import evaluate
from triptych.gesture.evaluate.pictures import NETWORKS
from triptych.gesture.model_files import fingerprint
from triptych.gesture.perceive.perceiver import Perceiver
from triptych.gesture.types import Frame

RESULTS = Path(__file__).parents[3] / "docs" / "gesture" / "results"
DATA = os.environ.get("TRIPTYCH_DATA")
PICTURES = ("evaluate_val.json", "evaluate_test.json", "evaluate_wild.json")


def published(name: str) -> dict[str, object]:
    """The numbers of a result file."""
    return json.loads((RESULTS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", PICTURES)
def test_published_numbers_are_those_of_the_shipped_networks(name: str) -> None:
    """Who ships new weights measures again."""
    measured = published(name)["networks"]
    assert isinstance(measured, dict)
    for network in NETWORKS:
        assert measured[network] == fingerprint(network)[:12]


@pytest.mark.skipif(DATA is None, reason="TRIPTYCH_DATA is not set: drawn hands are read instead")
def test_strangers_are_read_as_published() -> None:
    """All 190 pictures of `wild`; another processor may read one or two of them otherwise."""
    told = published("evaluate_wild.json")
    measured = evaluate(Path(str(DATA)) / "hands" / "labels.jsonl", Config(), "wild")
    for key in ("macro_f1", "sign_seen_where_none", "hands_found", "sure_faces_found"):
        assert measured[key] == pytest.approx(told[key], abs=0.02), key


def drawn_hands(seed: int, each: int) -> list[tuple[str, Frame]]:
    """Drawn hands before a grey wall, whose signs are known; nobody's photograph."""
    from triptych.gesture.demo.hand import draw_hand
    from triptych.gesture.demo.variety import random_hand

    rng = np.random.default_rng(seed)
    found: list[tuple[str, Frame]] = []
    for sign in ("fist", "palm", "ok", "one", "peace"):
        for _ in range(each):
            canvas = np.full((300, 400, 3), int(rng.integers(60, 200)), np.uint8)
            draw_hand(canvas, random_hand(rng, sign), (200, 220), 110)
            found.append((sign, canvas))
    return found


def test_drawn_hands_are_read() -> None:
    """Without the photographs, this is the subset: nearly all of 40 drawn signs are read right."""
    look = Perceiver(Config()).look_still
    right = 0
    for sign, frame in drawn_hands(3, 8):
        hands = look(frame).hands
        right += bool(hands) and max(hands, key=lambda hand: hand.score).gesture == sign
    assert right >= 36
