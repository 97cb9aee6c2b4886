"""The shipped weights of the network of movements, checked before they are believed."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np

from triptych.errors import BrokenModel
from triptych.gesture.decide.movement import Network

MODELS = Path(__file__).parent / "models"


def load_motion(folder: Path = MODELS) -> Network:
    """The network in `motion.npz`; raises BrokenModel unless it is there as it was shipped."""
    path = folder / "motion.npz"
    try:
        data = path.read_bytes()
        expected = json.loads((folder / "models.json").read_text(encoding="utf-8"))[path.name]
        if hashlib.sha256(data).hexdigest() == expected["sha256"]:
            with np.load(io.BytesIO(data)) as arrays:
                return Network(dict(arrays))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenModel(
            f"The model file {path} cannot be read; install triptych again."
        ) from error
    raise BrokenModel(
        f"The model file {path} is damaged (its SHA-256 is not that of models.json); "
        "install triptych again, or export the model again if you trained it yourself."
    )
