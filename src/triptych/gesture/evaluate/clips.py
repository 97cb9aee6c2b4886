"""Clips of held signs, and of people who make none: what fires, when, and what should not.

The recall of events, wrong events, the times to trigger and to clear, and false activations per
hour, all and by kind of clip.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from triptych.data.hands import Clip, read_clips
from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.decide.reader import SIGN_OF
from triptych.gesture.evaluate import record
from triptych.gesture.evaluate.files import find
from triptych.gesture.evaluate.intervals import (
    NAN,
    bootstrap,
    proportion_interval,
    rate_interval,
)
from triptych.gesture.evaluate.record import Recording, decisions
from triptych.gesture.types import SIGNS

SOON = 0.8
"""Seconds within which a held sign should fire."""

GRACE = 0.5
"""Seconds after a sign's end in which its event still counts as its own."""


@dataclass(frozen=True, slots=True)
class ClipOutcome:
    """What fired in one clip, and when; `wanted` is the meaning that should, or "" for none.

    readable_from: when the sign could be read at first: it was up and the picture uncovered.
    to_trigger: seconds from then to the event. to_clear: seconds from the sign's end until its
    icon was gone, where it was held so long that the icon's shortest time does not count.
    """

    clip: Clip
    wanted: str
    fired: tuple[tuple[float, str], ...]
    seconds: float
    readable_from: float
    to_clear: float | None = None

    @property
    def first(self) -> float | None:
        """When the wanted meaning fired in its time."""
        end = float("inf") if self.clip.sign_to is None else self.clip.sign_to + GRACE
        times = [t for t, meaning in self.fired if meaning == self.wanted]
        return next((t for t in times if self.readable_from <= t <= end), None)

    @property
    def right(self) -> bool:
        """Whether the wanted meaning fired in its time."""
        return self.first is not None

    @property
    def wrong(self) -> int:
        """How many events said something else, or said it when there was no sign."""
        start = self.clip.sign_from or 0.0
        end = float("inf") if self.clip.sign_to is None else self.clip.sign_to + GRACE
        return sum(not (m == self.wanted and start <= t <= end) for t, m in self.fired)

    @property
    def to_trigger(self) -> float | None:
        """Seconds from when the sign could be read to its event."""
        return None if self.first is None else self.first - self.readable_from


def evaluate_clips(
    place: Path,
    config: Config,
    split: str | None,
    on_item: Callable[[], None],
    scores: Path | None = None,
) -> dict[str, Any]:
    """Metrics of the clips of a `.json` manifest or of a score file; see `evaluate`.

    scores: where to keep what was seen, to be decided again.
    """
    recordings = _recordings(place, config, split, on_item)
    if scores is not None:
        kept = list(recordings)
        record.save(scores, kept)
        recordings = iter(kept)
    # Movements count where they are read.
    chosen = (r for r in recordings if config.motion.on or not r.clip.motion)
    outcomes = [outcome(recording, config) for recording in chosen]
    if not outcomes:
        raise BadInput(f"{place} holds no clip" + (f" of split {split}." if split else "."))
    return {"manifest": place.name, "split": split or "all", **metrics(outcomes)}


def _recordings(
    place: Path, config: Config, split: str | None, on_item: Callable[[], None]
) -> Iterator[Recording]:
    def wanted(clip: Clip) -> bool:
        known = clip.label != "unlabelled" or clip.motion
        return split in (None, clip.split) and bool(known)

    if place.name.endswith(record.SUFFIX):
        for recording in record.load(place):
            if wanted(recording.clip):
                yield recording
                on_item()
    else:
        for clip in filter(wanted, read_clips(place)):
            yield record.watch(find(place, clip.file), clip, config)
            on_item()


def outcome(recording: Recording, config: Config) -> ClipOutcome:
    """What the decision makes of one clip."""
    clip = recording.clip
    fired: list[tuple[float, str]] = []
    uncovered: float | None = None
    badge_until = 0.0
    for decision in decisions(recording, config):
        if decision.covered is None and uncovered is None:
            uncovered = decision.t
        if decision.badge is not None:
            badge_until = decision.t
        for event in decision.events:
            if event.event == "gesture":
                fired.append((event.t, str(event.detail["meaning"])))
            elif event.event == "dismissed":
                fired.append((event.t, event.event))
    meaning = _wanted(clip, config)
    readable = max(clip.sign_from or 0.0, uncovered or 0.0)
    to_clear: float | None = None
    if clip.sign_to is not None and len(fired) == 1 and fired[0][1] == meaning:
        held_out = clip.sign_to - fired[0][0] >= config.show.badge_seconds
        if held_out and badge_until < recording.seconds:
            to_clear = badge_until - clip.sign_to
    return ClipOutcome(clip, meaning, tuple(fired), recording.seconds, readable, to_clear)


