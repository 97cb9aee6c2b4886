"""Builders of scenes, shared by the tests of this room."""

import pytest

from triptych.gesture.types import GESTURES, Box, Face, Hand, Scene


class Make:
    """Makes faces, hands and scenes with plain defaults."""

    @staticmethod
    def face(x=0.5, y=0.4, size=0.2, score=0.95):
        """A face centred at (x, y)."""
        return Face(Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2), score)

    @staticmethod
    def hand(sign="palm", score=0.96, x=0.3, y=0.6, size=0.1, track=1):
        """A hand centred at (x, y) whose other scores share the rest evenly."""
        rest = (1.0 - score) / (len(GESTURES) - 1)
        scores = dict.fromkeys(GESTURES, rest) | {sign: score}
        box = Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2)
        return Hand(box, scores, track=track)

    def scene(self, t, *hands, faces=None, faces_at=None):
        """A scene with one face, looked for in this very picture, unless told otherwise."""
        faces = (self.face(),) if faces is None else tuple(faces)
        return Scene(t, tuple(hands), faces, t if faces_at is None else faces_at)

    @staticmethod
    def times(start, end, fps):
        """Times of pictures from start to end, both included."""
        return [start + i / fps for i in range(round((end - start) * fps) + 1)]


@pytest.fixture(scope="session")
def make():
    return Make()
