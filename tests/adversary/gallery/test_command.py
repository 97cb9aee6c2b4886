"""`triptych adversary gallery`, as a person calls it, on scikit-learn's digits."""

import json
from shutil import copytree

import pytest
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from triptych.adversary.gallery.catalogue import CATALOGUE
from triptych.adversary.gallery.weights import shipped
from triptych.cli import app
from triptych.errors import BrokenModel, TriptychError

KEYS = {
    *("clean_accuracy", "claimed_accuracy", "broken_accuracy"),
    *("epsilon", "norm", "examples"),
}


def gallery(*words):
    return CliRunner().invoke(app, ["adversary", "gallery", *map(str, words)])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A plain network on digits, trained as a person would."""
    folder = tmp_path_factory.mktemp("run")
    done = gallery("train", "plain", "--data", "digits", "--run", folder, "--json")
    assert done.exit_code == 0, done.output
    card = json.loads(done.stdout)
    assert card["held_out_accuracy"] > 0.9
    return folder


def test_a_training_is_broken_and_goes_on_where_it_was(run, tmp_path):
    """Clean above claimed above broken, in the file as on screen; training again changes none."""
    before = (run / "weights.safetensors").read_bytes()
    out = tmp_path / "result.json"
    words = ("--data", "digits", "--examples", "60", "--run", run)
    done = gallery("break", "plain", *words, "--out", out, "--json")
    assert done.exit_code == 0, done.output
    numbers = json.loads(done.stdout)
    assert numbers.keys() >= KEYS
    assert numbers["clean_accuracy"] > numbers["claimed_accuracy"] >= numbers["broken_accuracy"]
    assert json.loads(out.read_text())["broken_accuracy"] == numbers["broken_accuracy"]
    gallery("train", "plain", "--data", "digits", "--run", run)
    assert (run / "weights.safetensors").read_bytes() == before


def test_several_runs_give_mean_and_spread(run):
    """Twice the same run has no spread."""
    words = ("--data", "digits", "--examples", "20", "--run", run, "--run", run)
    numbers = json.loads(gallery("break", "plain", *words, "--json").stdout)
    assert numbers["clean_accuracy_std"] == 0
    assert len(numbers["runs"]) == 2


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_ships_breaks_at_once(name):
    """Each defence comes with weights for the digits, and its break takes most of its claim."""
    done = gallery("break", name, "--data", "digits", "--examples", "15", "--json")
    assert done.exit_code == 0, done.output
    numbers = json.loads(done.stdout)
    assert numbers.keys() >= KEYS
    assert numbers["clean_accuracy"] > 0.8
    if name == "adversarial":
        assert numbers["broken_accuracy"] > 0.2
    else:
        assert numbers["broken_accuracy"] <= min(0.3, numbers["claimed_accuracy"])
    assert f"{numbers['examples']}" == "15"


def test_a_claimed_curve_is_held_against_what_is_possible():
    """At half the box no more than the share of one class can be right."""
    done = gallery("claim", "plain", "--data", "digits", "--examples", "10", "--curve", "--json")
    assert done.exit_code == 0, done.output
    points = json.loads(done.stdout)["runs"][0]["curve"]["points"]
    last = max(points, key=lambda point: point["epsilon"])
    assert last["epsilon"] == 0.5
    assert last["most_possible"] <= 0.3


def test_the_list_names_all():
    """In words and as JSON."""
    assert all(name in gallery("list").stdout for name in CATALOGUE)
    listed = json.loads(gallery("list", "--json").stdout)["defences"]
    assert [each["name"] for each in listed] == list(CATALOGUE)
    assert all("digits-small" in each["weights"] for each in listed)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("break", "magic"), "The gallery has no 'magic'; it has plain"),
        (("break", "plain", "--data", "faces"), "data is 'faces'"),
        (
            ("break", "ecoc", "--data", "digits", "--variant", "huge"),
            "no variant 'huge' for digits",
        ),
        (("break", "plain", "--data", "mnist", "--variant", "published"), "train them: triptych"),
        (("break", "plain", "--data", "digits", "--run", "nowhere"), "nowhere holds no card.json"),
        (("break", "plain", "--data", "digits", "--out", "."), "is a folder; name a file"),
        (("train", "plain", "--data", "digits", "--run", "/dev/null/x"), "cannot be written"),
        (("train", "plain", "--data", "digits", "--accelerator", "abacus"), "must be one of auto"),
    ],
)
def test_mistakes_get_a_sentence(words, sentence):
    """It says what is wrong and what there is instead."""
    done = gallery(*words)
    assert isinstance(done.exception, TriptychError)
    assert sentence in str(done.exception)


def test_a_run_of_another_defence():
    """Weights are not mistaken for another's."""
    done = gallery("break", "empir", "--data", "digits", "--run", shipped("plain", "digits"))
    assert "holds plain for digits" in str(done.exception)


def spoiled(folder, how):
    """A copy of the digits' plain network with something wrong with it."""
    copytree(shipped("plain", "digits"), folder)
    card, weights = folder / "card.json", folder / "weights.safetensors"
    if how == "cut short":
        weights.write_bytes(weights.read_bytes()[:500])
    elif how == "no numbers":
        state = load_file(weights)
        save_file({name: value * float("nan") for name, value in state.items()}, weights)
    elif how == "no seed":
        card.write_text(json.dumps({**json.loads(card.read_text()), "seed": None}))
    elif how == "a list":
        card.write_text("[1]")
    return weights if how == "a file" else folder


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("cut short", "weights.safetensors holds no weights of plain"),
        ("no numbers", "holds weights that are no numbers"),
        ("no seed", "card.json is not the card of a gallery run"),
        ("a list", "card.json is not the card of a gallery run"),
        ("a file", "name the folder of a gallery run"),
    ],
)
def test_spoiled_runs_get_a_sentence(tmp_path, how, sentence):
    """Never a traceback, and never numbers of a network that answers none."""
    done = gallery("break", "plain", "--data", "digits", "--run", spoiled(tmp_path / "run", how))
    assert isinstance(done.exception, BrokenModel)
    assert sentence in str(done.exception)


def test_a_training_without_pictures_leaves_nothing(tmp_path, monkeypatch):
    """No empty folder that looks like a run."""
    monkeypatch.delenv("TRIPTYCH_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    done = gallery("train", "plain", "--data", "cifar10", "--run", tmp_path / "run")
    assert isinstance(done.exception, TriptychError)
    assert "The pictures of cifar10 are not on this machine" in str(done.exception)
    assert not (tmp_path / "run").exists()
