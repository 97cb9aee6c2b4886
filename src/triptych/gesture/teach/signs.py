"""A sign that a person taught, and what they said was wrong: the nouns of this room."""

import re
import unicodedata
from dataclasses import dataclass

from triptych.errors import BadInput
from triptych.gesture.teach.features import Features
from triptych.gesture.types import GESTURES, MEANINGS

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
TEXT_LETTERS = 40
RESERVED = (*GESTURES, *MEANINGS, "unlabelled", "wave", "raise", "swipe")
"""Names that already mean something."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A taught sign.

    text: the label beside the icon. icon: a built-in one, an emoji, or the path of a PNG file.
    meaning: one of the five, or the sign's own name. reader: SHA-256 of the network that the
    features come from. examples: [N, 170]. day: when it was taught, as 2026-11-24.
    """

    name: str
    text: str
    icon: str
    meaning: str
    reader: str
    examples: Features
    day: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Hands that were taken for `sign` and are none: "that was wrong". examples: [N, 170]."""

    sign: str
    reader: str
    examples: Features


def checked_name(name: str) -> str:
    """The name itself. Raises `BadInput`, with one that would do, if it cannot be a sign's."""
    if not NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} cannot be a sign's name: use 1 to 32 of a to z, 0 to 9 and _, with a letter "
            f"first, such as {proposed_name(name)}."
        )
    if name in RESERVED:
        raise BadInput(
            f"The name {name} already means something: choose another, such as my_{name}."
        )
    return name


def proposed_name(text: str, taken: tuple[str, ...] = ()) -> str:
    """A free name made from any text: `Daumen hoch!` -> `daumen_hoch`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:28].strip("_")
    if not name:
        name = "sign"
    elif not name[0].isalpha():
        name = f"sign_{name}"[:28]
    free, number = name, 2
    while free in RESERVED or free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def checked_text(text: str) -> str:
    """The label, trimmed. Raises `BadInput` if it is longer than a label may be."""
    text = " ".join(text.split())
    if len(text) > TEXT_LETTERS:
        raise BadInput(f"The text {text!r} is longer than {TEXT_LETTERS} letters: shorten it.")
    return text
