"""RMSProp as TensorFlow 1 defines it, which the paper's numbers were made with.

It differs from `torch.optim.RMSprop` in three ways that matter: epsilon is added inside the square
root (so tiny gradients take far smaller steps), the mean square starts at one (a warm-up of some
tens of steps), and the rate is inside the momentum buffer:

    v <- decay v + (1 - decay) g²;  m <- momentum m + rate g / sqrt(v + epsilon);  w <- w - m
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class RMSPropTF(torch.optim.Optimizer):
    """RMSProp with TensorFlow 1's semantics; see the module.

    lr: the rate, over 0. decay, momentum: in [0, 1). epsilon: over 0.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        decay: float = 0.9,
        momentum: float = 0.9,
        epsilon: float = 1e-6,
    ) -> None:
        super().__init__(
            params, {"lr": lr, "decay": decay, "momentum": momentum, "epsilon": epsilon}
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """One update of all parameters that have a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if not weights:
                continue
            for weight in weights:
                if not self.state[weight]:
                    self.state[weight] = {
                        "mean_square": torch.ones_like(weight),
                        "momentum": torch.zeros_like(weight),
                    }
            for weight in weights:
                grad, state = weight.grad, self.state[weight]
                square, move = state["mean_square"], state["momentum"]
                square.mul_(group["decay"]).addcmul_(grad, grad, value=1 - group["decay"])
                root = (square + group["epsilon"]).sqrt_()
                move.mul_(group["momentum"]).addcdiv_(grad, root, value=group["lr"])
                weight.sub_(move)
        return loss
