"""The gallery's pictures: parts that share nothing, and a sentence where they are missing."""

import pytest
import torch

from triptych.adversary.gallery.pictures import TRAINING, pictures
from triptych.errors import BadInput, Unavailable


def test_the_three_parts_of_the_digits_share_nothing():
    """Together they are all 1,797, in order, and no part holds a picture of another."""
    parts = {split: pictures("digits", split) for split in ("train", "val", "test")}
    assert [len(images) for images, _ in parts.values()] == [TRAINING["digits"], 200, 500]
    images = torch.cat([images for images, _ in parts.values()])
    assert images.shape == (1797, 1, 8, 8)
    assert images.dtype == torch.uint8
    assert len({picture.numpy().tobytes() for picture in images}) == 1797


def test_without_data_the_digits_are_named(tmp_path, monkeypatch):
    """Whoever has no pictures is told what to set, and what works without."""
    monkeypatch.setenv("TRIPTYCH_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(Unavailable, match=r"TRIPTYCH_DATA.*--data digits"):
        pictures("cifar10", "test")


def test_an_unknown_data_set():
    """The sentence lists what there is."""
    with pytest.raises(BadInput, match="data is 'faces', but must be one of cifar10, mnist, digit"):
        pictures("faces", "test")
