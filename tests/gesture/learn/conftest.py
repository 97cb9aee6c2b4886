"""What the tests of training share: one thread, and records of pictures."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from triptych.data.hands import HandPicture, NamedBox, TeacherFace, TeacherHand


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def hand_at(x: float, y: float, size: float) -> TeacherHand:
    """Landmarks that fill a square of `size` around (x, y), fractions; the wrist is lowest."""
    steps = np.linspace(-0.5, 0.5, 21)
    points = np.stack([x + size * steps, y - size * steps, np.zeros(21)], axis=1)
    return TeacherHand(points.astype(np.float32), "Left", 0.9)


def picture(**changes: Any) -> HandPicture:
    """A picture of 200 x 100 pixels that shows a raised palm and, unless told, nothing else."""
    known: dict[str, Any] = {
        "file": "images/drawn/a.png",
        "label": "palm",
        "raw_label": "",
        "person": "anna",
        "source": "drawn",
        "licence": "CC0",
        "evidence": "strong",
        "split": "train",
        "context": "frame",
        "width": 200,
        "height": 100,
        "flags": frozenset(),
        "boxes": (),
        "hands": (hand_at(0.5, 0.5, 0.2),),
        "faces": (),
        "person_share": 0.0,
    }
    return HandPicture(**(known | changes))


@pytest.fixture
def hand():
    """Makes a teacher's hand."""
    return hand_at


@pytest.fixture
def shot():
    """Makes a picture's record."""
    return picture


@pytest.fixture
def face():
    """Makes a teacher's face from x0, y0, x1, y1 and its score."""
    return lambda *box, score=0.9: TeacherFace(box, score)


@pytest.fixture
def named():
    """Makes a box that people drew, from its class and x0, y0, x1, y1."""
    return lambda name, *box: NamedBox(box, name)
