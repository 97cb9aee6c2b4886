"""A run's folder: `settings.json`, and for each seed a folder with its checkpoint, log and weights.

runs/mnist-small/settings.json
runs/mnist-small/seed-0/  checkpoint.pt  log.jsonl  evolution/  model.safetensors
    result.json

Some networks are shipped with the package, `models/NAME.safetensors` with a card beside it; their
names stand for a run wherever one is only read. What is made of them goes to `runs/shipped/NAME`.
"""

import ctypes
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from triptych.capsules import evolution
from triptych.capsules.constellation import Constellation
from triptych.capsules.model import StackedCapsules
from triptych.capsules.pictures import held, read_pictures
from triptych.capsules.point_task import PointObjective, PointTask
from triptych.capsules.settings import Settings
from triptych.capsules.train import CapsuleTask, Objective, plan, settle
from triptych.capsules.weights import described, load, save
from triptych.errors import BadInput
from triptych.fit import several
from triptych.fit.loop import CHECKPOINT, Task, averaged_weights, fit, seconds_spent, step_reached
from triptych.fit.tracker import Board, tracking
from triptych.results import write_result

WEIGHTS, SETTINGS = "model.safetensors", "settings.json"
_MODELS = Path(__file__).with_name("models")


@dataclass(frozen=True)
class Run:
    """A folder with networks of the same settings and several seeds.

    shipped: the file of its only network, if that came with the package.
    """

    folder: Path
    settings: Settings
    seeds: tuple[int, ...]
    shipped: Path | None = None

    def of_seed(self, seed: int) -> Path:
        """The folder of one seed."""
        return self.folder / f"seed-{seed}"

    def weights(self, seed: int) -> Path:
        """The file of one seed's network."""
        return self.shipped or self.of_seed(seed) / WEIGHTS


def create(folder: Path, settings: Settings, seeds: Sequence[int]) -> Run:
    """A run that can be trained.

    Raises BadInput if another one is there already or its pictures are damaged, Unavailable if
    they are not here; then nothing is written.
    """
    run = Run(folder, settings, tuple(seeds))
    path = folder / SETTINGS
    if path.exists():
        there = open_run(folder)
        if there != run:
            raise BadInput(
                f"{folder} holds a run with other settings or seeds; choose another --run, or "
                f"`triptych capsules resume {folder}`."
            )
        return run
    if not settings.of_points:
        read_pictures(settings.data.name, "train")  # what is wrong with them is told before
    try:
        folder.mkdir(parents=True, exist_ok=True)
        content = {"seeds": list(seeds), "settings": settings.model_dump()}
        # At once, since several processes may start together.
        beside = folder / f"{SETTINGS}.{os.getpid()}.part"
        beside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise BadInput(f"The run cannot be kept in {folder}: {error.strerror}.") from error
    return run


def shipped_names() -> list[str]:
    """Networks that came with the package."""
    return sorted(path.stem for path in _MODELS.glob("*.safetensors"))


