"""The demo: a person and hands drawn by the project, and the script that they play."""

import json
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def demo_clip() -> Path:
    """The demo's MP4: 1280x720, 25 pictures a second, all five signs, leaving and returning."""
    return _HERE / "demo.mp4"


def demo_script() -> list[dict[str, Any]]:
    """What happens in the demo, in order.

    Each entry has `t` and `end` in seconds and `event`, one of `gesture`, `away` and `back`; a
    gesture also has `name` (the sign) and `meaning`. `t` is when the sign is fully held up, or the
    person fully gone or back.
    """
    return json.loads((_HERE / "script.json").read_text(encoding="utf-8"))
