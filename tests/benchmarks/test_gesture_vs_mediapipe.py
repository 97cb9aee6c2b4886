import importlib.util
import itertools
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from triptych.gesture.demo import demo_clip

FOLDER = Path(__file__).parents[2] / "benchmarks"


def load(name: str) -> ModuleType:
    """A script of the benchmarks as a module."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """The benchmark."""
    return load("gesture_vs_mediapipe")


def seen(bench: ModuleType, ms: list[float], hands: list[int]) -> Any:
    """What a side saw that took `ms`, and twice as much CPU time, and saw so many hands."""
    boxes = [[[0.0, 0.0, 0.1, 0.1]] * count for count in hands]
    return bench.Seen(ms, [2 * value for value in ms], boxes)


def test_numbers_are_split_by_whether_a_hand_is_up(bench: ModuleType) -> None:
    """Frames in which a hand is just coming count for all frames alone."""
    numbers = bench.numbers_of(
        seen(bench, [1.0, 3.0, 50.0, 7.0], [1, 0, 1, 1]), [True, True, None, False]
    )
    assert numbers["all"]["frames"] == 4
    assert numbers["hand"] == {
        "frames": 2,
        "p50_ms": 2.0,
        "p95_ms": pytest.approx(2.9),
        "mean_ms": 2.0,
        "cpu_ms": 4.0,
        "cpu_share_at_30": pytest.approx(0.12),
        "hand_found": 0.5,
    }
    assert numbers["no_hand"]["hand_found"] == 1.0


def test_the_ratio_is_that_of_the_best_peer(bench: ModuleType) -> None:
    """The fastest of MediaPipe's settings is the one to be compared with."""
    up = [True, False, True]
    sides = {
        "triptych": bench.numbers_of(seen(bench, [2.0, 1.0, 2.0], [1, 0, 1]), up),
        "slow": bench.numbers_of(seen(bench, [30.0, 30.0, 30.0], [1, 0, 1]), up),
        "fast": bench.numbers_of(seen(bench, [8.0, 3.0, 8.0], [1, 0, 1]), up),
    }
    found = bench.ratios(sides)
    assert (found["ratio"], found["best_peer"]) == (pytest.approx(3.8), "fast")
    assert found["ratios"]["all"]["p50_ms"] == 4.0
    assert found["ratios"]["no_hand"] == {"p95_ms": 3.0, "mean_ms": 3.0, "cpu_ms": 3.0}


def test_the_demo_says_itself_where_hands_are(bench: ModuleType) -> None:
    """Up while the script holds a sign, unsure while it comes and goes, else not."""
    up = bench.hand_is_up([0.5, 1.6, 2.5, 3.8, 22.0], {}, True)
    assert up == [False, None, True, None, False]


def test_other_clips_ask_the_reference(bench: ModuleType) -> None:
    """Without a script, a hand is where MediaPipe's full model sees one."""
    found = {bench.REFERENCE: seen(bench, [1.0, 1.0], [0, 2])}
    assert bench.hand_is_up([0.0, 0.1], found, False) == [False, True]


def test_our_worker_finds_the_demo_s_hands(bench: ModuleType, tmp_path: Path) -> None:
    """A second of the demo's palm through the real worker: times, boxes, memory and disk."""
    blocks = bench.blocks_of(demo_clip())
    times, frames = next(itertools.islice(blocks, 5, None))
    assert 5.9 < times[0] < 6.1
    file = tmp_path / "block.raw"
    file.write_bytes(b"".join(frame.tobytes() for frame in frames[:10]))
    with bench.Worker(sys.executable, ["ours"]) as worker:
        answer = worker.ask(do="video", file=str(file), shape=[720, 1280], times=times[:10])
        costs = worker.ask(do="costs")
    assert all(answer["hands"])
    assert all(max(hands[0]["scores"].values()) > 0.5 for hands in answer["hands"])
    assert np.all(np.array(answer["ms"]) > 0)
    assert np.all(np.array(answer["cpu_ms"]) >= 0)
    assert 50 < costs["peak_rss_mb"] < 1000
    assert 100 < costs["install_mb"] < 1000


def test_a_worker_that_dies_is_one_sentence(bench: ModuleType) -> None:
    """Whoever cannot start is named."""
    with pytest.raises(bench.Unavailable, match="nobody"):
        bench.Worker(sys.executable, ["nobody"])


def test_mediapipe_that_cannot_be_installed_ends_with_status_2(
    bench: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One sentence that holds pip's reason and what can be done, and no traceback."""

    def run(command: list[str], **options: Any) -> Any:
        failed = "pip" in command
        words = "ERROR: No matching distribution found\n" if failed else ""
        return subprocess.CompletedProcess(command, int(failed), "", words)

    monkeypatch.setattr(bench.subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["gesture_vs_mediapipe", "--venv", str(tmp_path / "venv")])
    with pytest.raises(SystemExit) as ended:
        bench.main()
    assert ended.value.code == 2
    words = capsys.readouterr().err
    assert "No matching distribution found" in words
    assert "--venv" in words


def test_a_clip_that_is_none_is_told_before_anything_is_installed(
    bench: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A gigabyte is not fetched for a wrong file name."""
    monkeypatch.setattr(bench, "python_of", lambda venv: pytest.fail("installed"))
    monkeypatch.setattr(sys, "argv", ["gesture_vs_mediapipe", "--clip", str(tmp_path / "no.mp4")])
    with pytest.raises(SystemExit) as ended:
        bench.main()
    assert ended.value.code == 2
    assert "no.mp4" in capsys.readouterr().err


def test_json_holds_the_contract(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--json` prints one object with `ratio`, what it is made of, and where it was measured."""
    monkeypatch.setattr(bench, "python_of", lambda venv: sys.executable)
    monkeypatch.setattr(bench, "compare", lambda *asked: {"ratio": 2.0, "sides": {}})
    monkeypatch.setattr(sys, "argv", ["gesture_vs_mediapipe", "--json", "--speed-only"])
    bench.main()
    found = json.loads(capsys.readouterr().out)
    assert found["ratio"] == 2.0
    assert {"sides", "machine", "commit"} <= set(found)
