"""A network's weights in one file, `*.safetensors`, that also says which network they are of."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from triptych.capsules.constellation import Constellation
from triptych.capsules.model import StackedCapsules
from triptych.capsules.settings import Settings
from triptych.errors import BadInput, BrokenModel

_DESCRIBED = "network"


def save(
    network: StackedCapsules | Constellation, path: Path, seed: int = 0, steps: int | None = None
) -> None:
    """Write a network's weights, with its settings and seed beside them in the same file.

    steps: that it was trained for; None: all that its settings say.
    """
    tensors = {name: value.detach().contiguous() for name, value in network.state_dict().items()}
    about = {
        "settings": network.settings.model_dump(),
        "seed": seed,
        "steps": network.settings.train.steps if steps is None else steps,
    }
    # One entry: safetensors writes several in any order, and a file should be the same each time.
    save_file(tensors, path, {_DESCRIBED: json.dumps(about)})


def load_network(path: Path) -> StackedCapsules:
    """The network in a file, in evaluation mode.

    Raises BadInput if there is no such file, BrokenModel if it holds no network for pictures.
    """
    network = load(path)
    if not isinstance(network, StackedCapsules):
        raise BrokenModel(f"{path} holds a network for constellations, not for pictures.")
    return network


def load(path: Path) -> StackedCapsules | Constellation:
    """The network in a file, of pictures or of points, in evaluation mode; raises as below."""
    settings = Settings.checked(described(path)["settings"])
    network = Constellation(settings) if settings.of_points else StackedCapsules(settings)
    try:
        network.load_state_dict(load_file(path))
    except RuntimeError as error:
        raise BrokenModel(f"{path} does not fit the settings that it names.") from error
    return network.eval()


def described(path: Path) -> dict[str, Any]:
    """What a file of weights says of its network: `settings`, `seed` and `steps`."""
    if not path.is_file():
        raise BadInput(f"There are no weights at {path}: this run has not been trained to its end.")
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {})[_DESCRIBED])
        return {name: about[name] for name in ("settings", "seed", "steps")}
    except (SafetensorError, OSError) as error:
        raise BrokenModel(f"{path} cannot be read as weights ({error}).") from error
    except (KeyError, TypeError, ValueError):
        raise BrokenModel(f"{path} does not say which settings its network has.") from None
