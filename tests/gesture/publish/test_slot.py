"""The slot never hands out a picture that is not whole."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from triptych.errors import Unavailable
from triptych.gesture.publish import slot as slot_module
from triptych.gesture.publish.slot import BUFFERS, Slot, SlotReader, SlotWriter
from triptych.gesture.types import Box, Frame

SIZE_WH = (64, 36)


@pytest.fixture
def ends() -> Iterator[tuple[SlotWriter, SlotReader, Slot]]:
    """Both ends of one slot, attached as two processes would."""
    slot = Slot(SIZE_WH)
    other = Slot(SIZE_WH, slot.name)
    yield SlotWriter(other), SlotReader(slot), other
    other.close()
    slot.close()


def flat(value: int) -> Frame:
    return np.full((SIZE_WH[1], SIZE_WH[0], 3), value, np.uint8)


def test_the_newest_offer_is_read(ends: tuple[SlotWriter, SlotReader, Slot]) -> None:
    """What was offered last comes out as it went in, as a copy."""
    writer, reader, _ = ends
    assert reader.read() is None
    for value in range(1, 8):
        assert writer.offer(100.25 + value, None, flat(value)) == value
    offer = reader.read()
    assert offer is not None
    assert offer.frame is not None
    writer.offer(200.0, None, flat(99))
    assert (offer.number, offer.taken_at, offer.covered) == (7, 107.25, None)
    assert (offer.frame == 7).all()


def test_where_the_words_are_crosses_over(ends: tuple[SlotWriter, SlotReader, Slot]) -> None:
    """With its own picture and no other, to a 65535th of it."""
    writer, reader, _ = ends
    writer.offer(1.0, None, flat(1), Box(0.0, 0.25, 0.7, 1.0))
    offer = reader.read()
    assert offer is not None and offer.words is not None
    assert offer.words.as_list() == pytest.approx([0.0, 0.25, 0.7, 1.0], abs=1 / 65535)
    for number in range(2, 2 + BUFFERS):
        writer.offer(1.0, None, flat(number))
        offer = reader.read()
        assert offer is not None and offer.words is None


def test_a_covered_offer_leaves_no_pixels(ends: tuple[SlotWriter, SlotReader, Slot]) -> None:
    """The verdict crosses over, the picture does not."""
    writer, reader, slot = ends
    writer.offer(1.0, "away", flat(50))
    offer = reader.read()
    assert offer is not None
    assert (offer.covered, offer.frame) == ("away", None)
    assert not any(pixels.any() for pixels in slot.pixels)


def test_an_uncovered_offer_needs_a_picture(ends: tuple[SlotWriter, SlotReader, Slot]) -> None:
    """There is no such thing as an uncovered nothing."""
    with pytest.raises(ValueError, match="needs a picture"):
        ends[0].offer(1.0, None, None)


def test_a_writer_that_dies_in_the_middle_leaves_the_last_whole_picture(
    ends: tuple[SlotWriter, SlotReader, Slot], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a picture is never the newest."""
    writer, reader, _ = ends
    writer.offer(1.0, None, flat(1))

    def die(into: Frame, frame: Frame) -> None:
        np.copyto(into[:10], frame[:10])
        raise KeyboardInterrupt

    monkeypatch.setattr(SlotWriter, "copy", staticmethod(die))
    with pytest.raises(KeyboardInterrupt):
        writer.offer(2.0, None, flat(2))
    offer = reader.read()
    assert offer is not None
    assert offer.frame is not None
    assert (offer.frame == 1).all()


def test_a_picture_that_is_overwritten_while_it_is_read_is_refused(
    ends: tuple[SlotWriter, SlotReader, Slot], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader notices that the writer has come round while it was copying."""
    writer, reader, slot = ends
    writer.offer(1.0, None, flat(1))
    fences = 0

    def overtake(self: Slot) -> None:
        nonlocal fences
        fences += 1
        if fences == 2 and self is not slot:  # the reader's second fence, after its copy
            for value in range(2, 2 + BUFFERS):
                writer.offer(float(value), None, flat(value))

    monkeypatch.setattr(Slot, "fence", overtake)
    assert reader.read(1) is None


def test_an_offer_long_gone_is_not_confused_with_its_successor(
    ends: tuple[SlotWriter, SlotReader, Slot],
) -> None:
    """Asking for a number gives that picture or nothing."""
    writer, reader, _ = ends
    for value in range(1, 6):
        writer.offer(float(value), None, flat(value))
    assert [reader.read(number) is not None for number in range(1, 6)] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_a_fast_writer_and_a_reader_never_meet_in_one_picture(
    ends: tuple[SlotWriter, SlotReader, Slot],
) -> None:
    """Thousands of pictures, every one that is read is of one colour and moves forward."""
    writer, reader, _ = ends
    done = threading.Event()

    def write() -> None:
        for value in range(3000):
            writer.offer(float(value), None, flat(value % 251))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen, last = 0, 0
    while not done.is_set():
        offer = reader.read()
        if offer is not None and offer.frame is not None:
            assert offer.number >= last
            assert (offer.frame == (offer.number - 1) % 251).all()
            seen, last = seen + 1, offer.number
    thread.join()
    assert seen > 10


def test_too_little_shared_memory_is_said_before_it_kills(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full /dev/shm is a sentence at the start and not a signal later."""

    def full(memory: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(slot_module, "_claim", full)
    with pytest.raises(Unavailable, match="not enough shared memory for pictures of 64x36"):
        Slot(SIZE_WH)
