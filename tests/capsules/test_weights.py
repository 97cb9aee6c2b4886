"""Files of weights: what is saved comes back, and what is no such file is refused."""

import json

import pytest
import torch
from safetensors.torch import save_file

from triptych.capsules.model import StackedCapsules
from triptych.capsules.weights import load_network, save
from triptych.errors import BrokenModel


def test_files_that_hold_no_capsule_network(tmp_path, small):
    """Garbage, foreign tensors, and weights that do not fit each get a sentence."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"garbage that is long enough to have a header")
    with pytest.raises(BrokenModel, match="cannot be read as weights"):
        load_network(path)
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(BrokenModel, match="does not say which settings"):
        load_network(path)
    described = {"settings": small.model_dump(), "seed": 0, "steps": 1}
    save_file({"x": torch.zeros(1)}, path, {"network": json.dumps(described)})
    with pytest.raises(BrokenModel, match="does not fit the settings"):
        load_network(path)


def test_saved_weights_read_the_same(tmp_path, small):
    """A network that was saved and loaded says the same, bit by bit."""
    network = StackedCapsules(small).eval()
    save(network, tmp_path / "model.safetensors")
    pictures = torch.rand(2, 1, 16, 16)
    again = load_network(tmp_path / "model.safetensors")
    assert again.settings == small
    assert torch.equal(network(pictures).posterior, again(pictures).posterior)
