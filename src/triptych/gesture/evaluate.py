"""How well signs, hands, faces and events are found, measured on pictures and clips with labels.

A manifest is `labels.jsonl` (one picture a line) or `manifest.json` (a list of clips), in the forms
that `triptych.data.hands` reads. Everything runs as in a call: the detector finds, the reader
reads, and clips pass the decision with its holds and covers. Intervals are 95 % bootstrap
intervals over people (Efron 1979), because pictures of one person are not independent.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from triptych.data.hands import COLLECTIVES, HandPicture, read_clips, read_hands
from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.decide.decider import Decider
from triptych.gesture.perceive.detector import intersection_over_union
from triptych.gesture.perceive.perceiver import Perceiver
from triptych.gesture.sources.pictures import read_picture
from triptych.gesture.sources.video import VideoSource
from triptych.gesture.types import SIGNS, Box, Event, Hand

FIVE = {"fist": "fist", "palm": "palm", "ok": "ok", "one": "one", "two_up": "one", "peace": "peace"}
"""Signs as people see them: one and two fingers up mean the same."""

CONTEXTS = ("frame", "roi", "crop", "face", "room")
"""Pictures as a camera sees them; 60-pixel cut-outs from the web are left out."""

SURE_FACE = 0.65
"""Teacher score from which a face is one beyond doubt; lower ones are also taken for hands."""

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one picture shows and what was seen in it. sign: one of the five, or "" for none."""

    person: str
    context: str
    sign: str
    seen: str
    hand_found: bool
    faces_there: int
    sure_face_there: bool
    face_found: bool


