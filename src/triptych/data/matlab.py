"""MATLAB files through SciPy, imported late; whatever is wrong becomes one sentence."""

from pathlib import Path
from typing import IO, Any

from triptych.errors import BadInput, Unavailable


def load_mat(path: Path, file: IO[bytes] | None = None) -> dict[str, Any]:
    """The variables of a MATLAB file (before version 7.3), structs as objects.

    file: read from here instead, and call it `path` in messages.
    Raises BadInput if it is missing or damaged, Unavailable without SciPy.
    """
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise Unavailable(
            f"Reading {path.name} takes SciPy: pip install triptych[train]."
        ) from error
    if file is None and not path.is_file():
        raise BadInput(f"There is no file {path}.")
    try:
        return loadmat(str(path) if file is None else file)
    except Exception as error:  # SciPy raises all sorts for damaged files
        raise BadInput(
            f"{path} is not a MATLAB file that can be read, or it is cut off."
        ) from error
