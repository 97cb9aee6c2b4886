"""A hand as numbers that a sign can be learnt from: the reader's embedding, and the hand's shape.

No picture can be made from them; they are all that teaching ever keeps.
"""

import numpy as np
from numpy.typing import NDArray

from triptych.gesture.types import Hand

PALM = (0, 5, 9, 13, 17)
"""Wrist and knuckles: the part of the hand that keeps its shape, used to normalise the rest."""

EMBEDDING = 128
SHAPE = 42
LENGTH = EMBEDDING + SHAPE
"""Numbers for one hand: first the embedding, then the shape."""

Features = NDArray[np.float32]
"""[N, 170], one row a hand."""


def features(hand: Hand, aspect: float) -> NDArray[np.float32] | None:
    """[170] for one hand, or None if the reader gave no landmarks or embedding, or broken ones.

    aspect: width over height of the picture, which the landmarks' fractions have lost.
    """
    if hand.landmarks is None or hand.embedding is None:
        return None
    points = hand.landmarks * np.array([aspect, 1.0], np.float32)
    row = np.concatenate([hand.embedding, shape(points)]).astype(np.float32)
    return row if row.shape == (LENGTH,) and np.isfinite(row).all() else None


def shape(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Landmarks [21, 2] in square units -> [42]: centred on the palm, in units of its size.

    The turn is kept, for a thumb up is no thumb down.
    """
    palm = points[list(PALM)]
    centre = palm.mean(axis=0)
    size = float(np.linalg.norm(palm - centre, axis=1).mean())
    return ((points - centre) / max(size, 1e-6)).astype(np.float32).ravel()
