"""What can be varied in the training of the hand reader, to measure what each choice brings.

The choices are those of the talk (S5 and C1 to C4); the defaults are what ships.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from triptych.data.hands import COLLECTIVES, HandPicture
from triptych.gesture.learn.augment import Jitter

HELD_BACK = 10
"""The split by frames holds every so many-th picture back for validation."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Choices of one training.

    frozen: keep the pretrained layers as they are. every: keep every so many-th frame of a person
    and sign. jitter: the augmentations. weights: what the backbone starts from. convolution: the
    backbone's 3x3 filters, depthwise-separable or standard. split: who validates, other people or
    neighbouring frames of the same people (as the talk had it; flatters). composed: draw some crops
    from hands put before other photographs. kept: how many of the backbone's first blocks, and its
    stem, stay as they are; halves the time of going on from a trained network.
    """

    frozen: bool = False
    every: int = 1
    jitter: Jitter = field(default_factory=Jitter)
    weights: Literal["imagenet", "random"] = "imagenet"
    convolution: Literal["separable", "standard"] = "separable"
    split: Literal["people", "frames"] = "people"
    composed: bool = False
    kept: int = 0


def every_nth(pictures: Sequence[HandPicture], step: int) -> list[HandPicture]:
    """Every `step`-th picture of each person and label, from the first on.

    The order of the pictures is that of their frames. Crowds are not one person's frames and stay.
    """
    return [p for p, place in _places(pictures) if place % step == 0 or p.person in COLLECTIVES]


def by_frames(
    pictures: Sequence[HandPicture],
) -> tuple[list[HandPicture], list[HandPicture]]:
    """Train and validation pictures of the same people: every tenth frame is held back."""
    places = _places(pictures)
    held = HELD_BACK - 1  # the tenth, so that whoever has one picture trains
    train = [p for p, place in places if place % HELD_BACK != held]
    return train, [p for p, place in places if place % HELD_BACK == held]


def _places(pictures: Sequence[HandPicture]) -> list[tuple[HandPicture, int]]:
    """Each picture and its number among those of the same person and label."""
    seen: dict[tuple[str, str], int] = defaultdict(int)
    found = []
    for picture in pictures:
        key = picture.person, picture.label
        found.append((picture, seen[key]))
        seen[key] += 1
    return found
