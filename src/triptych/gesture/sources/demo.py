"""The drawn demo clip as a source."""

from triptych.gesture.demo import demo_clip
from triptych.gesture.sources.video import VideoSource


class DemoSource(VideoSource):
    """The clip that comes with the program, played like any video file."""

    def __init__(self, name: str = "demo") -> None:
        super().__init__(demo_clip())
        self.name = name
