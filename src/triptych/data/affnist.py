"""affNIST (Tieleman 2013): read its MATLAB files, or make the like of it from MNIST.

The published ranges: rotation up to 20 degrees either way, shear up to 0.2 either way, width and
height scaled by 0.8 to 1.2 each, and any place in 40x40 pixels in which no ink is lost.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triptych.data.labelled import Labelled, labelled, unknown_split
from triptych.data.matlab import load_mat
from triptych.errors import BadInput

SIDE = 40
"""Width and height of a picture in pixels."""

ROTATION_DEGREES, SHEAR, SCALE = 20.0, 0.2, (0.8, 1.2)

_FOLDERS = {"train": "training_batches", "test": "test_batches"}


def has_affnist(folder: Path, split: str) -> bool:
    """Whether `folder` holds the published files of the `train` or `test` split."""
    name = _FOLDERS.get(split, "")
    return bool(name) and ((folder / name).is_dir() or (folder / f"{name}.zip").is_file())


def read_affnist(folder: Path, split: str) -> Labelled:
    """The published `train` or `test` digits, images [N, 40, 40]; a batch file holds 1/32 of them.

    Reads `training_batches/` or `test_batches/`, or the .zip of that name as published.
    Raises BadInput, naming the file, if it is missing, damaged or of another form, and Unavailable
    without SciPy.
    """
    parts = list(read_affnist_batches(folder, split))
    images = np.concatenate([part.images for part in parts])
    return labelled(images, np.concatenate([part.labels for part in parts]), folder)


def read_affnist_batches(folder: Path, split: str) -> Iterator[Labelled]:
    """The same, one batch file at a time, which takes 1/32 of the memory."""
    if split not in _FOLDERS:
        raise unknown_split("affnist", split, tuple(_FOLDERS))
    place = folder / _FOLDERS[split]
    archive = place.with_suffix(".zip")
    if place.is_dir():
        paths = sorted(place.glob("*.mat"), key=lambda path: (len(path.name), path.name))
        if not paths:
            raise BadInput(f"The folder {place} holds no .mat files.")
        for path in paths:
            yield _unpack(load_mat(path), path)
    elif archive.is_file():
        try:
            with zipfile.ZipFile(archive) as file:
                names = [name for name in file.namelist() if name.endswith(".mat")]
                for name in sorted(names, key=lambda name: (len(name), name)):
                    with file.open(name) as member:
                        yield _unpack(load_mat(archive / name, member), archive / name)
        except (OSError, zipfile.BadZipFile) as error:
            raise BadInput(f"{archive} is damaged or cut off ({error}).") from error
    else:
        raise BadInput(f"There is neither a folder {place} nor a file {archive}.")


def _unpack(content: dict, path: Path) -> Labelled:
    try:
        data = content["affNISTdata"][0, 0]
        pixels, labels = data["image"], data["label_int"].reshape(-1)
    except (KeyError, IndexError, ValueError) as error:
        raise BadInput(f"{path} does not hold affNIST data.") from error
    if pixels.ndim != 2 or pixels.shape[0] != SIDE * SIDE or pixels.dtype != np.uint8:
        raise BadInput(f"{path}: images are {pixels.dtype} {pixels.shape}, not uint8 (1600, N).")
    images = np.ascontiguousarray(pixels.T).reshape(-1, SIDE, SIDE)
    return labelled(images, labels.astype(np.int64), path)


def make_affnist(images: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """One transformed version of each of the grey digits [N, height, width] -> [N, 40, 40].

    Rotation, shear and both scales are uniform in the published ranges; then the place is uniform
    among those that keep all ink inside. Call it again for further versions; the same generator
    state gives the same pictures. A digit too large for any place is centred.
    """
    import cv2

    out = np.empty((len(images), SIDE, SIDE), np.uint8)
    for i, image in enumerate(images):
        linear = _random_linear(generator)
        where = generator.random(2)
        matrix = np.column_stack([linear, _place(image, linear, where)])
        out[i] = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    return out


def _random_linear(generator: np.random.Generator) -> NDArray[np.float64]:
    """[2, 2]: scales, then a horizontal shear, then a rotation, of (x, y) in pixels."""
    angle = np.deg2rad(generator.uniform(-ROTATION_DEGREES, ROTATION_DEGREES))
    shear = generator.uniform(-SHEAR, SHEAR)
    scales = generator.uniform(*SCALE, size=2)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, shear], [0, 1]]) @ np.diag(scales)


def _place(
    image: NDArray[np.uint8], linear: NDArray[np.float64], where: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The shift (x, y) in pixels that puts the ink at the fraction `where` of its free room."""
    rows, columns = np.nonzero(image)
    if len(rows) == 0:
        return np.zeros(2)
    ink = linear @ np.stack([columns, rows]).astype(np.float64)  # [2, pixels of ink]
    reach = np.abs(linear).sum(axis=1)  # how far bilinear weights spread one pixel
    lowest = -1 + reach - ink.min(axis=1)  # pixels -1 and 40 may just not be touched
    highest = SIDE - reach - ink.max(axis=1)
    middle = (lowest + highest) / 2
    return np.where(lowest <= highest, lowest + where * (highest - lowest), middle)
