"""The command as a person calls it."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from triptych.cli import app
from triptych.errors import BadInput

SMALL = ["adversary", "attack", "digits", "--method", "apgd", "--examples", "40"]


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "triptych", *arguments],
        cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def test_digits_are_attacked_and_reported(home, monkeypatch):
    """One JSON object stands alone on standard output; half the box leaves nothing right."""
    small = run(home, *SMALL, "--epsilon", "0.05", "--json")
    assert small.returncode == 0, small.stderr
    numbers = json.loads(small.stdout)
    assert numbers["clean_accuracy"] > 0.85
    assert 0 < numbers["robust_accuracy"] < numbers["clean_accuracy"]
    monkeypatch.chdir(home)
    large = CliRunner().invoke(app, [*SMALL, "--epsilon", "128/255", "--out", "r.json", "--json"])
    assert large.exit_code == 0, large.output
    assert json.loads(large.stdout)["robust_accuracy"] == 0
    assert json.loads((home / "r.json").read_text())["done"] == 40


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "magic"}, "method is 'magic', but must be one of standard"),
        ({"norm": "l7"}, "norm is 'l7'"),
        ({"epsilon": "much"}, "epsilon is 'much'"),
        ({"epsilon": "1/0"}, "epsilon is '1/0'"),
        ({"epsilon": "-1"}, "epsilon is -1"),
    ],
)
def test_bad_values_get_their_sentence(change, words):
    """The value is named, and what is allowed."""
    from triptych.adversary.report import Order, carry_out

    order = Order("digits", "digits", "linf", "0.1", "pgd", 5, False, 0)
    with pytest.raises(BadInput, match=words):
        carry_out(replace(order, **change), None)


def test_a_defence_of_the_gallery_by_its_name(home, monkeypatch):
    """`empir` on the digits, as it ships; the answer says what was attacked."""
    monkeypatch.chdir(home)
    words = ["adversary", "attack", "empir", "--data", "digits", "--method", "fgsm", "--json"]
    done = CliRunner().invoke(app, [*words, "--examples", "20"])
    assert done.exit_code == 0, done.output
    numbers = json.loads(done.stdout)
    assert numbers["target"] == "empir"
    assert numbers["data"] == "digits"


def test_a_folder_without_weights(home):
    """Status 2, and a sentence on what is missing and what to do instead of a traceback."""
    done = run(home, "adversary", "attack", "nowhere")
    assert done.returncode == 2
    assert "There is no nowhere: name a defence" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_help_and_import_need_no_torch(home):
    """Neither the command line nor the package pulls in torch."""
    code = "import sys, triptych.cli, triptych.adversary; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert "attack" in run(home, "adversary", "--help").stdout
