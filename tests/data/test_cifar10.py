import io
import pickle
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from triptych.data.cifar10 import CLASSES, read_cifar10
from triptych.errors import BadInput

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 32, 32, 3), dtype=np.uint8)
LABELS = RNG.integers(0, 10, 30)


def batch(start: int, stop: int) -> bytes:
    """A batch as Krizhevsky's files hold it: planes of red, green and blue, keys of bytes."""
    planes = IMAGES[start:stop].transpose(0, 3, 1, 2).reshape(-1, 3072)
    content = {
        b"batch_label": b"a batch",
        b"labels": LABELS[start:stop].tolist(),
        b"data": np.ascontiguousarray(planes),
        b"filenames": [b"a.png"] * (stop - start),
    }
    return pickle.dumps(content, protocol=2)


def batches() -> dict[str, bytes]:
    split = {f"data_batch_{i + 1}": batch(5 * i, 5 * i + 5) for i in range(5)}
    return {**split, "test_batch": batch(25, 30)}


def write_folder(folder: Path) -> Path:
    inside = folder / "cifar-10-batches-py"
    inside.mkdir()
    for name, data in batches().items():
        (inside / name).write_bytes(data)
    return inside


def write_archive(folder: Path) -> Path:
    path = folder / "cifar-10-python.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in batches().items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def write_sheets(folder: Path) -> None:
    for split, (start, stop) in {"train": (0, 25), "test": (25, 30)}.items():
        sheet = np.zeros((1024, 1024, 3), np.uint8)
        for i in range(stop - start):
            row, column = divmod(i, 32)
            tile = IMAGES[start + i, :, :, ::-1]
            sheet[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32] = tile
        cv2.imwrite(str(folder / f"{split}_00.webp"), sheet, [cv2.IMWRITE_WEBP_QUALITY, 101])
    np.savez(folder / "labels.npz", train=LABELS[:25].astype(np.uint8), test=LABELS[25:])


@pytest.mark.parametrize("write", [write_folder, write_archive, write_sheets])
def test_each_form_gives_the_same_pictures(tmp_path: Path, write) -> None:
    """Folder, archive and sheets give the same pictures, labels, and word of what is missing."""
    write(tmp_path)
    train, test = read_cifar10(tmp_path, "train"), read_cifar10(tmp_path, "test")
    assert np.array_equal(train.images, IMAGES[:25])
    assert train.labels.tolist() == LABELS[:25].tolist()
    assert np.array_equal(test.images, IMAGES[25:])
    assert test.labels.dtype == np.int64
    assert test.note == "Only 5 of the 10,000 test pictures are here."


def test_more_than_one_sheet(tmp_path: Path) -> None:
    """The 1,025th picture is the first of the second sheet."""
    for number in range(2):
        sheet = np.full((1024, 1024, 3), 10 + number, np.uint8)
        cv2.imwrite(
            str(tmp_path / f"train_{number:02d}.webp"), sheet, [cv2.IMWRITE_WEBP_QUALITY, 101]
        )
    np.savez(tmp_path / "labels.npz", train=np.zeros(1030, np.uint8))
    images = read_cifar10(tmp_path, "train").images
    assert (images[:1024] == 10).all()
    assert (images[1024:] == 11).all()
    assert len(images) == 1030


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    """A batch that asks for anything but arrays is refused, and nothing of it is run."""
    inside = write_folder(tmp_path)
    proof = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return Path.touch, (proof,)

    (inside / "test_batch").write_bytes(pickle.dumps({b"data": Evil()}))
    with pytest.raises(BadInput, match="has no place in it"):
        read_cifar10(tmp_path, "test")
    assert not proof.exists()


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    """No form at all, a missing batch, a cut-off one and a wrong split get a sentence each."""
    with pytest.raises(BadInput, match="neither"):
        read_cifar10(tmp_path, "train")
    with pytest.raises(BadInput, match="no split 'valid'"):
        read_cifar10(tmp_path, "valid")
    inside = write_folder(tmp_path)
    data = (inside / "data_batch_3").read_bytes()
    (inside / "data_batch_3").write_bytes(data[: len(data) // 2])
    with pytest.raises(BadInput, match="data_batch_3 is not a CIFAR-10 batch"):
        read_cifar10(tmp_path, "train")
    (inside / "data_batch_3").unlink()
    with pytest.raises(BadInput, match=r"no file .*data_batch_3"):
        read_cifar10(tmp_path, "train")


def test_a_cut_off_archive_or_sheet_is_named(tmp_path: Path) -> None:
    """A damaged archive and a damaged sheet are named."""
    write_sheets(tmp_path)
    (tmp_path / "test_00.webp").write_bytes(b"RIFF")
    with pytest.raises(BadInput, match=r"test_00\.webp is not a WebP sheet"):
        read_cifar10(tmp_path, "test")
    (tmp_path / "labels.npz").write_bytes(b"nothing")
    with pytest.raises(BadInput, match="labels"):
        read_cifar10(tmp_path, "test")
    path = write_archive(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(BadInput, match="is damaged or cut off"):
        read_cifar10(tmp_path, "train")


def test_there_are_ten_classes() -> None:
    """The labels 0 to 9 have names."""
    assert len(CLASSES) == 10
