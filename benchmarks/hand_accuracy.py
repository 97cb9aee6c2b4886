"""The accuracy half of `gesture_vs_mediapipe.py`: signs in pictures, events in clips.

MediaPipe names no sign of ours, so its landmarks get a small head (128-64, as the shape answer of
our own reader has), trained here on the landmarks that MediaPipe itself found in the `train`
people's pictures. In clips both sides go through our decision, with the faces that ours found.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hand_worker import normalised
from triptych.data.hands import Clip, HandPicture, read_clips, read_hands
from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.evaluate.clips import metrics, outcome
from triptych.gesture.evaluate.pictures import FIVE, Outcome, macro_f1
from triptych.gesture.evaluate.record import Recording
from triptych.gesture.learn.examples import NONE, UNKNOWN, hand_examples
from triptych.gesture.perceive.detector import intersection_over_union
from triptych.gesture.perceive.perceiver import SAME_HAND
from triptych.gesture.sources.pictures import read_picture
from triptych.gesture.sources.video import VideoSource
from triptych.gesture.types import GESTURES, SIGNS, Box, Face, Hand, Scene

ENTER, HALF = Config().decide.enter, 0.5
"""Scores from which a sign counts: in a call, and where it is only the likeliest."""

COPIES = 4
"""Turned and mirrored copies of each hand that the head learns from."""

CLIP_SECONDS = 12.0
"""Longer clips are cut."""


class Side(Protocol):
    """A worker that takes orders."""

    def ask(self, **order: Any) -> dict[str, Any]:
        """Give an order and wait for its answer."""
        ...


def train_head(hands: Path, file: Path) -> dict[str, Any]:
    """Train the head for MediaPipe's landmarks, write it to `file`, and tell about it.

    hands: the folder of labels.jsonl.
    """
    from sklearn.neural_network import MLPClassifier

    examples = [
        e
        for e in hand_examples(read_hands(hands, "train"))
        if e.landmarks is not None and e.label not in (UNKNOWN, NONE)
    ]
    rng = np.random.default_rng(0)
    rows, labels = [], []
    for example in examples:
        for _ in range(COPIES):
            angle = rng.normal(0, np.deg2rad(15))
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            turn[:, 0] *= rng.choice((-1, 1))
            rows.append(normalised(example.landmarks @ turn.T))
            labels.append(example.label)
    head = MLPClassifier((128, 64), early_stopping=True, max_iter=40, random_state=0)
    head.fit(np.array(rows), np.array(labels))
    arrays = {f"weight{i}": weight for i, weight in enumerate(head.coefs_)}
    arrays |= {f"bias{i}": bias for i, bias in enumerate(head.intercepts_)}
    np.savez(file, names=np.array([GESTURES[i] for i in head.classes_]), **arrays)
    return {"trained_on": "landmarks of MediaPipe in `train`", "hands": len(examples)}


def on_pictures(
    hands: Path, split: str, most: int, workers: Mapping[str, Side]
) -> dict[str, dict[str, Any]]:
    """Macro-F1 over the five signs, signs seen where none is, and hands found, for each side.

    most: pictures of one person with one label; more would be near-copies. Where a picture's hands
    are was labelled by MediaPipe, which favours it.
    """
    pictures = list(_some(read_hands(hands, split), most))
    if not pictures:
        raise BadInput(f"{hands} holds no labelled pictures of split {split}.")
    by_level = {level: {name: list[Outcome]() for name in workers} for level in (ENTER, HALF)}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "picture.raw")
        for picture in pictures:
            frame = read_picture(hands / picture.file)
            file.write_bytes(frame.tobytes())
            for name, worker in workers.items():
                order = {"file": str(file), "shape": frame.shape[:2], "times": [0.0]}
                found = [_hand(told) for told in worker.ask(do="still", **order)["hands"][0]]
                for level, outcomes in by_level.items():
                    outcomes[name].append(_outcome(picture, found, level))
    return {
        name: {
            "pictures": len(pictures),
            "people": len({picture.person for picture in pictures}),
            **_numbers(by_level[ENTER][name]),
            **{f"{key}_at_half": v for key, v in _numbers(by_level[HALF][name]).items()},
            "hands_found": _share([o.hand_found for o in by_level[HALF][name] if o.sign]),
        }
        for name in workers
    }


def on_clips(manifest: Path, ours: str, workers: Mapping[str, Side]) -> dict[str, dict[str, Any]]:
    """Events found and wrong, for each side, all through our decision with the faces of `ours`."""
    recordings: dict[str, list[Recording]] = {name: [] for name in workers}
    for clip in read_clips(manifest):
        if clip.label == "unlabelled":
            continue
        seen = _watch(manifest.parent.parent / clip.file, workers)
        times = seen["times"]
        faces = [tuple(Face(Box(*f[:4]), f[4]) for f in one) for one in seen[ours]["faces"]]
        for name in workers:
            hands = seen[name]["hands"]
            if name != ours:
                hands = _tracked(hands)
            recordings[name].append(_recording(clip, times, hands, faces))
    told: dict[str, dict[str, Any]] = {}
    for name, some in recordings.items():
        numbers = metrics([outcome(recording, Config()) for recording in some])
        told[name] = {
            "clips": numbers["clips"],
            "signs_found": numbers["events"]["recall"],
            "signs_found_ci95": numbers["events"]["recall_ci95"],
            "wrong_events": numbers["events"]["wrong"],
            "time_to_trigger_s": numbers["events"]["time_to_trigger_s"],
        }
    return told


def _some(pictures: Sequence[HandPicture], most: int) -> Iterator[HandPicture]:
    taken: dict[tuple[str, str], int] = defaultdict(int)
    for picture in pictures:
        if picture.context not in ("frame", "roi", "crop") or picture.label == "unlabelled":
            continue
        key = picture.person, picture.label
        taken[key] += 1
        if taken[key] <= most:
            yield picture


def _numbers(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "macro_f1": macro_f1(outcomes),
        "sign_seen_where_none": _share([o.seen != "" for o in outcomes if not o.sign]),
    }


def _hand(told: dict[str, Any], track: int = 0) -> Hand:
    scores = dict.fromkeys(GESTURES, 0.0) | told["scores"]
    return Hand(Box(*told["box"]), scores, track=told.get("track", track))


def _outcome(picture: HandPicture, found: Sequence[Hand], least: float) -> Outcome:
    best = max(found, key=lambda h: max(h.scores[s] for s in SIGNS), default=None)
    points = [hand.landmarks[:, :2] for hand in picture.hands]
    known = [Box(*map(float, (*some.min(axis=0), *some.max(axis=0)))) for some in points]
    known += [Box(*box.box_xyxy) for box in picture.boxes if box.name.endswith("hand")]
    hit = any(intersection_over_union(h.box, box) > 0.3 for h in found for box in known)
    return Outcome(
        person=picture.person,
        context=picture.context,
        sign=FIVE.get(picture.label, ""),
        seen=FIVE.get(best.judged(least), "") if best is not None else "",
        hand_found=hit if known else bool(found),
        faces_there=0,
        sure_face_there=False,
        face_found=False,
    )


def _watch(path: Path, workers: Mapping[str, Side]) -> dict[str, Any]:
    """What each side sees in a clip, and the pictures' times."""
    frames, times = [], []
    with VideoSource(path) as source:
        while (shot := source.read()) is not None and shot.t < CLIP_SECONDS:
            if shot.frame is not None:
                frames.append(shot.frame)
                times.append(shot.t)
    seen: dict[str, Any] = {"times": times}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "clip.raw")
        file.write_bytes(b"".join(frame.tobytes() for frame in frames))
        for name, worker in workers.items():
            worker.ask(do="forget")
            order = {"file": str(file), "shape": frames[0].shape[:2], "times": times}
            seen[name] = worker.ask(do="video", **order)
    return seen


def _tracked(pictures: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """MediaPipe numbers no hands: one that overlaps a hand of the picture before is the same."""
    before: list[dict[str, Any]] = []
    number = 0
    for hands in pictures:
        free = list(before)
        for hand in hands:
            box = Box(*hand["box"])
            shared = [intersection_over_union(box, Box(*other["box"])) for other in free]
            if shared and max(shared) >= SAME_HAND:
                hand["track"] = free.pop(shared.index(max(shared)))["track"]
            else:
                number += 1
                hand["track"] = number
        before = hands
    return pictures


def _recording(
    clip: Clip,
    times: Sequence[float],
    hands: Sequence[list[dict[str, Any]]],
    faces: Sequence[tuple[Face, ...]],
) -> Recording:
    seen = zip(times, hands, faces, strict=True)
    return Recording(clip, tuple(Scene(t, tuple(map(_hand, some)), f, t) for t, some, f in seen))


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else float("nan")
