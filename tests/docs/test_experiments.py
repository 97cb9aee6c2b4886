"""The page of the talk's experiments: not stale, and no claim is answered that was not measured."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script; its folder is on the path, as when it is run."""
    monkeypatch.syspath_prepend(DOCS)
    return import_module("make_experiments")


def test_page_is_not_stale(script: Any) -> None:
    """`make docs` writes it again."""
    assert script.PAGE.read_text(encoding="utf-8") == script.page()


def _arm(f1: float, seeds: int) -> dict[str, Any]:
    score = {"mean": f1, "std": 0.01 if seeds > 1 else None}
    kinds = ("test", "val", "taught", "neighbours")
    return {
        "seeds": seeds,
        "hands": 1234,
        "people": 56,
        "cpu_s": {"mean": 40.0, "std": 1.0},
        "macro_f1": {kind: {"appearance": score, "both": score} for kind in kinds},
        "val_by_step": {"32": score, "64": score},
    }


def _result(seeds: int, shown: bool) -> dict[str, Any]:
    cost = {
        "multiply_adds": 100,
        "multiply_adds_of_backbone": 90,
        "parameters": 10,
        "parameters_of_backbone": 9,
        "cpu_ms": 2.0,
    }
    cover = {"recall": 0.5, "recall_ci95": [0.4, 0.6], "wrong_boxes_a_picture": 0.0}
    finder = {"as they are": cover, "sunglasses": cover, "mask": cover, "cpu_ms": 9.0}
    gap = {"mean": 0.2, "by_seed": [0.2] * seeds, "ci95": [0.1, 0.3], "shown": shown}
    names = import_module("make_experiments").ARMS
    pairs = (
        "every frame over every 10th",
        "every person over every 10th",
        "all layers over frozen ones",
        "all layers over frozen ones trained three times as long",
        "ImageNet's weights over random ones",
        "separable convolutions over standard ones",
        "all augmentation",
    )
    return {
        "setting": {"size": 64, "batch": 10, "steps": 100},
        "arms": {name: _arm(0.7, seeds) for name in names},
        "differences": dict.fromkeys(pairs, gap),
        "costs": {"separable": cost, "standard": cost | {"multiply_adds": 400}},
        "faces": {"pictures": 3, "people": 2, "faces": 3, "Haar": finder, "ours": finder},
    }


def test_claims_wait_for_all_their_seeds(script: Any) -> None:
    """With two of three seeds, nothing that was trained is answered; what was counted is."""
    early = "\n".join(script._answers(_result(2, True)))
    assert early.count("not measured yet") == 6
    assert "4.0 times fewer multiply-adds" in early and "50 %" in early
    late = "\n".join(script._answers(_result(3, True)))
    assert "not measured yet" not in late
    assert "1,000 crops are drawn from 1,234 hands" in late


def test_what_the_data_does_not_show_is_said(script: Any) -> None:
    """The words follow the verdict of the numbers."""
    answers = script._answers(_result(3, False))
    assert "the data does not show it" in answers[0]
    assert "shown" in script._answers(_result(3, True))[0]
    table = script._differences(_result(3, False)["differences"])
    assert table[2].endswith("| not shown |")
    assert "only 2 of 3 seeds" in script._differences(_result(2, True)["differences"])[2]


def test_networks_that_learnt_nothing_say_nothing_of_overfitting(script: Any) -> None:
    """A gap between two zeros is no virtue."""
    result = _result(3, True)
    assert "Overfitting" in script._answers(result)[2]
    result["arms"]["random"] = _arm(0.01, 3)
    assert "Overfitting" not in script._answers(result)[2]
    assert "teach nothing" in script._answers(result)[2]
