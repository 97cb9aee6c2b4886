import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.data.mnist import read_idx, read_mnist
from triptych.data.usps import read_usps
from triptych.errors import BadInput


def write_idx(path: Path, values: np.ndarray, magic: int | None = None) -> None:
    magic = 0x0800 + values.ndim if magic is None else magic
    header = struct.pack(f">{1 + values.ndim}I", magic, *values.shape)
    path.write_bytes(gzip.compress(header + values.tobytes()))


def write_mnist(folder: Path, count: int = 20) -> np.ndarray:
    images = np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)
    write_idx(folder / "train-images-idx3-ubyte.gz", images)
    labels = np.arange(count, dtype=np.uint8) % 10
    write_idx(folder / "train-labels-idx1-ubyte.gz", labels)
    return images


def write_usps(folder: Path, lines: list[str]) -> Path:
    path = folder / "zip.train.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def test_mnist_comes_back_as_written(tmp_path: Path) -> None:
    """Images are uint8 [N, 28, 28] and labels int64 [N], exactly those of the files."""
    images = write_mnist(tmp_path)
    content = read_mnist(tmp_path, "train")
    assert np.array_equal(content.images, images)
    assert content.images.dtype == np.uint8
    assert content.labels.dtype == np.int64
    assert content.labels.tolist() == [i % 10 for i in range(20)]


def test_mnist_says_what_is_wrong(tmp_path: Path) -> None:
    """Missing, wrong magic, wrong counts, wrong labels, wrong size: one sentence each."""
    with pytest.raises(BadInput, match="no split 'val'"):
        read_mnist(tmp_path, "val")
    with pytest.raises(BadInput, match=r"no file .*train-images"):
        read_mnist(tmp_path, "train")
    write_mnist(tmp_path)
    labels = tmp_path / "train-labels-idx1-ubyte.gz"
    write_idx(labels, np.zeros(19, np.uint8))
    with pytest.raises(BadInput, match="20 pictures but 19 labels"):
        read_mnist(tmp_path, "train")
    write_idx(labels, np.full(20, 11, np.uint8))
    with pytest.raises(BadInput, match="label 11"):
        read_mnist(tmp_path, "train")
    write_idx(labels, np.zeros(20, np.uint8), magic=2051)
    with pytest.raises(BadInput, match="starts with 2051, not 2049"):
        read_mnist(tmp_path, "train")
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", np.zeros((20, 8, 8), np.uint8))
    with pytest.raises(BadInput, match="28x28"):
        read_mnist(tmp_path, "train")


def test_a_header_that_lies_is_refused(tmp_path: Path) -> None:
    """A file that claims four thousand million pictures is refused before it is read."""
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(struct.pack(">4I", 2051, 2**32 - 1, 28, 28)))
    with pytest.raises(BadInput, match="more than any file"):
        read_idx(path, 3)
    path.write_bytes(gzip.compress(struct.pack(">4I", 2051, 2, 28, 28) + bytes(2 * 784 + 1)))
    with pytest.raises(BadInput, match="goes on after"):
        read_idx(path, 3)


@given(cut=st.integers(0, 200))
def test_a_file_cut_anywhere_is_bad_input(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    """Wherever a gzipped file was cut off, the answer is one sentence."""
    path = tmp_path_factory.mktemp("cut") / "a.gz"
    values = np.random.default_rng(1).integers(0, 10, 300, dtype=np.uint8)
    write_idx(path, values)
    data = path.read_bytes()
    path.write_bytes(data[: min(cut, len(data) - 1)])
    with pytest.raises(BadInput, match=r"a\.gz"):
        read_idx(path, 1)


def test_usps_becomes_bytes(tmp_path: Path) -> None:
    """-1 becomes 0, 1 becomes 255, and the rows keep their order."""
    values = ["-1.0"] * 16 + ["1"] * 16 + ["0.0"] * 224
    write_usps(tmp_path, [" ".join(["7.0000", *values, ""]), " ".join(["0", *values])])
    content = read_usps(tmp_path, "train")
    assert content.labels.tolist() == [7, 0]
    assert content.images.shape == (2, 16, 16)
    assert (content.images[0, 0] == 0).all()
    assert (content.images[0, 1] == 255).all()
    assert (content.images[0, 2:] == 128).all()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("3 " + "0 " * 255, "line 2: 256 numbers"),
        ("3 " + "0 " * 255 + "1.5", "line 2: not a whole label"),
        ("3 " + "0 " * 255 + "nan", "line 2: not a whole label"),
        ("3.5 " + "0 " * 256, "line 2: not a whole label"),
        ("3 " + "zero " * 256, "line 2: could not convert"),
        ("17 " + "0 " * 256, "label 17"),
    ],
)
def test_usps_names_the_line_that_is_wrong(tmp_path: Path, line: str, words: str) -> None:
    """A bad line is named by its number."""
    write_usps(tmp_path, ["1 " + "0 " * 256, line])
    with pytest.raises(BadInput, match=words):
        read_usps(tmp_path, "train")


def test_usps_missing_cut_or_binary(tmp_path: Path) -> None:
    """A missing file, a cut-off one and one that is not text get a sentence each."""
    with pytest.raises(BadInput, match="no file"):
        read_usps(tmp_path, "train")
    path = write_usps(tmp_path, ["1 " + "0.123 " * 256] * 50)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BadInput, match="cut off"):
        read_usps(tmp_path, "train")
    path.write_bytes(gzip.compress(b"\xff\xfe\x00"))
    with pytest.raises(BadInput, match="damaged"):
        read_usps(tmp_path, "train")
