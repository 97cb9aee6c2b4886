"""What a person wrote as SOURCE -> an open source."""

from pathlib import Path

from triptych.errors import BadInput, Unavailable
from triptych.gesture.config import Config
from triptych.gesture.sources.shot import Source


def open_source(spec: str | None, config: Config) -> Source:
    """Open a camera by its number, a video file, a folder of pictures, or `demo`.

    None: the configured camera, else the first that opens, else the demo; the source's `name` says
    which it became. A file or folder called `demo` or `0` is meant by writing `./demo` or `./0`.

    Raises BadInput for a file or folder that cannot be played, Unavailable for a camera that was
    asked for and cannot be opened.
    """
    if spec is None:
        return _first_camera(config) or _demo("demo (no camera found)")
    if spec == "demo":
        return _demo("demo")
    if spec.isascii() and spec.isdigit():
        return _camera(int(spec), config)
    path = Path(spec).expanduser()
    if not path.exists():
        raise BadInput(
            f"There is no file or folder {spec}; a source is the number of a camera, a video file, "
            "a folder of pictures, or `demo`."
        )
    if path.is_dir():
        from triptych.gesture.sources.folder import FolderSource

        return FolderSource(path)
    from triptych.gesture.sources.video import VideoSource

    return VideoSource(path)


def _demo(name: str) -> Source:
    from triptych.gesture.sources.demo import DemoSource

    return DemoSource(name)


def _camera(device: int, config: Config) -> Source:
    from triptych.gesture.sources.camera import CameraSource
    from triptych.gesture.sources.capture import OpenCVCapture

    wanted = config.camera
    return CameraSource(
        f"camera {device}",
        float(wanted.fps),
        lambda: OpenCVCapture(device, wanted.width, wanted.height, wanted.fps),
    )


def _first_camera(config: Config) -> Source | None:
    from triptych.gesture.sources.capture import camera_numbers

    numbers = camera_numbers()
    for device in sorted(numbers, key=lambda number: number != config.camera.device):
        try:
            return _camera(device, config)
        except Unavailable:
            continue
    return None
