"""Which hand a training crop shows: shares in closed form, and what is drawn by them."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.learn.examples import OTHER, UNKNOWN, HandExample
from triptych.gesture.learn.pools import SHARES, WEBCAM, Pool, draw_name, make_pools
from triptych.gesture.types import GESTURES

OK = GESTURES.index("ok")


def hands(person: str, count: int, *, webcam: bool, label: int = OK) -> list[HandExample]:
    """So many pictures of one person's sign."""
    return [
        HandExample(f"{person}/{i}.jpg", person, label, (0, 0), 1, webcam=webcam)
        for i in range(count)
    ]


def share_of(pool: Pool, person: str) -> float:
    """How often somebody is drawn."""
    return sum(
        float(s) for s, e in zip(pool.shares, pool.people, strict=True) if e[0].person == person
    )


def test_webcam_people_have_half_where_a_crowd_would_outvote_them() -> None:
    """A hundred students with a picture each, two webcam people: half of the draws are theirs."""
    crowd = [hand for i in range(100) for hand in hands(f"student {i}", 1, webcam=False)]
    pool = make_pools([*crowd, *hands("few", 1, webcam=True), *hands("many", 32, webcam=True)])[
        "ok"
    ]
    few, many = share_of(pool, "few"), share_of(pool, "many")
    assert few + many == pytest.approx(WEBCAM)
    assert many / few == pytest.approx(32**0.6)
    assert share_of(pool, "student 7") == pytest.approx((1 - WEBCAM) / 100)


@given(st.lists(st.tuples(st.integers(1, 300), st.booleans()), min_size=1, max_size=12))
def test_shares_are_shares(people: list[tuple[int, bool]]) -> None:
    """They sum to one; webcam people get at least half, all where there is nobody else."""
    pool = make_pools(
        [
            hand
            for number, (count, webcam) in enumerate(people)
            for hand in hands(str(number), count, webcam=webcam)
        ]
    )["ok"]
    assert pool.shares.sum() == pytest.approx(1)
    theirs = sum(s for s, e in zip(pool.shares, pool.people, strict=True) if e[0].webcam)
    kinds = {webcam for _, webcam in people}
    if kinds == {True}:
        assert theirs == pytest.approx(1)
    elif kinds == {False}:
        assert theirs == 0
    else:
        assert theirs >= WEBCAM - 1e-9


def test_a_person_with_both_kinds_of_pictures_is_drawn_from_both() -> None:
    """Their close pictures count among the crowd's, their webcam pictures among the webcam's."""
    both = [*hands("she", 5, webcam=True), *hands("she", 5, webcam=False)]
    pool = make_pools([*both, *hands("he", 9, webcam=False)])["ok"]
    rng = np.random.default_rng(0)
    drawn = Counter((e.person, e.webcam) for e in (pool.draw(rng) for _ in range(4000)))
    assert drawn["she", True] / 4000 == pytest.approx(WEBCAM, abs=0.03)
    assert drawn["she", False] > 0 and drawn["he", False] > drawn["she", False]


def test_names_are_drawn_by_their_shares_among_those_that_have_hands() -> None:
    """Idle hands have a pool of their own, and so have hands whose sign nobody named."""
    idle = [replace(e, idle=True) for e in hands("idle", 3, webcam=True, label=OTHER)]
    unknown = hands("unknown", 3, webcam=True, label=UNKNOWN)
    pools = make_pools([*hands("ok", 3, webcam=True), *idle, *unknown])
    assert set(pools) == {"ok", "idle", "unknown"}
    rng = np.random.default_rng(1)
    drawn = Counter(draw_name(pools, rng) for _ in range(4000))
    total = sum(SHARES[name] for name in pools)
    for name in pools:
        assert drawn[name] / 4000 == pytest.approx(SHARES[name] / total, abs=0.03)
