"""Where taught signs are kept: one small JSON file each, in the user's configuration folder.

Features, names and icons are kept, never pictures of people. Files can be read by their owner
alone, and are written whole or not at all.
"""

import base64
import contextlib
import os
import tempfile
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import numpy as np
from annotated_types import Len
from platformdirs import user_config_path
from pydantic import BaseModel, ConfigDict, ValidationError

from triptych.errors import BadInput, Unavailable
from triptych.gesture.teach.features import LENGTH, Features
from triptych.gesture.teach.signs import Taught, Wrong, checked_name, checked_text
from triptych.gesture.types import MEANINGS

MOST_SIGNS: Final = 24
MOST_EXAMPLES: Final = 64
"""Examples of one sign; more bring nothing."""

MOST_BYTES: Final = 4_000_000
PNG_BYTES: Final = 1_000_000
PNG_START: Final = b"\x89PNG\r\n\x1a\n"

_WRONG: Final = "wrong.json"

Row = Annotated[list[float], Len(LENGTH, LENGTH)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class SignFile(_Strict):
    """What a sign's file holds; `png` (base64) only where the icon is somebody's own picture."""

    kind: Literal["triptych taught sign"] = "triptych taught sign"
    version: Literal[1] = 1
    name: str
    text: str
    icon: str
    meaning: str
    reader: str
    day: str
    examples: Annotated[list[Row], Len(1, MOST_EXAMPLES)]
    png: str | None = None

    @classmethod
    def of(cls, sign: Taught) -> Self:
        """The file of a sign, its own picture included. Raises `BadInput` if that is no PNG."""
        own = sign.icon.lower().endswith(".png")
        png = base64.b64encode(_png(Path(sign.icon))).decode() if own else None
        return cls(
            name=sign.name,
            text=sign.text,
            icon="" if own else sign.icon,
            meaning=sign.meaning,
            reader=sign.reader,
            day=sign.day,
            examples=_rows(sign.examples),
            png=png,
        )


class WrongEntry(_Strict):
    """Corrections of one sign."""

    sign: str
    reader: str
    examples: Annotated[list[Row], Len(1, MOST_EXAMPLES)]


class WrongFile(_Strict):
    """All corrections."""

    kind: Literal["triptych corrections"] = "triptych corrections"
    version: Literal[1] = 1
    wrong: list[WrongEntry]


def default_folder() -> Path:
    """Where the user's taught signs are."""
    return user_config_path("triptych") / "signs"


def load_signs(folder: Path) -> tuple[list[Taught], list[str]]:
    """All signs in the folder by name, and a sentence for each file that is no use."""
    signs: list[Taught] = []
    problems: list[str] = []
    for path in sorted(folder.glob("sign-*.json")):
        try:
            signs.append(read_sign(path, folder))
        except BadInput as error:
            problems.append(str(error))
    return signs[:MOST_SIGNS], problems


def read_sign(path: Path, folder: Path | None = None) -> Taught:
    """The sign in a file. Raises `BadInput`, naming the file, if it is not one.

    folder: where an own picture is laid down as a PNG file; None: the icon is left out.
    """
    try:
        held = SignFile.model_validate_json(_read(path))
        name = checked_name(held.name)
        meaning = held.meaning if held.meaning in (*MEANINGS, name) else name
        icon = held.icon
        if held.png is not None:
            icon = ""
            if folder is not None:
                icon = str(folder / f"sign-{name}.png")
                png = base64.b64decode(held.png, validate=True)
                if not png.startswith(PNG_START) or len(png) > PNG_BYTES:
                    raise BadInput("its icon is not a PNG of at most 1 MB")
                if not _holds(Path(icon), png):
                    write(Path(icon), png)
        return Taught(
            name=name,
            text=checked_text(held.text),
            icon=icon or "comment",
            meaning=meaning,
            reader=held.reader,
            examples=np.asarray(held.examples, np.float32),
            day=held.day[:10],
        )
    except (ValidationError, ValueError) as error:
        raise BadInput(_what_is_wrong(path, error)) from None
    except BadInput as error:
        raise BadInput(f"{path} is not a taught sign: {error}") from None


def save_sign(sign: Taught, folder: Path) -> Taught:
    """Keep a sign, in place of one of the same name; as it is read back, with its icon's place.

    Raises `BadInput` if there are too many, `Unavailable` if the folder cannot be written.
    """
    path = folder / f"sign-{sign.name}.json"
    if not path.exists() and len(list(folder.glob("sign-*.json"))) >= MOST_SIGNS:
        raise BadInput(f"There are {MOST_SIGNS} taught signs already: forget one first.")
    text = SignFile.of(sign).model_dump_json(exclude_none=True)
    write(path, text.encode())
    return read_sign(path, folder)


def forget_sign(name: str, folder: Path) -> None:
    """Remove a sign. Raises `BadInput` if there is none of that name."""
    path = folder / f"sign-{name}.json"
    names = [p.stem.removeprefix("sign-") for p in sorted(folder.glob("sign-*.json"))]
    if name not in names:
        taught = f"taught are {', '.join(names)}" if names else "none has been taught"
        raise BadInput(f"There is no taught sign {name!r}: {taught}.")
    try:
        path.unlink()
        path.with_suffix(".png").unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(f"{path} cannot be removed: {error.strerror}.") from None
    wrong, _ = load_wrong(folder)
    if any(entry.sign == name for entry in wrong):
        _save_wrong([entry for entry in wrong if entry.sign != name], folder)


def load_wrong(folder: Path) -> tuple[list[Wrong], list[str]]:
    """All corrections, and a sentence if their file is no use."""
    path = folder / _WRONG
    if not path.exists():
        return [], []
    try:
        held = WrongFile.model_validate_json(_read(path))
    except (ValidationError, ValueError) as error:
        return [], [_what_is_wrong(path, error)]
    except BadInput as error:
        return [], [str(error)]
    made = [Wrong(e.sign, e.reader, np.asarray(e.examples, np.float32)) for e in held.wrong]
    return made, []


def add_wrong(wrong: Wrong, folder: Path) -> list[Wrong]:
    """Keep one more correction; all of them. The oldest of a sign with too many are dropped."""
    before, _ = load_wrong(folder)
    same = [e for e in before if (e.sign, e.reader) == (wrong.sign, wrong.reader)]
    rows = np.concatenate([*(entry.examples for entry in same), wrong.examples])
    merged = Wrong(wrong.sign, wrong.reader, rows[-MOST_EXAMPLES:])
    # What another reader saw says nothing about this one.
    kept = [entry for entry in before if entry.sign != wrong.sign]
    _save_wrong([*kept, merged], folder)
    return [*kept, merged]


def write(path: Path, content: bytes) -> None:
    """Put a file in place at once, for its owner alone. Raises `Unavailable` if that fails."""
    beside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")  # 0600
        beside = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        if beside is not None:
            with contextlib.suppress(OSError):
                beside.unlink()
        raise Unavailable(f"{path} cannot be written: {error.strerror}.") from None


def _save_wrong(wrong: list[Wrong], folder: Path) -> None:
    entries = [WrongEntry(sign=e.sign, reader=e.reader, examples=_rows(e.examples)) for e in wrong]
    write(folder / _WRONG, WrongFile(wrong=entries).model_dump_json().encode())


def _rows(examples: Features) -> list[list[float]]:
    return [[round(float(value), 4) for value in row] for row in examples]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > MOST_BYTES:
        raise BadInput(f"{path} is larger than {MOST_BYTES // 1_000_000} MB.")
    return content


def _holds(path: Path, content: bytes) -> bool:
    with contextlib.suppress(OSError):
        return path.read_bytes() == content
    return False


def _png(path: Path) -> bytes:
    try:
        content = path.expanduser().read_bytes()
    except OSError as error:
        raise BadInput(f"The icon {path} cannot be read: {error.strerror}.") from None
    if not content.startswith(PNG_START):
        raise BadInput(f"The icon {path} is not a PNG picture.")
    if len(content) > PNG_BYTES:
        raise BadInput(f"The icon {path} is larger than 1 MB: make it smaller.")
    return content


def _what_is_wrong(path: Path, error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return f"{path} is not a taught sign: {error}."
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{path} is not a file of taught signs ({place or 'content'}: {first['msg']})."
