"""What an audit says: findings, attempts at a remedy, and a verdict."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

VerdictName = Literal["overstated", "not robust", "no evidence of masking", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: raised or not (None: it does not apply), what was seen, and what follows."""

    check: str
    raised: bool | None
    evidence: str
    meaning: str

    def as_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """straight: accuracy under the plain attack on the model as it stands; robust: under all.

    robust is an upper bound of the truth: a stronger attack may find more. interval: 95 %.
    """

    name: VerdictName
    sentence: str
    clean: float
    straight: float
    robust: float
    interval: tuple[float, float]


def verdict(
    clean: float,
    straight: float,
    robust: float,
    interval: tuple[float, float],
    findings: list[Finding],
    classes: int,
    examples: int,
) -> Verdict:
    """Weigh what was found.

    A gap counts if it is above 5 points and above two standard errors of a share at that place.
    """
    gap = straight - robust
    noise = 2 * (straight * (1 - straight) / max(1, examples)) ** 0.5
    raised = [finding.check for finding in findings if finding.raised]
    if gap > max(0.05, noise):
        name: VerdictName = "overstated"
        sentence = (
            f"A plain attack leaves {straight:.1%}, but {robust:.1%} at most are robust: "
            f"overstated by {100 * gap:.0f} points."
        )
    elif robust <= 1 / classes:
        name = "not robust"
        sentence = f"At most {robust:.1%} are robust, and a plain attack is enough to see it."
    elif raised:
        name = "inconclusive"
        sentence = (
            f"At most {robust:.1%} are robust; but the gradient is suspect ({', '.join(raised)}), "
            "and no remedy here found more."
        )
    else:
        name = "no evidence of masking"
        sentence = f"At most {robust:.1%} are robust, and no check says that an attack was misled."
    return Verdict(name, sentence, clean, straight, robust, interval)
