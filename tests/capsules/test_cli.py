"""`triptych capsules` from presets to numbers, on digits, in seconds."""

import json
from pathlib import Path

import cv2
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from triptych.capsules.model import StackedCapsules
from triptych.capsules.run import create, networks, open_run, shipped_names
from triptych.capsules.weights import save
from triptych.cli import app
from triptych.errors import BadConfig, BadInput

SMALL = ["parts.count=4", "parts.width=8", "objects.layers=3", "train.steps=3", "train.batch=4"]


def triptych(*arguments):
    """Run the command line in this process; errors come out as they are."""
    return CliRunner().invoke(app, ["capsules", *map(str, arguments)], catch_exceptions=False)


def train_small(folder, *more):
    """Train three steps."""
    changes = [item for change in SMALL for item in ("--set", change)]
    return triptych("train", "digits", "--run", folder, "--threads", 1, *changes, *more)


def test_train_evaluate_resume(tmp_path):
    """Two seeds are trained, evaluated with mean and deviation, and resuming changes nothing."""
    folder = tmp_path / "run"
    assert train_small(folder, "--seeds", 2).stdout.strip() == str(folder)
    result = json.loads((folder / "seed-1" / "result.json").read_text())
    assert result["seed"] == 1 and result["preset"] == "digits" and result["steps"] == 3
    out = triptych("evaluate", folder, "--json", "--threads", 1).stdout
    numbers = json.loads(out)
    for key in ("clustering_accuracy", "probe_accuracy"):
        assert 0 <= numbers[key]["mean"] <= 1
        assert numbers[key]["std"] >= 0
        assert len(numbers[key]["presence"]["values"]) == 2
    assert numbers["affnist_accuracy"]["mean"] is None
    assert numbers["seeds"] == [0, 1]
    assert json.loads((folder / "evaluation.json").read_text())["seeds"] == [0, 1]
    weights = folder / "seed-0" / "model.safetensors"
    before = load_file(weights)
    assert triptych("resume", folder, "--threads", 1).exit_code == 0
    after = load_file(weights)  # the file's own bytes differ: its header's order is random
    assert after.keys() == before.keys() and all(after[n].equal(before[n]) for n in before)
    shown = triptych("show", folder, "--threads", 1).stdout.splitlines()
    assert len(shown) == 1 + 2 * 4 and shown[0] == str(folder / "index.html")
    assert all(cv2.imread(path) is not None for path in shown if path.endswith(".png"))
    words = triptych("evaluate", folder, "--threads", 1).stdout
    assert "clustering accuracy" in words and "2 seed(s), 397 test pictures" in words


def test_presets_are_listed_and_printed_as_set_takes_them():
    """Each line of one preset can be given back with --set."""
    assert "mnist-small" in triptych("presets").stdout
    lines = triptych("presets", "digits").stdout.splitlines()
    assert "parts.count=16" in lines and "objects.layers=24" in lines
    from triptych.capsules.presets import preset

    assert preset("digits").changed(lines) == preset("digits")


def test_a_shipped_network_is_read_by_its_name(tmp_path, monkeypatch):
    """What is made of it goes to runs/shipped; it has a card, and is not trained further."""
    monkeypatch.chdir(tmp_path)
    numbers = json.loads(triptych("evaluate", "digits", "--json", "--threads", 1).stdout)
    assert numbers["preset"] == "digits" and numbers["seeds"] == [2]
    assert numbers["steps"][0] > 0
    shown = triptych("show", "digits", "--threads", 1).stdout.splitlines()
    assert shown[:2] == [f"runs/shipped/digits/{n}" for n in ("index.html", "seed-2/templates.png")]
    assert all(cv2.imread(path) is not None for path in shown if path.endswith(".png"))
    with pytest.raises(BadInput, match="cannot be trained further; `triptych capsules train dig"):
        triptych("resume", "digits")


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_networks_have_cards_and_are_small(name):
    """At most 20 MB, and a card that names the file."""
    run = open_run(Path(name))
    assert run.shipped is not None and run.shipped.stat().st_size < 20e6
    assert run.shipped.with_suffix(".md").read_text().startswith(f"# {name}.safetensors")
    assert networks(run)[run.seeds[0]].settings == run.settings


def test_a_folder_comes_before_a_shipped_name(tmp_path, monkeypatch):
    """Somebody's own run called `digits` in the current folder is theirs."""
    monkeypatch.chdir(tmp_path)
    train_small("digits")
    assert open_run(Path("digits")).shipped is None
    with pytest.raises(BadInput, match=r"no run in elsewhere .* come with the package: digits"):
        open_run(Path("elsewhere"))


def test_another_run_is_not_overwritten(tmp_path):
    """Training with other settings into the same folder is refused."""
    train_small(tmp_path)
    with pytest.raises(BadInput, match="holds a run with other settings"):
        train_small(tmp_path, "--set", "parts.noise=1")


@pytest.mark.parametrize("content", [None, "{", '{"seeds": [0]}', '{"settings": {}, "seeds": 3}'])
def test_a_folder_without_a_run_gets_one_sentence(tmp_path, content):
    """Missing and damaged settings are told apart."""
    if content is not None:
        (tmp_path / "settings.json").write_text(content)
    sentence = "There is no run in" if content is None else "is damaged"
    with pytest.raises(BadInput, match=sentence):
        triptych("evaluate", tmp_path)


def test_a_run_with_settings_that_are_not_allowed(tmp_path):
    """A value that was edited by hand is named."""
    (tmp_path / "settings.json").write_text(
        '{"seeds": [0], "settings": {"parts": {"count": "many"}}}'
    )
    with pytest.raises(BadConfig, match=r"parts\.count = 'many' is not allowed"):
        open_run(tmp_path)


def test_a_run_that_has_not_been_trained(tmp_path, small):
    """One sentence says that there are no weights yet."""
    create(tmp_path, small, [0])
    with pytest.raises(BadInput, match="has not been trained to its end"):
        triptych("evaluate", tmp_path)


def test_a_run_can_be_read_before_its_training_is_over(tmp_path):
    """From its last checkpoint, and the steps say how far that was."""
    train_small(tmp_path, "--set", "train.save_every=1")
    run = open_run(tmp_path)
    whole = networks(run)[0].state_dict()
    run.weights(0).unlink()
    checkpoint = networks(run)[0].state_dict()
    assert all(torch.equal(checkpoint[name], value) for name, value in whole.items())
    numbers = json.loads(triptych("evaluate", tmp_path, "--json", "--threads", 1).stdout)
    assert numbers["steps"] == [3]


def test_weights_of_another_preset_are_refused(tmp_path, small):
    """A network of other settings in a run's folder is not evaluated as if it were the run's."""
    run = create(tmp_path, small, [0])
    other = StackedCapsules(small.changed(["parts.count=3"]))
    run.of_seed(0).mkdir()
    save(other, run.of_seed(0) / "model.safetensors")
    with pytest.raises(BadInput, match="other settings than the run's"):
        networks(run)


def test_help_imports_nothing_heavy():
    """`triptych capsules --help` works where torch is not installed."""
    import subprocess
    import sys

    code = (
        "import sys; sys.modules['torch'] = None; from triptych.cli import app\n"
        "from typer.testing import CliRunner\n"
        "result = CliRunner().invoke(app, ['capsules', '--help'])\n"
        "assert result.exit_code == 0 and 'evaluate' in result.stdout, result.output\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
