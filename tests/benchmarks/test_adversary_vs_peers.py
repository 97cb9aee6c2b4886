"""The comparison with other attack libraries: what is made of the measured times."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "adversary_vs_peers.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """The script as a module; it imports no peer until it measures."""
    spec = importlib.util.spec_from_file_location("adversary_vs_peers", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["adversary_vs_peers"] = module
    spec.loader.exec_module(module)
    return module


def entry(defended: bool, ours: float, **peers: float) -> dict[str, Any]:
    """What was measured on a network; bfloat16 took half of ours, early exit off twice.

    Bare passes took a second.
    """
    seconds = {
        "bare passes": 1.0,
        "triptych": ours,
        "triptych, bfloat16": ours / 2,
        "triptych, early exit off": 2 * ours,
        **peers,
    }
    return {
        "defended": defended,
        "speed": {name: {"seconds": s, "cpu_seconds": 2 * s} for name, s in seconds.items()},
    }


def test_the_ratio_is_that_of_the_fastest_peer_on_the_worst_network(bench: ModuleType) -> None:
    """Hardened networks make the ratio; undefended ones, far faster for us, stand beside it."""
    found = bench.summary(
        {
            "easy": entry(False, 1.0, foolbox=9.0, art=12.0),
            "hard": entry(True, 2.0, foolbox=8.0, art=5.0),
            "harder": entry(True, 2.0, foolbox=3.0, art=5.0),
            "judged only": {"defended": True, "strength": {}},
        }
    )
    assert found["ratio"] == 1.5
    assert found["ratio_undefended"] == 9.0
    hard = found["ratios"]["hard"]
    assert hard["fastest_peer"] == "art"
    assert hard["early_exit"] == hard["early_exit_cpu"] == 2.5
    assert hard["early_exit_off"] == 1.25
    assert hard["bfloat16"] == 5.0
    assert hard["bare_share"] == 0.2
    assert hard["over_each"] == {"foolbox": 4.0, "art": 2.5}
    assert "judged only" not in found["ratios"]


def test_the_network_for_cifar10_comes_first(bench: ModuleType) -> None:
    """Where it is measured, it makes the ratio; the others stand beside it."""
    found = bench.summary(
        {
            "digits adversarial": entry(True, 2.0, art=1.0),
            "cifar10 adversarial": entry(True, 2.0, art=5.0),
        }
    )
    assert found["ratio"] == 2.5
    assert found["ratios"]["digits adversarial"]["early_exit"] == 0.5


def test_sides_take_turns_after_one_call_each(bench: ModuleType) -> None:
    """Each side is called once more than is counted, and each comes first in turn."""
    calls: list[str] = []

    def side(name: str) -> Any:
        def call() -> float:
            calls.append(name)
            return len(calls) / 10

        return call

    found = bench.in_turns({name: side(name) for name in "abc"}, rounds=2)
    assert "".join(calls) == "abc" + "bca" + "cab"
    assert found["b"]["robust_accuracy"] == 0.9
    assert found["a"]["seconds"] >= 0


def test_without_timings_there_is_no_ratio(bench: ModuleType) -> None:
    """Nothing is made up."""
    assert bench.summary({})["ratio"] is None
