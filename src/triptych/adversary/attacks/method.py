"""An attack as a description: which rule, climbing what, how often.

The functions at the end are the attacks by their names in the literature; each returns a `Method`,
which `attack` runs: `attack(model, pictures, labels, threat, pgd(steps=100, restarts=5))`.
"""

from dataclasses import dataclass, replace

from triptych.adversary.attacks.apgd import AutoStep
from triptych.adversary.attacks.carlini_wagner import TanhHinge
from triptych.adversary.attacks.ddn import Decoupled
from triptych.adversary.attacks.fmn import MinimumNorm
from triptych.adversary.attacks.found import Forward
from triptych.adversary.attacks.gradients import Direct, Source
from triptych.adversary.attacks.hop_skip_jump import HopSkipJump
from triptych.adversary.attacks.objectives import Objective, cross_entropy, difference, dlr, margin
from triptych.adversary.attacks.pgd import Noise, Steepest
from triptych.adversary.attacks.rules import Rule
from triptych.adversary.attacks.sigma_zero import FewestValues
from triptych.adversary.attacks.square import RandomSquares
from triptych.adversary.attacks.threat import NormName, Threat
from triptych.errors import BadInput


@dataclass(frozen=True, slots=True)
class Method:
    """What is run on each example.

    restarts: independent jobs for each example, each begun if those before it have failed.
    aims: how many wrong classes are aimed at, one after the other, those with the largest clean
    logits first; 0 aims at none. samples: the gradient is estimated from so many pairs of values;
    0 takes it from the model. minimum: looks for the smallest distance, so epsilon may be
    infinite, and with an infinite one jobs do not end at success. gradient: where directions come
    from; None means the objective's own gradient through the attacked model.
    """

    name: str
    rule: Rule
    objective: Objective
    restarts: int = 1
    aims: int = 0
    minimum: bool = False
    gradient: Source | None = None
    samples: int = 0

    def roams(self, threat: Threat) -> bool:
        """Whether it looks at pictures beyond epsilon on its way, which are no success."""
        return self.minimum or (threat.norm == "l1" and isinstance(self.rule, AutoStep))

    @property
    def may_circle(self) -> bool:
        """Whether the next picture follows from the present one alone."""
        walks = isinstance(self.rule, Steepest) and not self.rule.momentum
        own = self.gradient is None or isinstance(self.gradient, Direct)
        return walks and own and not self.samples

    def __post_init__(self) -> None:
        if self.samples < 0:
            raise BadInput(f"samples is {self.samples}, but must be 0 or more.")
        if self.restarts < 1:
            raise BadInput(f"restarts is {self.restarts}, but must be at least 1.")
        if self.aims < 0:
            raise BadInput(f"aims is {self.aims}, but must be 0 or more.")


def fgsm(objective: Objective = cross_entropy, gradient: Source | None = None) -> Method:
    """One step of length epsilon from the clean picture (Goodfellow et al. 2015)."""
    rule = Steepest(1, relative_step=1.0, random=False)
    return Method("fgsm", rule, objective, gradient=gradient)


def pgd(
    steps: int = 40,
    step_size: float | None = None,
    restarts: int = 1,
    objective: Objective = cross_entropy,
    momentum: float = 0.0,
    random: bool = True,
    gradient: Source | None = None,
) -> Method:
    """Projected gradient descent (Madry et al. 2018); step 2.5 epsilon / steps if not given."""
    rule = Steepest(steps, step_size, momentum=momentum, random=random)
    return Method("pgd", rule, objective, restarts, gradient=gradient)


def apgd(
    steps: int = 100,
    restarts: int = 1,
    objective: Objective = cross_entropy,
    gradient: Source | None = None,
) -> Method:
    """Auto-PGD on cross-entropy, or `objective=dlr` (Croce and Hein 2020)."""
    name = f"apgd-{getattr(objective, '__name__', 'objective')}"
    return Method(name, AutoStep(steps), objective, restarts, gradient=gradient)


