"""A folder of pictures as a slide show: each stays for two seconds, in the order of their names.

Two seconds are long enough to be uncovered (0.5 s) and to hold a sign until it fires (0.5 s), so a
folder of stills can be tried out like a camera.
"""

import re
from pathlib import Path
from typing import Self

from triptych.errors import BadInput
from triptych.gesture.sources.pictures import (
    PICTURE_SUFFIXES,
    fitted_size,
    letterbox,
    read_picture,
)
from triptych.gesture.sources.shot import Shot
from triptych.gesture.types import Frame

SECONDS_EACH = 2.0
"""How long each picture stays."""

FPS = 10.0
"""How many shots a second are made of a picture that stays."""


class FolderSource:
    """The pictures of one folder (not of those inside it), letterboxed to the first one's size.

    A file that looks like a picture by its name but cannot be read is passed over: in its place
    comes one shot without a frame whose problem names the file, and which takes no time.
    Raises BadInput if the folder is missing or holds no picture that can be read.
    """

    live = False
    fps = FPS

    def __init__(self, folder: Path) -> None:
        self.name = folder.name or str(folder)
        self._paths = list_pictures(folder)
        self._at = 0  # the picture whose turn it is
        self._copies_left = 0
        self._picture: Frame | None = None
        self._shots = 0
        self.size_wh = self._first_size(folder)

    def read(self) -> Shot | None:
        """The next of the shots, a second's `FPS` of each picture; None after the last picture."""
        t = self._shots / FPS
        if self._copies_left == 0:
            if self._at >= len(self._paths):
                return None
            path = self._paths[self._at]
            self._at += 1
            try:
                self._picture = letterbox(read_picture(path), self.size_wh)
            except BadInput as error:
                return Shot(t, None, str(error))
            self._copies_left = round(SECONDS_EACH * FPS)
        assert self._picture is not None
        self._copies_left -= 1
        self._shots += 1
        return Shot(t, self._picture.copy())

    def close(self) -> None:
        """End the show; safe to call twice."""
        self._at, self._copies_left = len(self._paths), 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _first_size(self, folder: Path) -> tuple[int, int]:
        for path in self._paths:
            try:
                height, width = read_picture(path).shape[:2]
            except BadInput:
                continue
            return fitted_size((width, height))
        raise BadInput(
            f"None of the {len(self._paths)} pictures in the folder {folder} is readable."
        )


def list_pictures(folder: Path) -> list[Path]:
    """The files of `folder` that are pictures by their names, in natural order (2 before 10).

    Raises BadInput if it is not a folder, cannot be read, or holds none.
    """
    try:
        if not folder.is_dir():
            raise BadInput(f"There is no folder {folder}.")
        names = [
            path
            for path in folder.iterdir()
            if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")
        ]
    except OSError as error:
        raise BadInput(f"The folder {folder} cannot be read: {error.strerror}.") from error
    if not names:
        raise BadInput(f"The folder {folder} holds no pictures (such as .jpg or .png files).")
    return sorted(names, key=lambda path: _natural(path.name))


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    parts = re.split(r"(\d+)", name.casefold())
    numbered = [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
    return numbered, name
