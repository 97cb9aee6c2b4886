"""Small networks and seeded generators for the capsule tests."""

import pytest

pytest.importorskip("torch", reason="capsules need the extra train")

import torch

from triptych.capsules.sections import Data, Objects, Parts, Train
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
    """A network that takes milliseconds, as plain as the paper's; tests change what they are of."""
    return Settings(
        preset="digits",
        data=Data(name="digits", canvas=16, place="resize"),
        parts=Parts(
            count=5,
            template=5,
            width=8,
            strides=(2, 1, 1),
            mixed_attention=False,
            pixel_scale=0.3,
        ),
        objects=Objects(
            layers=(4,),
            output=16,
            hidden=12,
            parameters=6,
            presence_mask="log",
            smallest_vote_scale=0.1,
        ),
        train=Train(
            steps=2000, batch=8, optimiser="adam", rate=3e-3, template_rate=10.0, average=0.99
        ),
    )
