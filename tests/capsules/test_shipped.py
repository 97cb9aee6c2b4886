"""The networks that come with the package work at once, by their names."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from triptych.capsules.pictures import Pictures, held, read_pictures
from triptych.capsules.run import networks, open_run, shipped_names
from triptych.capsules.score import cluster_and_match
from triptych.capsules.train import features
from triptych.cli import app


def three() -> np.ndarray:
    """A 3 in dark ink on a sheet of 120 x 90 pixels, uint8."""
    sheet = np.full((120, 90), 240, np.uint8)
    cv2.putText(sheet, "3", (18, 95), cv2.FONT_HERSHEY_SIMPLEX, 3, 20, 8, cv2.LINE_AA)
    return sheet


@pytest.mark.parametrize("name", shipped_names())
def test_each_explains_a_picture_of_yours_without_any_data(name, tmp_path, monkeypatch):
    """A file is enough: a page, the parts and objects, and for what it is taken."""
    monkeypatch.setenv("TRIPTYCH_DATA", str(tmp_path / "nothing"))
    monkeypatch.chdir(tmp_path)
    assert cv2.imwrite("mine.png", three())
    words = ["capsules", "explain", name, "mine.png", "--json"]
    said = json.loads(CliRunner().invoke(app, words, catch_exceptions=False).stdout)
    settings = open_run(Path(name)).settings
    assert len(said["parts"]) == settings.parts.count
    assert sum(part["share"] for part in said["parts"]) > 0.5  # parts, not the background
    page = cv2.imread(said["page"])
    assert page is not None and page.shape[1] > 500
    if settings.data.name == "mnist":
        assert max(said["probe"], key=said["probe"].get) == "3"


@pytest.mark.parametrize("name", shipped_names())
def test_each_tells_classes_apart_without_labels(name):
    """Clusters of 1,000 training pictures, scored on others; a loose bound on what ships."""
    data = open_run(Path(name)).settings.data.name
    if data == "mnist" and not (Path(os.environ.get("TRIPTYCH_DATA", "")) / "mnist").is_dir():
        pytest.skip("TRIPTYCH_DATA holds no mnist/")
    train = read_pictures(data, "train")
    seen = Pictures(train.images[:1000], train.labels[:1000])
    others = Pictures(held(train).images[:500], held(train).labels[:500])
    run = open_run(Path(name))
    network = networks(run)[run.seeds[0]]
    (presence, _), (other, _) = features(network, seen), features(network, others)
    found = cluster_and_match(presence, seen.labels.numpy(), other, others.labels.numpy())
    assert found.accuracy > 0.85


def test_the_first_thing_that_a_stranger_runs_convinces(tmp_path, monkeypatch):
    """`explain digits test:3`, a 2: taken for one, drawn by parts, all of them one object's."""
    monkeypatch.chdir(tmp_path)
    words = ["capsules", "explain", "digits", "test:3", "--json"]
    said = json.loads(CliRunner().invoke(app, words, catch_exceptions=False).stdout)
    assert said["label"] == 2 and max(said["probe"], key=said["probe"].get) == "2"
    assert said["probe"]["2"] > 0.5  # chance is 0.1
    assert sum(part["share"] for part in said["parts"]) > 0.8
    assert max(entry["share"] for entry in said["layers"][0]["objects"]) > 0.8
