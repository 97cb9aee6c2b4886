"""What attacks tell of themselves when they are misled (Carlini et al. 2019, section 5).

More steps find more, a larger ball holds the smaller one, a gradient finds more than chance, and
without bounds everything falls: where one of these fails, the gradient is not to be trusted.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from triptych.adversary.attacks.attack import attack
from triptych.adversary.attacks.bounds import grey_bound
from triptych.adversary.attacks.method import Method, fgsm, pgd, random_noise, square
from triptych.adversary.attacks.options import Options
from triptych.adversary.attacks.result import Result
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.audit.finding import Finding

ONE_STEP = "one step finds what many do not"
MORE_STEPS = "more steps still find more"
CHANCE_WINS = "chance finds what the gradient does not"
BLIND_WINS = "a search without gradient finds what the gradient does not"
NOT_ALL_FALLS = "without a bound not everything falls"

SHORT = 10
"""Steps of the attack that a longer one is compared with."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A model under audit, on pictures [N, ...] with labels [N]."""

    model: nn.Module
    shown: Tensor
    labels: Tensor
    threat: Threat
    seed: int

    def attacked(self, method: Method, threat: Threat | None = None) -> Result:
        """The model under one attack."""
        return attack(
            self.model,
            self.shown,
            self.labels,
            self.threat if threat is None else threat,
            method,
            options=Options(seed=self.seed),
        )


def probes(
    subject: Subject, straight: Result, steps: int, queries: int, gradient: bool = True
) -> list[Finding]:
    """straight: the plain attack with `steps` steps, which the others are held against.

    gradient: False for a model that has none: then only those without gradient are run.
    """
    count = len(subject.labels)
    # Two pictures, or two in a hundred, may differ by luck.
    luck = max(2, round(0.02 * count))
    withstood = straight.right & ~straight.success
    found = list[Finding]()

    if gradient:
        single = subject.attacked(fgsm())
        more = int((withstood & single.success).sum())
        found.append(
            Finding(
                ONE_STEP,
                more > luck,
                f"FGSM fools {more} of the {int(withstood.sum())} that {steps} steps of PGD leave.",
                "The loss is rough or flat on the way; smooth it, or climb another.",
            )
        )
        short = subject.attacked(pgd(SHORT))
        gain = short.robust_accuracy - straight.robust_accuracy
        found.append(
            Finding(
                MORE_STEPS,
                gain > max(0.02, 2 / max(1, count)),
                f"From {SHORT} to {steps} steps accuracy falls by {100 * gain:.1f} points.",
                "The attack had not ended; give it more steps, or a better direction.",
            )
        )
    noise = subject.attacked(random_noise(100))
    more = int((withstood & noise.success).sum())
    found.append(
        Finding(
            CHANCE_WINS,
            more > luck,
            f"100 random points fool {more} of those.",
            "The gradient is worse than none.",
        )
    )
    blind = subject.attacked(square(queries))
    more = int((withstood & blind.success).sum())
    found.append(
        Finding(
            BLIND_WINS,
            more > luck,
            f"Square, with {queries} looks, fools {more} of those.",
            "The gradient leads astray.",
        )
    )
    if gradient:
        found.append(_unbounded(subject, steps))
    return found


def _unbounded(subject: Subject, steps: int) -> Finding:
    low, high = subject.threat.low, subject.threat.high
    whole = Threat("linf", high - low, low, high)
    unbounded = subject.attacked(pgd(steps), whole)
    most = grey_bound(subject.labels, whole, answer=_grey_answer(subject))
    return Finding(
        NOT_ALL_FALLS,
        unbounded.robust_accuracy > max(most, 0.02),
        f"With the whole box to move in, {unbounded.robust_accuracy:.1%} are left; "
        f"{most:.1%} at most can be.",
        "The attack cannot even reach a grey picture: its direction is wrong.",
    )


def _grey_answer(subject: Subject) -> int:
    middle = (subject.threat.low + subject.threat.high) / 2
    with torch.no_grad():
        return int(subject.model(torch.full_like(subject.shown[:1], middle)).argmax(1))
