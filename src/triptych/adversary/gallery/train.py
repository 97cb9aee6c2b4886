"""Train one defence of the gallery, by its setting, into a folder."""

import time
from pathlib import Path
from typing import Any, TextIO

import torch

from triptych.adversary.gallery.catalogue import defence
from triptych.adversary.gallery.lesson import Trainee, accuracy
from triptych.adversary.gallery.pictures import pictures
from triptych.adversary.gallery.weights import (
    CARD,
    described,
    parameters,
    read,
    setting_of,
    write,
)
from triptych.errors import BadInput, Unavailable
from triptych.fit.loop import CHECKPOINT, fit, seconds_spent
from triptych.fit.tracker import JsonLines
from triptych.results import check_writable, provenance


def train(
    name: str,
    data: str,
    variant: str,
    folder: Path,
    seed: int = 0,
    accelerator: str = "cpu",
    echo: TextIO | None = None,
) -> dict[str, Any]:
    """Train into `folder`, going on from what is there; returns the card.

    Raises BadInput for unknown names, for a folder that holds another training or that cannot be
    made, and Unavailable for an accelerator that is not here.
    """
    setting, made = setting_of(name, data, variant), defence(name)
    _check_accelerator(accelerator)
    began = time.process_time()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        pipeline = made.pipeline(setting)
        plan = setting.schedule.plan(data, seed, accelerator)
        task = made.task(pipeline, setting)  # finds out first whether the pictures are here
        check_writable(folder / CARD)
        resumed = (folder / CHECKPOINT).exists()
        trained = fit(task, plan, folder, JsonLines(folder / "log.jsonl", echo))
    assert isinstance(trained, Trainee)
    card = {
        "defence": name,
        "data": data,
        "variant": variant,
        "setting": described(setting),
        "parameters": parameters(pipeline),
        "steps": plan.steps,
        "wall_seconds": round(seconds_spent(folder)),
        # Of an interrupted run only the last part would be known.
        "cpu_seconds": None if resumed else round(time.process_time() - began),
        **provenance(seed),
    }
    write(folder, trained.pipeline, card)
    stored, _ = read(folder)
    card["held_out_accuracy"] = accuracy(stored, *pictures(data, "val"))
    write(folder, stored, card)
    return card


def _check_accelerator(name: str) -> None:
    here = {
        "auto": True,
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name not in here:
        raise BadInput(f"accelerator is {name!r}, but must be one of {', '.join(here)}.")
    if not here[name]:
        raise Unavailable(f"There is no {name} device on this machine; use --accelerator auto.")
