"""Single pictures with labels: signs told apart, hands and faces found.

Intervals are bootstrap intervals over people, because pictures of one person are not independent.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triptych.data.hands import COLLECTIVES, HandPicture, read_hands
from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.evaluate.calibration import calibration_error
from triptych.gesture.evaluate.conditions import NAMES, conditions
from triptych.gesture.evaluate.files import find
from triptych.gesture.evaluate.intervals import NAN, bootstrap
from triptych.gesture.model_files import fingerprint
from triptych.gesture.perceive.detector import intersection_over_union
from triptych.gesture.perceive.perceiver import Perceiver
from triptych.gesture.sources.pictures import read_picture
from triptych.gesture.types import SIGNS, Box, Hand

FIVE = {"fist": "fist", "palm": "palm", "ok": "ok", "one": "one", "two_up": "one", "peace": "peace"}
"""Signs as people see them: one and two fingers up mean the same."""

FIVE_SIGNS = tuple(dict.fromkeys(FIVE.values()))

NETWORKS = ("detector.onnx", "hand_reader.onnx")
"""What a picture is read with; the result says which weights."""

CUT_OUTS = "crop60"
"""The context of 60-pixel cut-outs from the web, which are left out: no camera sees them."""

SURE_FACE = 0.65
"""Teacher score from which a face is sure; lower ones are often hands."""

FACE_ON_HAND = 0.85
"""Teacher score from which a face counts as clear even where its middle lies on a hand."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one picture shows and what was seen in it.

    sign, seen: one of the five, or "" for none. raw_label: what its source calls it. best,
    confidence: the five signs' or none's most probable one, whatever `decide.enter` asks, and its
    probability. where: see `conditions`.
    """

    person: str
    context: str
    sign: str
    seen: str
    hand_found: bool
    faces_there: int
    sure_face_there: bool
    face_found: bool
    raw_label: str = ""
    best: str = ""
    confidence: float = 1.0
    clear_face_there: bool = False
    where: Mapping[str, str] = field(default_factory=dict[str, str])


def evaluate_pictures(
    manifest: Path, config: Config, split: str | None, on_item: Callable[[], None]
) -> dict[str, Any]:
    """Metrics of the labelled pictures of a `.jsonl` manifest; see `evaluate`."""
    pictures = [
        picture
        for picture in read_hands(manifest, split)
        if picture.context != CUT_OUTS and picture.label != "unlabelled"
    ]
    if not pictures:
        raise BadInput(
            f"{manifest} holds no labelled picture" + (f" of split {split}." if split else ".")
        )
    perceiver = Perceiver(config)
    outcomes: list[Outcome] = []
    for picture in pictures:
        outcomes.append(_look(picture, manifest, perceiver, config))
        on_item()
    return {
        "manifest": manifest.name,
        "split": split or "all",
        "pictures": len(pictures),
        "people": len({o.person for o in outcomes}),
        "networks": {name: fingerprint(name)[:12] for name in NETWORKS},
        **_with_interval("macro_f1", outcomes, macro_f1),
        "per_class": {
            sign: _with_interval("f1", outcomes, lambda some, sign=sign: f1(some, sign))
            for sign in FIVE_SIGNS
            if any(o.sign == sign for o in outcomes)
        },
        **_with_interval("sign_seen_where_none", outcomes, _seen_where_none),
        **_with_interval("macro_f1_but_fingers", outcomes, _macro_f1_but_fingers),
        **_with_interval(
            "sign_seen_where_none_but_fingers", outcomes, _seen_where_none_but_fingers
        ),
        **_with_interval("calibration_error", outcomes, _calibration),
        **_with_interval("hands_found", outcomes, _hands_found),
        **_with_interval("faces_found", outcomes, _faces_found),
        **_with_interval("sure_faces_found", outcomes, _sure_faces_found),
        **_with_interval("clear_faces_found", outcomes, _clear_faces_found),
        "by_context": {
            context: {
                "pictures": sum(o.context == context for o in outcomes),
                "macro_f1": macro_f1([o for o in outcomes if o.context == context]),
            }
            for context in dict.fromkeys(o.context for o in outcomes)
        },
        **{
            f"by_{name}": _by_condition(outcomes, name, groups)
            for name, groups in {"side": ("left", "right"), **NAMES}.items()
            if any(name in o.where for o in outcomes)
        },
        "confusion": _confusion(outcomes),
        "taken_for_signs": _taken_for_signs(outcomes),
    }


def _by_condition(
    outcomes: Sequence[Outcome], name: str, groups: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Metrics of the pictures whose hand is shown under each group of a condition."""
    found: dict[str, dict[str, Any]] = {}
    for group in groups:
        some = [o for o in outcomes if o.where.get(name) == group]
        if some:
            found[group] = {
                "pictures": len(some),
                **_with_interval("macro_f1", some, macro_f1),
                **_with_interval("sign_seen_where_none", some, _seen_where_none),
            }
    return found


