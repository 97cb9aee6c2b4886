"""The teacher in the analyser: keeps what was taught, gives lessons, and takes corrections.

It alone sees pictures and the store at once. What it keeps of a hand are features, never pixels.
"""

from collections import deque
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from triptych.errors import BadInput, BrokenModel, TriptychError
from triptych.gesture.config import Config
from triptych.gesture.model_files import reader_now
from triptych.gesture.publish.messages import Lesson as LessonNews
from triptych.gesture.publish.messages import Noted, Teach, Vocabulary
from triptych.gesture.show.icons import icon
from triptych.gesture.teach import store
from triptych.gesture.teach.background import Background
from triptych.gesture.teach.features import features
from triptych.gesture.teach.lesson import Lesson
from triptych.gesture.teach.recogniser import recogniser_of
from triptych.gesture.teach.seeing import Seeing
from triptych.gesture.teach.signs import Taught, Wrong, checked_text, proposed_name
from triptych.gesture.teach.vocabulary import load, vocabulary
from triptych.gesture.types import SIGNS, Decision, Frame, Scene

REMEMBER: Final = 0.6
"""Seconds before a sign fired whose hands are remembered, in case it was wrong."""

FIRED: Final = 20
"""So many of the last gestures can be said to be wrong."""

TELL_SECONDS: Final = 0.08
"""Least time between two messages on how a lesson stands."""

News = LessonNews | Vocabulary | Noted


