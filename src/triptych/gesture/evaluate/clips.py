"""Clips of held signs, and of people who make none: what fires, when, and what should not.

The recall of events, wrong events, the time to trigger, and false activations per hour.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from triptych.data.hands import read_clips
from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.decide.decider import Decider
from triptych.gesture.evaluate.files import find
from triptych.gesture.evaluate.intervals import (
    NAN,
    bootstrap,
    proportion_interval,
    rate_interval,
)
from triptych.gesture.perceive.perceiver import Perceiver
from triptych.gesture.sources.video import VideoSource
from triptych.gesture.types import SIGNS, Event


@dataclass(frozen=True, slots=True)
class ClipOutcome:
    """What fired in one clip; `wanted` is the meaning that should, or "" for none."""

    file: str
    wanted: str
    fired: tuple[str, ...]
    seconds: float
    to_trigger: float | None

    @property
    def right(self) -> bool:
        """Whether the wanted meaning was among them."""
        return self.wanted in self.fired

    @property
    def wrong(self) -> int:
        """How many said something else."""
        return sum(meaning != self.wanted for meaning in self.fired)


def evaluate_clips(
    manifest: Path, config: Config, split: str | None, on_item: Callable[[], None]
) -> dict[str, Any]:
    """Metrics of the clips of a `.json` manifest; see `evaluate`."""
    clips = [clip for clip in read_clips(manifest) if split in (None, clip.split)]
    if not clips:
        raise BadInput(f"{manifest} holds no clip" + (f" of split {split}." if split else "."))
    outcomes: list[ClipOutcome] = []
    for clip in clips:
        meaning = config.sign(clip.label).meaning if clip.label in SIGNS else ""
        outcomes.append(play(find(manifest, clip.file), meaning, config))
        on_item()
    wanted = [o for o in outcomes if o.wanted]
    quiet = [o for o in outcomes if not o.wanted]
    recalled, wrong = sum(o.right for o in wanted), sum(o.wrong for o in outcomes)
    times = [o.to_trigger for o in wanted if o.to_trigger is not None]
    hours = sum(o.seconds for o in quiet) / 3600
    false = sum(len(o.fired) for o in quiet)
    return {
        "manifest": manifest.name,
        "split": split or "all",
        "clips": len(outcomes),
        "events": {
            "recall": recalled / len(wanted) if wanted else NAN,
            "recall_ci95": proportion_interval(recalled, len(wanted)),
            "wrong": wrong,
            "wrong_ci95": rate_interval(wrong, 1.0),
            "time_to_trigger_s": float(np.median(times)) if times else NAN,
            "time_to_trigger_s_ci95": bootstrap(
                [[time] for time in times], lambda some: float(np.median(some))
            ),
        },
        "false_activations_per_hour": false / hours if hours else NAN,
        "false_activations_per_hour_ci95": rate_interval(false, hours),
        "quiet_hours": hours,
        "per_clip": {
            o.file: {"wanted": o.wanted, "fired": list(o.fired), "to_trigger_s": o.to_trigger}
            for o in outcomes
        },
    }


def play(path: Path, wanted: str, config: Config) -> ClipOutcome:
    """One clip through perception and decision, every picture, on the clip's own time."""
    fired: list[Event] = []
    seconds = 0.0
    for t, events in _events_of(path, config):
        seconds = t
        fired += [event for event in events if event.event == "gesture"]
    right = [event.t for event in fired if event.detail["meaning"] == wanted]
    return ClipOutcome(
        file=path.name,
        wanted=wanted,
        fired=tuple(str(event.detail["meaning"]) for event in fired),
        seconds=seconds,
        to_trigger=right[0] if right else None,
    )


def _events_of(path: Path, config: Config) -> Iterator[tuple[float, tuple[Event, ...]]]:
    perceiver, decider = Perceiver(config), Decider(config)
    with VideoSource(path) as source:
        while (shot := source.read()) is not None:
            if shot.frame is None:
                yield shot.t, decider.blind(shot.t, "camera_lost").events
            else:
                yield shot.t, decider.step(perceiver.look(shot.frame, shot.t)).events