def apgd_targeted(steps: int = 100, aims: int = 9, objective: Objective = dlr) -> Method:
    """Auto-PGD aimed at each of the `aims` nearest classes, any wrong answer counts.

    Where there are fewer wrong classes, all are aimed at. Use `difference` below 4 classes.
    """
    return Method("apgd-targeted", AutoStep(steps), objective, aims=aims)


def fmn(steps: int = 100, aims: int = 0, restarts: int = 1, step_size: float = 1.0) -> Method:
    """Fast minimum-norm attack (Pintor et al. 2021); aimed at the nearest classes if `aims`."""
    rule = MinimumNorm(steps, step_size)
    objective = difference if aims else margin
    return Method("fmn", rule, objective, restarts, aims, minimum=True)


def carlini_wagner(searches: int = 9, inner: int = 100, rate: float = 0.01) -> Method:
    """Carlini and Wagner's L2 attack (2017), for Threat("l2", ...)."""
    return Method("cw", TanhHinge(searches, inner, rate), margin, minimum=True)


def ddn(steps: int = 100, restarts: int = 1) -> Method:
    """Decoupled direction and norm (Rony et al. 2019), for Threat("l2", ...)."""
    return Method("ddn", Decoupled(steps), cross_entropy, restarts, minimum=True)


def sigma_zero(steps: int = 200, restarts: int = 1) -> Method:
    """The fewest changed values (Cinà et al. 2025), for Threat("l0", ...)."""
    return Method("sigma-zero", FewestValues(steps), margin, restarts, minimum=True)


def nes(
    steps: int = 50, samples: int = 25, step_size: float | None = None, restarts: int = 1
) -> Method:
    """PGD whose gradient is estimated from values alone (Ilyas et al. 2018).

    Costs 2 `samples` + 1 forward passes a step.
    """
    return Method("nes", Steepest(steps, step_size), margin, restarts, samples=samples)


def square(queries: int = 5000, restarts: int = 1) -> Method:
    """Square attack: no gradients (Andriushchenko et al. 2020)."""
    return Method("square", RandomSquares(queries), margin, restarts)


def hop_skip_jump(queries: int = 5000, restarts: int = 1) -> Method:
    """HopSkipJump, for L-infinity and L2: hears answers, no logits (Chen et al. 2020)."""
    return Method("hop-skip-jump", HopSkipJump(queries), margin, restarts, minimum=True)


def random_noise(draws: int = 100) -> Method:
    """The best of some random points of the ball."""
    return Method("noise", Noise(draws), margin)


def transfer(
    surrogate: Forward, method: Method | None = None, objective: Objective = cross_entropy
) -> Method:
    """Climb on another model, and see at each step whether the attacked one is fooled, too.

    method: how to climb; 40 steps of PGD if not given.
    """
    chosen = pgd(objective=objective) if method is None else method
    return replace(
        chosen,
        name=f"transfer-{chosen.name}",
        objective=objective,
        gradient=Direct(surrogate, objective),
    )


def standard(
    classes: int, queries: int = 5000, steps: int = 100, norm: NormName = "linf"
) -> tuple[Method, ...]:
    """Attacks that fail for different reasons, each on what the ones before have left.

    After AutoAttack (Croce and Hein 2020): Auto-PGD on cross-entropy, then aimed at up to 9
    classes by DLR; FMN aimed likewise, in the place of FAB; Square. In L0, whose ball has no
    slopes to slide along, sigma-zero comes first, and there is no Square.
    """
    aims = min(9, classes - 1)
    chosen = (
        apgd(steps),
        apgd_targeted(steps, aims, dlr if classes >= 4 else difference),
        fmn(steps, aims),
    )
    if norm == "l0":
        return (sigma_zero(2 * steps), *chosen)
    return (*chosen, square(queries))


def black_box(queries: int = 5000) -> tuple[Method, ...]:
    """For models without gradient: random noise, Square, and estimated gradients."""
    return (random_noise(), square(queries), nes())
