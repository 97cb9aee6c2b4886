"""Several processes: alone nothing changes, and two real ones follow the curve of one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from triptych.fit import several

WORKER = """
import json, os, sys
import torch
import torch.distributed as dist
from triptych.errors import BadInput
from triptych.fit import several
dist.init_process_group("gloo")
rows = torch.arange(6.0).unsqueeze(1)
mine = several.share({"rows": rows, "more": (rows, [7])})
weight = torch.tensor(2.0, requires_grad=True)
together = several.whole(mine["rows"] * weight)
together.sum().square().backward()
dist.all_reduce(weight.grad)
torch.manual_seed(5)
noise = several.whole(several.rand(mine["rows"]))
try:
    several.share(torch.zeros(5))
    refused = ""
except BadInput as error:
    refused = str(error)
if several.rank() == 0:
    print(json.dumps({
        "count": several.count(), "mine": mine["rows"].flatten().tolist(), "rest": mine["more"][1],
        "together": together.flatten().tolist(), "slope": weight.grad.item() / several.count(),
        "noise": noise.flatten().tolist(), "refused": refused,
    }))
dist.destroy_process_group()
"""


def torchrun(*words: str | Path, count: int = 2) -> str:
    """What the processes print; torchrun is the real one."""
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
        *(f"--nproc-per-node={count}", *map(str, words)),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


def test_alone_nothing_is_shared() -> None:
    """One process has all rows, and draws what torch draws."""
    rows = torch.randn(5, 2)
    assert several.share(rows) is rows
    assert several.whole(rows) is rows
    torch.manual_seed(1)
    drawn = several.rand(rows)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.rand(5, 2))


def test_two_processes_share_rows_gradients_and_noise(tmp_path: Path) -> None:
    """Rows in the batch's order, the gradient of one process, the noise of one process."""
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER)
    found = json.loads(torchrun(worker).splitlines()[-1])
    assert found["count"] == 2
    assert found["mine"] == [0, 2, 4]
    assert found["rest"] == [7]
    assert found["together"] == [0, 2, 4, 6, 8, 10]
    assert found["slope"] == pytest.approx(2 * 30 * 15)  # d (15 w)² / dw at 2
    torch.manual_seed(5)
    assert found["noise"] == pytest.approx(torch.rand(6, 1).flatten().tolist())
    assert "batch of 5 cannot be shared evenly by 2 processes" in found["refused"]
