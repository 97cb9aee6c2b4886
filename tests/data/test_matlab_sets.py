import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from triptych.data.affnist import has_affnist, make_affnist, read_affnist
from triptych.data.svhn import read_svhn
from triptych.errors import BadInput

scipy_io = pytest.importorskip("scipy.io", reason="SVHN and affNIST files take SciPy")
RNG = np.random.default_rng(0)


def test_svhn_puts_pictures_first_and_calls_ten_zero(tmp_path: Path) -> None:
    """X [32, 32, 3, N] becomes [N, 32, 32, 3], and class 10 is the digit 0."""
    x = RNG.integers(0, 256, (32, 32, 3, 4), dtype=np.uint8)
    y = np.array([[1], [10], [9], [5]], np.uint8)
    scipy_io.savemat(tmp_path / "train_32x32.mat", {"X": x, "y": y})
    content = read_svhn(tmp_path, "train")
    assert np.array_equal(content.images[2], x[..., 2])
    assert content.labels.tolist() == [1, 0, 9, 5]


def test_svhn_says_what_is_wrong(tmp_path: Path) -> None:
    """A wrong split, a missing, a cut-off and a foreign file get a sentence each."""
    with pytest.raises(BadInput, match="no split 'val'"):
        read_svhn(tmp_path, "val")
    with pytest.raises(BadInput, match="no file"):
        read_svhn(tmp_path, "extra")
    path = tmp_path / "test_32x32.mat"
    scipy_io.savemat(path, {"Z": np.zeros(3)})
    with pytest.raises(BadInput, match="does not hold X and y"):
        read_svhn(tmp_path, "test")
    scipy_io.savemat(path, {"X": np.zeros((32, 32, 3, 2)), "y": np.ones(2)})
    with pytest.raises(BadInput, match="float64"):
        read_svhn(tmp_path, "test")
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(BadInput, match="not a MATLAB file"):
        read_svhn(tmp_path, "test")


def affnist_file(images: np.ndarray, labels: list[int]) -> bytes:
    stream = io.BytesIO()
    data = {
        "image": images.reshape(len(images), -1).T,
        "label_int": np.array([labels], np.uint8),
    }
    scipy_io.savemat(stream, {"affNISTdata": data})
    return stream.getvalue()


@pytest.mark.parametrize("packed", [False, True])
def test_affnist_reads_folders_and_archives(tmp_path: Path, packed: bool) -> None:
    """Batches come in the order 1, 2, 10, pixel by pixel as they were written."""
    images = RNG.integers(0, 256, (3, 2, 40, 40), dtype=np.uint8)
    files = {f"{n}.mat": affnist_file(images[i], [i, 9]) for i, n in enumerate((1, 2, 10))}
    assert not has_affnist(tmp_path, "test")
    if packed:
        with zipfile.ZipFile(tmp_path / "test_batches.zip", "w") as archive:
            for name, data in files.items():
                archive.writestr(f"test_batches/{name}", data)
    else:
        (tmp_path / "test_batches").mkdir()
        for name, data in files.items():
            (tmp_path / "test_batches" / name).write_bytes(data)
    assert has_affnist(tmp_path, "test")
    content = read_affnist(tmp_path, "test")
    assert np.array_equal(content.images, images.reshape(6, 40, 40))
    assert content.labels.tolist() == [0, 9, 1, 9, 2, 9]


def test_affnist_says_what_is_wrong(tmp_path: Path) -> None:
    """Nothing there, an empty folder, a foreign file and a damaged archive get a sentence each."""
    with pytest.raises(BadInput, match="neither a folder"):
        read_affnist(tmp_path, "test")
    with pytest.raises(BadInput, match="no split"):
        read_affnist(tmp_path, "val")
    (tmp_path / "training_batches.zip").write_bytes(b"PK nothing")
    with pytest.raises(BadInput, match="is damaged"):
        read_affnist(tmp_path, "train")
    (tmp_path / "test_batches").mkdir()
    with pytest.raises(BadInput, match=r"no \.mat files"):
        read_affnist(tmp_path, "test")
    scipy_io.savemat(tmp_path / "test_batches" / "1.mat", {"a": 1})
    with pytest.raises(BadInput, match="does not hold affNIST"):
        read_affnist(tmp_path, "test")


def digits(count: int) -> np.ndarray:
    """Boxes and strokes in the middle 20x20 of 28x28, as MNIST's digits are."""
    rng = np.random.default_rng(7)
    images = np.zeros((count, 28, 28), np.uint8)
    for image in images:
        x0, y0 = rng.integers(4, 12, 2)
        image[y0:24, x0 : x0 + 4] = 255
        image[y0 : y0 + 3, x0:24] = 255
    return images


def test_made_affnist_keeps_all_ink() -> None:
    """No ink falls off: each digit grows as much as its transformation may let it."""
    images = digits(300)
    made = make_affnist(images, np.random.default_rng(1))
    assert made.shape == (300, 40, 40)
    growth = made.sum((1, 2), dtype=np.float64) / images.sum((1, 2), dtype=np.float64)
    assert growth.min() > 0.64 * 0.97
    assert growth.max() < 1.44 * 1.03
    assert growth.std() > 0.05


def test_made_affnist_reaches_every_side() -> None:
    """Digits come to lie in all four corners, and also touch the border."""
    made = make_affnist(digits(300), np.random.default_rng(1)) > 0
    rows, columns = made.any(2), made.any(1)
    assert rows[:, 0].any()
    assert rows[:, -1].any()
    assert columns[:, 0].any()
    assert columns[:, -1].any()


def test_made_affnist_is_the_generators_alone() -> None:
    """The same seed gives the same pictures, another seed others."""
    images = digits(5)
    first = make_affnist(images, np.random.default_rng(3))
    assert np.array_equal(first, make_affnist(images, np.random.default_rng(3)))
    assert not np.array_equal(first, make_affnist(images, np.random.default_rng(4)))


def test_pictures_without_ink_or_of_ink_alone_are_made_too() -> None:
    """An empty picture stays empty; one that fits nowhere is centred, not refused."""
    images = np.zeros((2, 28, 28), np.uint8)
    images[1] = 255
    made = make_affnist(images, np.random.default_rng(0))
    assert made[0].sum() == 0
    assert made[1, 15:25, 15:25].min() == 255
