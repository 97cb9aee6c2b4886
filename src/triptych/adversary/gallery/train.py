"""Train one defence of the gallery, by its setting, into a folder."""

import time
from pathlib import Path
from typing import Any, TextIO

import torch

from triptych.adversary.gallery.catalogue import defence
from triptych.adversary.gallery.lesson import Trainee, accuracy
from triptych.adversary.gallery.pictures import pictures
from triptych.adversary.gallery.weights import described, parameters, read, setting_of, write
from triptych.fit.loop import CHECKPOINT, fit, seconds_spent
from triptych.fit.tracker import JsonLines
from triptych.results import provenance


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

    Raises BadInput for unknown names and for a folder that holds another training.
    """
    setting, made = setting_of(name, data, variant), defence(name)
    resumed = (folder / CHECKPOINT).exists()
    began = time.process_time()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        pipeline = made.pipeline(setting)
        plan = setting.schedule.plan(data, seed, accelerator)
        task = made.task(pipeline, setting)
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
