"""`torchrun` with two real processes follows the loss curve of one at the same global batch."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from triptych.capsules.run import networks, open_run

CHANGES = [
    *("parts.count=4", "parts.width=8", "objects.layers=3", "objects.output=16", "train.steps=6"),
    *("objects.hidden=12", "train.batch=16", "train.log_every=1", "train.average=0"),
    *("loss.presence_between=1", "loss.posterior_between=2", "train.evaluate_every=6"),
    # What a process does with its own share alone, and half precision, would part the curves.
    *("objects.standardise=false", "data.views=1", "train.precision=32-true"),
    *("parts.noise=4", "objects.noise=4"),
]


def curve(folder: Path, *before: str) -> list[dict[str, float]]:
    """Train a small network by the real command, and read its log."""
    sets = [word for change in CHANGES for word in ("--set", change)]
    command = [
        *(*before, sys.executable, "-m", "triptych", "capsules", "train", "digits"),
        *("--run", str(folder), "--threads", "1", *sets),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    rows = [json.loads(line) for line in (folder / "seed-0" / "log.jsonl").read_text().splitlines()]
    return [row for row in rows if "loss" in row]


def test_two_processes_follow_the_curve_of_one(tmp_path: Path) -> None:
    """Every term of every step, presence noise included, up to the order of sums."""
    one = curve(tmp_path / "one")
    # Without the two dashes torchrun takes our --run for an abbreviation of an option of its own.
    run = (
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node=2",
        "--no-python",
        "--",
    )
    two = curve(tmp_path / "two", *run)
    assert [row["step"] for row in two] == [1, 2, 3, 4, 5, 6]
    for mine, other in zip(one, two, strict=True):
        for name in set(mine) - {"steps_per_second"}:
            assert other[name] == pytest.approx(mine[name], rel=2e-3, abs=2e-3), (
                mine["step"],
                name,
            )
    assert networks(open_run(tmp_path / "two"))[0].settings.train.batch == 16
