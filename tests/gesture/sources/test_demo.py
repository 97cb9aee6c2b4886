from triptych.gesture.config import Config
from triptych.gesture.sources import open_source


def test_the_demo_is_played_as_a_source() -> None:
    """`demo` opens the shipped clip as a file source that begins at 0."""
    with open_source("demo", Config()) as source:
        shot = source.read()
        assert shot is not None
        assert shot.frame is not None
        assert shot.t == 0
        assert shot.frame.shape == (source.size_wh[1], source.size_wh[0], 3)
        assert not source.live
