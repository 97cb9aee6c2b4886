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
from triptych.gesture.evaluate.calibration import calibration_error, reliability
from triptych.gesture.evaluate.conditions import NAMES, conditions
from triptych.gesture.evaluate.files import find
from triptych.gesture.evaluate.intervals import NAN, bootstrap_counts
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
        **_from_table("macro_f1", outcomes, _macro_of),
        "per_class": {
            sign: _from_table("f1", outcomes, lambda table, place=place: _f1_of(table, place))
            for place, sign in enumerate(FIVE_SIGNS)
            if any(o.sign == sign for o in outcomes)
        },
        **_from_table("sign_seen_where_none", outcomes, _false_of),
        **_from_table("macro_f1_but_fingers", _but_fingers(outcomes), _macro_of),
        **_from_table("sign_seen_where_none_but_fingers", _but_fingers(outcomes), _false_of),
        **_calibration(outcomes),
        **_of_those("hands_found", outcomes, lambda o: bool(o.sign), lambda o: o.hand_found),
        **_of_those("faces_found", outcomes, lambda o: o.faces_there > 0, _face_found),
        **_of_those(
            "sure_faces_found", outcomes, lambda o: o.sure_face_there, lambda o: o.face_found
        ),
        **_of_those(
            "clear_faces_found", outcomes, lambda o: o.clear_face_there, lambda o: o.face_found
        ),
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
                **_from_table("macro_f1", some, _macro_of),
                **_from_table("sign_seen_where_none", some, _false_of),
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
    return _f1_of(_table(outcomes), FIVE_SIGNS.index(sign))


def macro_f1(outcomes: Sequence[Outcome]) -> float:
    """Mean F1 over those of the five signs that somebody made, 0..1."""
    return _macro_of(_table(outcomes))


Table = NDArray[np.float64]
"""[6, 6]: pictures by what they show and what was seen; the five signs, then none."""


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = np.zeros((6, 6))
    for o in outcomes:
        table[_place(o.sign), _place(o.seen)] += 1
    return table


def _place(sign: str) -> int:
    return FIVE_SIGNS.index(sign) if sign else 5


def _f1_of(table: Table, sign: int) -> float:
    total = table[sign].sum() + table[:, sign].sum()
    return float(2 * table[sign, sign] / total) if total else NAN


def _macro_of(table: Table) -> float:
    present = [sign for sign in range(5) if table[sign].sum()]
    return float(np.mean([_f1_of(table, sign) for sign in present])) if present else NAN


def _false_of(table: Table) -> float:
    total = table[5].sum()
    return float(table[5, :5].sum() / total) if total else NAN


def _but_fingers(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Without pictures of two fingers up that are labelled as no sign: it is one of ours."""
    return [o for o in outcomes if o.sign or not o.raw_label.startswith("two_up")]


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


def _from_table(
    name: str, outcomes: Sequence[Outcome], metric: Callable[[Table], float]
) -> dict[str, Any]:
    """A metric of the table of what is shown and seen, and its interval over people."""
    people = _by_person(outcomes)
    tables = np.array([_table(some) for some in people]).reshape(-1, 6, 6)
    return {
        name: metric(tables.sum(axis=0)),
        f"{name}_ci95": bootstrap_counts(tables, metric),
    }


def _face_found(outcome: Outcome) -> bool:
    return outcome.face_found


def _of_those(
    name: str,
    outcomes: Sequence[Outcome],
    counts: Callable[[Outcome], bool],
    hits: Callable[[Outcome], bool],
) -> dict[str, Any]:
    """The share of hits among the pictures that count, and its interval over people."""
    people = _by_person(outcomes)
    sums = np.array(
        [[sum(counts(o) and hits(o) for o in some), sum(map(counts, some))] for some in people]
    ).reshape(-1, 2)

    def share(both: NDArray[np.float64]) -> float:
        return float(both[0] / both[1]) if both[1] else NAN

    return {
        name: share(sums.sum(axis=0)),
        f"{name}_ci95": bootstrap_counts(sums.astype(np.float64), share),
    }


def _calibration(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    bins = np.array(
        [
            reliability([o.confidence for o in some], [o.best == o.sign for o in some])
            for some in _by_person(outcomes)
        ]
    )
    return {
        "calibration_error": calibration_error(bins.sum(axis=0)),
        "calibration_error_ci95": bootstrap_counts(bins, calibration_error),
    }


def _by_person(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    people: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        people[outcome.person].append(outcome)
    return list(people.values())
