"""Single pictures with labels: signs told apart, hands and faces found; `counts` counts them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triptych.data.hands import COLLECTIVES, HandPicture, read_hands
from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.evaluate.conditions import NAMES, conditions
from triptych.gesture.evaluate.counts import (
    FIVE,
    FIVE_SIGNS,
    Outcome,
    but_fingers,
    calibration,
    confusion,
    f1_of,
    false_of,
    from_table,
    macro_f1,
    macro_of,
    of_those,
    taken_for_signs,
)
from triptych.gesture.evaluate.files import find
from triptych.gesture.model_files import fingerprint
from triptych.gesture.perceive.detector import intersection_over_union
from triptych.gesture.perceive.perceiver import Perceiver
from triptych.gesture.sources.pictures import read_picture
from triptych.gesture.types import SIGNS, Box, Hand

NETWORKS = ("detector.onnx", "hand_reader.onnx")
"""What a picture is read with; the result says which weights."""

CUT_OUTS = "crop60"
"""The context of 60-pixel cut-outs from the web, which are left out: no camera sees them."""

SURE_FACE = 0.65
"""Teacher score from which a face is sure; lower ones are often hands."""

FACE_ON_HAND = 0.85
"""Teacher score from which a face counts as clear even where its middle lies on a hand."""


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
        **from_table("macro_f1", outcomes, macro_of),
        "per_class": {
            sign: from_table("f1", outcomes, lambda table, place=place: f1_of(table, place))
            for place, sign in enumerate(FIVE_SIGNS)
            if any(o.sign == sign for o in outcomes)
        },
        **from_table("sign_seen_where_none", outcomes, false_of),
        **from_table("macro_f1_but_fingers", but_fingers(outcomes), macro_of),
        **from_table("sign_seen_where_none_but_fingers", but_fingers(outcomes), false_of),
        **calibration(outcomes),
        **of_those("hands_found", outcomes, lambda o: bool(o.sign), lambda o: o.hand_found),
        **of_those("faces_found", outcomes, lambda o: o.faces_there > 0, _face_found),
        **of_those(
            "sure_faces_found", outcomes, lambda o: o.sure_face_there, lambda o: o.face_found
        ),
        **of_those(
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
        "confusion": confusion(outcomes),
        "taken_for_signs": taken_for_signs(outcomes),
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
                **from_table("macro_f1", some, macro_of),
                **from_table("sign_seen_where_none", some, false_of),
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


def _face_found(outcome: Outcome) -> bool:
    return outcome.face_found
