"""People, hands and lights by chance, for drawn training pictures that never repeat."""

import numpy as np

from triptych.gesture.demo.anatomy import POSES, Anatomy, jitter
from triptych.gesture.demo.hand import DrawnHand, View
from triptych.gesture.demo.shading import Light, Look, skin_colour


def random_hand(rng: np.random.Generator, gesture: str) -> DrawnHand:
    """A hand of someone nobody has seen, making `gesture` (a key of `POSES`)."""
    ways = POSES[gesture]
    pose = ways[0] if rng.random() < 0.3 else ways[rng.integers(len(ways))]
    back = gesture in ("fist", "one", "two_up", "peace", "other") and rng.random() < 0.12
    knuckles = gesture == "fist" and not back and rng.random() < 0.35
    view = View(
        roll=float(np.clip(rng.normal(0, 12), -30, 30)),
        yaw=float(rng.normal(180 if back else 0, 14)),
        pitch=float(rng.normal(42 if knuckles else -4, 11)),
        left=bool(rng.random() < 0.5),
    )
    darkness = float(rng.random())
    return DrawnHand(
        jitter(pose, rng),
        view,
        Anatomy(*np.clip(rng.normal(1, [0.05, 0.09, 0.05, 0.05]), 0.82, 1.2)),
        random_look(rng, darkness),
        random_light(rng),
        sleeve=float(rng.uniform(0.35, 1.0) if rng.random() < 0.65 else 9.0),
    )


def random_look(rng: np.random.Generator, darkness: float) -> Look:
    """Skin of the given darkness (0..1) and any clothes."""
    return Look(
        skin=skin_colour(darkness, float(rng.normal(0, 1))),
        cloth=(
            float(rng.uniform(15, 235)),
            float(rng.uniform(15, 235)),
            float(rng.uniform(15, 235)),
        ),
        pale=float(np.clip(0.08 + 0.5 * darkness + rng.normal(0, 0.05), 0, 0.7)),
        blotch=float(rng.uniform(0.4, 1.8)),
        seed=int(rng.integers(1 << 30)),
    )


def random_light(rng: np.random.Generator) -> Light:
    """Any light that people sit in during calls."""
    warm = float(rng.normal(0, 0.06))
    return Light(
        towards=(
            float(rng.normal(0, 0.6)),
            float(rng.uniform(-0.9, 0.1)),
            float(rng.uniform(0.35, 1.1)),
        ),
        key=float(rng.uniform(0.45, 1.05)),
        ambient=float(rng.uniform(0.22, 0.6)),
        tint=(1 - warm, 1.0, 1 + warm),
    )
