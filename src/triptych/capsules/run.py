"""A run's folder: `settings.json`, and for each seed a folder with its checkpoint, log and weights.

runs/mnist-small/settings.json
runs/mnist-small/seed-0/  checkpoint.pt  log.jsonl  evolution/  model.safetensors
    result.json
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from triptych.capsules import evolution
from triptych.capsules.model import StackedCapsules
from triptych.capsules.pictures import read_pictures
from triptych.capsules.settings import Settings
from triptych.capsules.train import CapsuleTask, Objective, plan
from triptych.errors import BadInput, BrokenModel
from triptych.fit.loop import fit, seconds_spent
from triptych.fit.tracker import JsonLines
from triptych.results import write_result

WEIGHTS, SETTINGS = "model.safetensors", "settings.json"


@dataclass(frozen=True)
class Run:
    """A folder with networks of the same settings and several seeds."""

    folder: Path
    settings: Settings
    seeds: tuple[int, ...]

    def of_seed(self, seed: int) -> Path:
        """The folder of one seed."""
        return self.folder / f"seed-{seed}"


def create(folder: Path, settings: Settings, seeds: Sequence[int]) -> Run:
    """A run that can be trained. Raises BadInput if another one is there already."""
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        content = {"seeds": list(seeds), "settings": settings.model_dump()}
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"The run cannot be kept in {folder}: {error.strerror}.") from error
    return run


def open_run(folder: Path) -> Run:
    """The run in a folder. Raises BadInput if there is none, BadConfig if it was tampered with."""
    path = folder / SETTINGS
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        tables, seeds = content["settings"], tuple(int(seed) for seed in content["seeds"])
    except FileNotFoundError:
        raise BadInput(
            f"There is no run in {folder} (no {SETTINGS}); `triptych capsules train` makes one."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is damaged ({error}).") from error
    return Run(folder, Settings.checked(tables), seeds)


def train(run: Run, threads: int = 2) -> None:
    """Train each seed of a run to its end, one after the other; what is done already is kept."""
    torch.set_num_threads(threads)
    settings = run.settings
    train_pictures = read_pictures(settings.data.name, "train")
    test_pictures = read_pictures(settings.data.name, "test")
    for seed in run.seeds:
        folder = run.of_seed(seed)
        task = CapsuleTask(settings, train_pictures, test_pictures, seed)
        tracker = JsonLines(folder / "log.jsonl", sys.stderr)

        def film(step: int, task: CapsuleTask = task, folder: Path = folder) -> None:
            if evolution.is_due(step):
                evolution.keep(task.network, folder, step)

        trained = fit(task, plan(settings, seed), folder, tracker, film)
        assert isinstance(trained, Objective)
        save(trained.network, folder / WEIGHTS)
        numbers = {
            "preset": settings.preset,
            "steps": settings.train.steps,
            "minutes": seconds_spent(folder) / 60,
            "threads": threads,
            **task.evaluate(trained),
        }
        write_result(folder / "result.json", numbers, seed)


def save(network: StackedCapsules, path: Path) -> None:
    """Write a network's weights, with its settings beside them in the same file."""
    tensors = {name: value.detach().contiguous() for name, value in network.state_dict().items()}
    save_file(tensors, path, {"settings": network.settings.model_dump_json()})


def load_network(path: Path) -> StackedCapsules:
    """The network in a file, in evaluation mode.

    Raises BadInput if there is no such file, BrokenModel if it holds no capsule network.
    """
    if not path.is_file():
        raise BadInput(f"There are no weights at {path}: this run has not been trained to its end.")
    try:
        with safe_open(path, "pt") as file:
            described = (file.metadata() or {}).get("settings")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise BrokenModel(f"{path} cannot be read as weights ({error}).") from error
    if described is None:
        raise BrokenModel(f"{path} does not say which settings its network has.")
    network = StackedCapsules(Settings.checked(json.loads(described)))
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise BrokenModel(f"{path} does not fit the settings that it names.") from error
    return network.eval()


def networks(run: Run) -> dict[int, StackedCapsules]:
    """The trained networks of a run by seed. Raises BadInput if one has other settings."""
    found: dict[int, StackedCapsules] = {}
    for seed in run.seeds:
        path = run.of_seed(seed) / WEIGHTS
        network = load_network(path)
        if network.settings != run.settings:
            raise BadInput(
                f"{path} is of preset {network.settings.preset} with other settings than the run's."
            )
        found[seed] = network
    return found
