"""The capsules' page of results: not stale, and true to the files it is made from."""

import json
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "capsules"
ORIGIN = {
    "when": "2026-01-02T03:04:05+00:00",
    "command": "triptych capsules evaluate mnist-small --json",
    "commit": "0123456789ab",
    "seed": None,
    "python": "3.11.7",
    "versions": {"numpy": "2.0"},
    "machine": {"processor": "A chip", "cores": 2, "system": "Linux"},
}
ONE = {"mean": 0.9123, "std": None, "values": [0.9123]}
TWO = {"mean": 0.5, "std": 0.01, "values": [0.49, 0.51]}
EVALUATED = {
    **ORIGIN,
    "preset": "mnist-small",
    "steps": [12000],
    "test_pictures": 10000,
    "clustering_accuracy": {"mean": 0.9123, "std": None, "presence": ONE, "posterior": TWO},
    "affnist_accuracy": {"mean": None, "std": None},
}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that makes the page."""
    monkeypatch.syspath_prepend(DOCS)
    return import_module("make_capsule_results")


def test_the_page_is_not_stale(script: ModuleType) -> None:
    """Made again, it is the same."""
    assert script.PAGE.read_text(encoding="utf-8") == script.page()


def test_no_card_is_stale(script: ModuleType) -> None:
    """What a card says was measured is what the result file says."""
    cards = sorted(script.CARDS.glob("*.md"))
    assert cards
    for path in cards:
        assert path.read_text(encoding="utf-8") == script.card(path)


def test_numbers_come_with_promise_spread_and_command(script: ModuleType, tmp_path: Path) -> None:
    """Both kinds of features, what was promised, each seed's value, where it was measured."""
    (tmp_path / "evaluate_mnist-small.json").write_text(json.dumps(EVALUATED))
    page = script.page(tmp_path)
    assert "| clustering accuracy | presence | 91.2 % | 91.23 |" in page
    assert "| clustering accuracy | posterior | 50.0 ± 1.0 % | 49.00, 51.00 |" in page
    assert "Promised: at least 90 % clustering" in page
    assert "affnist" not in page and "12,000 steps; 10,000 test pictures" in page
    assert "`triptych capsules evaluate mnist-small --json`" in page


def test_a_file_that_no_section_knows_is_refused(script: ModuleType, tmp_path: Path) -> None:
    """So that no result is left out by oversight."""
    (tmp_path / "surprise.json").write_text(json.dumps(ORIGIN))
    with pytest.raises(ValueError, match=r"surprise\.json has no section"):
        script.page(tmp_path)
