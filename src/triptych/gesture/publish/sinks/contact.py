"""A contact sheet: one PNG that shows a whole clip at a glance, each event among its pictures."""

from pathlib import Path
from typing import cast

import cv2
import numpy as np

from triptych.gesture.publish.events import event_line
from triptych.gesture.publish.sinks.paths import check_path
from triptych.gesture.types import Event, Frame

_THUMB_WIDTH = 320
_CAPTION = 26
_EVERY_SECONDS = 0.25
_AFTER_SECONDS = 0.3
"""An event's picture is taken this much later, when what it changed is to be seen."""
_COLUMNS = 4


class ContactSheet:
    """Keeps small copies of a clip's pictures and lays out `count` of them at the end.

    Those at the events come first, the rest fill the longest gaps. Raises BadInput if `path`
    cannot be written.
    """

    live = False

    def __init__(self, path: Path, count: int = 12) -> None:
        check_path(path)
        self.name = str(path)
        self._path = path
        self._count = count
        self._thumbs: list[tuple[float, Frame]] = []
        self._events: list[Event] = []

    def note(self, event: Event) -> None:
        """Remember an event, so that its picture is on the sheet."""
        self._events.append(event)

    def send(self, frame: Frame, t: float) -> None:
        """Look at a picture [H, W, 3] at `t` seconds; a few each second are kept, small."""
        if self._thumbs and t - self._thumbs[-1][0] < _EVERY_SECONDS:
            return
        height = max(1, round(_THUMB_WIDTH * frame.shape[0] / frame.shape[1]))
        small = cv2.resize(frame, (_THUMB_WIDTH, height), interpolation=cv2.INTER_AREA)
        self._thumbs.append((t, cast(Frame, small)))

    def close(self) -> None:
        """Write the sheet, if there was any picture. Raises OSError if the disk is full."""
        if not self._thumbs:
            return
        chosen = self._choose()
        tiles = [self._tile(index, caption) for index, caption in sorted(chosen.items())]
        blank = np.full_like(tiles[0], 255)
        tiles += [blank] * (-len(tiles) % _COLUMNS)
        rows = [np.hstack(tiles[at : at + _COLUMNS]) for at in range(0, len(tiles), _COLUMNS)]
        done, png = cv2.imencode(".png", np.vstack(rows))
        if not done:
            raise OSError("the picture could not be encoded")
        self._path.write_bytes(png.tobytes())

    def _choose(self) -> dict[int, str]:
        """Which thumbnails are shown, and what is written under them."""
        times = np.array([t for t, _ in self._thumbs])
        chosen: dict[int, str] = {}
        for event in self._events[: self._count]:
            index = int(np.abs(times - (event.t + _AFTER_SECONDS)).argmin())
            chosen[index] = " ".join(event_line(event).split())
        while len(chosen) < min(self._count, len(times)):
            held = np.array([-1, *sorted(chosen), len(times)])
            gap = int(np.diff(held).argmax())
            between = int(held[gap] + held[gap + 1]) // 2
            chosen[between] = f"{times[between]:.2f} s"
        return chosen

    def _tile(self, index: int, caption: str) -> Frame:
        thumb = self._thumbs[index][1]
        tile = np.full((thumb.shape[0] + _CAPTION, _THUMB_WIDTH, 3), 255, np.uint8)
        tile[: thumb.shape[0]] = thumb
        # The built-in letters are ASCII only.
        words = caption.encode("ascii", "replace").decode()[:44]
        place = (6, thumb.shape[0] + 18)
        cv2.putText(
            tile, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (40, 40, 40), 1, cv2.LINE_AA
        )
        tile[:, -2:] = 255
        return tile
