"""CIFAR-10 (Krizhevsky 2009), in whichever of three forms the folder holds.

`cifar-10-batches-py/` (unpacked), `cifar-10-python.tar.gz` (as published), or lossless WebP sheets
`train_00.webp` ... of 32x32 tiles, row by row, 1,024 a sheet, with `labels.npz`.
"""

import io
import pickle
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from triptych.data.labelled import Labelled, labelled, unknown_split
from triptych.errors import BadInput

CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
"""What the labels 0 to 9 mean."""

_BATCHES = {
    "train": tuple(f"data_batch_{i}" for i in range(1, 6)),
    "test": ("test_batch",),
}
_CANONICAL = {"train": 50_000, "test": 10_000}
_MOST_BYTES = 100_000_000  # of one batch; the canonical ones have 31 MB
_SIDE, _TILES = 32, 32  # pixels of a picture, pictures in a row of a sheet


def read_cifar10(folder: Path, split: str) -> Labelled:
    """The `train` or `test` pictures, images [N, 32, 32, 3] RGB; `note` says if some are missing.

    Raises BadInput, naming the file, if none of the three forms is there, or one is damaged.
    """
    if split not in _BATCHES:
        raise unknown_split("cifar10", split, tuple(_BATCHES))
    if (folder / "cifar-10-batches-py").is_dir():
        batches = [_batch_file(folder / "cifar-10-batches-py" / b) for b in _BATCHES[split]]
    elif (folder / "cifar-10-python.tar.gz").is_file():
        batches = _read_archive(folder / "cifar-10-python.tar.gz", split)
    elif (folder / "labels.npz").is_file():
        batches = [_read_sheets(folder, split)]
    else:
        raise BadInput(
            f"{folder} holds neither cifar-10-batches-py/, nor cifar-10-python.tar.gz, nor WebP "
            "sheets with labels.npz."
        )
    images = np.concatenate([images for images, _ in batches])
    labels = np.concatenate([labels for _, labels in batches])
    note = ""
    if len(labels) != _CANONICAL[split]:
        note = f"Only {len(labels):,} of the {_CANONICAL[split]:,} {split} pictures are here."
    return labelled(images, labels, folder, note)


def _batch_file(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    try:
        with path.open("rb") as file:
            return _read_batch(file, str(path))
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error


def _read_archive(path: Path, split: str) -> list[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    found: dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                name = Path(member.name).name
                if name not in _BATCHES[split] or not member.isfile():
                    continue
                file = archive.extractfile(member)
                assert file is not None
                found[name] = _read_batch(file, f"{path}: {member.name}")
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise BadInput(f"{path} is damaged or cut off ({error}).") from error
    missing = [name for name in _BATCHES[split] if name not in found]
    if missing:
        raise BadInput(f"{path} does not hold {', '.join(missing)}.")
    return [found[name] for name in _BATCHES[split]]


class _ArraysOnly(pickle.Unpickler):
    """Unpickles NumPy arrays and plain values; refuses everything that could run code."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (module_name, global_name) in {
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),
        }:
            return np.zeros(0).__reduce__()[0]
        if (module_name, global_name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return getattr(np, global_name)
        if (module_name, global_name) == ("_codecs", "encode"):
            return _encode
        raise pickle.UnpicklingError(f"{module_name}.{global_name} has no place in it")


def _encode(text: str, encoding: str) -> bytes:
    return text.encode(encoding)  # how Python 3 writes bytes into old pickles


def _read_batch(file: IO[bytes], where: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise BadInput(f"{where} is larger than any CIFAR-10 batch.")
    try:
        content = _ArraysOnly(io.BytesIO(data), encoding="bytes").load()
        pixels, labels = content[b"data"], np.array(content[b"labels"], np.int64)
        images = pixels.reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)  # planes -> RGB
    except Exception as error:  # damaged pickles raise all sorts
        raise BadInput(f"{where} is not a CIFAR-10 batch, or it is cut off ({error}).") from error
    if pixels.dtype != np.uint8:
        raise BadInput(f"{where}: pixels are {pixels.dtype}, not uint8.")
    if len(images) != len(labels):
        raise BadInput(f"{where}: {len(images)} pictures but {len(labels)} labels.")
    return np.ascontiguousarray(images), labels


def _read_sheets(folder: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    import cv2

    path = folder / "labels.npz"
    try:
        with np.load(path, allow_pickle=False) as content:
            labels = content[split].astype(np.int64)
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise BadInput(f"{path} does not hold the {split} labels, or it is damaged.") from error
    images = np.empty((len(labels), _SIDE, _SIDE, 3), np.uint8)
    for start in range(0, len(labels), _TILES * _TILES):
        sheet_path = folder / f"{split}_{start // (_TILES * _TILES):02d}.webp"
        if not sheet_path.is_file():
            raise BadInput(f"There is no file {sheet_path}.")
        sheet = cv2.imread(str(sheet_path), cv2.IMREAD_COLOR)
        if sheet is None or sheet.shape != (_TILES * _SIDE, _TILES * _SIDE, 3):
            raise BadInput(f"{sheet_path} is not a WebP sheet of 32 x 32 tiles, or it is damaged.")
        tiles = sheet[..., ::-1].reshape(_TILES, _SIDE, _TILES, _SIDE, 3).swapaxes(1, 2)
        part = images[start : start + _TILES * _TILES]
        part[:] = tiles.reshape(-1, _SIDE, _SIDE, 3)[: len(part)]
    return images, labels
