"""Small networks and seeded generators for the capsule tests."""

import pytest

pytest.importorskip("torch", reason="capsules need the extra train")

import torch

from triptych.capsules.presets import preset
from triptych.capsules.settings import Settings


@pytest.fixture(autouse=True)
def _one_thread():
    """Tests share the machine, and sums in one order are the same everywhere."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def small() -> Settings:
    """A network that takes milliseconds."""
    return preset("digits").changed(
        [
            "parts.count=5",
            "parts.width=8",
            "objects.layers=4",
            "objects.output=16",
            "objects.hidden=12",
            "parts.template=5",
            "train.batch=8",
            "objects.parameters=6",
        ]
    )
