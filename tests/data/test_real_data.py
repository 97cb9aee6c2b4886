import os
from pathlib import Path

import numpy as np
import pytest

from triptych.data.check import check
from triptych.data.hands import read_clips, read_hand_picture, read_hands
from triptych.data.load import load

pytestmark = pytest.mark.skipif(
    not os.environ.get("TRIPTYCH_DATA"), reason="TRIPTYCH_DATA does not point at real data"
)


def needs(name: str) -> None:
    if not (Path(os.environ["TRIPTYCH_DATA"]) / name).is_dir():
        pytest.skip(f"TRIPTYCH_DATA holds no {name}/")


@pytest.mark.parametrize("name", ["mnist", "usps"])
def test_the_digits_are_those_that_were_published(name: str) -> None:
    """Hashes and counts are the published ones."""
    needs(name)
    report = check(name)
    assert report.problems == []
    assert report.complete


def test_cifar10_is_balanced_and_says_what_is_missing() -> None:
    """Train has 5,000 pictures a class, in order; a partial test set is named as such."""
    needs("cifar10")
    train, test = load("cifar10", "train"), load("cifar10", "test")
    assert np.bincount(train.labels).tolist() == [5000] * 10
    assert train.labels[:5].tolist() == [6, 9, 9, 4, 1]
    assert test.labels[:5].tolist() == [3, 8, 8, 0, 6]
    assert (test.note == "") == (len(test) == 10_000)


def test_affnist_can_be_made() -> None:
    """Ten thousand transformed digits hold the ink of the originals within their scales."""
    needs("mnist")
    made, digits = load("affnist", "test"), load("mnist", "test")
    assert np.array_equal(made.labels, digits.labels)
    growth = made.images.sum((1, 2), dtype=float) / digits.images.sum((1, 2), dtype=float)
    assert 0.98 < growth.mean() < 1.02
    assert growth.min() > 0.58


def test_hand_pictures_and_clips_are_all_there() -> None:
    """The check finds no problem, and pictures have the size that their records state."""
    needs("hands")
    assert check("hands").problems == []
    folder = Path(os.environ["TRIPTYCH_DATA"]) / "hands"
    pictures = read_hands(folder)
    assert {picture.context for picture in pictures} == {
        *("frame", "roi", "crop", "crop60", "face", "room")
    }
    for picture in pictures[:: len(pictures) // 25]:
        assert read_hand_picture(folder, picture).shape == (picture.height, picture.width, 3)
    assert len(read_clips(folder)) > 30
