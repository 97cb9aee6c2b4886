"""A picture is shown only while the lease holds."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triptych.gesture.publish.lease import Lease, Pick
from triptych.gesture.publish.slot import Offer, Slot, SlotReader, SlotWriter

FRAME = np.full((4, 8, 3), 9, np.uint8)


@pytest.fixture
def ends() -> Iterator[tuple[SlotWriter, SlotReader]]:
    """Both ends of a slot."""
    slot = Slot((8, 4))
    yield SlotWriter(slot), SlotReader(slot)
    slot.close()


def settle(
    writer: SlotWriter, reader: SlotReader, lease: Lease, clock: float
) -> tuple[Pick, float]:
    """Offer fresh pictures for a second; the last pick and its moment."""
    pick = Pick(None, "starting")
    for _ in range(30):
        clock += 1 / 30
        writer.offer(clock - 0.01, None, FRAME)
        pick = lease.pick(reader, clock)
    return pick, clock


def test_starts_with_the_card(ends: tuple[SlotWriter, SlotReader]) -> None:
    """Before the first verdict there is nothing to show."""
    assert Lease(0.5).pick(ends[1], 10.0) == Pick(None, "starting")


def test_a_fresh_picture_is_shown_until_its_lease_ends(
    ends: tuple[SlotWriter, SlotReader],
) -> None:
    """The moment after which it must not be shown goes with it."""
    lease = Lease(0.5)
    pick, clock = settle(*ends, lease, 100.0)
    assert pick.frame is not None
    assert pick.until == pytest.approx(clock - 0.01 + 0.5)
    assert lease.pick(ends[1], clock + 0.48).frame is not None
    assert lease.pick(ends[1], clock + 0.50) == Pick(None, "analyser_lost")


@pytest.mark.parametrize("shift", [-3600.0, -0.2, 0.6, 3600.0], ids=lambda s: f"{s} s")
def test_a_clock_that_jumps_is_stale(ends: tuple[SlotWriter, SlotReader], shift: float) -> None:
    """A machine that slept, or a stamp from the future: the card."""
    lease = Lease(0.5)
    _, clock = settle(*ends, lease, 5000.0)
    assert lease.pick(ends[1], clock + shift) == Pick(None, "analyser_lost")


def test_after_a_loss_verdicts_must_be_fresh_for_a_while(
    ends: tuple[SlotWriter, SlotReader],
) -> None:
    """An analyser that falls behind again and again shows the card, not a flicker."""
    lease = Lease(0.5)
    writer, reader = ends
    _, clock = settle(writer, reader, lease, 0.0)
    shown = []
    for _ in range(20):  # each picture takes 0.4 s and is then fresh for 0.1 s
        clock += 0.4
        writer.offer(clock - 0.4, None, FRAME)
        shown += [lease.pick(reader, clock + wait).frame is not None for wait in (0.0, 0.05, 0.2)]
    assert not any(shown[3:])
    assert settle(writer, reader, lease, clock)[0].frame is not None


def test_the_decision_to_cover_is_obeyed_with_its_reason(
    ends: tuple[SlotWriter, SlotReader],
) -> None:
    """A fresh verdict that says away is the card at once."""
    lease = Lease(0.5)
    _, clock = settle(*ends, lease, 0.0)
    ends[0].offer(clock, "away", FRAME)
    assert lease.pick(ends[1], clock) == Pick(None, "away")


def test_a_new_analyser_starts_from_nothing(ends: tuple[SlotWriter, SlotReader]) -> None:
    """The old one's picture is dropped when it is gone, even if it is young."""
    lease = Lease(0.5)
    _, clock = settle(*ends, lease, 0.0)
    assert lease.pick(None, clock) == Pick(None, "analyser_lost")
    assert lease.pick(ends[1], clock).frame is None


class _Told(SlotReader):
    """A reader that says what it is told."""

    def __init__(self) -> None:
        self.offer: Offer | None = None

    def newest_number(self) -> int:
        return self.offer.number if self.offer else 0

    def read(self, number: int | None = None) -> Offer | None:
        return self.offer


MOMENTS = st.floats(-2.0, 2.0)


@given(
    st.lists(
        st.tuples(MOMENTS, MOMENTS, st.booleans(), st.sampled_from([None, "away"])), max_size=60
    )
)
def test_whatever_happens_nothing_old_covered_or_from_the_future_is_shown(
    steps: list[tuple[float, float, bool, str | None]],
) -> None:
    """For any clock and any stamps."""
    reader, lease, clock = _Told(), Lease(0.5, settle_seconds=0.0), 1000.0
    number = 0
    for forward, taken, offered, covered in steps:
        clock += forward
        if offered:
            number += 1
            frame = None if covered else FRAME
            reader.offer = Offer(number, clock + taken, "away" if covered else None, frame)
        pick = lease.pick(reader, clock)
        if pick.frame is not None:
            assert reader.offer is not None
            assert reader.offer.covered is None
            assert 0 <= clock - reader.offer.taken_at < 0.5
            assert clock < pick.until <= clock + 0.5
