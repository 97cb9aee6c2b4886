"""What people get wrong at the command line: one clear sentence, and status 2."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from triptych.capsules.model import StackedCapsules
from triptych.capsules.run import create
from triptych.capsules.weights import save
from triptych.cli import app
from triptych.errors import BadInput, TriptychError


@pytest.fixture
def run(tmp_path, small):
    """A run with an untrained network."""
    made = create(tmp_path / "run", small, [0])
    made.of_seed(0).mkdir()
    save(StackedCapsules(small), made.of_seed(0) / "model.safetensors")
    return made.folder


def sentence(*words) -> str:
    """What the command complains of."""
    with pytest.raises(TriptychError) as caught:
        CliRunner().invoke(app, ["capsules", *map(str, words)], catch_exceptions=False)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".")
    return message


@pytest.mark.parametrize("command", ["evaluate", "show", "explain", "resume"])
def test_folders_without_a_run(tmp_path, command):
    """An empty folder, a file in its place, a folder that is not there: each is named."""
    more = ["test:0"] if command == "explain" else []
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("hello")
    for name in ("empty", "file", "nowhere"):
        said = sentence(command, tmp_path / name, *more)
        assert f"There is no run in {tmp_path / name}" in said


@pytest.mark.parametrize("command", ["evaluate", "show", "explain"])
def test_weights_that_cannot_be_used(run, small, command):
    """Cut off, of another preset, without or with damaged settings, missing."""
    more = ["test:0"] if command == "explain" else []
    path = run / "seed-0" / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "cannot be read as weights" in sentence(command, run, *more)
    save(StackedCapsules(small.changed(["parts.count=3"])), path)
    assert "other settings than the run's" in sentence(command, run, *more)
    save_file({"x": torch.zeros(1)}, path, {"network": "{"})
    assert "does not say which settings" in sentence(command, run, *more)
    path.unlink()
    assert "has not been trained to its end" in sentence(command, run, *more)


@pytest.mark.parametrize("seeds", [[], [-1], "none"])
def test_a_run_whose_seeds_are_damaged(run, seeds):
    """Edited by hand: the file is named."""
    content = json.loads((run / "settings.json").read_text())
    (run / "settings.json").write_text(json.dumps({**content, "seeds": seeds}))
    assert "settings.json is damaged" in sentence("evaluate", run)


def test_places_that_cannot_be_written(run, tmp_path):
    """A file stands where a folder is wanted."""
    (tmp_path / "file").write_text("")
    inside = tmp_path / "file" / "inside"
    assert "cannot be kept in" in sentence("train", "digits", "--run", inside)
    assert "cannot be written" in sentence("show", run, "--out", inside)
    assert "cannot be written" in sentence("explain", run, "test:0", "--out", inside / "x.png")


def test_settings_and_presets_that_are_not_there(tmp_path):
    """A typing error is named, and where to look."""
    said = sentence("train", "digits", "--run", tmp_path, "--set", "parts.cuont=3")
    assert "parts.cuont is not a setting" in said and "presets digits" in said
    assert "no preset 'digit'" in sentence("train", "digit")
    assert "not allowed" in sentence("train", "digits", "--set", "train.batch=0")
    assert list(tmp_path.iterdir()) == []


def test_data_that_is_not_here_or_lacks_its_labels(tmp_path, monkeypatch):
    """What is missing is named, with where it was looked for; nothing is half-written."""
    monkeypatch.setenv("TRIPTYCH_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    assert "mnist" in sentence("train", "mnist-small", "--run", tmp_path / "run")
    mnist = tmp_path / "data" / "mnist"
    mnist.mkdir()
    header = np.array([2051, 2, 28, 28], ">i4").tobytes()
    for split in ("train", "t10k"):
        packed = gzip.compress(header + bytes(2 * 28 * 28))
        (mnist / f"{split}-images-idx3-ubyte.gz").write_bytes(packed)
    assert "labels" in sentence("train", "mnist-small", "--run", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_pictures_with_nan_are_refused_by_the_network(small):
    """One sentence instead of NaN in every number; while training the loop's guard stops."""
    network = StackedCapsules(small).eval()
    picture = torch.zeros(1, 1, 16, 16)
    picture[0, 0, 3, 3] = torch.nan
    with pytest.raises(BadInput, match="NaN or infinite"):
        network(picture)


def test_the_real_command_ends_with_status_2(tmp_path):
    """No traceback; the sentence is on standard error, and standard output is empty."""
    ended = subprocess.run(
        [sys.executable, "-m", "triptych", "capsules", "evaluate", str(tmp_path), "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("triptych: There is no run in ")
    assert "Traceback" not in ended.stderr and Path(tmp_path).exists()
