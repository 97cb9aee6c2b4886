"""One batch among several processes, started by torchrun: each takes its share of the rows.

Process r of n takes rows r, r + n, r + 2 n, ... of every batch, and gradients are averaged. A loss
that is a mean over rows is then the same as in one process. Where a loss needs sums over the whole
batch, `whole` brings the rows together; where it draws noise, `rand` draws for all and takes its
share. So several processes follow the same curve as one, but for the order of sums.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from triptych.errors import BadInput


def count() -> int:
    """How many processes train together."""
    return dist.get_world_size() if _together() else 1


def rank() -> int:
    """Which of them this is; 0 writes files and logs."""
    return dist.get_rank() if _together() else 0


def _together() -> bool:
    return dist.is_available() and dist.is_initialized()


def share(batch: Any) -> Any:
    """This process's rows of each tensor in a batch (tensors, in tuples, lists and dicts).

    Raises BadInput if the rows cannot be shared evenly.
    """
    if count() == 1:
        return batch
    if isinstance(batch, Tensor):
        if len(batch) % count():
            raise BadInput(
                f"A batch of {len(batch)} cannot be shared evenly by {count()} processes; choose "
                "another batch size or number of processes."
            )
        return batch[rank() :: count()]
    if isinstance(batch, dict):
        return {key: share(value) for key, value in batch.items()}
    if isinstance(batch, tuple | list):
        return type(batch)(share(value) for value in batch)
    return batch


def whole(rows: Tensor) -> Tensor:
    """The rows of all processes [n B, ...] in the batch's order, from this one's [B, ...].

    Its gradient is that of this process's rows, times n, which averaging over processes undoes.
    """
    processes = count()
    if processes == 1:
        return rows
    found = [torch.empty_like(rows) for _ in range(processes)]
    dist.all_gather(found, rows.detach().contiguous())
    found[rank()] = rows.detach() + processes * (rows - rows.detach())
    return torch.stack(found, 1).flatten(0, 1)


def rand(like: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Uniform in [0, 1), shaped like this process's rows: its share of what one would draw."""
    processes = count() if generator is None else 1
    shape = (len(like) * processes, *like.shape[1:])
    drawn = torch.rand(shape, generator=generator, device=like.device, dtype=like.dtype)
    return drawn[rank() :: processes] if processes > 1 else drawn
