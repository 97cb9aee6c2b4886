"""What every reader of labelled pictures returns, and the checks that they share."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triptych.errors import BadInput


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pictures and their labels.

    images: [N, height, width] grey or [N, height, width, 3] RGB, uint8, 0..255.
    labels: [N] int64. note: "" or one sentence on what is unusual, such as missing pictures.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    note: str = ""

    def __len__(self) -> int:
        return len(self.labels)


def labelled(
    images: NDArray[np.uint8], labels: NDArray[np.integer], where: Path | str, note: str = ""
) -> Labelled:
    """Put pictures and labels of ten classes together.

    Raises BadInput, naming `where`, if their numbers differ, there are none, or a label is not
    0..9.
    """
    if len(images) != len(labels):
        raise BadInput(f"{where}: {len(images)} pictures but {len(labels)} labels.")
    if len(labels) == 0:
        raise BadInput(f"{where} holds no pictures.")
    if labels.min() < 0 or labels.max() > 9:
        bad = int(labels[(labels < 0) | (labels > 9)][0])
        raise BadInput(f"{where}: label {bad} found, but labels are 0 to 9.")
    return Labelled(images, labels.astype(np.int64), note)


def unknown_split(name: str, split: str, allowed: tuple[str, ...]) -> BadInput:
    """The error for a split that a data set does not have."""
    return BadInput(f"{name} has no split {split!r}; it has {', '.join(allowed)}.")
