"""The gallery's table of contents; each defence is imported when it is asked for."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from triptych.errors import BadInput

if TYPE_CHECKING:
    from triptych.adversary.gallery.defence import Defence


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list says of a defence."""

    idea: str
    source: str


CATALOGUE: Final = {
    "plain": Entry("No defence: the yardstick for all others.", "Goodfellow et al. 2015"),
    "adversarial": Entry(
        "Learns on pictures attacked during training; holds.", "Madry et al. 2018, Wong et al. 2020"
    ),
    "blur": Entry("A Gaussian blur before the network.", "folklore; Google's self-study course"),
    "empir": Entry(
        "Two networks of few bits and one of full precision vote.", "Sen et al. 2020 (EMPIR)"
    ),
    "ecoc": Entry(
        "Bits of error-correcting code words in the place of scores.", "Verma and Swami 2019"
    ),
}


def defence(name: str) -> "Defence":
    """The defence of that name. Raises BadInput if there is none."""
    from triptych.adversary.gallery.defence import Defence

    if name not in CATALOGUE:
        raise BadInput(f"The gallery has no {name!r}; it has {', '.join(CATALOGUE)}.")
    model, training, claim, breaking = (
        import_module(f"triptych.adversary.gallery.{name}.{part}")
        for part in ("model", "training", "claim", "breaking")
    )
    return Defence(
        name, model.SETTINGS, model.pipeline, training.task, claim.claim, breaking.breaks
    )
