"""What the page needs to know once: the signs with their icons, and what may be tuned."""

import json
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any

from triptych.errors import BadConfig
from triptych.gesture.config import Config
from triptych.gesture.show.icons import icon_png
from triptych.gesture.types import SIGNS

ICON_PIXELS = 128

PALETTE = "❤️ 👍 👎 👏 🙌 🙏 🤘 🤙 👌 ✋ 🎉 😂 🤔 😮 💡 ⭐ 🔥 ✅ ⏸️ 🔇 ☕ 🍕 🐢 🚀"
"""Icons that the page proposes for a new sign."""

HOLD = "decide.hold_seconds"
ENTER = "decide.enter"

HOLD_SECONDS = (0.3, 2.0)
"""What the hold slider may be set to."""

ENTER_SCORES = (0.6, 0.95)
"""What the sensitivity slider may be set to: how sure the reading of a sign must be."""

LEAVE_MARGIN = 0.05
"""`decide.enter` must stay above `decide.leave`, by this much."""


def vocabulary(config: Config) -> list[dict[str, Any]]:
    """The signs that are switched on: sign, meaning, label, the icon as a data URL, and
    whether it was taught.

    Raises `BadConfig` if an icon is none.
    """
    entries = ((sign, config.sign(sign)) for sign in config.names)
    return [
        {
            "sign": sign,
            "meaning": entry.meaning,
            "label": entry.text,
            "icon": _icon_url(sign, entry.icon),
            "taught": sign not in SIGNS,
        }
        for sign, entry in entries
        if entry.on
    ]


@cache
def palette() -> str:
    """JSON of emoji -> its icon as a data URL, so that browsers without a font show them, too."""
    icons = {name: _icon_url(name, name, ICON_PIXELS // 2) for name in PALETTE.split()}
    return json.dumps(icons, ensure_ascii=False)


def _icon_url(sign: str, name: str, pixels: int = ICON_PIXELS) -> str:
    try:
        png = icon_png(name, pixels)
    except BadConfig as error:
        raise BadConfig(f"signs.{sign}: {error}") from None
    return "data:image/png;base64," + b64encode(png).decode("ascii")


def settings(config: Config) -> dict[str, float]:
    """What the sliders stand at when the program starts, by dotted key."""
    return {HOLD: config.decide.hold_seconds, ENTER: config.decide.enter}


def limits(config: Config) -> Mapping[str, tuple[float, float]]:
    """What the sliders may be set to, by dotted key: (least, most), with the start inside."""
    low, high = ENTER_SCORES
    low = max(low, config.decide.leave + LEAVE_MARGIN)
    enter = config.decide.enter
    return {HOLD: HOLD_SECONDS, ENTER: (min(low, enter), max(high, enter))}