def _wanted(clip: Clip, config: Config) -> str:
    """What a clip should fire."""
    if clip.motion == "swipe":
        return "dismissed"
    sign = SIGN_OF.get(clip.motion, clip.label)
    return config.sign(sign).meaning if sign in SIGNS else ""


def metrics(outcomes: Sequence[ClipOutcome]) -> dict[str, Any]:
    """All numbers of some clips, each with its 95 % interval."""
    signs = [o for o in outcomes if o.wanted]
    quiet = [o for o in outcomes if not o.wanted]
    false = sum(len(o.fired) for o in quiet)
    hours = sum(o.seconds for o in quiet) / 3600
    kinds = sorted({o.clip.kind for o in quiet})
    return {
        "clips": len(outcomes),
        "events": _events(signs, sum(o.wrong for o in outcomes)),
        "false_activations_per_hour": false / hours if hours else NAN,
        "false_activations_per_hour_ci95": rate_interval(false, hours),
        "quiet_hours": hours,
        "false_by_kind": {kind: _rate([o for o in quiet if o.clip.kind == kind]) for kind in kinds},
        "recall_by_sign": {
            label: _share([o for o in signs if o.clip.label == label])
            for label in SIGNS
            if any(o.clip.label == label for o in signs if not o.clip.motion)
        },
        "recall_by_kind": {
            kind: _share([o for o in signs if o.clip.kind == kind])
            for kind in sorted({o.clip.kind for o in signs})
        },
        "per_clip": {
            Path(o.clip.file).name: {
                "wanted": o.wanted,
                "fired": [meaning for _, meaning in o.fired],
                "to_trigger_s": o.to_trigger,
            }
            for o in outcomes
            if o.clip.kind == "real" or o.wrong or (o.wanted and not o.right)
        },
    }


def _events(signs: Sequence[ClipOutcome], wrong: int) -> dict[str, Any]:
    found = sum(o.right for o in signs)
    soon = sum(o.to_trigger is not None and o.to_trigger <= SOON for o in signs)
    in_signs = sum(o.wrong for o in signs)
    to_trigger = [o.to_trigger for o in signs if o.to_trigger is not None]
    to_clear = [o.to_clear for o in signs if o.to_clear is not None]
    return {
        "signs": len(signs),
        "recall": found / len(signs) if signs else NAN,
        "recall_ci95": proportion_interval(found, len(signs)),
        "in_time": soon / len(signs) if signs else NAN,
        "in_time_ci95": proportion_interval(soon, len(signs)),
        "wrong": wrong,
        "wrong_ci95": rate_interval(wrong, 1.0),
        "wrong_in_sign_clips": in_signs,
        "wrong_in_sign_clips_ci95": rate_interval(in_signs, 1.0),
        **_times("time_to_trigger_s", to_trigger),
        "time_to_trigger_s_p95": float(np.percentile(to_trigger, 95)) if to_trigger else NAN,
        **_times("time_to_clear_s", to_clear),
        "time_to_clear_s_p95": float(np.percentile(to_clear, 95)) if to_clear else NAN,
    }


def _times(name: str, times: Iterable[float]) -> dict[str, Any]:
    groups = [[t] for t in times]
    return {
        name: float(np.median(groups)) if groups else NAN,
        f"{name}_ci95": bootstrap(groups, lambda some: float(np.median(some))),
    }


def _rate(quiet: Sequence[ClipOutcome]) -> dict[str, Any]:
    count, hours = sum(len(o.fired) for o in quiet), sum(o.seconds for o in quiet) / 3600
    return {
        "hours": hours,
        "false": count,
        "per_hour": count / hours if hours else NAN,
        "per_hour_ci95": rate_interval(count, hours),
    }


def _share(signs: Sequence[ClipOutcome]) -> dict[str, Any]:
    found = sum(o.right for o in signs)
    return {
        "clips": len(signs),
        "found": found / len(signs),
        "found_ci95": proportion_interval(found, len(signs)),
    }
