"""Where the numbers of a training run go: JSON lines always, other places when asked."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TextIO

from triptych.errors import BadInput


class Tracker(Protocol):
    """Takes named numbers of a step."""

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """Keep the numbers of a step."""
        ...


class Board(StrEnum):
    """Where curves can be drawn besides the JSON lines."""

    TENSORBOARD = "tensorboard"
    WANDB = "wandb"


class JsonLines:
    """Appends one object a line, `{"step": ..., name: number, ...}`; can echo it to a stream.

    Raises BadInput if the file cannot be written.
    """

    def __init__(self, path: Path, echo: TextIO | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._echo = echo

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """Append one line; it is on disk before this returns, so a killed run keeps its log."""
        line = json.dumps({"step": step} | {k: round(v, 6) for k, v in numbers.items()})
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise BadInput(f"The log {self._path} cannot be written ({error.strerror}).") from error
        if self._echo is not None:
            print(line, file=self._echo, flush=True)


class Together:
    """Tells several trackers the same."""

    def __init__(self, trackers: Sequence[Tracker]) -> None:
        self._trackers = tuple(trackers)

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """Keep the numbers of a step everywhere."""
        for tracker in self._trackers:
            tracker.log(step, numbers)


@contextmanager
def tracking(
    folder: Path,
    boards: Sequence[Board] = (),
    settings: Mapping[str, Any] | None = None,
    echo: TextIO | None = None,
) -> Iterator[Tracker]:
    """`log.jsonl` in the run's folder, echoed, and each board; all are closed at the end.

    settings: of the run, for boards that show them. Raises `Unavailable` if a board is not
    installed.
    """
    trackers: list[Tracker] = [JsonLines(folder / "log.jsonl", echo)]
    with ExitStack() as stack:
        for board in dict.fromkeys(boards):
            from triptych.fit.boards import TensorBoard, WeightsAndBiases

            if board is Board.TENSORBOARD:
                trackers.append(stack.enter_context(TensorBoard(folder)))
            else:
                trackers.append(stack.enter_context(WeightsAndBiases(folder, settings or {})))
        yield Together(trackers)
