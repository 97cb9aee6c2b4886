"""Trained defences on disk: weights in half precision, and a card that says how they were made.

What is measured is what is stored: `read` gives float32 networks with the rounded weights.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from safetensors.torch import load_file, save_file

from triptych.adversary.attacks.lean import WIDE
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.gallery.catalogue import defence
from triptych.adversary.gallery.lesson import channels_last
from triptych.adversary.gallery.pictures import DATA, SHAPES
from triptych.errors import BadInput, BrokenModel

WEIGHTS: Final = "weights.safetensors"
CARD: Final = "card.json"


def write(folder: Path, pipeline: Pipeline, card: Mapping[str, Any]) -> None:
    """Write weights and card; floating-point numbers are stored as float16."""
    halved = {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in pipeline.state_dict().items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file(halved, folder / WEIGHTS)
    (folder / CARD).write_text(json.dumps(dict(card), indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> tuple[Pipeline, dict[str, Any]]:
    """The trained defence in `folder`, in evaluation mode, and its card.

    Raises BrokenModel if either is missing or does not fit.
    """
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        setting = setting_of(card["defence"], card["data"], card["variant"])
        pipeline = defence(card["defence"]).pipeline(setting)
        int(card["seed"])  # which results name
    except OSError as error:
        raise BrokenModel(f"{folder} holds no {CARD}; name the folder of a gallery run.") from error
    except (ValueError, KeyError, TypeError, BadInput) as error:
        raise BrokenModel(f"{folder / CARD} is not the card of a gallery run.") from error
    path = folder / WEIGHTS
    try:
        state = load_file(path)
        pipeline.load_state_dict(
            {name: v.float() if v.is_floating_point() else v for name, v in state.items()}
        )
    except FileNotFoundError as error:
        raise BrokenModel(f"{folder} holds no {WEIGHTS}; train it again.") from error
    except Exception as error:  # safetensors raises its own kind, torch RuntimeError
        raise BrokenModel(f"{path} holds no weights of {card['defence']}.") from error
    if not all(bool(part.isfinite().all()) for part in pipeline.state_dict().values()):
        raise BrokenModel(f"{path} holds weights that are no numbers; train it again.")
    _, height, width = SHAPES[card["data"]]
    if height * width >= WIDE:
        channels_last(pipeline)
    return pipeline.eval(), card


def setting_of(name: str, data: str, variant: str) -> Any:
    """The setting. Raises BadInput, naming what there is, if there is none."""
    settings = defence(name).settings
    if data not in DATA:
        raise BadInput(f"data is {data!r}, but must be one of {', '.join(DATA)}.")
    if (data, variant) not in settings:
        known = ", ".join(each for kind, each in settings if kind == data)
        raise BadInput(f"{name} has no variant {variant!r} for {data}; it has {known}.")
    return settings[data, variant]


def shipped(name: str, data: str, variant: str = "small") -> Path:
    """The folder of the weights in this package. Raises BrokenModel if it has none of these."""
    setting_of(name, data, variant)
    folder = Path(str(files("triptych.adversary.gallery"))) / name / "weights" / f"{data}-{variant}"
    if not (folder / WEIGHTS).is_file():
        option = "" if variant == "small" else f" --variant {variant}"
        raise BrokenModel(
            f"No weights of {name} for {data} ({variant}) come with this package; train them: "
            f"triptych adversary gallery train {name} --data {data}{option}"
        )
    return folder


def described(setting: Any) -> dict[str, Any]:
    """A setting for a card."""
    return asdict(setting)


def parameters(pipeline: Pipeline) -> int:
    """How many numbers were learnt."""
    return sum(part.numel() for part in pipeline.parameters())
