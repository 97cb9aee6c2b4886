"""One training loop for all panels.

All randomness of a step is a pure function of (seed, step): a task gets a fresh generator for each
batch, and torch is reseeded before each step. So a checkpoint needs no random state, and a resumed
run repeats an uninterrupted one exactly (bitwise on a CPU with the same number of threads).

The weights that are evaluated and exported are an exponential moving average (Polyak and Juditsky
1992); Fabric takes care of devices, precision and several processes: started by `torchrun`, they
share each batch (`triptych.fit.several`), and the first of them evaluates, logs and saves.
"""

import math
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from triptych.errors import BadInput, TriptychError
from triptych.fit import several
from triptych.fit.tracker import Tracker

CHECKPOINT = "checkpoint.pt"


class NotFinite(TriptychError):
    """The loss or a gradient became NaN or infinite; names the step and the tensor."""


class Task(Protocol):
    """What a panel brings to be trained.

    network: the module to train. batch: draws the batch of one step on the host (it may run in
    another thread, and must depend on nothing but its generator). loss: one scalar to minimise and
    named numbers to log. evaluate: numbers measured on held-out data with the averaged weights.
    """

    network: nn.Module

    def optimizer(self) -> torch.optim.Optimizer:
        """The optimiser over the network's parameters, at its peak learning rate."""
        ...

    def batch(self, generator: np.random.Generator) -> Any:
        """A batch of tensors (any nesting), drawn with `generator`."""
        ...

    def loss(self, network: nn.Module, batch: Any) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The loss of a batch, and parts of it to log."""
        ...

    def evaluate(self, network: nn.Module) -> Mapping[str, float]:
        """Numbers on held-out data; `network` is in evaluation mode."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how to train.

    warmup: steps over which the learning rate rises linearly. schedule: what it does then: falls
    along a cosine to zero, stays, or falls by the factor 0.96 over each `decay_steps`. average:
    decay of the moving average of the weights; 0: none. clip: largest norm of the gradient;
    infinite: no limit.
    """

    steps: int
    seed: int = 0
    warmup: int = 100
    average: float = 0.998
    clip: float = 5.0
    log_every: int = 50
    save_every: int = 500
    evaluate_every: int = 500
    precision: str = "32-true"
    accelerator: str = "auto"
    schedule: Literal["cosine", "constant", "exponential"] = "cosine"
    decay_steps: int = 10_000

    def rate(self, step: int) -> float:
        """The factor on the peak learning rate at a step, 0..1."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        if self.schedule == "constant":
            return 1.0
        if self.schedule == "exponential":
            return 0.96 ** ((step - self.warmup) / self.decay_steps)
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def fit(
    task: Task,
    plan: Plan,
    folder: Path,
    tracker: Tracker,
    on_step: Callable[[int], None] = lambda step: None,
) -> nn.Module:
    """Train until `plan.steps`, resuming from `folder` if it holds a checkpoint of the same plan.

    Returns the network with averaged weights, in evaluation mode. Raises `BadInput` if the
    checkpoint belongs to another plan or network, `NotFinite` if training diverges.
    """
    fabric = _fabric(plan)
    network, optimizer = fabric.setup(task.network, task.optimizer())
    average = AveragedModel(task.network, multi_avg_fn=_moving(plan.average), use_buffers=True)
    peak = [group["lr"] for group in optimizer.param_groups]
    first, spent = _restore(folder, plan, task.network, optimizer, average)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()

    def draw(step: int) -> Any:
        return several.share(task.batch(np.random.default_rng([plan.seed, step])))

    with ThreadPoolExecutor(1) as drawer:
        upcoming = drawer.submit(draw, first)
        for step in range(first, plan.steps):
            batch = fabric.to_device(upcoming.result())
            upcoming = drawer.submit(draw, step + 1)
            torch.manual_seed((plan.seed << 32) ^ step)
            for group, rate in zip(optimizer.param_groups, peak, strict=True):
                group["lr"] = rate * plan.rate(step)
            network.train()
            optimizer.zero_grad(set_to_none=True)
            loss, parts = task.loss(network, batch)
            fabric.backward(loss)
            norm = fabric.clip_gradients(
                network, optimizer, max_norm=plan.clip, error_if_nonfinite=False
            )
            if norm is None or not math.isfinite(norm):
                raise NotFinite(_blame(task.network, step))
            optimizer.step()
            average.update_parameters(task.network)

            done = step + 1
            if done % plan.log_every == 0 or done == plan.steps:
                numbers = _averaged(fabric, {"loss": loss, **parts}) | {
                    "gradient_norm": float(norm)
                }
                speed = {"steps_per_second": (done - first) / (time.monotonic() - began)}
                if fabric.is_global_zero:
                    tracker.log(done, numbers | speed)
            if not fabric.is_global_zero:
                continue
            if done % plan.evaluate_every == 0 or done == plan.steps:
                average.eval()
                tracker.log(done, dict(task.evaluate(average.module)))
            if done % plan.save_every == 0 or done == plan.steps:
                seconds = spent + time.monotonic() - began
                _save(folder, plan, done, seconds, task.network, optimizer, average)
            on_step(done)
    fabric.barrier()
    return average.module.eval()


