"""The taught signs as the rest of the program meets them: as words, and as what is no use."""

from collections.abc import Sequence
from pathlib import Path

from triptych.gesture.config_signs import TaughtSign
from triptych.gesture.model_files import reader_now
from triptych.gesture.teach import store
from triptych.gesture.teach.signs import Taught, Wrong


def taught_signs(folder: Path | None = None) -> tuple[dict[str, TaughtSign], list[str]]:
    """The settings of the signs that can be read, and a sentence for each that cannot."""
    signs, _, problems = load(folder)
    return vocabulary(signs), problems


def vocabulary(signs: Sequence[Taught]) -> dict[str, TaughtSign]:
    """Taught signs as settings, with what they were taught with as defaults."""
    return {
        sign.name: TaughtSign(icon=sign.icon, text=sign.text, meaning=sign.meaning)
        for sign in signs
    }


def load(folder: Path | None = None) -> tuple[list[Taught], list[Wrong], list[str]]:
    """The signs and corrections that fit today's reader, and a sentence for each that does not.

    folder: None: the user's own.
    """
    folder = folder or store.default_folder()
    signs, problems = store.load_signs(folder)
    wrong, more = store.load_wrong(folder)
    problems += more
    if not signs and not wrong:
        return [], [], problems
    reader = reader_now()
    for sign in signs:
        if sign.reader != reader:
            problems.append(
                f"Your sign {sign.name} was taught to another version of the hand reader and is "
                f"not read: teach it again, `triptych gesture teach {sign.name} ...`."
            )
    if any(entry.reader != reader for entry in wrong):
        problems.append(
            "What you marked as wrong belongs to another version of the hand reader and is not "
            "used: mark it again where it still fires."
        )
    return (
        [sign for sign in signs if sign.reader == reader],
        [entry for entry in wrong if entry.reader == reader],
        problems,
    )
