"""The option `--track`, the same in every command that trains."""

from typing import Annotated

import typer

from triptych.fit.tracker import Board

Track = Annotated[
    list[Board] | None,
    typer.Option(
        "--track",
        help="Draw the curves there too, besides log.jsonl in the run's folder; may be repeated. "
        "Weights & Biases stays offline unless WANDB_MODE says otherwise.",
        show_default=False,
    ),
]
