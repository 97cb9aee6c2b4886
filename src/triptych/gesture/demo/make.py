"""Draws the demo clip that the package ships: `python -m triptych.gesture.demo.make [FOLDER]`.

Writes demo.mp4 (H.264) and script.json; takes a few minutes on one core.
"""

import json
import sys
from pathlib import Path

import av
import numpy as np
from rich.progress import track

from triptych.gesture.demo import script
from triptych.gesture.demo.stage import draw_moment


def write_clip(path: Path, seconds: float = script.SECONDS, fps: int = script.FPS) -> None:
    """Draw the first `seconds` of the demo into an MP4 file at `path`."""
    width, height = script.SIZE_WH
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "21", "preset": "slow", "g": str(4 * fps)}
        for number in track(range(round(seconds * fps)), "Drawing"):
            picture = np.ascontiguousarray(draw_moment(number / fps))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        container.mux(stream.encode())


def main() -> None:
    """Write the clip and its script beside this file, or into the folder given."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(script.timeline(), indent=1)
    (folder / "script.json").write_text(text + "\n", encoding="utf-8")
    write_clip(folder / "demo.mp4")


if __name__ == "__main__":
    main()
