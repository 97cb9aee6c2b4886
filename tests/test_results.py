"""Results are files: numbers with where they come from, valid JSON whatever the numbers."""

import json
import math
import subprocess
import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych import results
from triptych.errors import BadInput
from triptych.results import as_typed, check_writable, provenance, to_json, write_result

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def refuse(constant: str) -> None:
    """JSON has no NaN and no Infinity."""
    raise AssertionError(constant)


@settings(max_examples=60)
@given(st.dictionaries(st.text(), values))
def test_any_numbers_become_strict_json_on_one_line(numbers: dict[str, object]) -> None:
    """What is written can be read by every JSON reader: no NaN, no infinity, no line break."""
    line = to_json(numbers)
    assert "\n" not in line
    assert set(json.loads(line, parse_constant=refuse)) == set(numbers)


def test_not_a_number_is_null_and_numbers_are_rounded() -> None:
    """NaN and infinities become null, also deep inside; numbers keep six decimals."""
    numbers = {"a": math.nan, "b": [math.inf, (1 / 3,)], "c": {"d": -math.inf}, 5: True}
    assert json.loads(to_json(numbers)) == {
        "a": None,
        "b": [None, [0.333333]],
        "c": {"d": None},
        "5": True,
    }


def test_numpy_numbers_are_numbers() -> None:
    """Scalars and arrays as NumPy computes them are written like Python's own."""
    numbers = {
        "f32": np.float32(0.5),
        "f64": np.float64("nan"),
        "i": np.int64(3),
        "b": np.bool_(True),
        "array": np.array([[1.0, np.nan]], np.float32),
    }
    assert json.loads(to_json(numbers)) == {
        "f32": 0.5,
        "f64": None,
        "i": 3,
        "b": True,
        "array": [[1.0, None]],
    }


def test_a_result_says_where_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When, by which command, on which commit, with which seed, versions and machine."""
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/triptych", "gesture", "bench"])
    path = tmp_path / "new" / "result.json"
    write_result(path, {"score": 0.5}, seed=3)
    result = json.loads(path.read_text())
    assert result["score"] == 0.5
    assert result["seed"] == 3
    assert result["command"] == "triptych gesture bench"
    assert datetime.fromisoformat(result["when"]).tzinfo is not None
    assert result["versions"]["numpy"] == version("numpy")
    assert result["machine"]["cores"] >= 1
    assert [file.name for file in path.parent.iterdir()] == ["result.json"]


def test_a_new_result_replaces_the_old_one(tmp_path: Path) -> None:
    """Nothing of the old one stays."""
    path = tmp_path / "result.json"
    write_result(path, {"old": 1})
    write_result(path, {"new": 2})
    result = json.loads(path.read_text())
    assert "old" not in result
    assert result["new"] == 2


def test_no_git_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git is missing the commit is unknown, and all else is told."""
    monkeypatch.setenv("PATH", "")
    assert provenance()["commit"] is None
    assert provenance()["python"]


@pytest.mark.parametrize(
    ("argv", "typed"),
    [
        (["/venv/bin/triptych", "gesture", "bench"], "triptych gesture bench"),
        (["/site-packages/triptych/__main__.py", "data", "list"], "triptych data list"),
        (["benchmarks/one.py", "--json"], "python benchmarks/one.py --json"),
        (["t", "DATA/hands/labels.jsonl"], "t $TRIPTYCH_DATA/hands/labels.jsonl"),
        (["t", "--data=DATA"], "t --data=$TRIPTYCH_DATA"),
        (["t", "HERE/runs/a", "--out", "b/c.json"], "t runs/a --out b/c.json"),
        (["t", "HERE/../elsewhere/d.mp4", "demo", "0"], "t d.mp4 demo 0"),
    ],
)
def test_a_command_is_told_without_the_folders_of_the_machine(
    argv: list[str], typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can type it again, and nobody learns the names of somebody's folders."""
    here, data = tmp_path / "here", tmp_path / "data"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("TRIPTYCH_DATA", str(data))
    real = [word.replace("DATA", str(data)).replace("HERE", str(here)) for word in argv]
    assert " ".join(as_typed(real)) == typed


def test_a_commit_is_dirty_only_if_the_package_changed(tmp_path: Path) -> None:
    """A changed file of the package marks it; one elsewhere in the checkout does not."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "code.py").write_text("a = 1")

    def git(*words: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    clean = results._commit(package)
    assert clean and not clean.endswith("-dirty")
    (tmp_path / "result.json").write_text("{}")
    assert results._commit(package) == clean
    (package / "code.py").write_text("a = 2")
    assert results._commit(package) == clean + "-dirty"
    assert results._commit(tmp_path / "nowhere") is None


def test_a_result_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    """A file where the folder should be: the sentence names it, and the file stays as it is."""
    (tmp_path / "file").write_text("precious")
    for attempt in (lambda path: write_result(path, {"a": 1}), check_writable):
        with pytest.raises(BadInput, match=r"r\.json cannot be written"):
            attempt(tmp_path / "file" / "r.json")
    assert (tmp_path / "file").read_text() == "precious"


def test_a_place_is_tried_before_the_work_and_left_as_it_was(tmp_path: Path) -> None:
    """A file that is there keeps its content; a folder is refused."""
    (tmp_path / "old.json").write_text("precious")
    check_writable(tmp_path / "old.json")
    check_writable(tmp_path / "new" / "r.json")
    assert (tmp_path / "old.json").read_text() == "precious"
    assert list((tmp_path / "new").iterdir()) == []
    with pytest.raises(BadInput, match="is a folder"):
        check_writable(tmp_path)
