"""A virtual camera, which call programs list like a real one; through pyvirtualcam.

Linux: the v4l2loopback kernel module. macOS and Windows: the one that OBS brings, or Unity Capture
(Windows). pyvirtualcam is an extra, because its licence is the GPL.
"""

import importlib
import sys
from typing import Any

from triptych.errors import Unavailable
from triptych.gesture.types import Frame

_FIXES = {
    "linux": (
        "load the kernel module with `sudo modprobe v4l2loopback exclusive_caps=1 "
        "card_label=Triptych` (Debian and Ubuntu: first `sudo apt install v4l2loopback-dkms`)"
    ),
    "darwin": "install OBS 30 or newer, and start and stop its virtual camera once",
    "win32": "install OBS 30 or newer, or Unity Capture",
}
_EXTRA = "The virtual camera needs an extra package: run `pip install triptych[virtualcam]`."


def load_pyvirtualcam() -> Any:
    """The pyvirtualcam module. Raises Unavailable with the install line if it is not there."""
    try:
        return importlib.import_module("pyvirtualcam")
    except ImportError:
        raise Unavailable(_EXTRA) from None


class VirtualCameraSink:
    """Sends pictures of `size_wh` to a virtual camera.

    device: its name, such as /dev/video10; empty: the first one. card [H, W, 3]: what the kernel
    shows if we are killed, where the driver can do that; `notes` says where it can not.
    Raises Unavailable with the fix for this system.
    """

    live = True

    def __init__(
        self,
        size_wh: tuple[int, int],
        fps: float,
        device: str,
        card: Frame,
        *,
        backend: str | None = None,
    ) -> None:
        module = load_pyvirtualcam()
        on_linux = sys.platform == "linux" and backend is None
        if on_linux and not device:
            from triptych.gesture.publish.sinks.loopback import first_device

            device = first_device() or ""
        self._camera: Any = None
        try:
            self._camera = module.Camera(
                *size_wh,
                fps,
                fmt=module.PixelFormat.BGR,
                device=device or None,
                backend=backend,
            )
        except Exception as error:  # each backend has errors of its own
            raise Unavailable(self._fix(device, error)) from None
        self.name = f"virtual camera {self._camera.device}"
        self.notes: list[str] = []
        if on_linux:
            from triptych.gesture.publish.sinks.loopback import set_timeout_card

            self.notes = set_timeout_card(self._camera.device, card, seconds=0.5)

    @staticmethod
    def _fix(device: str, error: Exception) -> str:
        reason = " ".join(str(error).split()).rstrip(".")
        which = f"The virtual camera {device}" if device else "No virtual camera"
        state = "cannot be used" if device else "can be used"
        fix = _FIXES.get(sys.platform, "install a virtual camera that pyvirtualcam knows")
        return f"{which} {state} ({reason}): {fix}."

    def send(self, frame: Frame, t: float) -> None:
        """Show `frame` [H, W, 3] (BGR) until the next one."""
        self._camera.send(frame)

    def close(self) -> None:
        """Let go of the device."""
        self._camera.close()
