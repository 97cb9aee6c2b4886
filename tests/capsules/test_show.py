"""`show`: pictures, a film and a page that stands by itself."""

import io
import json
import os
import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from triptych.capsules.album import look, read_log
from triptych.capsules.evolution import keep
from triptych.capsules.film import film, spread, strip
from triptych.capsules.model import StackedCapsules
from triptych.capsules.page import page
from triptych.capsules.pictures import read_pictures
from triptych.capsules.run import create
from triptych.capsules.show import show
from triptych.capsules.weights import save
from triptych.errors import BadInput


def snapshots(count, parts=5, channels=1):
    """Snapshots that grow brighter, at steps 10, 20, ..."""
    return [
        (10 * (i + 1), np.full((parts, channels, 5, 5), 255 * i // count, np.uint8))
        for i in range(count)
    ]


@pytest.fixture
def run(tmp_path, small):
    """A run with an untrained network, snapshots and a log."""
    made = create(tmp_path / "run", small, [0])
    torch.manual_seed(0)
    network = StackedCapsules(small)
    made.of_seed(0).mkdir()
    save(network, made.of_seed(0) / "model.safetensors")
    for step in (1, 2, 4):
        keep(network, made.of_seed(0), step)
    rows = [{"step": i, "loss": 9.0 - i, "picture": float(i)} for i in range(1, 5)]
    text = "\n".join(map(json.dumps, [*rows, {"step": 4, "clustering_presence": 0.5}]))
    (made.of_seed(0) / "log.jsonl").write_text(text + '\n{"step": 5, "lo')
    return made


def content(path):
    """What the page carries."""
    text = path.read_text(encoding="utf-8")
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.S)
    return json.loads(found[1].replace("<\\/", "</"))


def test_a_run_is_shown_as_files_and_a_page(run):
    """Every file can be opened; the page carries pictures, templates, objects, curves, health."""
    paths = show(run)
    assert paths[0] == run.folder / "index.html"
    names = {path.name for path in paths}
    assert names == {
        *("index.html", "templates.png", "readings.png", "evolution.png", "evolution.gif")
    }
    assert all(cv2.imread(str(path)) is not None for path in paths if path.suffix == ".png")
    seed = content(paths[0])["seeds"][0]
    assert len(seed["pictures"]) == 30  # three of each class
    assert len(seed["templates"]) == 5 and len(seed["objects"]) == 4
    assert seed["evolution"]["steps"] == [1, 2, 4]
    assert next(curve["title"] for curve in seed["curves"]) == "Loss"
    assert len(seed["health"]["presence"]) == 5
    total = sum(part["share"] for part in seed["pictures"][0]["parts"])
    assert total + seed["pictures"][0]["background"] == pytest.approx(1, abs=0.05)


def test_numbers_of_other_weights_are_not_shown(run):
    """What was evaluated before the weights changed, as by an upgrade, says nothing of these."""
    file = run.folder / "evaluation.json"
    file.write_text(json.dumps({"clustering_accuracy": {"mean": 0.4321}}))
    words = "43.2 %"
    show(run, run.folder)
    assert words in (run.folder / "index.html").read_text(encoding="utf-8")
    made = file.stat().st_mtime
    os.utime(run.weights(0), (made + 5, made + 5))
    show(run, run.folder)
    assert words not in (run.folder / "index.html").read_text(encoding="utf-8")


def test_the_page_asks_nobody_for_anything(run):
    """No address but data: URIs and names of the SVG standard is in it; a policy forbids others."""
    text = show(run)[0].read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=[\"'](?!data:|#)", text)
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in text


def test_without_the_data_set_the_rest_is_shown(run, monkeypatch):
    """Templates and curves stay; the page says what is left out and why."""
    from triptych.errors import Unavailable

    def gone(name, split):
        raise Unavailable(f"{name} is not on this machine.")

    monkeypatch.setattr("triptych.capsules.show.read_pictures", gone)
    paths = show(run, run.folder / "elsewhere")
    assert "readings.png" not in {path.name for path in paths}
    found = content(paths[0])
    assert "not on this machine" in found["missing"]
    assert found["seeds"][0]["pictures"] == [] and len(found["seeds"][0]["templates"]) == 5


def test_a_place_that_cannot_be_written_gets_one_sentence(run, tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        show(run, tmp_path / "file")


def test_the_strip_and_the_film():
    """A column for each time; frames in order, the last one longest."""
    taken = snapshots(100)
    assert [step for step, _ in spread(taken, 5)] == [10, 260, 510, 750, 1000]
    assert spread(taken[:3], 5) == taken[:3]
    sheet = strip(taken, times=4)
    last = sheet[30:, -10:-4].max()
    assert sheet[40, 10].max() == 0 and last >= 250
    with Image.open(io.BytesIO(film(taken))) as moving:
        assert moving.n_frames == 60
        moving.seek(59)
        assert moving.info["duration"] == 2000


def test_colour_templates_make_a_strip_too():
    """Three channels stay three."""
    assert strip(snapshots(3, channels=3)).shape[2] == 3


def test_averages_are_those_of_single_explanations(small):
    """A part's mean share over a batch equals the mean over pictures one by one."""
    from triptych.capsules.explanation import explain
    from triptych.capsules.pictures import Pictures, to_canvas

    network = StackedCapsules(small).eval()
    test = read_pictures("digits", "test")
    some = Pictures(test.images[:3], test.labels[:3])
    seen = look(network, some)
    for i in range(3):
        canvas = to_canvas(some.images[i : i + 1], small.data, np.random.default_rng(0))
        found = explain(network, canvas, canvas)
        assert seen.part_share[i] == pytest.approx([p.share for p in found.parts], abs=1e-5)


def test_logs_of_resumed_runs_are_read_once(tmp_path):
    """Steps done twice count once, the later time; lines cut short are left out."""
    path = tmp_path / "log.jsonl"
    lines = ['{"step": 2, "loss": 5}', '{"step": 1, "loss": 9}', '{"step": 2, "loss": 4}', '{"st']
    path.write_text("\n".join(lines))
    assert read_log(path) == [{"step": 1, "loss": 9}, {"step": 2, "loss": 4}]
    assert read_log(tmp_path / "none") == []


def test_words_cannot_break_out_of_the_page():
    """A name with markup stays text."""
    made = page({"title": "</script><b>&", "seeds": []})
    assert "</script><b>" not in made
    assert "&lt;/script&gt;&lt;b&gt;&amp;" in made


@pytest.mark.browser
def test_the_page_works_in_a_browser(run, tmp_path):
    """Chromium runs its script to the end: pictures, templates and tables are there."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine, so the page's script was not run")
    path = show(run)[0]
    ended = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
            *("--virtual-time-budget=2000", f"--user-data-dir={tmp_path / 'profile'}"),
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    dom = ended.stdout
    assert dom.count("data-number=") == 30
    assert dom.count('class="template"') == 4 and dom.count('class="template chosen"') == 1
    assert dom.count('class="object"') == 4
    assert "A linear probe" in dom and "step 4" in dom and "<polyline" in dom