def _fabric(plan: Plan) -> Fabric:
    """On one device; started by torchrun, on one a process."""
    devices, strategy = 1, "auto"
    if torch.distributed.is_available() and torch.distributed.is_torchelastic_launched():
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        # Some weights learn from no batch, such as those of a probe that is switched off.
        strategy = DDPStrategy(find_unused_parameters=True)
    fabric = Fabric(
        # lightning's type stubs want literals; the plan has been validated at the door
        accelerator=plan.accelerator,
        precision=plan.precision,  # type: ignore[arg-type]
        strategy=strategy,
        devices=devices,
        num_nodes=int(os.environ.get("GROUP_WORLD_SIZE", 1)) if devices > 1 else 1,
    )
    fabric.launch()
    return fabric


def _averaged(fabric: Fabric, numbers: Mapping[str, Tensor]) -> dict[str, float]:
    """Each number's mean over the processes."""
    values = torch.stack([value.detach().float() for value in numbers.values()])
    mean = fabric.all_reduce(values, reduce_op="mean")
    assert isinstance(mean, Tensor)
    return dict(zip(numbers, mean.tolist(), strict=True))


def _moving(decay: float) -> Callable[..., None]:
    """A moving average that is short at first, so that it soon forgets where training began."""

    @torch.no_grad()
    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor | int) -> None:
        number = int(count)
        weight = 1 - min(decay, (1 + number) / (10 + number))
        for old, new in zip(averaged, current, strict=True):
            if old.is_floating_point():
                old.lerp_(new.to(old.dtype), weight)
            else:
                old.copy_(new)

    return update


def _save(
    folder: Path,
    plan: Plan,
    step: int,
    seconds: float,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: AveragedModel,
) -> None:
    state = {
        "plan": asdict(plan),
        "step": step,
        "seconds": seconds,
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "average": average.state_dict(),
    }
    # Written beside and renamed, so that a kill leaves the old checkpoint whole.
    path, beside = folder / CHECKPOINT, folder / (CHECKPOINT + ".part")
    try:
        torch.save(state, beside)
        beside.replace(path)
    except (OSError, RuntimeError) as error:  # torch's writer raises the latter on a full disk
        beside.unlink(missing_ok=True)
        raise BadInput(
            f"{path} cannot be written at step {step} ({error}): make room and start again; "
            "an older checkpoint is still whole."
        ) from error


def _restore(
    folder: Path,
    plan: Plan,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: AveragedModel,
) -> tuple[int, float]:
    """The steps done and the seconds spent on them."""
    path = folder / CHECKPOINT
    if not path.exists():
        return 0, 0.0
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its unpickler stumbles over
        raise BadInput(
            f"{path} is damaged; delete it to train from the beginning, or choose another folder."
        ) from error
    # A plan from before a field was added means that field's default.
    there, here = {**asdict(Plan(plan.steps)), **state["plan"]}, asdict(plan)
    if there != here:
        differ = ", ".join(f"{k} is {there[k]} there" for k in here if there[k] != here[k])
        raise BadInput(
            f"{path} was written with another plan ({differ}); "
            "resume with the same settings or choose another folder."
        )
    try:
        network.load_state_dict(state["network"])
    except RuntimeError as error:
        raise BadInput(f"{path} holds another network; choose another folder.") from error
    optimizer.load_state_dict(state["optimizer"])
    average.load_state_dict(state["average"])
    return state["step"], state["seconds"]


def seconds_spent(folder: Path) -> float:
    """Wall-clock seconds that the run in `folder` has trained for, over all its resumptions."""
    return torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)["seconds"]


def step_reached(folder: Path) -> int:
    """How many steps the run in `folder` has done up to its checkpoint."""
    return torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)["step"]


def _blame(network: nn.Module, step: int) -> str:
    """Which step it was, and the first tensor whose gradient is no number."""
    for name, parameter in network.named_parameters():
        if parameter.grad is not None and not torch.isfinite(parameter.grad).all():
            what = f"the gradient of {name} is not finite"
            break
    else:
        what = "the gradient's norm is not finite"
    return f"Training diverged at step {step}: {what}; lower the learning rate."


def averaged_weights(folder: Path) -> dict[str, Tensor]:
    """The averaged weights of the run in `folder`. Raises `BadInput` if it holds none."""
    path = folder / CHECKPOINT
    if not path.exists():
        raise BadInput(f"There is no checkpoint at {path}; name the folder of a run.")
    state = torch.load(path, map_location="cpu", weights_only=True)["average"]
    prefix = "module."
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