@dataclass
class Teacher:
    """Made with the analyser's other parts. `config` is replaced when the vocabulary changes."""

    seeing: Seeing
    config: Config
    folder: Path = field(default_factory=store.default_folder)

    def __post_init__(self) -> None:
        # What is stale was told by the publisher, which reads the same folder.
        kept = load(self.folder)
        self._signs, self._wrong = kept.signs, kept.wrong
        self.problems: list[str] = []
        self._background: Background | None = None
        self._lesson: Lesson | None = None
        self._told_at = -np.inf
        self._fired_while_trying = 0
        self._progress = 0.0
        self._t = 0.0
        self._seen: deque[tuple[float, list[tuple[dict[str, float], NDArray[np.float32]]]]] = (
            deque()
        )
        self._events: deque[tuple[float, str, NDArray[np.float32]]] = deque(maxlen=FIRED)
        if self._signs or self._wrong:
            try:
                self._know()
            except BrokenModel as error:
                self._signs, self._wrong = [], []
                self.problems.append(str(error))
        self._use(self._signs)

    @property
    def teaching(self) -> bool:
        """Whether a lesson is open: then no sign fires for others."""
        return self._lesson is not None

    def ask(self, wish: Teach) -> list[News]:
        """Do what a person asked for; what came of it, the sentence last."""
        try:
            match wish.do:
                case "start":
                    return self._start(wish)
                case "capture" if self._lesson is not None:
                    self._lesson.capture(self._t)
                    self._use(self._signs)
                case "keep" if self._lesson is not None:
                    return self._keep(self._lesson)
                case "discard" if self._lesson is not None:
                    return [*self._close(), Noted()]
                case "forget":
                    store.forget_sign(wish.name, self.folder)
                    self._signs = [sign for sign in self._signs if sign.name != wish.name]
                    self._wrong = [entry for entry in self._wrong if entry.sign != wish.name]
                    self._use(self._signs)
                    return [self._vocabulary(), Noted(f"Forgotten: {wish.name}.")]
                case "wrong":
                    return [Noted(self._take_back(wish.t))]
                case _:
                    pass
        except TriptychError as error:
            return [Noted(str(error))]
        return [Noted()]

    def watch(self, frame: Frame, t: float, scene: Scene) -> list[News]:
        """Take in a picture: remember hands for corrections, and go on with the lesson."""
        self._t = t
        aspect = frame.shape[1] / frame.shape[0]
        rows = [(dict(hand.scores), features(hand, aspect)) for hand in scene.hands]
        self._seen.append((t, [(scores, row) for scores, row in rows if row is not None]))
        while self._seen and not t - REMEMBER <= self._seen[0][0] <= t:
            self._seen.popleft()
        lesson = self._lesson
        if lesson is None:
            return []
        if lesson.overdue(t):
            return [*self._close(), Noted("The lesson was closed: nothing happened for a while.")]
        before = lesson.state.step
        state = lesson.step(t, scene, partial(self.seeing.examples, frame))
        if state.step == "try" and before != "try":
            self._fired_while_trying = 0
            self._use([*self._others(lesson.sign.name), lesson.taught])
        if state.step == before and 0 <= t - self._told_at < TELL_SECONDS:
            return []
        self._told_at = t
        return [self._lesson_news(lesson)]

    def after(self, decision: Decision, shift: float) -> Decision:
        """What others get to see: while a lesson is open, neither rings nor signs.

        shift: seconds from the source's clock to that of the events.
        """
        for event in decision.events:
            if event.event == "gesture":
                self._remember(event.t + shift, str(event.detail["name"]))
        if self._lesson is None:
            return decision
        name = self._lesson.sign.name
        ring = decision.ring
        self._progress = ring.progress if ring is not None and ring.sign == name else 0.0
        gestures = [event for event in decision.events if event.event == "gesture"]
        self._fired_while_trying += sum(event.detail["name"] == name for event in gestures)
        events = tuple(event for event in decision.events if event.event != "gesture")
        return replace(decision, ring=None, badge=None, events=events)

    def _start(self, wish: Teach) -> list[News]:
        background = self._know()
        text = checked_text(wish.text)
        if not text:
            raise BadInput("Say in a few words what the sign means.")
        name = proposed_name(text, tuple(sign.name for sign in self._signs))
        chosen = wish.icon
        if wish.png:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            chosen = str(self.folder / "new.png")
            store.write(Path(chosen), wish.png)
        icon(chosen, 32, "The icon")
        day = datetime.now(UTC).date().isoformat()
        none = np.zeros((0, 170), np.float32)
        sign = Taught(name, text, chosen, name, background.reader, none, day)
        self._lesson = Lesson(
            sign, background, tuple(self._signs), self.config.decide.enter, self._off()
        )
        self._use(self._signs)
        return [self._lesson_news(self._lesson), Noted()]

    def _keep(self, lesson: Lesson) -> list[News]:
        if lesson.verdict is None or lesson.verdict.problems:
            return [Noted("There is nothing to keep yet.")]
        kept = store.save_sign(lesson.taught, self.folder)
        news = self._close()
        self._signs = [*self._others(kept.name), kept]
        self._use(self._signs)
        words = f"Learnt “{kept.text}”. Its name in events and settings is {kept.name}."
        return [*news, self._vocabulary(), Noted(words)]

    def _close(self) -> list[News]:
        self._lesson = None
        (self.folder / "new.png").unlink(missing_ok=True)
        self._use(self._signs)
        return [LessonNews("closed")]

    def _take_back(self, t: float) -> str:
        """ "That was wrong": keep the hands that fired then, so that they do not again."""
        found = [event for event in self._events if abs(event[0] - t) < 0.0015]
        if not found:
            return "That was too long ago to be taken back."
        _, name, rows = found[-1]
        self._know()
        self._wrong = store.add_wrong(Wrong(name, reader_now(), rows), self.folder)
        self._events.remove(found[-1])
        self._use(self._signs)
        text = self.config.sign(name).text or name if name in self.config.names else name
        return f"Noted: a hand like that is not “{text}”. No picture was kept."

    def _remember(self, t: float, name: str) -> None:
        best = [
            max(hands, key=lambda one: one[0].get(name, 0.0)) for _, hands in self._seen if hands
        ]
        rows = [row for scores, row in best if scores.get(name, 0.0) >= 0.3]
        if rows:
            every = max(len(rows) // 4, 1)
            self._events.append((t, name, np.stack(rows[::-every][:5])))

    def _know(self) -> Background:
        """The background, loaded when it is first needed. Raises `BrokenModel`."""
        if self._background is None:
            self._background = Background.load(reader_now())
        return self._background

    def _others(self, name: str) -> list[Taught]:
        return [sign for sign in self._signs if sign.name != name]

    def _use(self, signs: list[Taught]) -> None:
        """Read these signs from now on; what the settings said of them stays."""
        used = [s for s in signs if s.name not in self.config.names or self.config.sign(s.name).on]
        self.seeing.recogniser = recogniser_of(self._background, used, self._wrong, self._off())
        taught = {
            name: self.config.sign(name) if name in self.config.names else sign
            for name, sign in vocabulary(signs).items()
        }
        self.config = self.config.with_taught(taught)  # type: ignore[arg-type]

    def _off(self) -> tuple[str, ...]:
        """The built-in signs that are switched off."""
        return tuple(name for name in SIGNS if not self.config.sign(name).on)

    def _vocabulary(self) -> Vocabulary:
        return Vocabulary({n: self.config.sign(n) for n in self.config.names if n not in SIGNS})  # type: ignore[misc]

    def _lesson_news(self, lesson: Lesson) -> LessonNews:
        trying = lesson.state.step == "try"
        return LessonNews(
            **asdict(lesson.state),
            progress=self._progress if trying else 0.0,
            fired=self._fired_while_trying if trying else 0,
        )
