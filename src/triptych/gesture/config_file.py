"""Where the configuration file is, and how it is read; nothing here ever writes one."""

import tomllib
from pathlib import Path
from typing import Any, Final

from platformdirs import user_config_path

from triptych.errors import BadConfig

MAX_BYTES: Final = 1_000_000
"""A configuration larger than this is some other file."""


def default_path() -> Path:
    """Where the user's own configuration is looked for."""
    return user_config_path("triptych") / "gesture.toml"


def may_be_there(path: Path) -> bool:
    """False only if there is certainly no such file: one in a locked folder may be there."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass
    return True


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a UTF-8 TOML file.

    Raises BadConfig if the file is missing, unreadable, too large, no UTF-8 or no TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadConfig(f"The configuration {path} cannot be read: {reason}.") from None
    if len(content) > MAX_BYTES:
        raise BadConfig(f"The configuration {path} is larger than 1 MB: name a TOML file.")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadConfig(
            f"The configuration {path} is not UTF-8 text (byte {error.start}): save it as UTF-8."
        ) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = str(error).rstrip(".")
        raise BadConfig(f"The configuration {path} is not valid TOML: {reason}.") from None
