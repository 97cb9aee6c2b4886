"""Trackers: what was logged can be read again by the tool that it was logged for."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import pytest

from triptych.errors import BadInput, Unavailable
from triptych.fit.tracker import Board, tracking

needs_tensorboard = pytest.mark.skipif(
    find_spec("tensorboard") is None, reason="triptych[tensorboard] is not installed"
)
needs_wandb = pytest.mark.skipif(
    find_spec("wandb") is None, reason="triptych[wandb] is not installed"
)


def test_json_lines_are_the_default_and_are_echoed(tmp_path: Path) -> None:
    """One object a line, in the file and on the stream; no board is opened unasked."""
    echo = StringIO()
    with tracking(tmp_path / "run", echo=echo) as tracker:
        tracker.log(1, {"loss": 2.0})
        tracker.log(2, {"loss": 1.0 / 3})
    text = (tmp_path / "run" / "log.jsonl").read_text()
    assert text == echo.getvalue()
    assert [json.loads(line) for line in text.splitlines()] == [
        {"step": 1, "loss": 2.0},
        {"step": 2, "loss": 0.333333},
    ]
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["log.jsonl"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path) -> None:
    """The sentence names the log; a traceback would say that the program is wrong."""
    (tmp_path / "log.jsonl").symlink_to("/dev/full")
    with tracking(tmp_path) as tracker, pytest.raises(BadInput, match="No space left"):
        tracker.log(1, {"loss": 2.0})


@pytest.mark.parametrize(
    ("board", "module"), [(Board.TENSORBOARD, "torch.utils.tensorboard"), (Board.WANDB, "wandb")]
)
def test_a_board_that_is_not_installed_is_named(
    board: Board, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence that says which extra to install."""
    monkeypatch.setitem(sys.modules, module, None)
    with (
        pytest.raises(Unavailable, match=rf"triptych\[{board.value}\]"),
        tracking(tmp_path, [board]),
    ):
        pass


@needs_tensorboard
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_reads_what_was_logged(tmp_path: Path) -> None:
    """Every point of every curve, over a resumption too."""
    for first in (1, 3):
        with tracking(tmp_path, [Board.TENSORBOARD]) as tracker:
            for step in (first, first + 1):
                tracker.log(step, {"loss": 8.0 / step, "val_f1": step / 10})
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert events.Tags()["scalars"] == ["loss", "val_f1"]
    points = events.Scalars("loss")
    assert [point.step for point in points] == [1, 2, 3, 4]
    assert [point.value for point in points] == pytest.approx([8.0, 4.0, 8 / 3, 2.0])
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 4


OFFLINE_RUN = """
    import sys
    from pathlib import Path
    from triptych.fit.tracker import Board, tracking

    with tracking(Path(sys.argv[1]), [Board.WANDB], {"steps": 7}) as tracker:
        for step in (1, 2):
            tracker.log(step, {"loss_of_this_test": 1 / step})
"""


@needs_wandb
def test_wandb_works_without_a_network_and_keeps_its_files_in_the_run(tmp_path: Path) -> None:
    """In a process that has no network at all, with a home of its own: nothing appears there.

    Where the system gives a process no network namespace of its own, a proxy that refuses stands
    for it.
    """
    home, run = tmp_path / "home", tmp_path / "run"
    home.mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB", "XDG"))}
    environment |= {"HOME": str(home), "https_proxy": "http://127.0.0.1:9", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", textwrap.dedent(OFFLINE_RUN), str(run)]
    alone = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") and subprocess.run([*alone, "true"], check=False).returncode == 0:
        command = [*alone, *command]
    for _resumed in range(2):
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stderr
    runs = sorted((run / "wandb").glob("offline-run-*/run-*.wandb"))
    assert len(runs) >= 1 and len({path.name for path in runs}) == 1  # one run, resumed
    assert all(b"loss_of_this_test" in path.read_bytes() for path in runs)
    written = [path for path in home.rglob("*") if path.is_file()]
    assert written == []
    kept = b"".join(path.read_bytes() for path in (run / "wandb").rglob("*") if path.is_file())
    assert b"OFFLINE_RUN" not in kept and b"from triptych" not in kept  # no code