def evaluate(
    manifest: Path, config: Config, split: str | None = None, on_item: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Metrics of a manifest; `on_item` is called after each picture or clip.

    Raises `BadInput` if the manifest is missing, has another form or names no such split.
    """
    if manifest.suffix == ".jsonl":
        return _evaluate_pictures(manifest, config, split, on_item)
    if manifest.suffix == ".json":
        return _evaluate_clips(manifest, config, split, on_item)
    raise BadInput(
        f"{manifest} is neither labels.jsonl (pictures) nor manifest.json (clips); "
        "name one of the two."
    )


def _evaluate_pictures(
    manifest: Path, config: Config, split: str | None, on_item: Callable[[], None]
) -> dict[str, Any]:
    pictures = [
        picture
        for picture in read_hands(manifest.parent, split)
        if picture.context in CONTEXTS and picture.label != "unlabelled"
    ]
    if not pictures:
        raise BadInput(f"{manifest} holds no labelled pictures of split {split!r}.")
    perceiver = Perceiver(config)
    outcomes: list[Outcome] = []
    for picture in pictures:
        outcomes.append(_look(picture, manifest.parent, perceiver, config))
        on_item()
    return {
        "manifest": manifest.name,
        "split": split or "all",
        "pictures": len(pictures),
        "people": len({o.person for o in outcomes}),
        **_with_interval("macro_f1", outcomes, _macro_f1),
        "per_class": {
            sign: _with_interval("f1", outcomes, lambda some, sign=sign: _f1(some, sign))
            for sign in dict.fromkeys(FIVE.values())
            if any(o.sign == sign for o in outcomes)
        },
        **_with_interval("sign_seen_where_none", outcomes, _seen_where_none),
        **_with_interval("hands_found", outcomes, _hands_found),
        **_with_interval("faces_found", outcomes, _faces_found),
        **_with_interval("sure_faces_found", outcomes, _sure_faces_found),
        "by_context": {
            context: {
                "pictures": sum(o.context == context for o in outcomes),
                "macro_f1": _macro_f1([o for o in outcomes if o.context == context]),
            }
            for context in CONTEXTS
            if any(o.context == context for o in outcomes)
        },
        "confusion": _confusion(outcomes),
    }


def _look(picture: HandPicture, folder: Path, perceiver: Perceiver, config: Config) -> Outcome:
    scene = perceiver.look_still(read_picture(folder / picture.file))
    best = max(scene.hands, key=_best_sign, default=None)
    seen = FIVE.get(best.gesture, "") if best is not None else ""
    known = [_box_of(hand.landmarks) for hand in picture.hands]
    known += [Box(*box.box_xyxy) for box in picture.boxes if box.name.endswith("hand")]
    found = [hand.box for hand in scene.hands]
    hit = any(intersection_over_union(a, b) > 0.3 for a in found for b in known)
    faces = [Box(*face.box_xyxy) for face in picture.faces]
    sure = any(face.score >= SURE_FACE for face in picture.faces)
    present = [face.box for face in scene.faces if face.score >= config.presence.face_enter]
    return Outcome(
        person=picture.person if picture.person not in COLLECTIVES else picture.file,
        context=picture.context,
        sign=FIVE.get(picture.label, ""),
        seen=seen,
        hand_found=hit if known else bool(found),
        faces_there=len(faces),
        sure_face_there=sure,
        face_found=any(intersection_over_union(a, b) > 0.3 for a in present for b in faces),
    )


def _best_sign(hand: Hand) -> float:
    return max(hand.scores[sign] for sign in SIGNS)


def _box_of(landmarks: np.ndarray) -> Box:
    (x0, y0), (x1, y1) = landmarks[:, :2].min(axis=0).tolist(), landmarks[:, :2].max(axis=0).tolist()
    return Box(x0, y0, x1, y1)


# Pictures


def _f1(outcomes: Sequence[Outcome], sign: str) -> float:
    hits = sum(o.sign == sign and o.seen == sign for o in outcomes)
    total = sum(o.sign == sign for o in outcomes) + sum(o.seen == sign for o in outcomes)
    return 2 * hits / total if total else float("nan")


def _macro_f1(outcomes: Sequence[Outcome]) -> float:
    present = [sign for sign in dict.fromkeys(FIVE.values()) if any(o.sign == sign for o in outcomes)]
    return float(np.mean([_f1(outcomes, sign) for sign in present])) if present else float("nan")


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else float("nan")


def _seen_where_none(outcomes: Sequence[Outcome]) -> float:
    return _share([o.seen != "" for o in outcomes if not o.sign])


def _hands_found(outcomes: Sequence[Outcome]) -> float:
    return _share([o.hand_found for o in outcomes if o.sign])


def _faces_found(outcomes: Sequence[Outcome]) -> float:
    return _share([o.face_found for o in outcomes if o.faces_there])


def _sure_faces_found(outcomes: Sequence[Outcome]) -> float:
    return _share([o.face_found for o in outcomes if o.sure_face_there])


def _confusion(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for outcome in outcomes:
        table[outcome.sign or "none"][outcome.seen or "none"] += 1
    return {truth: dict(seen) for truth, seen in sorted(table.items())}


# Clips


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
        return self.wanted in self.fired

    @property
    def wrong(self) -> int:
        return sum(meaning != self.wanted for meaning in self.fired)


def _evaluate_clips(
    manifest: Path, config: Config, split: str | None, on_item: Callable[[], None]
) -> dict[str, Any]:
    folder = manifest.parent.parent
    clips = [clip for clip in read_clips(folder) if split in (None, clip.split)]
    if not clips:
        raise BadInput(f"{manifest} holds no clips of split {split!r}.")
    outcomes: list[ClipOutcome] = []
    for clip in clips:
        meaning = config.sign(clip.label).meaning if clip.label in SIGNS else ""
        outcomes.append(play(folder / clip.file, meaning, config))
        on_item()
    wanted = [o for o in outcomes if o.wanted]
    quiet = [o for o in outcomes if not o.wanted]
    times = [o.to_trigger for o in wanted if o.to_trigger is not None]
    hours = sum(o.seconds for o in quiet) / 3600
    false = sum(len(o.fired) for o in quiet)
    return {
        "manifest": manifest.name,
        "split": split or "all",
        "clips": len(outcomes),
        "events": {
            "recall": _share([o.right for o in wanted]),
            "recall_ci95": _proportion_interval(sum(o.right for o in wanted), len(wanted)),
            "wrong": sum(o.wrong for o in outcomes),
            "wrong_ci95": _poisson_interval(sum(o.wrong for o in outcomes), 1.0),
            "time_to_trigger_s": float(np.median(times)) if times else float("nan"),
            "time_to_trigger_s_ci95": [float(np.percentile(times, q)) for q in (2.5, 97.5)]
            if times
            else [float("nan")] * 2,
        },
        "false_activations_per_hour": false / hours if hours else float("nan"),
        "false_activations_per_hour_ci95": _poisson_interval(false, hours),
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


# Intervals


def _with_interval(
    name: str, outcomes: Sequence[Outcome], metric: Callable[[Sequence[Outcome]], float]
) -> dict[str, Any]:
    """The metric and its bootstrap interval over people, 1,000 resamples, seed 0."""
    people: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        people[outcome.person].append(outcome)
    groups = list(people.values())
    rng = np.random.default_rng(0)
    values = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(len(groups), size=len(groups))
        values.append(metric([outcome for i in drawn for outcome in groups[i]]))
    low, high = np.nanpercentile(values, [2.5, 97.5]) if len(groups) > 1 else (np.nan, np.nan)
    return {name: metric(outcomes), f"{name}_ci95": [float(low), float(high)]}


def _proportion_interval(hits: int, total: int) -> list[float]:
    """Wilson's interval (1927) for a share."""
    if total == 0:
        return [float("nan"), float("nan")]
    z, share = 1.96, hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * np.sqrt(share * (1 - share) / total + z * z / (4 * total**2)) / (1 + z * z / total)
    return [float(middle - half), float(middle + half)]


def _poisson_interval(count: int, hours: float) -> list[float]:
    """Garwood's exact interval (1936) for a rate, by bisection on the Poisson distribution."""
    if hours <= 0:
        return [float("nan"), float("nan")]
    return [_poisson_bound(count, 0.975) / hours, _poisson_bound(count + 1, 0.025) / hours]


def _poisson_bound(count: int, share: float) -> float:
    """The mean at which fewer than `count` events happen with probability `share`."""
    if count == 0:
        return 0.0
    low, high = 0.0, 10.0 * count + 20.0
    for _ in range(80):
        mean = (low + high) / 2
        term = total = float(np.exp(-mean))
        for k in range(1, count):
            term *= mean / k
            total += term
        low, high = (mean, high) if total > share else (low, mean)
    return (low + high) / 2


def summary(metrics: Mapping[str, Any]) -> str:
    """A few lines for people."""
    lines = []
    for name in ("macro_f1", "sign_seen_where_none", "hands_found", "sure_faces_found"):
        if name in metrics:
            low, high = metrics[f"{name}_ci95"]
            lines.append(f"{name:24} {metrics[name]:.3f}  [{low:.3f}, {high:.3f}]")
    if "events" in metrics:
        events = metrics["events"]
        low, high = events["recall_ci95"]
        lines.append(f"{'events found':24} {events['recall']:.3f}  [{low:.3f}, {high:.3f}]")
        lines.append(f"{'wrong events':24} {events['wrong']}")
        lines.append(f"{'time to trigger (s)':24} {events['time_to_trigger_s']:.2f}")
        low, high = metrics["false_activations_per_hour_ci95"]
        rate = metrics["false_activations_per_hour"]
        lines.append(f"{'false activations / h':24} {rate:.2f}  [{low:.2f}, {high:.2f}]")
    return "\n".join(lines)
