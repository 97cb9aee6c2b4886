"""The geometry of the L-infinity, L2, L1 and L0 balls: length, projection, steepest step, start.

One object of a few verbs for each norm, shared by all attacks and by adversarial training. All
work on batches of any picture shape [B, ...], with one radius for each example.
"""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor

from triptych.adversary.attacks.noise import normal, uniform
from triptych.adversary.attacks.projections import onto_l1, onto_l2

L1_SHARE = 0.05
"""Share of the coordinates that one L1 step moves (Tramèr and Boneh 2019 use 1 to 20 %)."""


class Norm(Protocol):
    """What an attack needs to know about a norm."""

    def length(self, displacement: Tensor) -> Tensor:
        """The norm of each displacement [B, ...] -> [B]."""
        ...

    def dual(self, gradient: Tensor) -> Tensor:
        """The dual norm of each gradient [B, ...] -> [B]: the rise of a step of length 1."""
        ...

    def project(
        self, point: Tensor, clean: Tensor, epsilon: Tensor, low: float, high: float
    ) -> Tensor:
        """The nearest picture (Euclidean) within epsilon [B] of `clean` and inside the box."""
        ...

    def steepest(self, gradient: Tensor) -> Tensor:
        """The ascent direction of length 1 [B, ...]; zero where the gradient is zero."""
        ...

    def start(self, clean: Tensor, epsilon: Tensor, keys: Tensor) -> Tensor:
        """A displacement drawn uniformly from the ball of radius epsilon [B], by keys [B]."""
        ...


def spread(value: Tensor, like: Tensor) -> Tensor:
    """Shape one number for each example [B] so that it broadcasts over `like` [B, ...]."""
    return value.to(like.dtype).view(-1, *(1,) * (like.ndim - 1))


def _size(picture: Tensor) -> int:
    """The number of coordinates of one picture of a batch, which may be empty."""
    return math.prod(picture.shape[1:])


def _room(displacement: Tensor, clean: Tensor, low: float, high: float) -> Tensor:
    """How far each coordinate can go in the direction of its displacement, >= 0."""
    return torch.where(displacement > 0, high - clean, clean - low).clamp_min(0)


class Linf:
    """No pixel moves by more than epsilon."""

    def length(self, displacement: Tensor) -> Tensor:
        """Largest magnitude."""
        return displacement.flatten(1).abs().amax(1)

    def dual(self, gradient: Tensor) -> Tensor:
        """Sum of magnitudes."""
        return gradient.flatten(1).abs().sum(1)

    def project(
        self, point: Tensor, clean: Tensor, epsilon: Tensor, low: float, high: float
    ) -> Tensor:
        """Clip each coordinate: ball and box are both boxes."""
        radius = spread(epsilon, clean)
        return point.clamp(clean - radius, clean + radius).clamp(low, high)

    def steepest(self, gradient: Tensor) -> Tensor:
        """The signs."""
        return gradient.sign()

    def start(self, clean: Tensor, epsilon: Tensor, keys: Tensor) -> Tensor:
        """Each coordinate uniform in -epsilon..epsilon."""
        draw = uniform(keys, clean.shape[1:]).to(clean.dtype)
        return (2 * draw - 1) * spread(epsilon, clean)


class L2:
    """The Euclidean distance stays within epsilon."""

    def length(self, displacement: Tensor) -> Tensor:
        """Euclidean length."""
        return displacement.flatten(1).square().sum(1).sqrt()

    def dual(self, gradient: Tensor) -> Tensor:
        """Euclidean length: L2 is its own dual."""
        return self.length(gradient)

    def project(
        self, point: Tensor, clean: Tensor, epsilon: Tensor, low: float, high: float
    ) -> Tensor:
        """Scale all coordinates that are not at a wall of the box by one number."""
        return _signed(onto_l2, point, clean, epsilon, low, high)

    def steepest(self, gradient: Tensor) -> Tensor:
        """The gradient at length 1; scaled first, so that tiny ones do not underflow."""
        largest = spread(Linf().length(gradient), gradient)
        scaled = gradient / torch.where(largest > 0, largest, 1)
        length = spread(self.length(scaled), gradient)
        return scaled / torch.where(length > 0, length, 1)

    def start(self, clean: Tensor, epsilon: Tensor, keys: Tensor) -> Tensor:
        """A uniform direction at a distance that makes the draw uniform in the ball's volume."""
        flat = normal(keys, (_size(clean),))
        direction = flat / flat.square().sum(1, keepdim=True).sqrt()
        share = uniform(keys, (1,), salt=7) ** (1 / flat.shape[1])
        return (direction * share * epsilon[:, None]).to(clean.dtype).reshape(clean.shape)


