"""The training loop on a network small enough to train in a blink."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from triptych.errors import BadInput
from triptych.fit.loop import CHECKPOINT, NotFinite, Plan, fit
from triptych.fit.tracker import JsonLines

PLAN = Plan(steps=8, warmup=2, log_every=2, save_every=3, evaluate_every=4, accelerator="cpu")


class Lines:
    """A tracker that keeps what it is told."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[str, float]]] = []

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """Keep it."""
        self.rows.append((step, dict(numbers)))


class Task:
    """Fits a line; dropout and normalisation make it depend on every kind of state."""

    def __init__(self, width: int = 4, poison_at: int = -1) -> None:
        torch.manual_seed(0)
        self.network: nn.Module = nn.Sequential(
            nn.Linear(3, width), nn.BatchNorm1d(width), nn.Dropout(0.3), nn.Linear(width, 1)
        )
        self.poison_at = poison_at
        self.steps = 0
        self.draws: list[float] = []

    def optimizer(self) -> torch.optim.Optimizer:
        """AdamW, whose moments are state, too."""
        return torch.optim.AdamW(self.network.parameters(), lr=0.05)

    def batch(self, generator: np.random.Generator) -> dict[str, Tensor]:
        """Sixteen points of a plane."""
        x = generator.standard_normal((16, 3)).astype(np.float32)
        self.draws.append(float(x[0, 0]))
        return {"x": torch.from_numpy(x), "y": torch.from_numpy(x @ np.float32([[1], [2], [3]]))}

    def loss(
        self, network: nn.Module, batch: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Squared error; NaN at the poisoned step."""
        loss = (network(batch["x"]) - batch["y"]).square().mean()
        if self.steps == self.poison_at:
            loss = loss * torch.nan
        self.steps += 1
        return loss, {"error": loss.detach()}

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Error at one point, in evaluation mode."""
        assert not network.training
        with torch.no_grad():
            return {"val": float((network(torch.ones(1, 3)) - 6).abs())}


class Killed(Exception):
    """Stands for a power cut."""


def kill_at(step: int):
    """A callback that stops the run after a step."""

    def on_step(done: int) -> None:
        if done == step:
            raise Killed

    return on_step


@pytest.mark.parametrize("stops", [(1,), (3,), (4, 7), (8,)])
def test_a_resumed_run_is_the_uninterrupted_one(tmp_path: Path, stops: tuple[int, ...]) -> None:
    """However often it was killed, the weights and their average end the same, bit for bit."""
    whole = fit(Task(), PLAN, tmp_path / "whole", Lines())
    for stop in stops:
        with pytest.raises(Killed):
            fit(Task(), PLAN, tmp_path / "parts", Lines(), kill_at(stop))
    parts = fit(Task(), PLAN, tmp_path / "parts", Lines())
    for (name, wanted), got in zip(
        whole.state_dict().items(), parts.state_dict().values(), strict=True
    ):
        assert torch.equal(wanted, got), name
    states = [torch.load(tmp_path / run / CHECKPOINT) for run in ("whole", "parts")]
    for name, wanted in states[0]["network"].items():
        assert torch.equal(wanted, states[1]["network"][name]), name


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    """Resuming after the last step gives back the same network without a step."""
    first = fit(Task(), PLAN, tmp_path, Lines())
    lines = Lines()
    again = fit(Task(), PLAN, tmp_path, lines, on_step=kill_at(8))
    assert lines.rows == []
    assert torch.equal(first.state_dict()["0.weight"], again.state_dict()["0.weight"])
    assert not again.training


def test_batches_depend_on_seed_and_step_alone(tmp_path: Path) -> None:
    """The same seed draws the same batches in the same order; another seed draws others."""
    tasks = [Task(), Task(), Task()]
    for i, (task, seed) in enumerate(zip(tasks, (0, 0, 1), strict=True)):
        fit(task, replace(PLAN, seed=seed), tmp_path / str(i), Lines())
    assert tasks[0].draws[:8] == tasks[1].draws[:8]
    assert set(tasks[0].draws).isdisjoint(tasks[2].draws)
    assert len(set(tasks[0].draws[:8])) == 8


def test_it_learns(tmp_path: Path) -> None:
    """The loss falls."""
    lines = Lines()
    fit(Task(), replace(PLAN, steps=200, log_every=20), tmp_path, lines)
    losses = [row["loss"] for _step, row in lines.rows if "loss" in row]
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("step", [0, 3, 7])
def test_divergence_names_the_step_and_the_tensor(tmp_path: Path, step: int) -> None:
    """NaN stops the run at its very step, before it reaches the weights or a checkpoint."""
    with pytest.raises(NotFinite) as raised:
        fit(Task(poison_at=step), replace(PLAN, log_every=100, save_every=1), tmp_path, Lines())
    assert f"step {step}:" in str(raised.value)
    assert "0.weight" in str(raised.value)
    if step:
        state = torch.load(tmp_path / CHECKPOINT)
        assert state["step"] == step
        assert all(torch.isfinite(tensor).all() for tensor in state["network"].values())


@pytest.mark.parametrize("change", [{"seed": 1}, {"steps": 9}, {"clip": 1.0}])
def test_a_checkpoint_of_another_plan_is_refused(tmp_path: Path, change: dict[str, float]) -> None:
    """Resuming under other settings would repeat neither run: it says so and touches nothing."""
    fit(Task(), PLAN, tmp_path, Lines())
    before = (tmp_path / CHECKPOINT).read_bytes()
    with pytest.raises(BadInput, match="another plan"):
        fit(Task(), replace(PLAN, **change), tmp_path, Lines())  # type: ignore[arg-type]
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    """Weights of another shape are one sentence, not a traceback."""
    fit(Task(), PLAN, tmp_path, Lines())
    with pytest.raises(BadInput, match="another network"):
        fit(Task(width=5), PLAN, tmp_path, Lines())


@pytest.mark.parametrize("data", [b"", b"hello", None])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, data: bytes | None) -> None:
    """A truncated file or one of another kind is named, and what to do with it."""
    fit(Task(), PLAN, tmp_path, Lines())
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:2000] if data is None else data)
    with pytest.raises(BadInput, match=f"{CHECKPOINT} is damaged"):
        fit(Task(), PLAN, tmp_path, Lines())


