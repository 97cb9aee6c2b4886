import pytest
import torch
from torch import nn


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)


class Make:
    """Small models and pictures in float64, so that orders of summation do not matter."""

    @staticmethod
    def generator(seed=0):
        """A seeded generator."""
        return torch.Generator().manual_seed(seed)

    def pictures(self, count=12, shape=(1, 4, 4), seed=0, dtype=torch.float64):
        """Pictures from 0.2 to 0.8."""
        draw = torch.rand(count, *shape, generator=self.generator(seed), dtype=torch.float64)
        return (0.2 + 0.6 * draw).to(dtype)

    def linear(self, size=16, classes=3, seed=1, dtype=torch.float64):
        """One linear layer, whose nearest decision boundary is known in closed form."""
        layer = nn.Linear(size, classes, dtype=dtype)
        with torch.no_grad():
            layer.weight.copy_(torch.randn(classes, size, generator=self.generator(seed)))
            layer.bias.copy_(torch.randn(classes, generator=self.generator(seed + 1)) * 0.1)
        return nn.Sequential(nn.Flatten(), layer)

    def network(self, size=16, classes=5, seed=1, dtype=torch.float64):
        """Two layers with a kink between them."""
        layers = [nn.Linear(size, 24, dtype=dtype), nn.Linear(24, classes, dtype=dtype)]
        with torch.no_grad():
            for number, layer in enumerate(layers):
                draw = torch.randn(layer.weight.shape, generator=self.generator(seed + number))
                layer.weight.copy_(draw / 2)
                layer.bias.zero_()
        return nn.Sequential(nn.Flatten(), layers[0], nn.ReLU(), layers[1])

    def answers(self, model, pictures):
        """What the model says."""
        with torch.no_grad():
            return model(pictures).argmax(1)


@pytest.fixture(scope="session")
def make():
    return Make()
