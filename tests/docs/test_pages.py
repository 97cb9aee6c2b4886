"""The generated pages: not stale, and true to the files they are made from."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest

from triptych.gesture.config import Config

DOCS = Path(__file__).parents[2] / "docs"
ORIGIN = {
    "when": "2026-01-02T03:04:05+00:00",
    "command": "triptych gesture evaluate labels.jsonl --split test",
    "commit": "0123456789ab",
    "seed": None,
    "python": "3.11.7",
    "versions": {"numpy": "2.0"},
    "machine": {"processor": "A chip", "cores": 2, "system": "Linux"},
}
PICTURES = {
    **ORIGIN,
    "macro_f1": 0.9699,
    "macro_f1_ci95": [0.8, 0.99],
    "sign_seen_where_none": 0.1,
    "hands_found": 0.97,
    "faces_found": 0.98,
    "sure_faces_found": 1.0,
    "per_class": {"fist": {"f1": 0.9, "f1_ci95": [0.8, 1.0]}},
    "by_context": {"frame": {"pictures": 1234, "macro_f1": None}},
    "confusion": {"fist": {"fist": 3}, "palm": {"fist": 1, "palm": 2}},
}


@pytest.fixture(autouse=True)
def _scripts_find_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts' folder is on the path, as it is when they are run."""
    monkeypatch.syspath_prepend(DOCS)


@pytest.mark.parametrize(
    "name", ["make_card", "make_commands", "make_config", "make_gallery", "make_results"]
)
def test_page_is_not_stale(name: str) -> None:
    """Each generated page is what its script makes today; `make docs` writes them again."""
    script = import_module(name)
    assert script.PAGE.read_text(encoding="utf-8") == script.page()


def test_defaults_named_in_sentences_are_the_defaults() -> None:
    """Where a page says `enter` (0.8), that is what it is."""
    defaults = {
        key: value
        for section in Config().model_dump().values()
        for key, value in section.items()
        if isinstance(value, int | float)
    }
    named = [
        (page.name, key, float(number))
        for page in (DOCS / "gesture").glob("*.md")
        for key, number in re.findall(
            r"`(?:\w+\.)?(\w+)`\s\((\d+(?:\.\d+)?)", page.read_text("utf-8")
        )
        if key in defaults
    ]
    assert len(named) >= 10
    assert not [one for one in named if defaults[one[1]] != one[2]]


def test_every_command_is_on_its_page() -> None:
    """The page of commands has a heading for each command and a line for each option."""
    script = import_module("make_commands")
    text = script.page()
    for words, command in script.commands().items():
        assert f"## triptych {words}\n" in text
        assert command.help, f"{words} has no help"
        for param in command.params:
            assert any(option in text for option in param.opts), f"{words} {param.name}"


def test_results_are_judged_by_their_targets(tmp_path: Path) -> None:
    """A number just below its target is marked, one that equals it is met."""
    (tmp_path / "evaluate_test.json").write_text(json.dumps(PICTURES))
    text = import_module("make_results").page(tmp_path)
    assert (
        "| macro-F1 over the five signs | 0.970 | 0.800 to 0.990 | at least 0.97 | **not met** |"
        in text
    )
    assert "where the teacher found one | 0.980 |  | at least 0.98 | met |" in text
    assert "| fist | 3 | 0 |" in text
    assert "2026-01-02, commit `0123456789ab`; A chip, 2 cores, Linux; Python 3.11.7" in text


def test_result_files_name_no_folder_of_the_machine() -> None:
    """A number can be repeated elsewhere by the command beside it."""
    for path in (DOCS / "gesture" / "results").glob("*.json"):
        command = json.loads(path.read_text(encoding="utf-8"))["command"]
        assert not re.search(r"(^|[\s=])[/~]", command), f"{path.name}: {command}"


def test_a_missing_number_is_no_empty_cell(tmp_path: Path) -> None:
    """A file that lacks a promised number stops the page."""
    lacking = {key: value for key, value in PICTURES.items() if key != "macro_f1"}
    (tmp_path / "evaluate_test.json").write_text(json.dumps(lacking))
    with pytest.raises(ValueError, match=r"evaluate_test\.json has no number at macro_f1"):
        import_module("make_results").page(tmp_path)


def test_a_file_without_a_table_is_an_error(tmp_path: Path) -> None:
    """No result lies beside the page unseen."""
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(ValueError, match=r"other\.json has no table"):
        import_module("make_results").page(tmp_path)


def test_free_tables_show_every_number(tmp_path: Path) -> None:
    """Files without chosen rows are shown whole, in words, without their provenance."""
    result = {**ORIGIN, "ratio": 3.14159, "ours": {"ms": {"p50": 2.5}}, "frozen": False}
    (tmp_path / "train_detector.json").write_text(json.dumps(result))
    text = import_module("make_results").page(tmp_path)
    rows = re.findall(r"^\| (.+) \| (.+) \|$", text, re.MULTILINE)
    assert ("ratio", "3.142") in rows
    assert ("ours, ms, p50", "2.500") in rows
    assert ("frozen", "no") in rows
    assert not any(words == "commit" for words, _ in rows)


def test_sides_stand_beside_each_other(tmp_path: Path) -> None:
    """A comparison has a column for each side, and a ratio without a promise no verdict."""
    sides = {"ours": {"all": {"p50_ms": 2.0}}, "theirs": {"all": {"p50_ms": 5.0}, "more": 1}}
    found = {"test": {"ours": {"macro_f1": 0.9}, "theirs": {"macro_f1": 0.8}}}
    result = {**ORIGIN, "ratio": 2.5, "sides": sides, "accuracy": {"pictures": found}}
    (tmp_path / "vs_mediapipe.json").write_text(json.dumps(result))
    text = import_module("make_results").page(tmp_path)
    assert "| mean ms, all frames | 2.50 |  |  |  |" in text
    assert "| | ours | theirs |\n|---|---|---|\n| all, p50 ms | 2.000 | 5.000 |\n" in text
    assert "| more |  | 1 |" in text
    assert "| accuracy, pictures, test | macro_f1 |\n|---|---|\n| ours | 0.900 |" in text


def test_without_files_the_page_says_so(tmp_path: Path) -> None:
    """An empty folder makes a page, not an empty one."""
    assert "Nothing has been measured yet" in import_module("make_results").page(tmp_path)


def test_marked_python_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page shows in Python under a mark runs as it stands, in an empty folder."""
    pytest.importorskip("torch", reason="the examples need the extra train")
    monkeypatch.chdir(tmp_path)
    examples = [
        (str(page), code)
        for page in sorted(DOCS.rglob("*.md"))
        for code in re.findall(
            r"<!-- checked -->\n```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL
        )
    ]
    assert examples
    for name, code in examples:
        exec(compile(code, name, "exec"), {})


def test_links_lead_somewhere() -> None:
    """Every relative link in the README and the docs names a file that exists."""
    pages = [DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not broken
