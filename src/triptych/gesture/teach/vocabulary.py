"""What was taught, as the rest of the program meets it: as settings, and as what is no use."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from triptych.gesture.config_signs import TaughtSign
from triptych.gesture.model_files import reader_now
from triptych.gesture.teach import store
from triptych.gesture.teach.signs import Taught, Wrong


@dataclass(frozen=True, slots=True)
class Kept:
    """What the user's folder holds.

    signs, wrong: those that fit today's reader. stale: names of signs that do not. problems: a
    sentence for whatever is not used.
    """

    signs: list[Taught]
    wrong: list[Wrong]
    stale: list[str]
    problems: list[str]

    @property
    def vocabulary(self) -> dict[str, TaughtSign | None]:
        """The settings of the signs; None for those that cannot be read."""
        return {**dict.fromkeys(self.stale), **vocabulary(self.signs)}


def vocabulary(signs: Sequence[Taught]) -> dict[str, TaughtSign]:
    """Taught signs as settings, with what they were taught with as defaults."""
    return {
        sign.name: TaughtSign(icon=sign.icon, text=sign.text, meaning=sign.meaning)
        for sign in signs
    }


def load(folder: Path | None = None) -> Kept:
    """What is in the folder; None: the user's own."""
    folder = folder or store.default_folder()
    signs, problems = store.load_signs(folder)
    wrong, more = store.load_wrong(folder)
    problems += more
    if not signs and not wrong:
        return Kept([], [], [], problems)
    reader = reader_now()
    stale = [sign.name for sign in signs if sign.reader != reader]
    problems += [
        f"Your sign {name} was taught to another version of the hand reader and is not read: "
        f"teach it again, `triptych gesture teach {name} ...`."
        for name in stale
    ]
    if any(entry.reader != reader for entry in wrong):
        problems.append(
            "What you marked as wrong belongs to another version of the hand reader and is not "
            "used: mark it again where it still fires."
        )
    return Kept(
        [sign for sign in signs if sign.reader == reader],
        [entry for entry in wrong if entry.reader == reader],
        stale,
        problems,
    )
