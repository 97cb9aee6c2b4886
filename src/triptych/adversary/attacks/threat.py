"""What the attacker may do: which norm, how far, within which box of pixel values."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from triptych.adversary.attacks.norms import NORMS, Norm
from triptych.errors import BadInput

NormName = Literal["linf", "l2", "l1", "l0"]


@dataclass(frozen=True, slots=True, eq=False)
class Threat:
    """All pictures within `epsilon` of the clean one, inside the box.

    norm: linf, l2, l1 or l0. epsilon: >= 0, in units of the pictures' own values, for l0 the number
    of values that may change (a colour pixel has three); one number, or a tensor [N] with one for
    each example. low, high: the box of allowed pixel values. grid: allow only the 256 values of an
    8-bit picture, low + k (high - low) / 255; the clean pictures must then lie on them, and
    distances are counted in whole levels.
    Raises BadInput for a value that makes no sense.
    """

    norm: NormName
    epsilon: float | Tensor
    low: float = 0.0
    high: float = 1.0
    grid: bool = False

    def __post_init__(self) -> None:
        if self.norm not in NORMS:
            names = ", ".join(get_args(NormName))
            raise BadInput(f"norm is {self.norm!r}, but must be one of {names}.")
        if not self.low < self.high:
            raise BadInput(f"The box reaches from {self.low} to {self.high}; low must be below.")
        epsilon = torch.as_tensor(self.epsilon, dtype=torch.float64)
        if epsilon.ndim > 1:
            raise BadInput(f"epsilon has shape {list(epsilon.shape)}, but must be a number or [N].")
        if not (epsilon >= 0).all():  # NaN is not >= 0 either
            raise BadInput(f"epsilon is {float(epsilon.min())}, but must be 0 or more.")

        if self.norm == "l0" and not (epsilon.isinf() | (epsilon == epsilon.floor())).all():
            raise BadInput(
                f"epsilon is {float(epsilon.max()):g}, but for l0 it counts the values that may "
                "change: give a whole number."
            )

    @property
    def geometry(self) -> Norm:
        """The norm's projections and directions."""
        return NORMS[self.norm]

    def epsilons(self, count: int) -> Tensor:
        """One epsilon for each of `count` examples, [count] float64.

        Raises BadInput if there are as many epsilons as another number of examples.
        """
        epsilon = torch.as_tensor(self.epsilon, dtype=torch.float64).detach().cpu()
        if epsilon.ndim == 1 and len(epsilon) != count:
            raise BadInput(f"There are {len(epsilon)} epsilons for {count} examples.")
        return epsilon.expand(count).clone()

    def describe(self) -> str:
        """The threat model in a few words, such as `linf 0.0314`."""
        epsilon = torch.as_tensor(self.epsilon, dtype=torch.float64)
        if epsilon.numel() == 0:
            return self.norm
        least, most = float(epsilon.min()), float(epsilon.max())
        span = f"{least:.4g}" if least == most else f"{least:.4g} to {most:.4g}"
        return f"{self.norm} {span}" + (", 8-bit grid" if self.grid else "")
