"""Puts a run's network where the runtime looks for it."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from triptych.errors import BadInput
from triptych.gesture.perceive.runtime import MODELS


def install(run: Path, into: Path | None = None) -> list[Path]:
    """Copy the ONNX file, its card and its hash; returns the files written.

    Raises `BadInput` if the run has not been exported.
    """
    folder = into or MODELS
    entries = _listing(run)
    if not entries:
        raise BadInput(f"{run} holds no exported network; let `triptych gesture train` finish.")
    files = [file for name in entries for file in (name, Path(name).stem + ".md")]
    if missing := [file for file in files if not (run / file).exists()]:
        raise BadInput(f"{run} lacks {missing[0]}; let `triptych gesture train` finish.")
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for file in files:
        shutil.copyfile(run / file, folder / file)
        written.append(folder / file)
    target = folder / "models.json"
    known = _listing(folder) | entries
    target.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", "utf-8")
    return [*written, target]


def describe(path: Path) -> None:
    """Put a file's size and SHA-256 into the models.json beside it."""
    data = path.read_bytes()
    entry = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    target = path.with_name("models.json")
    known = _listing(path.parent) | {path.name: entry}
    target.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", "utf-8")


def _listing(folder: Path) -> dict[str, Any]:
    """The folder's models.json, or nothing if there is none that can be read."""
    try:
        entries = json.loads((folder / "models.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return entries if isinstance(entries, dict) else {}
