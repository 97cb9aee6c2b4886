"""Trackers that draw curves elsewhere: TensorBoard and Weights & Biases, both optional extras.

Nothing is sent: TensorBoard writes files, and Weights & Biases is kept offline unless the
environment's WANDB_MODE says otherwise; `wandb sync FOLDER/wandb/offline-run-*` uploads later.
"""

import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from triptych.errors import Unavailable


class TensorBoard:
    """Event files in `folder/tensorboard`, for `tensorboard --logdir folder`."""

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ModuleNotFoundError as error:
            raise _missing("TensorBoard", "tensorboard", error) from error
        self._writer = SummaryWriter(str(folder / "tensorboard"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_what: object) -> None:
        self._writer.close()

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """One point of each curve; on disk before this returns."""
        for name, value in numbers.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()


class WeightsAndBiases:
    """A run of Weights & Biases under `folder/wandb`, with the same id when it is resumed.

    No code, console, machine statistics or reports of errors are kept or sent.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        # Read when wandb is imported.
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        os.environ.setdefault("WANDB_CACHE_DIR", str(folder / "wandb" / "cache"))
        try:
            import wandb
        except ModuleNotFoundError as error:
            raise _missing("Weights & Biases", "wandb", error) from error
        (folder / "wandb").mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(
            project="triptych",
            name=folder.name,
            id=_same_id(folder / "wandb" / "id"),
            dir=folder,
            config=dict(settings),
            settings=wandb.Settings(
                mode=os.environ.get("WANDB_MODE", "offline"),  # type: ignore[arg-type]
                console="off",
                disable_code=True,
                disable_git=True,
                silent=True,
                x_disable_machine_info=True,
                x_disable_meta=True,
                x_disable_stats=True,
            ),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        self._run.finish(exit_code=int(kind is not None))

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """One point of each curve."""
        self._run.log(dict(numbers), step=step)


def _same_id(path: Path) -> str:
    if not path.exists():
        path.write_text(uuid.uuid4().hex, encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


def _missing(what: str, extra: str, error: ModuleNotFoundError) -> Unavailable:
    return Unavailable(
        f"{what} needs {error.name}, which is not installed: pip install 'triptych[{extra}]'."
    )
