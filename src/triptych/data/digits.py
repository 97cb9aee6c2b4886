"""The 8x8 digits that scikit-learn ships (Alpaydin and Kaynak 1998), without importing it."""

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from triptych.data.labelled import Labelled, labelled, unknown_split
from triptych.errors import BadInput, Unavailable


def find_digits() -> Path:
    """The folder with scikit-learn's digits.csv.gz. Raises Unavailable if it is not installed."""
    spec = find_spec("sklearn")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "datasets" / "data"
        if (folder / "digits.csv.gz").is_file():
            return folder
    raise Unavailable("The digits come with scikit-learn: pip install triptych[train].")


def read_digits(folder: Path, split: str) -> Labelled:
    """All 1,797 digits, images [N, 8, 8]; grey 0..16 becomes 0..255. The only split is `train`.

    Raises BadInput if the file is not what scikit-learn ships.
    """
    if split != "train":
        raise unknown_split("digits", split, ("train",))
    path = folder / "digits.csv.gz"
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            table = np.loadtxt(file, delimiter=",", dtype=np.float64, ndmin=2)
    except (OSError, EOFError, ValueError) as error:
        raise BadInput(f"{path} cannot be read ({error}).") from error
    if table.shape[1] != 65:
        raise BadInput(f"{path}: {table.shape[1]} columns, not 64 grey values and a label.")
    images = np.rint(table[:, :64] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8)
    return labelled(images, table[:, 64].astype(np.int64), path)
