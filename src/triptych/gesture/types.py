"""The nouns of the gesture panel; everything else in the panel may import them.

Boxes and points are fractions of width and height, origin top left, in the unmirrored picture.
Times are seconds of a monotonic clock (live) or of the medium (files); never frames.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""A picture, [height, width, 3], BGR, 0..255."""

GESTURES = ("fist", "palm", "ok", "one", "two_up", "peace", "other", "none")
"""What the classifier tells apart, in the order of its outputs; what people taught comes on top.

`other` is a hand that makes no sign of ours, `none` is no hand at all.
"""

SIGNS = GESTURES[:6]
"""The gestures that mean something to the people in the call."""

NO_SIGN = GESTURES[6:]
"""What a hand shows when it makes no sign, built in or taught."""

FINGERS = ("one", "two_up")
"""Signs that mean the same to people, and are easily taken for each other."""

MEANINGS = ("no", "question", "yes", "comment", "goodbye")
"""What a sign can say; a taught one can also mean just itself."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in fractions of the picture; may reach outside 0..1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Fraction of the picture's width."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Fraction of the picture's height."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """Fraction of the picture's area."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, (x, y)."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def as_list(self) -> list[float]:
        """[x0, y0, x1, y1], as JSON output spells a box."""
        return [self.x0, self.y0, self.x1, self.y1]


@dataclass(frozen=True, slots=True)
class Hand:
    """One hand in one picture.

    scores: probability of each gesture (all of `GESTURES` and of what was taught, sums to 1).
    landmarks: [21, 2] fractions of the picture, MediaPipe's order (0 wrist, 4 thumb tip,
        8 index tip, 12 middle tip, 16 ring tip, 20 little tip), or None.
    embedding: [E] float32 features of the crop, for signs learnt from a few examples, or None.
    track: the same number as long as it is the same hand; 0 in single pictures.
    """

    box: Box
    scores: Mapping[str, float]
    landmarks: NDArray[np.float32] | None = None
    embedding: NDArray[np.float32] | None = None
    track: int = 0

    @property
    def gesture(self) -> str:
        """The most probable gesture."""
        return max(self.scores, key=lambda name: self.scores[name])

    @property
    def score(self) -> float:
        """The probability of the most probable gesture."""
        return self.scores[self.gesture]

    def judged(self, least: float) -> str:
        """The gesture, where a sign counts only from probability `least` on.

        One and two fingers mean the same and count together. A doubtful sign is `other` or `none`,
        whichever is more probable.
        """
        if self.gesture not in NO_SIGN:
            same = FINGERS if self.gesture in FINGERS else (self.gesture,)
            if sum(self.scores[sign] for sign in same) >= least:
                return self.gesture
        return "none" if self.scores["none"] > self.scores["other"] else "other"


@dataclass(frozen=True, slots=True)
class Face:
    """One face in one picture; `score` is the detector's confidence, 0..1."""

    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Scene:
    """What is in one picture.

    Hands are read in every picture. Faces are looked for a few times a second: `faces_at` is the
    time of the picture in which `faces` were last looked for (equal to `t` when it is this one).
    """

    t: float
    hands: tuple[Hand, ...] = ()
    faces: tuple[Face, ...] = ()
    faces_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth telling others: `gesture`, `away`, `back`, `camera_lost`, `camera_back`, ...

    `detail` holds the further keys of the JSON line: for a gesture `name` (the sign), `meaning`
    and `score`.
    """

    t: float
    event: str
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def as_json(self) -> dict[str, Any]:
        """The object that the events file holds, `t` in seconds with millisecond precision."""
        return {"t": round(self.t, 3), "event": self.event, **self.detail}


@dataclass(frozen=True, slots=True)
class Ring:
    """A sign that is being held but has not fired yet: `progress` goes from 0 to 1."""

    sign: str
    progress: float


@dataclass(frozen=True, slots=True)
class Badge:
    """A sign that has fired and is on show; `opacity` goes from 1 to 0 as it fades out."""

    sign: str
    opacity: float


CoverReason = Literal["starting", "away", "camera_lost", "by_user", "analyser_lost"]
"""Why the picture is covered."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be shown for one picture, and what has just happened.

    covered: None if the picture may be seen, else the reason why it may not.
    """

    t: float
    covered: CoverReason | None
    ring: Ring | None = None
    badge: Badge | None = None
    events: tuple[Event, ...] = ()
