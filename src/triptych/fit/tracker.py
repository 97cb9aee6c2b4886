"""Where the numbers of a training run go: JSON lines always, other places when asked."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, TextIO


class Tracker(Protocol):
    """Takes named numbers of a step."""

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """Keep the numbers of a step."""
        ...


class JsonLines:
    """Appends one object a line, `{"step": ..., name: number, ...}`; can echo it to a stream."""

    def __init__(self, path: Path, echo: TextIO | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._echo = echo

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """Append one line; it is on disk before this returns, so a killed run keeps its log."""
        line = json.dumps({"step": step} | {k: round(v, 6) for k, v in numbers.items()})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        if self._echo is not None:
            print(line, file=self._echo, flush=True)
