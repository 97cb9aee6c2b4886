"""Every data set trains: small files in the published forms, two steps, finite numbers."""

import gzip
import json

import numpy as np
import pytest
from scipy.io import savemat

from triptych.capsules.presets import preset
from triptych.capsules.run import create, networks, train

COUNT = 60
SMALL = [
    *("parts.count=4", "parts.width=8", "parts.template=5", "train.steps=2", "train.batch=4"),
    *("objects.layers=3", "objects.width=8", "objects.output=16", "objects.hidden=12"),
]


def labels():
    """Each class six times."""
    return np.arange(COUNT) % 10


def usps(folder):
    """zip.train.gz and zip.test.gz: a label and 256 numbers a line."""
    values = np.random.default_rng(0).uniform(-1, 1, (COUNT, 256))
    lines = "\n".join(
        " ".join([str(label), *(f"{v:.4f}" for v in row)])
        for label, row in zip(labels(), values, strict=True)
    )
    for split in ("train", "test"):
        (folder / f"zip.{split}.gz").write_bytes(gzip.compress(lines.encode()))


def svhn(folder):
    """train_32x32.mat and test_32x32.mat: [32, 32, 3, N] and labels 1 to 10."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3, COUNT)).astype(np.uint8)
    truth = np.where(labels() == 0, 10, labels())[:, None].astype(np.uint8)
    for split in ("train", "test"):
        savemat(folder / f"{split}_32x32.mat", {"X": pixels, "y": truth})


@pytest.mark.parametrize(
    ("name", "write", "target"),
    [("usps", usps, "pixels"), ("svhn", svhn, "sobel"), ("svhn", svhn, "pixels")],
)
def test_a_data_set_trains_in_its_own_form(tmp_path, monkeypatch, name, write, target):
    """The preset, made small, runs to its end: edges, and colours as they are."""
    monkeypatch.setenv("TRIPTYCH_DATA", str(tmp_path))
    (tmp_path / name).mkdir()
    write(tmp_path / name)
    settings = preset(name).changed([*SMALL, f"data.target={target}"])
    run = create(tmp_path / "run", settings, [0])
    train(run, threads=1)
    result = json.loads((run.of_seed(0) / "result.json").read_text())
    assert result["steps"] == 2 and np.isfinite(result["squared_error"])
    channels = 1 if name == "usps" else 3
    assert networks(run)[0].templates.pixels().shape == (4, channels, 5, 5)