def open_run(folder: Path) -> Run:
    """The run in a folder, or the shipped network of that name; a folder comes first.

    Raises BadInput if there is neither, BadConfig if it was tampered with.
    """
    path = folder / SETTINGS
    if str(folder) in shipped_names() and not path.exists():
        return _shipped(str(folder))
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        tables, seeds = content["settings"], tuple(int(seed) for seed in content["seeds"])
    except (FileNotFoundError, NotADirectoryError):
        raise BadInput(
            f"There is no run in {folder} (no {SETTINGS}); `triptych capsules train` makes one, "
            f"and these names come with the package: {', '.join(shipped_names())}."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is damaged ({error}).") from error
    if not seeds or min(seeds) < 0:
        raise BadInput(f"{path} is damaged (its seeds are {list(seeds)}).")
    return Run(folder, Settings.checked(tables), seeds)


def _shipped(name: str) -> Run:
    file = _MODELS / f"{name}.safetensors"
    about = described(file)
    seed = about["seed"]
    return Run(Path("runs", "shipped", name), Settings.checked(about["settings"]), (seed,), file)


def train(run: Run, threads: int = 2, boards: Sequence[Board] = ()) -> None:
    """Train each seed of a run to its end, one after the other; what is done already is kept.

    boards: where the curves are drawn besides each seed's `log.jsonl`.
    Raises BadInput if the run is a shipped network, whose training is over.
    """
    if run.shipped is not None:
        raise BadInput(
            f"{run.folder.name} is a network that came with the package and cannot be trained "
            f"further; `triptych capsules train {run.settings.preset}` trains one of your own."
        )
    torch.set_num_threads(threads)
    settings = run.settings
    task_of = _tasks(settings)
    _keep_freed_memory()
    for seed in run.seeds:
        folder = run.of_seed(seed)
        task = task_of(seed)

        def film(step: int, task: Task = task, folder: Path = folder) -> None:
            if evolution.is_due(step):
                evolution.keep(task.network, folder, step)

        shown = settings.model_dump() | {"seed": seed}
        with tracking(folder, boards, shown, sys.stderr) as tracker:
            trained = fit(task, plan(settings, seed), folder, tracker, film)
        assert isinstance(trained, Objective | PointObjective)
        if several.rank() > 0:
            continue  # the first process writes
        if isinstance(task, CapsuleTask) and isinstance(trained, Objective):
            settle(trained.network, task.train)
        save(trained.network, run.weights(seed), seed)
        numbers = {
            "preset": settings.preset,
            "steps": settings.train.steps,
            "minutes": seconds_spent(folder) / 60,
            "threads": threads,
            **task.evaluate(trained),
        }
        write_result(folder / "result.json", numbers, seed)


def _tasks(settings: Settings) -> Callable[[int], Task]:
    """What makes the task of a seed; the data are read once for all seeds."""
    if settings.of_points:
        return lambda seed: PointTask(settings, seed)
    train = read_pictures(settings.data.name, "train")
    return lambda seed: CapsuleTask(settings, train, held(train), seed)


def _keep_freed_memory() -> None:
    """Let glibc keep what is freed: each step asks for the same large tensors again, and getting
    their pages from the system took a fifth of its time."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mmap_threshold, trim_threshold = -3, -1  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
        mallopt(mmap_threshold, 2**30)
        mallopt(trim_threshold, 2**31 - 1)


def networks(run: Run) -> dict[int, StackedCapsules]:
    """The networks of a run by seed; of a seed whose training is not over, its last checkpoint's.

    Raises BadInput if one has other settings than the run, or the run is of constellations.
    """
    found = {seed: _of_seed(run, seed) for seed in run.seeds}
    pictures = {k: v for k, v in found.items() if isinstance(v, StackedCapsules)}
    if len(pictures) < len(found):
        raise BadInput(f"{run.folder} is a run of constellations; it reads no pictures.")
    return pictures


def point_networks(run: Run) -> dict[int, Constellation]:
    """The same of a run of constellations. Raises BadInput if it is of pictures."""
    found = {seed: _of_seed(run, seed) for seed in run.seeds}
    points = {k: v for k, v in found.items() if isinstance(v, Constellation)}
    if len(points) < len(found):
        raise BadInput(f"{run.folder} is a run of pictures; it reads no constellations.")
    return points


def _of_seed(run: Run, seed: int) -> StackedCapsules | Constellation:
    path = run.weights(seed)
    if not path.exists() and (path.parent / CHECKPOINT).exists():
        return _on_the_way(run.settings, path.parent)
    network = load(path)
    if network.settings != run.settings:
        raise BadInput(
            f"{path} is of preset {network.settings.preset} with other settings than the run's."
        )
    return network


def steps_done(run: Run) -> list[int]:
    """For each seed, how many steps its network has been trained for."""
    found: list[int] = []
    for seed in run.seeds:
        path = run.weights(seed)
        if path.exists():
            found.append(described(path)["steps"])
        else:
            found.append(step_reached(path.parent))
    return found


def _on_the_way(settings: Settings, folder: Path) -> StackedCapsules | Constellation:
    network = Constellation(settings) if settings.of_points else StackedCapsules(settings)
    of_objective = averaged_weights(folder)
    network.load_state_dict({k.removeprefix("network."): v for k, v in of_objective.items()})
    if isinstance(network, StackedCapsules):
        settle(network, read_pictures(settings.data.name, "train"))
    return network
