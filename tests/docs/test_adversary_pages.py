"""The attack panel's generated pages: not stale, and made of every number that they promise."""

import json
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"
ORIGIN = {
    "when": "2026-01-02T03:04:05+00:00",
    "command": "python benchmarks/adversary_vs_peers.py",
    "commit": "0123456789ab",
    "seed": 0,
    "python": "3.11.7",
    "versions": {"torch": "2.13.0"},
    "machine": {"processor": "A chip", "cores": 2, "system": "Linux"},
}
SIDE = {
    "examples_per_second": 123.0,
    "seconds": 1.5,
    "cpu_seconds": 2.5,
    "forwards_per_example": 41.0,
    "backwards_per_example": 40.0,
    "weight_gradients": True,
    "robust_accuracy": 0.25,
}

COSTS = {f"{what}_over_{one}": 2.0 for what in ("time", "backwards")
         for one in ("smallest", "largest")}  # fmt: skip


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that makes the pages."""
    monkeypatch.syspath_prepend(DOCS)
    return import_module("make_adversary")


def write(folder: Path, name: str, **numbers: Any) -> None:
    """A result file."""
    (folder / name).write_text(json.dumps({**ORIGIN, **numbers}), encoding="utf-8")


def test_pages_are_not_stale(script: ModuleType) -> None:
    """Each is what the script makes of the result files today."""
    assert script.PEERS.read_text(encoding="utf-8") == script.peers_page()
    assert script.CALIBRATION.read_text(encoding="utf-8") == script.calibration_page()


def test_the_audit_page_is_not_stale(script: ModuleType, tmp_path: Path) -> None:
    """It is what its script makes of the result file, and says so where there is none."""
    del script
    made = import_module("make_audit")
    assert made.PAGE.read_text(encoding="utf-8") == made.page()
    assert "Nothing has been measured yet." in made.page(tmp_path / "audit.json")


def test_without_results_the_pages_say_so(script: ModuleType, tmp_path: Path) -> None:
    """No number is shown that no file holds."""
    assert "Nothing has been measured yet." in script.peers_page(tmp_path)
    assert "Nothing has been measured yet." in script.calibration_page(tmp_path)


@pytest.mark.parametrize(("ratio", "word"), [(2.5, "2, met"), (1.5, "2, **not met**")])
def test_a_missed_target_is_said(
    script: ModuleType, tmp_path: Path, ratio: float, word: str
) -> None:
    """Speed under twice the fastest peer's on a hardened network is called not met."""
    entry = {
        "defended": True,
        "fastest_peer": "adv-lib",
        "early_exit_off": 1.1,
        "early_exit": ratio,
        "early_exit_cpu": 2.0,
        "bfloat16": 3.0,
    }
    target = {
        "epsilon": 0.1,
        "step": 0.025,
        "steps": 40,
        "examples": 256,
        "speed": {"adv-lib": SIDE},
        "curve": {"epsilons": 10, "ten": COSTS, "ten_by_fmn": COSTS},
        "iterates": {
            "float32": {"art": {"pixels_equal": 0.99}, "adv-lib": {"pixels_equal": 1.0}},
            "float64": {"adv-lib": {"pixels_equal": 1.0}},
        },
    }
    write(
        tmp_path, "peers_speed.json", threads=2, ratios={"net": entry}, targets={"net": target}
    )  # fmt: skip
    page = script.peers_page(tmp_path)
    assert word in page
    assert "| adv-lib | 123 | 1.50 | 2.50 | 41.0 | 40.0 and weights | 25.0% |" in page
    assert "| float64, pixels equal to 1e-5 | float32 only | 100.000% |" in page


@pytest.mark.parametrize(
    ("pgd", "auto", "word"), [(0, 0.1, "| met |"), (1, 0, "not met"), (0, 0.5, "not met")]
)
def test_strength_is_judged(
    script: ModuleType, tmp_path: Path, pgd: float, auto: float, word: str
) -> None:
    """Above a peer's PGD, or over 0.1 points above AutoAttack, is not met."""
    strength = {
        "examples": 100,
        "clean_accuracy": 0.9,
        "triptych standard": {"robust_accuracy": 0.5, "cpu_seconds": 3},
        "autoattack": {"robust_accuracy": 0.5, "cpu_seconds": 30},
        "points_above_best_pgd": pgd,
        "points_above_autoattack": auto,
    }
    write(tmp_path, "peers_strength.json", targets={"net": {"strength": strength}})
    assert word in script.peers_page(tmp_path)


def test_strength_is_put_together_from_several_runs(script: ModuleType, tmp_path: Path) -> None:
    """Cheap networks are measured on more examples than dear ones; each run says how it came."""
    for number, count in enumerate((24, 300)):
        strength = {
            "examples": count,
            "clean_accuracy": 0.9,
            "triptych standard": {"robust_accuracy": 0.5, "cpu_seconds": 3},
            "autoattack": {"robust_accuracy": 0.5, "cpu_seconds": 30},
            "points_above_best_pgd": 0,
            "points_above_autoattack": 0,
        }
        targets = {f"net {number}": {"strength": strength}}
        write(tmp_path, f"peers_strength{number}.json", targets=targets)
    page = script.peers_page(tmp_path)
    assert "| net 0 | 24 |" in page
    assert "| net 1 | 300 |" in page
    assert "4.2 points of 24 and 0.3 points of 300" in page
    assert page.count(f"`{ORIGIN['command']}`") == 2