class L1:
    """The sum of all changes stays within epsilon."""

    def length(self, displacement: Tensor) -> Tensor:
        """Sum of magnitudes."""
        return displacement.flatten(1).abs().sum(1)

    def dual(self, gradient: Tensor) -> Tensor:
        """Largest magnitude."""
        return Linf().length(gradient)

    def project(
        self, point: Tensor, clean: Tensor, epsilon: Tensor, low: float, high: float
    ) -> Tensor:
        """Soft-threshold all coordinates by one number, within the walls of the box."""
        return _signed(onto_l1, point, clean, epsilon, low, high)

    def steepest(self, gradient: Tensor) -> Tensor:
        """Equal steps in the 5 % of coordinates with the largest gradient (Tramèr, Boneh 2019).

        The steepest step would move one coordinate only, which takes too many steps to get far.
        """
        flat = gradient.flatten(1)
        count = max(1, round(L1_SHARE * flat.shape[1]))
        chosen = flat.abs().topk(count, dim=1).indices
        step = torch.zeros_like(flat).scatter(1, chosen, flat.gather(1, chosen).sign())
        length = step.abs().sum(1, keepdim=True)
        return (step / torch.where(length > 0, length, 1)).reshape(gradient.shape)

    def start(self, clean: Tensor, epsilon: Tensor, keys: Tensor) -> Tensor:
        """Uniform in the cross-polytope: exponential magnitudes over their sum plus one more."""
        size = _size(clean)
        magnitude = -torch.log1p(-uniform(keys, (size + 1,)))
        share = magnitude[:, :size] / magnitude.sum(1, keepdim=True)
        sign = torch.where(uniform(keys, (size,), salt=7) < 0.5, -1.0, 1.0)
        return (share * sign * epsilon[:, None]).to(clean.dtype).reshape(clean.shape)


class L0:
    """At most epsilon values change, each as far as the box allows; not a norm, but called one."""

    def length(self, displacement: Tensor) -> Tensor:
        """How many values have changed."""
        return (displacement != 0).flatten(1).sum(1).to(displacement.dtype)

    def dual(self, gradient: Tensor) -> Tensor:
        """Largest magnitude: the rise where one value changes by 1."""
        return Linf().length(gradient)

    def project(
        self, point: Tensor, clean: Tensor, epsilon: Tensor, low: float, high: float
    ) -> Tensor:
        """Keep the changes that are worth most within the box, undo all others."""
        allowed = point.clamp(low, high)
        worth = (point - clean).square() - (point - allowed).square()
        ranks = worth.flatten(1).argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        kept = ranks < epsilon.floor()[:, None]
        return torch.where(kept.reshape(clean.shape), allowed, clean)

    def steepest(self, gradient: Tensor) -> Tensor:
        """The gradient, its largest value 1.

        After a long step the projection keeps the values with the largest gain, gradient times
        room, which for a linear model is the best there is.
        """
        largest = spread(Linf().length(gradient), gradient)
        return gradient / torch.where(largest > 0, largest, 1)

    def start(self, clean: Tensor, epsilon: Tensor, keys: Tensor) -> Tensor:
        """Epsilon random values, each moved by -1..1; the box is for the projection to see to."""
        size = _size(clean)
        ranks = uniform(keys, (size,), salt=7).argsort(dim=1).argsort(dim=1)
        chosen = (ranks < epsilon.floor()[:, None]).reshape(clean.shape)
        draw = (2 * uniform(keys, clean.shape[1:]) - 1).to(clean.dtype)
        return torch.where(chosen, draw, 0.0)


def _signed(
    onto: Callable[[Tensor, Tensor, Tensor], Tensor],
    point: Tensor,
    clean: Tensor,
    epsilon: Tensor,
    low: float,
    high: float,
) -> Tensor:
    displacement = point - clean
    room = _room(displacement, clean, low, high)
    magnitude = displacement.abs()
    nearest = onto(magnitude.flatten(1), room.flatten(1), epsilon.to(clean.dtype))
    nearest = nearest.reshape(clean.shape)
    # What need not move stays as it is, free of the rounding of a difference and a sum.
    moved = clean + displacement.sign() * nearest
    return torch.where(nearest == magnitude, point, moved).clamp(low, high)


NORMS: Mapping[str, Norm] = {"linf": Linf(), "l2": L2(), "l1": L1(), "l0": L0()}
"""The norms by name."""
