"""What to do when a defence hides its gradient (Athalye, Carlini and Wagner 2018).

shattered gradients     `bpda`: forward as it is, backward through a stand-in
random defences         `Expectation`: the mean gradient over draws
rough loss surface      `Averaged`: the mean gradient over a neighbourhood
no gradient at all      `Estimated`: finite differences (natural evolution strategies)
votes and odd heads     `Direct` on a member, or on the pipeline under another head
several models at once  `Blend` (a weighted sum), `Weakest` (whichever is fooled least)

Each is a source of directions (see `gradients`), so they nest as the defence does.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

from triptych.adversary.attacks.found import searcher
from triptych.adversary.attacks.gradients import Look, Slope, Source
from triptych.adversary.attacks.noise import mix, normal, uniform
from triptych.adversary.attacks.objectives import Objective
from triptych.adversary.attacks.pipeline import identity
from triptych.adversary.attacks.rows import Rows, where_rows
from triptych.errors import BadInput

Function = Callable[[Tensor], Tensor]


def bpda(function: Function, stand_in: Function = identity) -> Function:
    """A function with the values of `function` and the gradient of `stand_in`.

    Both map a tensor to one of the same shape; the identity serves wherever function(x) is near x,
    as for quantisers and smoothing. Backward-pass differentiable approximation, section 4.1.
    """

    def forward(inputs: Tensor) -> Tensor:
        return _StandIn.apply(inputs, function, stand_in)  # type: ignore[no-any-return]

    return forward


class _StandIn(torch.autograd.Function):
    """Not x' + (f(x) - x').detach(): that would round f's values."""

    @staticmethod
    def forward(ctx, inputs: Tensor, function: Function, stand_in: Function) -> Tensor:
        ctx.save_for_backward(inputs)
        ctx.stand_in = stand_in
        return function(inputs.detach())

    @staticmethod
    def backward(ctx, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (inputs,) = ctx.saved_tensors
        leaf = inputs.detach().requires_grad_(True)
        with torch.enable_grad():
            outputs = ctx.stand_in(leaf)
        if outputs.shape != gradients[0].shape:
            raise BadInput(
                f"The stand-in gives shape {list(outputs.shape)} where the function gives "
                f"{list(gradients[0].shape)}; they must agree."
            )
        (gradient,) = torch.autograd.grad(outputs, leaf, gradients[0])
        return gradient, None, None


class Expectation:
    """The mean slope over several draws of a model's own randomness (EOT, Athalye et al. 2018)."""

    def __init__(self, source: Source, draws: int) -> None:
        self.source = source
        self.draws = _at_least_one("draws", draws)

    def look(self, points: Tensor, rows: Rows) -> Look:
        """Draw all; the logits that decide are those of the first draw."""
        looks = [self.source.look(points, rows) for _ in range(self.draws)]
        return Look(
            looks[0].logits,
            lambda: _sum([look.slope() for look in looks], [1 / self.draws] * self.draws),
            sum(look.forwards for look in looks),
        )

    def modules(self) -> Iterator[nn.Module]:
        """Those of the source inside."""
        return self.source.modules()


class Averaged:
    """The mean slope of the point and of draws within `radius` of it in each coordinate.

    Smooths a loss surface that is rough or flat in places (Tramèr et al. 2020 on k-WTA). The
    values and the logits that decide are those at the point itself.
    """

    def __init__(self, source: Source, draws: int, radius: float) -> None:
        self.source = source
        self.draws = _at_least_one("draws", draws)
        self.radius = radius

    def look(self, points: Tensor, rows: Rows) -> Look:
        """One look at the point itself, and the draws when asked for the slope."""
        here = self.source.look(points, rows)

        def slope() -> Slope:
            slopes = [here.slope()]
            forwards = 0
            for draw in range(self.draws):
                keys = mix(mix(rows.keys, rows.step), 100 + draw)
                noise = (2 * uniform(keys, points.shape[1:]) - 1) * self.radius
                look = self.source.look(points + noise.to(points.dtype), rows)
                forwards += look.forwards
                slopes.append(look.slope())
            mean = _sum(slopes, [1 / len(slopes)] * len(slopes))
            return Slope(slopes[0].values, mean.gradient, mean.forwards + forwards, mean.backwards)

        return Look(here.logits, slope, here.forwards)

    def modules(self) -> Iterator[nn.Module]:
        """Those of the source inside."""
        return self.source.modules()


class Estimated:
    """The gradient by antithetic finite differences along random directions (Ilyas et al. 2018).

    Needs nothing but values: for models without gradient, at 2 forward passes a sample.
    model: the attacked one. sigma: length scale of the differences, in pixel units.
    """

    def __init__(
        self, model: Function, objective: Objective, samples: int = 50, sigma: float = 0.01
    ) -> None:
        self.model = model
        self.forward = searcher(model)
        self.objective = objective
        self.samples = _at_least_one("samples", samples)
        self.sigma = sigma

    def look(self, points: Tensor, rows: Rows) -> Look:
        """One forward pass now, 2 for each sample when asked for the slope."""
        with torch.no_grad():
            logits = self.forward(points)

        def value(at: Tensor) -> Tensor:
            with torch.no_grad():
                return self.objective(self.forward(at), rows.labels, rows.aims)

        def slope() -> Slope:
            gradient = torch.zeros_like(points)
            for sample in range(self.samples):
                keys = mix(mix(rows.keys, rows.step), 200 + sample)
                way = normal(keys, points.shape[1:]).to(points.dtype)
                rise = value(points + self.sigma * way) - value(points - self.sigma * way)
                gradient += rise.to(points.dtype).view(-1, *(1,) * (points.ndim - 1)) * way
            values = self.objective(logits, rows.labels, rows.aims)
            scale = 1 / (2 * self.sigma * self.samples)
            return Slope(values, gradient * scale, 2 * self.samples * len(points))

        return Look(logits, slope, len(points))

    def modules(self) -> Iterator[nn.Module]:
        """The model, if it is a module."""
        if isinstance(self.model, nn.Module):
            yield self.model


class Blend:
    """The weighted sum of several sources: one picture that is to fool several models at once.

    The logits that decide are those of the first source that has any.
    """

    def __init__(self, parts: Sequence[tuple[Source, float]]) -> None:
        self.parts = tuple(parts)
        _at_least_one("parts", len(self.parts))

    def look(self, points: Tensor, rows: Rows) -> Look:
        """Look with every part."""
        looks = [source.look(points, rows) for source, _ in self.parts]
        weights = [weight for _, weight in self.parts]
        return Look(
            _first_logits(looks),
            lambda: _sum([look.slope() for look in looks], weights),
            sum(look.forwards for look in looks),
        )

    def modules(self) -> Iterator[nn.Module]:
        """Those of all parts."""
        for source, _ in self.parts:
            yield from source.modules()


class Weakest:
    """For each example the source with the lowest value: push where least is reached (max-min).

    The sources' objectives must be on one scale, such as margins.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        _at_least_one("sources", len(self.sources))

    def look(self, points: Tensor, rows: Rows) -> Look:
        """Look with every source."""
        looks = [source.look(points, rows) for source in self.sources]

        def slope() -> Slope:
            slopes = [look.slope() for look in looks]
            chosen = slopes[0]
            for other in slopes[1:]:
                lower = other.values < chosen.values
                chosen = Slope(
                    torch.where(lower, other.values, chosen.values),
                    where_rows(lower, gradient_of(other), gradient_of(chosen)),
                    chosen.forwards + other.forwards,
                    chosen.backwards + other.backwards,
                )
            return chosen

        return Look(_first_logits(looks), slope, sum(look.forwards for look in looks))

    def modules(self) -> Iterator[nn.Module]:
        """Those of all sources."""
        for source in self.sources:
            yield from source.modules()


def gradient_of(slope: Slope) -> Tensor:
    """The slope's gradient. Raises BadInput for a source that has none."""
    if slope.gradient is None:
        raise BadInput("This remedy needs gradients, but the source inside gives none.")
    return slope.gradient


def _sum(slopes: Sequence[Slope], weights: Sequence[float]) -> Slope:
    pairs = list(zip(slopes, weights, strict=True))
    values = torch.stack([slope.values * weight for slope, weight in pairs]).sum(0)
    gradient = torch.stack([gradient_of(slope) * weight for slope, weight in pairs]).sum(0)
    return Slope(
        values,
        gradient,
        sum(slope.forwards for slope in slopes),
        sum(slope.backwards for slope in slopes),
    )


def _first_logits(looks: Sequence[Look]) -> Tensor | None:
    return next((look.logits for look in looks if look.logits is not None), None)


def _at_least_one(name: str, value: int) -> int:
    if value < 1:
        raise BadInput(f"{name} is {value}, but must be at least 1.")
    return value
