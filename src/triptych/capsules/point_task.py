"""Training on constellations by the common loop: points are drawn anew for each step."""

import numpy as np
import torch
from torch import Tensor, nn

from triptych.capsules.constellation import Constellation, terms, weigh
from triptych.capsules.points import Constellations, assignment_accuracy, draw
from triptych.capsules.settings import Settings
from triptych.capsules.train import optimiser

_WATCHED = 1000
_TEST_SEED = 2019


class PointObjective(nn.Module):
    """The network and its loss as one module, so that one call trains it on any device."""

    def __init__(self, network: Constellation) -> None:
        super().__init__()
        self.network = network

    def forward(self, points: Tensor, presence: Tensor) -> dict[str, Tensor]:
        """Every term of the loss, unweighted, and the weighted `loss`."""
        found = terms(self.network(points, presence), presence)
        return {"loss": weigh(found, self.network.settings), **found}


class PointTask:
    """Brings a constellation network to `triptych.fit`. See there for what each method is for."""

    def __init__(self, settings: Settings, seed: int) -> None:
        torch.manual_seed(seed)
        self.settings = settings
        self.network: nn.Module = PointObjective(Constellation(settings))

    def optimizer(self) -> torch.optim.Optimizer:
        """As `train.optimiser` says."""
        return optimiser(list(self.network.parameters()), self.settings.train)

    def batch(self, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Points [B, 11, 2] and presences [B, 11], drawn anew."""
        drawn = draw(self.settings.train.batch, generator)
        return drawn.points, drawn.presence

    def loss(
        self, network: nn.Module, batch: tuple[Tensor, ...]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted loss, and its terms."""
        found: dict[str, Tensor] = network(*batch)
        return found.pop("loss"), found

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Points given to the right object, of a fixed set."""
        points = network.network
        assert isinstance(points, Constellation)
        return {"assignment_accuracy": score(points, test_constellations(_WATCHED))}


def test_constellations(count: int = 10_000) -> Constellations:
    """The same ones each time; training draws its own by other seeds."""
    return draw(count, np.random.default_rng([_TEST_SEED]))


@torch.no_grad()
def score(network: Constellation, drawn: Constellations) -> float:
    """Share of the points that a network gives to the right object, 0..1."""
    device = next(network.parameters()).device
    owners: list[Tensor] = []
    for points, presence in zip(drawn.points.split(500), drawn.presence.split(500), strict=True):
        owners.append(network(points.to(device), presence.to(device), noise=False).owner.cpu())
    return assignment_accuracy(torch.cat(owners), drawn.owners, drawn.presence)
