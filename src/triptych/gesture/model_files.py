"""Where the shipped weights are, and which ones they are; loads nothing heavy."""

import json
from pathlib import Path

from triptych.errors import BrokenModel

MODELS = Path(__file__).with_name("models")
"""Where the shipped weights and their hashes (`models.json`) are."""


def fingerprint(name: str, folder: Path = MODELS) -> str:
    """The SHA-256 that the weights `name` were shipped with. Raises `BrokenModel` without one."""
    try:
        return str(json.loads((folder / "models.json").read_text(encoding="utf-8"))[name]["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenModel(
            f"The SHA-256 of {folder / name} is not told by models.json beside it; "
            "install triptych again."
        ) from error


def reader_now() -> str:
    """Which hand reader is installed: the features of another one mean something else."""
    return fingerprint("hand_reader.onnx")
