"""Makes `teach/background.npz`: the hands that teaching compares a new sign with.

Every picture of training people is looked at as the overlay would; of what it finds, features are
kept, never pixels. People count alike: each gives a few hands of a kind.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triptych.data.hands import COLLECTIVES, HandPicture, read_hands
from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.demo.anatomy import POSES, jitter
from triptych.gesture.demo.hand import draw_hand
from triptych.gesture.demo.variety import random_hand
from triptych.gesture.model_files import reader_now
from triptych.gesture.perceive.detector import intersection_over_union
from triptych.gesture.perceive.perceiver import Perceiver
from triptych.gesture.sources.pictures import read_picture
from triptych.gesture.teach.background import Background, Use, whitening
from triptych.gesture.teach.features import features
from triptych.gesture.teach.seeing import Perceives
from triptych.gesture.types import GESTURES, SIGNS, Box, Hand

SAME_PLACE = 0.3
"""Overlap from which a hand that was seen is the one that was labelled."""

SIGN_HANDS, SIGN_EACH = 90, 3
"""Hands of a sign, and how many of them one person gives."""

IDLE_HANDS, IDLE_EACH = 700, 20
METRIC_EACH = 6
"""The same for idle hands, which few people show, and for the measure."""

RELAXED = 250
"""Hands at rest that are drawn."""

COLLECTIVE = 10
"""Pictures from the web count as so many people."""


@dataclass(frozen=True, slots=True)
class SeenHand:
    """One hand as the overlay saw it.

    sign: the picture's label if this is the labelled hand; `idle` for a hand that makes no sign;
    `none` for what is no hand; "" where nobody knows. raw: the source's own label.
    rows: [2, 170], features of the hand and of its mirror image. scores: the reader's own [8].
    """

    file: str
    person: str
    source: str
    split: str
    sign: str
    raw: str
    rows: NDArray[np.float32]
    scores: NDArray[np.float32]


def make_background(data: Path, on_picture: Callable[[], None] = lambda: None) -> Background:
    """The background of the reader that is installed. Raises `BadInput` if pictures are missing."""
    folder = data / "hands"
    perceiver = Perceiver(Config())
    pictures = few_of_each(read_hands(folder, "train"))
    seen = list(seen_hands(folder, pictures, perceiver, on_picture))
    return background_of([*seen, *relaxed_hands(perceiver)])


def few_of_each(pictures: Sequence[HandPicture]) -> list[HandPicture]:
    """The pictures that are worth looking at: a few of each person and sign, and idle hands."""
    taken: dict[tuple[str, str], int] = defaultdict(int)
    chosen: list[HandPicture] = []
    order = np.random.default_rng(0).permutation(len(pictures))
    for picture in (pictures[i] for i in order.tolist()):
        # Beside the hand that shows a sign, the other one rests.
        idle = picture.label == "none" or len(picture.hands) > 1
        key = (picture.person, "idle" if idle else picture.label)
        most = IDLE_EACH if idle else METRIC_EACH if picture.label in SIGNS else 0
        if taken[key] < most * (COLLECTIVE if picture.person in COLLECTIVES else 1):
            taken[key] += 1
            chosen.append(picture)
    return chosen


def background_of(
    seen: Sequence[SeenHand], use: Use = "both", metric_signs: Sequence[str] = SIGNS
) -> Background:
    """The background that these hands make; `use` and `metric_signs` for comparison."""
    kinds = [hand.sign for hand in seen]
    for_metric = _few(seen, metric_signs, METRIC_EACH, len(seen))
    labels = np.array([list(metric_signs).index(seen[i].sign) for i in for_metric])
    whiten = whitening(np.stack([seen[i].rows[0] for i in for_metric]), labels, use)
    made = Background(reader_now(), whiten, np.zeros((0, 170)), np.zeros(0))  # type: ignore[arg-type]
    kept: list[int] = []
    for sign in SIGNS:
        kept += _few(seen, (sign,), SIGN_EACH, SIGN_HANDS)
    kept += _few(seen, ("idle", "none"), IDLE_EACH, IDLE_HANDS)
    names = {"idle": "other"}
    points = made.place(np.stack([seen[i].rows[0] for i in kept]))
    places = np.array([GESTURES.index(names.get(kinds[i], kinds[i])) for i in kept])
    return Background(made.reader, whiten, points, places)


def seen_hands(
    folder: Path,
    pictures: Sequence[HandPicture],
    perceiver: Perceives,
    on_picture: Callable[[], None] = lambda: None,
) -> Iterator[SeenHand]:
    """Every hand that the overlay sees in the pictures."""
    for picture in pictures:
        frame = read_picture(folder / picture.file)
        hands = perceiver.look_still(frame).hands
        aspect = frame.shape[1] / frame.shape[0]
        meant = _meant(picture, hands)
        for i, hand in enumerate(hands):
            mirrored = perceiver.look_mirrored(frame, hand)
            row = features(hand, aspect)
            other = features(mirrored, aspect) if mirrored is not None else None
            if row is None or other is None:
                continue
            fits = picture.label if i == meant else _beside(picture, hand)
            yield SeenHand(
                picture.file,
                picture.person if picture.person not in COLLECTIVES else picture.file,
                picture.source,
                picture.split,
                "" if fits is None else fits,
                picture.raw_label,
                np.stack([row, other]),
                np.array([hand.scores[name] for name in GESTURES], np.float32),
            )
        on_picture()


def relaxed_hands(perceiver: Perceives, number: int = RELAXED) -> Iterator[SeenHand]:
    """Drawn hands at rest, turned any way: photographs of idle hands are the rarest of all."""
    rng = np.random.default_rng(0)
    ways = [pose for pose in POSES["other"] if pose.name == "relaxed"]
    for i in range(number):
        frame = np.empty((360, 480, 3), np.uint8)
        frame[:] = rng.integers(40, 220, 3)
        drawn = random_hand(rng, "other")
        view = replace(drawn.view, roll=float(rng.uniform(-180, 180)))
        pose = jitter(ways[int(rng.integers(len(ways)))], rng, 1.5)
        draw_hand(frame, replace(drawn, view=view, pose=pose), (240.0, 200.0), 130.0)
        hands = perceiver.look_still(frame).hands
        if hands:
            mirrored = perceiver.look_mirrored(frame, hands[0])
            rows = [features(hand, 4 / 3) for hand in (hands[0], mirrored) if hand is not None]
            plain = [row for row in rows if row is not None]
            if len(plain) == 2:
                scores = np.array([hands[0].scores[name] for name in GESTURES], np.float32)
                yield SeenHand(
                    f"drawn {i}",
                    f"drawn {i}",
                    "drawn",
                    "train",
                    "idle",
                    "",
                    np.stack(plain),
                    scores,
                )


def _meant(picture: HandPicture, hands: Sequence[Hand]) -> int | None:
    """Which of the hands the label speaks of: the raised one of the teacher, or the drawn box."""
    unknown = picture.label in ("none", "unlabelled")
    if not hands or unknown or any("FIST_LIKE" in flag for flag in picture.flags):
        return None
    known = sorted(_teacher(picture), key=lambda box: box.centre[1])[:1] or _drawn(picture)
    if not known:
        alone = picture.context in ("crop", "roi")
        return max(range(len(hands)), key=lambda i: hands[i].box.area) if alone else None
    overlaps = [max(intersection_over_union(hand.box, box) for box in known) for hand in hands]
    best = int(np.argmax(overlaps))
    return best if overlaps[best] > SAME_PLACE else None


def _beside(picture: HandPicture, hand: Hand) -> str | None:
    """What a hand shows that the label does not speak of: `idle`, `none`, or None if nobody knows.

    A second hand that is up may make a sign of its own; one that lies or hangs does not.
    """
    drawn = [box for box in _drawn(picture) if intersection_over_union(hand.box, box) > SAME_PLACE]
    seen = [b for b in _teacher(picture) if intersection_over_union(hand.box, b) > SAME_PLACE]
    if picture.label == "none":
        return "idle" if seen else "none"
    if not seen and not drawn:
        # Neither people nor the teacher saw a hand here, where they saw another.
        return "none" if picture.hands or picture.boxes else None
    points = hand.landmarks
    lies = points is not None and float(points[12, 1]) > float(points[0, 1]) - 0.3 * hand.box.height
    return "idle" if lies and not drawn else None


def _teacher(picture: HandPicture) -> list[Box]:
    corners = [
        (hand.landmarks[:, :2].min(axis=0), hand.landmarks[:, :2].max(axis=0))
        for hand in picture.hands
    ]
    return [Box(*low.tolist(), *high.tolist()) for low, high in corners]


def _drawn(picture: HandPicture) -> list[Box]:
    return [Box(*box.box_xyxy) for box in picture.boxes if box.name.endswith("hand")]


def _few(seen: Sequence[SeenHand], signs: Sequence[str], each: int, most: int) -> list[int]:
    """Places of hands of these signs, at most `each` of a person and sign, `most` in all."""
    order = np.random.default_rng(0).permutation(len(seen))
    taken: dict[tuple[str, str], int] = defaultdict(int)
    chosen: list[int] = []
    for i in order.tolist():
        key = (seen[i].sign, seen[i].person)
        if seen[i].sign in signs and taken[key] < each and len(chosen) < most:
            taken[key] += 1
            chosen.append(i)
    if not chosen:
        raise BadInput(
            f"The pictures show no hand of {', '.join(signs)}: fetch the data set again."
        )
    return chosen
