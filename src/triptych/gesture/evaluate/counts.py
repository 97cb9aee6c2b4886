"""What was seen in pictures, counted: F1, false signs, shares found, each with its interval.

Intervals are bootstrap intervals over people, because pictures of one person are not independent.
Pure: no picture is read here.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triptych.gesture.evaluate.calibration import calibration_error, reliability
from triptych.gesture.evaluate.intervals import NAN, bootstrap_counts

FIVE = {"fist": "fist", "palm": "palm", "ok": "ok", "one": "one", "two_up": "one", "peace": "peace"}
"""Signs as people see them: one and two fingers up mean the same."""

FIVE_SIGNS = tuple(dict.fromkeys(FIVE.values()))

Table = NDArray[np.float64]
"""[6, 6]: pictures by what they show and what was seen; the five signs, then none."""


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


def f1(outcomes: Sequence[Outcome], sign: str) -> float:
    """Of one sign, 0..1; NaN if nobody made it and nobody was thought to."""
    return f1_of(_table(outcomes), FIVE_SIGNS.index(sign))


def macro_f1(outcomes: Sequence[Outcome]) -> float:
    """Mean F1 over those of the five signs that somebody made, 0..1."""
    return macro_of(_table(outcomes))


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = np.zeros((6, 6))
    for o in outcomes:
        table[_place(o.sign), _place(o.seen)] += 1
    return table


def _place(sign: str) -> int:
    return FIVE_SIGNS.index(sign) if sign else 5


def f1_of(table: Table, sign: int) -> float:
    """F1 of one of `FIVE_SIGNS`, by its place; NaN if nobody made it and nobody was thought to."""
    total = table[sign].sum() + table[:, sign].sum()
    return float(2 * table[sign, sign] / total) if total else NAN


def macro_of(table: Table) -> float:
    """Mean F1 over those of the five signs that somebody made; NaN if nobody made one."""
    present = [sign for sign in range(5) if table[sign].sum()]
    return float(np.mean([f1_of(table, sign) for sign in present])) if present else NAN


def false_of(table: Table) -> float:
    """The share of pictures without a sign on which one was seen; NaN if there are none."""
    total = table[5].sum()
    return float(table[5, :5].sum() / total) if total else NAN


def but_fingers(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Without pictures of two fingers up that are labelled as no sign: it is one of ours."""
    return [o for o in outcomes if o.sign or not o.raw_label.startswith("two_up")]


def confusion(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Sign that is shown -> sign that was seen -> pictures."""
    table: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for outcome in outcomes:
        table[outcome.sign or "none"][outcome.seen or "none"] += 1
    return {truth: dict(seen) for truth, seen in sorted(table.items())}


def taken_for_signs(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
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


def from_table(
    name: str, outcomes: Sequence[Outcome], metric: Callable[[Table], float]
) -> dict[str, Any]:
    """A metric of the table of what is shown and seen, and its interval over people."""
    people = _by_person(outcomes)
    tables = np.array([_table(some) for some in people]).reshape(-1, 6, 6)
    return {
        name: metric(tables.sum(axis=0)),
        f"{name}_ci95": bootstrap_counts(tables, metric),
    }


def of_those(
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


def calibration(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """How far confidence and share of right answers lie apart, and the interval over people."""
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
