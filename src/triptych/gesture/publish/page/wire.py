"""The words the page and the program exchange over the WebSocket.

From the browser, JSON texts of at most `MESSAGE_BYTES`: first {"type": "open", "token"}, then any
of {"type": "next"} (ready for a picture), {"type": "cover"}, {"type": "uncover"},
{"type": "tune", "setting", "value"} and {"type": "teach", "do", ...} (see `messages.Teach`; its
`png` in base64). To the browser: JSON texts of type `hello`, `status`, `settings`, `event`,
`signs`, `lesson` and `note`, and one binary message for each `next`: a byte that is 1 if the
picture is the away card; left, top, right and bottom of the words on it, each two bytes, the higher
first, in 1/65535 of the picture, or zeros; and the picture as a JPEG file.
"""

import binascii
import json
import math
import struct
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, get_args

from pydantic_core import to_json

from triptych.gesture.publish.messages import Command, Status, Teach, TeachStep
from triptych.gesture.types import Box

PNG_BYTES = 24_000
"""The largest icon that the page may send: less than a pipe holds, so passing it on never waits."""

MESSAGE_BYTES = PNG_BYTES * 4 // 3 + 1024
"""The longest message a browser may send."""

TEXT_LETTERS = 64
"""The longest text in it."""

TOKEN_BYTES = 16
"""128 bits, new at each launch."""


class MessageError(Exception):
    """A browser has sent something that the page never sends; the text says what."""


def encode(message: Mapping[str, Any]) -> str:
    """JSON that every browser can parse, whatever the values: NaN becomes null."""
    return to_json(message, inf_nan_mode="null", fallback=str).decode()


def decode(text: str | None) -> dict[str, Any]:
    """The object a browser sent, which has a `type` that is a text; else `MessageError`."""
    if text is None:
        raise MessageError("a binary message, only texts are understood")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise MessageError("not JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise MessageError("not an object with a type")
    return message


def command_of(
    message: Mapping[str, Any], limits: Mapping[str, tuple[float, float]]
) -> Command | Teach:
    """What the message asks the publisher for; `limits` are the settings that may be tuned.

    Raises `MessageError` for an unknown type or setting, and for values that are out of range.
    """
    match message["type"]:
        case "cover":
            return Command("cover")
        case "uncover":
            return Command("uncover")
        case "tune":
            setting, value = message.get("setting"), message.get("value")
            if not isinstance(setting, str) or setting not in limits:
                raise MessageError("no such setting")
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise MessageError(f"{setting} is not a number")
            low, high = limits[setting]
            if not low <= value <= high:
                raise MessageError(f"{setting} is outside {low} to {high}")
            return Command("tune", setting, float(value))
        case "teach":
            return _teach_of(message)
        case _:
            raise MessageError("no such type")


def _teach_of(message: Mapping[str, Any]) -> Teach:
    do: Any = message.get("do")
    t = message.get("t", 0.0)
    if do not in get_args(TeachStep):
        raise MessageError("no such step of a lesson")
    texts = {key: message.get(key, "") for key in ("name", "text", "icon", "png")}
    for key, value in texts.items():
        if not isinstance(value, str) or (key != "png" and len(value) > TEXT_LETTERS):
            raise MessageError(f"{key} is not a short text")
    if isinstance(t, bool) or not isinstance(t, int | float) or not math.isfinite(t):
        raise MessageError("t is not a number")
    try:
        png = b64decode(texts.pop("png"), validate=True)
    except (binascii.Error, ValueError):
        raise MessageError("png is not base64") from None
    if len(png) > PNG_BYTES:
        raise MessageError("png is too large")
    return Teach(do, **texts, png=png, t=float(t))


def picture_header(covered: bool, words: Box | None) -> bytes:
    """What comes before the JPEG file."""
    sides = [0] * 4 if words is None else [round(65535 * side) for side in words.as_list()]
    return struct.pack(">?4H", covered, *sides)


def status_text(status: Status) -> str:
    """The `status` message, rounded so that it changes only when a person could tell."""
    return encode(
        {
            "type": "status",
            "covered": status.covered,
            "sign": status.sign,
            "progress": _rounded(status.progress, 2),
            "fps": _rounded(status.fps, 1),
            "analyse_ms": _rounded(status.analyse_ms, 1),
            "cpu_share": _rounded(status.cpu_share, 2),
        }
    )


def _rounded(value: float, digits: int) -> float:
    return round(float(value), digits) if math.isfinite(value) else 0.0
