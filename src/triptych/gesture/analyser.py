"""The analyser process: source -> perceive -> decide -> show, and into the slot.

Runs apart from the publisher and may die at any moment: whatever it has not put into the slot,
whole and on time, is not shown. Every picture that it offers was itself analysed.
"""

import os
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import cast

import cv2
import numpy as np

from triptych.errors import TriptychError
from triptych.gesture import pace
from triptych.gesture.config import Config
from triptych.gesture.inbox import Inbox, live_and_die_with
from triptych.gesture.memory import give_back
from triptych.gesture.pace import Timed
from triptych.gesture.parts import Decides, Looks, MakeParts, Paints, Parts
from triptych.gesture.publish.messages import (
    Begin,
    Command,
    Ended,
    Failed,
    Happened,
    Noted,
    Offered,
    Opened,
    Problem,
    Teach,
    Tuned,
)
from triptych.gesture.publish.slot import Slot, SlotWriter
from triptych.gesture.sources.shot import Source
from triptych.gesture.types import Box, Decision, Event, Frame

LEAD = 2
"""Lockstep: pictures the analyser may be ahead of the publisher; less than the slot's buffers."""


def main(
    make_parts: MakeParts,
    spec: str | None,
    config: Config,
    pipe: Connection,
    publisher_pid: int,
) -> None:
    """Analyse `spec` until it ends or the publisher does; the target of the child process."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before anything imports ONNX Runtime
    live_and_die_with(publisher_pid)
    inbox = Inbox(pipe)
    # A pipe that breaks is the publisher's end, and ours.
    with suppress(BrokenPipeError, ConnectionError):
        try:
            _analyse(make_parts(), spec, config, pipe, inbox)
        except TriptychError as error:
            pipe.send(Failed(type(error).__name__, str(error)))
        except ConnectionError:
            raise
        except Exception as error:
            words = " ".join(str(error).split())
            pipe.send(Failed("", f"{type(error).__name__}: {words}"))
            traceback.print_exc()


def _analyse(
    parts: Parts, spec: str | None, config: Config, pipe: Connection, inbox: Inbox
) -> None:
    with parts.open_source(spec, config) as source:
        name = str(getattr(source, "name", spec))
        pipe.send(Opened(source.size_wh, source.fps, source.live, name))
        begin = inbox.wait_begin()
        if begin is None:
            return
        slot = Slot(begin.size_wh, begin.slot)
        try:
            analysis = _Analysis(parts, config, begin, slot, pipe)
            give_back()
            for timed in _pictures(parts, source, spec, config, begin):
                for wish in inbox.wishes():
                    analysis.obey(wish)
                decision = analysis.take(timed)
                if begin.lockstep and analysis.next_number > LEAD:
                    inbox.wait_credit()
                if inbox.quit.is_set():
                    return
                analysis.offer(timed, decision)
        finally:
            slot.close()
    pipe.send(Ended())


def _pictures(
    parts: Parts, source: Source, spec: str | None, config: Config, begin: Begin
) -> Iterator[Timed]:
    if begin.lockstep:
        return pace.lockstep(source)
    if source.live:
        return pace.camera(source, parts.now)

    def sources() -> Iterator[Source]:
        yield source
        while begin.loop:
            with parts.open_source(spec, config) as again:
                yield again

    return pace.played(sources(), parts.now)


class _Analysis:
    """The parts at work on one source; sends what happens and puts pictures into the slot."""

    def __init__(
        self, parts: Parts, config: Config, begin: Begin, slot: Slot, pipe: Connection
    ) -> None:
        for setting, value in begin.tuned.items():
            config = config.tuned(setting, value)
        self._perceiver: Looks = parts.perceiver(config)
        self._teacher = parts.teacher(self._perceiver, config) if parts.teacher else None
        if self._teacher is not None:
            config = self._teacher.config
            for sentence in self._teacher.problems:
                pipe.send(Problem(sentence))
        self._config = config
        self._decider: Decides = parts.decider(config)
        self._make_painter = parts.painter
        self._painter: Paints = parts.painter(config, begin.size_wh)
        self._writer = SlotWriter(slot)
        self._pipe = pipe
        self._size_wh = begin.size_wh
        self._epoch = begin.epoch
        self._problem = ""
        self._seconds = 0.0
        self._frame: Frame | None = None
        self._words: Box | None = None
        self.next_number = 1

    def obey(self, wish: Command | Teach) -> None:
        """Do what a person asked for through the page."""
        if isinstance(wish, Command):
            self._tune(wish)
        else:
            for news in self._teacher.ask(wish) if self._teacher is not None else (Noted(),):
                self._pipe.send(news)
            self._relearn()

    def _relearn(self) -> None:
        """Go on with the teacher's vocabulary, where it has changed."""
        if self._teacher is not None and self._teacher.config != self._config:
            self._config = self._teacher.config
            self._decider.reconfigure(self._config)
            self._painter = self._make_painter(self._config, self._size_wh)

    def _tune(self, command: Command) -> None:
        """Change a setting; one that is not allowed is refused with a sentence."""
        try:
            config = self._config.tuned(command.setting, command.value)
        except TriptychError as error:
            self._pipe.send(Tuned(str(error)))
            return
        self._config = config
        if self._teacher is not None:
            self._teacher.config = config
        self._decider.reconfigure(config)
        self._pipe.send(Tuned())

    def take(self, timed: Timed) -> Decision:
        """Analyse and draw one picture."""
        started = time.perf_counter()
        decision = self._take(timed)
        self._seconds = time.perf_counter() - started
        return decision

    def _take(self, timed: Timed) -> Decision:
        self._frame = self._words = None
        if timed.problem and timed.problem != self._problem:
            self._pipe.send(Problem(timed.problem))
        self._problem = timed.problem
        if timed.frame is None:
            return self._decider.blind(timed.t, "camera_lost")
        forgotten = self._decider.blind(timed.t, "starting").events if timed.jumped else ()
        frame = fit(timed.frame, self._size_wh)
        scene = self._perceiver.look(frame, timed.t)
        if self._teacher is not None:
            for news in self._teacher.watch(frame, timed.t, scene):
                self._pipe.send(news)
            self._relearn()
        decision = self._decider.step(scene)
        decision = replace(decision, events=forgotten + decision.events)
        if self._teacher is not None:
            decision = self._teacher.after(decision, self._shift(timed))
        if decision.covered is None:
            self._words = self._painter.paint(frame, decision)
            self._frame = frame
        return decision

    def offer(self, timed: Timed, decision: Decision) -> None:
        """Tell the publisher: first what happened, then the picture."""
        shift = self._shift(timed)
        for event in decision.events:
            self._pipe.send(Happened(Event(event.t + shift, event.event, event.detail)))
        covered, taken_at = decision.covered, timed.taken_at
        number = self._writer.offer(taken_at, covered, self._frame, self._words)
        self.next_number = number + 1
        ring = decision.ring
        self._pipe.send(
            Offered(
                number,
                timed.t + shift,
                taken_at - timed.t - shift,
                covered,
                self._seconds,
                ring.sign if ring else None,
                ring.progress if ring else 0.0,
            )
        )

    def _shift(self, timed: Timed) -> float:
        """Seconds from the source's clock to that of the events, whose 0 is the first picture's."""
        source_start = timed.taken_at - timed.t
        if self._epoch is None:
            self._epoch = source_start
        return source_start - self._epoch


def fit(frame: Frame, size_wh: tuple[int, int]) -> Frame:
    """`frame` [H, W, 3] at `size_wh`: itself if it has that size, else scaled, with black bars."""
    width, height = size_wh
    if frame.shape == (height, width, 3):
        return frame
    scale = min(width / frame.shape[1], height / frame.shape[0])
    inner_wh = (
        min(width, max(1, round(frame.shape[1] * scale))),
        min(height, max(1, round(frame.shape[0] * scale))),
    )
    inner = cast(Frame, cv2.resize(frame, inner_wh, interpolation=cv2.INTER_AREA))
    fitted = np.zeros((height, width, 3), np.uint8)
    left, top = (width - inner_wh[0]) // 2, (height - inner_wh[1]) // 2
    fitted[top : top + inner_wh[1], left : left + inner_wh[0]] = inner
    return fitted
