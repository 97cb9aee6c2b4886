"""Puts a run's network where the runtime looks for it."""

import json
import shutil
from pathlib import Path

from triptych.errors import BadInput
from triptych.gesture.perceive.runtime import MODELS


def install(run: Path, into: Path | None = None) -> list[Path]:
    """Copy the ONNX file, its card and its hash; returns the files written.

    Raises `BadInput` if the run has not been exported.
    """
    folder = into or MODELS
    listing = run / "models.json"
    if not listing.exists():
        raise BadInput(f"{run} holds no exported network; let `triptych gesture train` finish.")
    entries = json.loads(listing.read_text(encoding="utf-8"))
    files = [file for name in entries for file in (name, Path(name).stem + ".md")]
    if missing := [file for file in files if not (run / file).exists()]:
        raise BadInput(f"{run} lacks {missing[0]}; let `triptych gesture train` finish.")
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for file in files:
        shutil.copyfile(run / file, folder / file)
        written.append(folder / file)
    target = folder / "models.json"
    known = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    target.write_text(json.dumps(known | entries, indent=2, sort_keys=True) + "\n", "utf-8")
    return [*written, target]
