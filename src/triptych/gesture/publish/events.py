"""Tells people and programs what happens: the terminal, a JSON-lines file, standard output."""

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from triptych.errors import BadInput
from triptych.gesture.types import Event

Listener = Callable[[Event], None]


def say(sentence: str) -> None:
    """One sentence for the person at the terminal, on stderr; nothing if that is gone."""
    with contextlib.suppress(OSError):
        print(f"triptych: {sentence}", file=sys.stderr, flush=True)


def event_line(event: Event) -> str:
    """An event as one line for people: `   3.21 s  gesture  yes  (ok, 0.97)`."""
    detail = dict(event.detail)
    words = [f"{event.t:7.2f} s", f"{event.event:<13}"]
    if event.event == "gesture":
        score = detail.pop("score", None)
        sign = detail.pop("name", "")
        words.append(f"{detail.pop('meaning', '')!s:<9}")
        words.append(f"({sign}, {score:.2f})" if isinstance(score, float) else f"({sign})")
    words += [f"{key}={value}" for key, value in detail.items()]
    return "  ".join(words).rstrip()


def to_terminal() -> Listener:
    """A listener that prints each event as one line on standard output."""
    from rich.console import Console

    console = Console(soft_wrap=True)

    def listen(event: Event) -> None:
        style = {"gesture": "bold green", "back": "cyan", "away": "yellow"}.get(event.event, "red")
        console.print(event_line(event), style=style, markup=False, highlight=False)

    return listen


def to_stdout_json(stream: IO[str]) -> Listener:
    """A listener that prints each event as one JSON object a line."""

    def listen(event: Event) -> None:
        stream.write(json.dumps(event.as_json(), ensure_ascii=False) + "\n")
        stream.flush()

    return listen


class EventFile:
    """Appends each event to a file as one JSON object a line, at once.

    Raises BadInput if the file cannot be opened. When the disk fills up later, one sentence says
    so and the file is left as it is: a lost log must not end a call.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: IO[str] | None = path.open("a", encoding="utf-8")
        except OSError as error:
            raise BadInput(
                f"The events file {path} cannot be written ({error.strerror}): name a file in a "
                "folder that exists and that you may write to."
            ) from None

    def __call__(self, event: Event) -> None:
        """Append one event."""
        if self._file is None:
            return
        try:
            to_stdout_json(self._file)(event)
        except OSError as error:
            say(f"The events file {self._path} was closed ({error.strerror}); the run goes on.")
            file, self._file = self._file, None
            with contextlib.suppress(OSError):  # what is still buffered fails again
                file.close()

    def close(self) -> None:
        """Close the file; safe to call twice."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                say(f"The end of {self._path} could not be written ({error.strerror}).")
