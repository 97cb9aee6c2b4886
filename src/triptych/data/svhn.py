"""SVHN's cropped digits from `train_32x32.mat` and its like (Netzer et al. 2011)."""

from pathlib import Path

import numpy as np

from triptych.data.labelled import Labelled, labelled, unknown_split
from triptych.data.matlab import load_mat
from triptych.errors import BadInput

_SPLITS = ("train", "test", "extra")


def read_svhn(folder: Path, split: str) -> Labelled:
    """The `train`, `test` or `extra` digits, images [N, 32, 32, 3] RGB; label 0 is the digit 0.

    The images are a view whose pictures each lie together in memory (`extra` takes 1.6 GB).
    Raises BadInput, naming the file, if it is missing, damaged or of another form, and Unavailable
    without SciPy.
    """
    if split not in _SPLITS:
        raise unknown_split("svhn", split, _SPLITS)
    path = folder / f"{split}_32x32.mat"
    content = load_mat(path)
    images, labels = content.get("X"), content.get("y")
    if images is None or labels is None:
        raise BadInput(f"{path} does not hold X and y as SVHN's files do.")
    if images.ndim != 4 or images.shape[:3] != (32, 32, 3) or images.dtype != np.uint8:
        raise BadInput(f"{path}: X is {images.dtype} {images.shape}, not uint8 (32, 32, 3, N).")
    labels = labels.reshape(-1).astype(np.int64)
    labels = np.where(labels == 10, 0, labels)  # MATLAB counts from 1, so the digit 0 is class 10
    return labelled(images.transpose(3, 0, 1, 2), labels, path)
