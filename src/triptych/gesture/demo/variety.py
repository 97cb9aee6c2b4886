"""People, hands and lights by chance, for drawn training pictures that never repeat."""

import numpy as np

from triptych.gesture.demo.anatomy import POSES, Anatomy, jitter
from triptych.gesture.demo.features import Expression, Features
from triptych.gesture.demo.hand import DrawnHand, View
from triptych.gesture.demo.person import Person
from triptych.gesture.demo.shading import Colour, Light, Look, skin_colour


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
        cloth=_dye(rng),
        pale=float(np.clip(0.08 + 0.5 * darkness + rng.normal(0, 0.05), 0, 0.7)),
        blotch=float(rng.uniform(0.4, 1.8)),
        seed=int(rng.integers(1 << 30)),
    )


def _dye(rng: np.random.Generator) -> Colour:
    """A colour that clothes have: greys and muted colours more often than bright ones."""
    colour = rng.uniform(15, 235) + rng.normal(0, rng.uniform(0, 55), 3)
    blue, green, red = np.clip(colour, 10, 245)
    return float(blue), float(green), float(red)


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


_HAIR: tuple[Colour, ...] = (
    (16.0, 16.0, 18.0),
    (22.0, 28.0, 40.0),
    (34.0, 50.0, 76.0),
    (60.0, 100.0, 150.0),
    (110.0, 160.0, 200.0),
    (40.0, 62.0, 130.0),
    (165.0, 168.0, 172.0),
)


def random_person(rng: np.random.Generator) -> Person:
    """Anyone: skin, hair, beard, glasses, mask and clothes by chance."""
    darkness = float(rng.random())
    look = random_look(rng, darkness)
    shades = _HAIR[:2] if darkness > 0.6 else _HAIR
    dark_eyes = (30.0, 40.0, 58.0)
    features = Features(
        look=look,
        width=float(np.clip(rng.normal(1, 0.05), 0.88, 1.12)),
        jaw=float(np.clip(rng.normal(1, 0.15), 0.7, 1.6)),
        nose=float(np.clip(rng.normal(1, 0.2), 0.5, 1.5)),
        lips=float(np.clip(rng.normal(1, 0.2), 0.5, 1.5)),
        brow=float(np.clip(rng.normal(1, 0.25), 0.4, 1.7)),
        hair=str(
            rng.choice(["short", "long", "bun", "curly", "none"], p=[0.4, 0.25, 0.1, 0.15, 0.1])
        ),
        hair_colour=shades[rng.integers(len(shades))],
        hairline=float(rng.uniform(-0.75, -0.5)),
        beard=float(rng.uniform(0.2, 1.0) if rng.random() < 0.25 else 0.0),
        glasses=str(rng.choice(["", "clear", "dark"], p=[0.66, 0.26, 0.08])),
        mask=bool(rng.random() < 0.08),
        iris=dark_eyes if darkness > 0.4 or rng.random() < 0.5 else (120.0, 104.0, 80.0),
    )
    return Person(
        features,
        look.cloth,
        str(rng.choice(["plain", "stripes", "checks"], p=[0.7, 0.15, 0.15])),
        _dye(rng),
        float(np.clip(rng.normal(1, 0.1), 0.8, 1.25)),
    )


def random_expression(rng: np.random.Generator) -> Expression:
    """A moment of someone who listens, talks, or looks aside."""
    return Expression(
        yaw=float(np.clip(rng.normal(0, 16), -45, 45)),
        tilt=float(rng.normal(0, 6)),
        blink=float(rng.random() < 0.08),
        talk=float(rng.random() if rng.random() < 0.4 else 0.0),
        smile=float(rng.uniform(-0.3, 1.0)),
    )
