"""Where pictures come from: camera, video file, folder of pictures, the drawn demo."""

from triptych.gesture.sources.choose import open_source
from triptych.gesture.sources.shot import Shot, Source

__all__ = ["Shot", "Source", "open_source"]
