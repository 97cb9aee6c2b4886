"""USPS digits from zip.train.gz and zip.test.gz (Le Cun et al. 1990; Elements of Stat. Learning).

Each line is a label and 256 grey values in [-1, 1], -1 black background, row by row.
"""

import gzip
import zlib
from pathlib import Path

import numpy as np

from triptych.data.labelled import Labelled, labelled, unknown_split
from triptych.errors import BadInput

_SPLITS = ("train", "test")
_MOST = 100_000  # lines, so that a wrong file cannot fill the memory


def read_usps(folder: Path, split: str) -> Labelled:
    """The `train` or `test` digits, images [N, 16, 16], ink bright; -1..1 becomes 0..255.

    Raises BadInput, naming file and line, if it is missing, cut off, or not of this form.
    """
    if split not in _SPLITS:
        raise unknown_split("usps", split, _SPLITS)
    path = folder / f"zip.{split}.gz"
    rows: list[np.ndarray] = []
    labels: list[int] = []
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            for number, line in enumerate(file, 1):
                if number > _MOST:
                    raise BadInput(f"{path} has more than {_MOST} lines.")
                label, row = _parse(path, number, line)
                labels.append(label)
                rows.append(row)
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is damaged or cut off ({error}).") from error
    images = np.array(rows, np.uint8).reshape(len(rows), 16, 16)
    return labelled(images, np.array(labels, np.int64), path)


def _parse(path: Path, number: int, line: str) -> tuple[int, np.ndarray]:
    try:
        values = np.array(line.split(), np.float64)
    except ValueError as error:
        raise BadInput(f"{path}, line {number}: {error}.") from error
    if len(values) != 257:
        raise BadInput(f"{path}, line {number}: {len(values)} numbers, not a label and 256 values.")
    grey = values[1:]
    if not (np.abs(grey) <= 1).all() or values[0] != np.floor(values[0]):
        raise BadInput(f"{path}, line {number}: not a whole label and grey values in [-1, 1].")
    return int(values[0]), np.rint((grey + 1) * 127.5).astype(np.uint8)
