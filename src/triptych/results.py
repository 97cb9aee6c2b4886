"""Results are files: what was measured, when, on which commit, with which versions and hardware."""

import contextlib
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from triptych.errors import BadInput

PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "torch")
"""Versions that numbers may depend on."""


def provenance(seed: int | None = None) -> dict[str, Any]:
    """Where and with what a number was measured."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(as_typed(sys.argv)),
        "commit": _commit(),
        "seed": seed,
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": platform.system(),
        },
    }


def as_typed(argv: Sequence[str]) -> list[str]:
    """A command as anybody would type it: without the folders of the machine it ran on.

    Paths in the data folder become `$TRIPTYCH_DATA/...`, those in the current folder relative, and
    of other absolute paths only the name stays.
    """
    program = Path(argv[0])
    if program.name == "__main__.py":
        words = ["triptych"]
    elif program.suffix == ".py":
        words = ["python", _without_place(str(program))]
    else:
        words = [program.name]
    for word in argv[1:]:
        option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
        words.append(option + equals + _without_place(value))
    return words


def _without_place(word: str) -> str:
    path, data = Path(word), os.environ.get("TRIPTYCH_DATA")
    if not path.is_absolute() and ".." not in path.parts:
        return word
    places = {"$TRIPTYCH_DATA": Path(data)} if data else {}
    for name, folder in (places | {"": Path.cwd()}).items():
        if path.resolve().is_relative_to(folder.resolve()):
            return str(Path(name, path.resolve().relative_to(folder.resolve())))
    return path.name


def write_result(path: Path, numbers: Mapping[str, Any], seed: int | None = None) -> None:
    """Write numbers with their provenance as JSON; NaN becomes null. Replaces the file at once.

    Raises BadInput if it cannot be written.
    """
    text = json.dumps({**provenance(seed), **_clean(dict(numbers))}, indent=2, ensure_ascii=False)
    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise BadInput(f"The result {path} cannot be written ({error.strerror}).") from error


def check_writable(path: Path) -> None:
    """Raises BadInput if a result could not be written there: before hours of work, not after."""
    if path.is_dir():
        raise BadInput(f"The result {path} cannot be written: it is a folder; name a file.")
    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.touch()
        beside.unlink()
    except OSError as error:
        raise BadInput(f"The result {path} cannot be written ({error.strerror}).") from error


def to_json(numbers: Mapping[str, Any]) -> str:
    """One JSON object on one line; NaN becomes null."""
    return json.dumps(_clean(dict(numbers)), ensure_ascii=False)


def _clean(value: Any) -> Any:
    if hasattr(value, "tolist"):  # a NumPy number or array
        value = value.tolist()
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit(folder: Path = Path(__file__).parent) -> str | None:
    """The commit of the checkout this package runs from, marked if its code has changed since.

    Only the package counts: writing one result must not mark the next one as dirty.
    """

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", ".")
        return git("describe", "--always", "--abbrev=12") + ("-dirty" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
