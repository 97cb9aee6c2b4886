"""How well signs, hands, faces and events are found, measured on pictures and clips with labels.

A manifest is a `.jsonl` file (one picture a line, as labels.jsonl) or a `.json` file (a list of
clips, as clips/manifest.json), in the forms that `triptych.data.hands` reads, or a score file that
an earlier evaluation of clips has kept. Everything runs as in a call: the detector finds, the
reader reads, and clips pass the decision with its holds and covers.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.evaluate.clips import evaluate_clips
from triptych.gesture.evaluate.pictures import evaluate_pictures
from triptych.gesture.evaluate.record import SUFFIX
from triptych.gesture.evaluate.summary import summary

__all__ = ["evaluate", "summary"]


def evaluate(
    manifest: Path,
    config: Config,
    split: str | None = None,
    on_item: Callable[[], None] = lambda: None,
    scores: Path | None = None,
) -> dict[str, Any]:
    """Metrics of a manifest; `on_item` is called after each picture or clip.

    scores: with clips, a score file to write. Raises `BadInput` if the manifest is missing, has
    another form or names no such split, or if there are no clips whose scores could be kept.
    """
    if manifest.suffix == ".json" or manifest.name.endswith(SUFFIX):
        return evaluate_clips(manifest, config, split, on_item, scores)
    if manifest.suffix != ".jsonl":
        raise BadInput(
            f"{manifest} is neither labels.jsonl (pictures) nor manifest.json (clips) nor a score "
            f"file ({SUFFIX}); name one of the three."
        )
    if scores is not None:
        raise BadInput(f"{manifest} lists pictures: only of clips can scores be kept.")
    return evaluate_pictures(manifest, config, split, on_item)