def test_a_checkpoint_that_cannot_be_written_costs_no_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence; the checkpoint before stays whole, and nothing half-written beside it."""

    save, written = torch.save, []

    def fills_the_disk(state: object, path: Path) -> None:
        if written:
            path.write_bytes(b"half")
            raise RuntimeError("PytorchStreamWriter failed writing file data/1: file write failed")
        written.append(path)
        save(state, path)

    monkeypatch.setattr(torch, "save", fills_the_disk)
    with pytest.raises(BadInput, match=r"checkpoint\.pt cannot be written at step 6"):
        fit(Task(), PLAN, tmp_path, Lines())
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
    assert torch.load(tmp_path / CHECKPOINT)["step"] == 3


def test_no_half_written_checkpoint_stays(tmp_path: Path) -> None:
    """It is written beside and renamed."""
    fit(Task(), PLAN, tmp_path, Lines())
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_the_result_is_the_moving_average(tmp_path: Path) -> None:
    """Weights follow 1 - min(decay, (1 + n) / (10 + n)), the first step's copied as they are."""
    task = Task()
    history: list[Tensor] = []

    def keep(_step: int) -> None:
        history.append(task.network.state_dict()["0.weight"].clone())

    network = fit(task, replace(PLAN, average=0.25), tmp_path, Lines(), keep)
    average = history[0].clone()
    for number, weight in enumerate(history[1:], start=1):
        average.lerp_(weight, 1 - min(0.25, (1 + number) / (10 + number)))
    assert torch.allclose(network.state_dict()["0.weight"], average, atol=1e-6)
    assert int(network.state_dict()["1.num_batches_tracked"]) == 8


def test_numbers_are_logged_when_the_plan_says(tmp_path: Path) -> None:
    """Losses every `log_every` steps, held-out numbers every `evaluate_every`, both at the end."""
    lines = Lines()
    fit(Task(), replace(PLAN, steps=7), tmp_path, lines)
    assert [step for step, row in lines.rows if "loss" in row] == [2, 4, 6, 7]
    assert [step for step, row in lines.rows if "val" in row] == [4, 7]
    row = lines.rows[0][1]
    assert set(row) == {"loss", "error", "gradient_norm", "steps_per_second"}
    assert all(math.isfinite(number) for number in row.values())


@given(st.integers(1, 5000), st.integers(0, 200))
def test_the_rate_rises_and_falls(steps: int, warmup: int) -> None:
    """From little to the peak within the warm-up, then down to zero, never beyond 0..1."""
    plan = Plan(steps=steps, warmup=warmup)
    rates = [plan.rate(step) for step in range(steps + 1)]
    assert all(0 <= rate <= 1 for rate in rates)
    assert rates[:warmup] == sorted(rates[:warmup])
    assert rates[warmup:] == sorted(rates[warmup:], reverse=True)
    if steps > warmup:
        assert rates[warmup] == 1
        assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_json_lines_append_and_echo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line, on disk at once, after what an earlier run has left; and on the stream."""
    import sys

    path = tmp_path / "deep" / "log.jsonl"
    JsonLines(path).log(1, {"loss": 0.1234567})
    JsonLines(path, sys.stderr).log(2, {"loss": 2.0})
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"step": 1, "loss": 0.123457},
        {"step": 2, "loss": 2.0},
    ]
    assert json.loads(capsys.readouterr().err) == {"step": 2, "loss": 2.0}
