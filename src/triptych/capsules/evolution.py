"""How the templates came to be: snapshots that training leaves behind, a small file each.

runs/mnist-small/seed-0/evolution/000100.npy  # [M, C, T, T] uint8: ink of each template

Strokes form early, so the distance between snapshots grows: each comes a tenth later than the last.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from triptych.capsules.model import StackedCapsules
from triptych.capsules.sheets import template_ink
from triptych.errors import BadInput

FOLDER = "evolution"

Snapshot = NDArray[np.uint8]


def is_due(step: int) -> bool:
    """Whether a snapshot is kept after so many steps: each of the first ten, then 11 an e-fold."""
    return step <= 10 or int(np.log(step) * 11) > int(np.log(step - 1) * 11)


@torch.no_grad()
def keep(network: nn.Module, folder: Path, step: int) -> None:
    """Write a snapshot of the templates of a network, or of the capsule network within it."""
    inner = getattr(network, "network", network)
    if not isinstance(inner, StackedCapsules):
        return
    ink = template_ink(inner).cpu()
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    np.save(place / f"{step:06d}.npy", (ink * 255).round().byte().numpy())


def snapshots(folder: Path) -> list[tuple[int, Snapshot]]:
    """The steps and snapshots in the folder of a seed, in order; empty if it has none.

    Raises BadInput if one of them is damaged.
    """
    found: list[tuple[int, Snapshot]] = []
    for path in sorted((folder / FOLDER).glob("*.npy"), key=lambda path: path.name):
        try:
            found.append((int(path.stem), np.load(path, allow_pickle=False)))
        except (ValueError, EOFError, OSError) as error:
            raise BadInput(f"{path} is damaged ({error}); delete it to go on without.") from error
    return sorted(found, key=lambda snapshot: snapshot[0])
