"""MNIST from its four IDX files (LeCun, Cortes, Burges 1998; yann.lecun.com/exdb/mnist)."""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triptych.data.labelled import Labelled, labelled, unknown_split
from triptych.errors import BadInput

_PREFIX = {"train": "train", "test": "t10k"}
_MOST = 1_000_000  # pictures in one file, so that a wrong header cannot fill the memory


def read_mnist(folder: Path, split: str) -> Labelled:
    """The `train` or `test` digits, images [N, 28, 28].

    Raises BadInput, naming the file, if one is missing, cut off, or not the IDX file it should be.
    """
    if split not in _PREFIX:
        raise unknown_split("mnist", split, tuple(_PREFIX))
    prefix = _PREFIX[split]
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz", dimensions=3)
    if images.shape[1:] != (28, 28):
        raise BadInput(
            f"{folder}: pictures of {images.shape[2]}x{images.shape[1]}, MNIST's are 28x28."
        )
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", dimensions=1)
    return labelled(images, labels, folder)


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """A gzipped IDX file of unsigned bytes with so many dimensions, as an array of that shape.

    Raises BadInput, naming the file, for whatever is wrong with it.
    """
    try:
        with gzip.open(path) as file:
            header = file.read(4 * (1 + dimensions))
            if len(header) < 4 * (1 + dimensions):
                raise BadInput(f"{path} is cut off in its header.")
            magic, *shape = struct.unpack(f">{1 + dimensions}I", header)
            if magic != 0x0800 + dimensions:
                raise BadInput(
                    f"{path} is not an IDX file of bytes in {dimensions} dimensions: it starts "
                    f"with {magic}, not {0x0800 + dimensions}."
                )
            wanted = int(np.prod([int(n) for n in shape], dtype=object))
            if shape[0] > _MOST or wanted > _MOST * 28 * 28:
                raise BadInput(f"{path} claims {shape} values, more than any file of its kind.")
            data = file.read(wanted)
            if len(data) < wanted:
                raise BadInput(f"{path} is cut off: {len(data)} of {wanted} bytes.")
            if file.read(1):
                raise BadInput(f"{path} goes on after its {wanted} bytes.")
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{path} is damaged or cut off ({error}).") from error
    return np.frombuffer(data, np.uint8).reshape(shape)