def _look(picture: HandPicture, manifest: Path, perceiver: Perceiver, config: Config) -> Outcome:
    frame = read_picture(find(manifest, picture.file))
    scene = perceiver.look_still(frame)
    best = max(scene.hands, key=_best_sign, default=None)
    seen = FIVE.get(best.judged(config.decide.enter), "") if best is not None else ""
    likeliest, confidence = _likeliest(best)
    known = [_box_of(hand.landmarks) for hand in picture.hands]
    known += [Box(*box.box_xyxy) for box in picture.boxes if box.name.endswith("hand")]
    found = [hand.box for hand in scene.hands]
    hit = any(intersection_over_union(a, b) > 0.3 for a in found for b in known)
    faces = [Box(*face.box_xyxy) for face in picture.faces]
    sure = any(face.score >= SURE_FACE for face in picture.faces)
    present = [face.box for face in scene.faces if face.score >= config.presence.face_stay]
    return Outcome(
        person=picture.person if picture.person not in COLLECTIVES else picture.file,
        context=picture.context,
        sign=FIVE.get(picture.label, ""),
        seen=seen,
        hand_found=hit if known else bool(found),
        faces_there=len(faces),
        sure_face_there=sure,
        face_found=any(intersection_over_union(a, b) > 0.3 for a in present for b in faces),
        raw_label=picture.raw_label,
        best=likeliest,
        confidence=confidence,
        clear_face_there=_clear_face(picture),
        where=conditions(picture, frame),
    )


def _clear_face(picture: HandPicture) -> bool:
    """Whether the teacher is sure of a face and did not see a hand in the same place.

    It takes hands for faces: all 21 sure ones of `val` that we do not find are hands.
    """
    hands = [_box_of(hand.landmarks) for hand in picture.hands]
    for face in picture.faces:
        x, y = Box(*face.box_xyxy).centre
        on_hand = any(box.x0 < x < box.x1 and box.y0 < y < box.y1 for box in hands)
        if face.score >= (FACE_ON_HAND if on_hand else SURE_FACE):
            return True
    return False


def _likeliest(hand: Hand | None) -> tuple[str, float]:
    """The most probable of the five signs and none, and its probability; no hand is none."""
    if hand is None:
        return "", 1.0
    sums: dict[str, float] = defaultdict(float)
    for name, score in hand.scores.items():
        sums[FIVE.get(name, "")] += score
    best = max(sums, key=lambda name: sums[name])
    return best, min(sums[best], 1.0)


def _best_sign(hand: Hand) -> float:
    return max(hand.scores[sign] for sign in SIGNS)


def _box_of(landmarks: NDArray[np.float32]) -> Box:
    x0, y0 = landmarks[:, :2].min(axis=0).tolist()
    x1, y1 = landmarks[:, :2].max(axis=0).tolist()
    return Box(x0, y0, x1, y1)


def f1(outcomes: Sequence[Outcome], sign: str) -> float:
    """Of one sign, 0..1; NaN if nobody made it and nobody was thought to."""
    hits = sum(o.sign == sign and o.seen == sign for o in outcomes)
    total = sum(o.sign == sign for o in outcomes) + sum(o.seen == sign for o in outcomes)
    return 2 * hits / total if total else NAN


def macro_f1(outcomes: Sequence[Outcome]) -> float:
    """Mean F1 over those of the five signs that somebody made, 0..1."""
    present = [sign for sign in FIVE_SIGNS if any(o.sign == sign for o in outcomes)]
    return float(np.mean([f1(outcomes, sign) for sign in present])) if present else NAN


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else NAN


def _seen_where_none(outcomes: Sequence[Outcome]) -> float:
    return _share([o.seen != "" for o in outcomes if not o.sign])


def _but_fingers(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Without pictures of two fingers up that are labelled as no sign: it is one of ours."""
    return [o for o in outcomes if o.sign or not o.raw_label.startswith("two_up")]


def _macro_f1_but_fingers(outcomes: Sequence[Outcome]) -> float:
    return macro_f1(_but_fingers(outcomes))


def _seen_where_none_but_fingers(outcomes: Sequence[Outcome]) -> float:
    return _seen_where_none(_but_fingers(outcomes))


def _calibration(outcomes: Sequence[Outcome]) -> float:
    return calibration_error([o.confidence for o in outcomes], [o.best == o.sign for o in outcomes])


def _hands_found(outcomes: Sequence[Outcome]) -> float:
    return _share([o.hand_found for o in outcomes if o.sign])


def _faces_found(outcomes: Sequence[Outcome]) -> float:
    return _share([o.face_found for o in outcomes if o.faces_there])


def _sure_faces_found(outcomes: Sequence[Outcome]) -> float:
    return _share([o.face_found for o in outcomes if o.sure_face_there])


def _clear_faces_found(outcomes: Sequence[Outcome]) -> float:
    return _share([o.face_found for o in outcomes if o.clear_face_there])


def _confusion(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for outcome in outcomes:
        table[outcome.sign or "none"][outcome.seen or "none"] += 1
    return {truth: dict(seen) for truth, seen in sorted(table.items())}


def _taken_for_signs(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """What shows no sign but was taken for one: its source's label -> sign -> pictures."""
    table: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for outcome in outcomes:
        if not outcome.sign and outcome.raw_label:
            table[outcome.raw_label]["pictures"] += 1
            if outcome.seen:
                table[outcome.raw_label][outcome.seen] += 1
    return {
        name: dict(row)
        for name, row in sorted(table.items(), key=lambda item: sum(item[1].values()), reverse=True)
        if len(row) > 1
    }


def _with_interval(
    name: str, outcomes: Sequence[Outcome], metric: Callable[[Sequence[Outcome]], float]
) -> dict[str, Any]:
    people: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        people[outcome.person].append(outcome)
    return {name: metric(outcomes), f"{name}_ci95": bootstrap(list(people.values()), metric)}
