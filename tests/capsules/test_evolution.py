"""Snapshots of templates: when they are taken, and that they come back in order."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from triptych.capsules.evolution import is_due, keep, snapshots
from triptych.capsules.model import StackedCapsules
from triptych.capsules.sheets import template_ink
from triptych.errors import BadInput


def test_snapshots_are_dense_early_and_few_in_all():
    """Each of the first ten steps, and no more than 150 in the longest run."""
    due = [step for step in range(1, 300_001) if is_due(step)]
    assert due[:10] == list(range(1, 11))
    assert len(due) < 150
    assert max(later / step for step, later in pairwise(due[10:])) < 1.25


def test_snapshots_come_back_in_the_order_of_their_steps(tmp_path, small):
    """To a 255th, also past a million steps, where names grow longer."""
    network = StackedCapsules(small)
    assert snapshots(tmp_path) == []
    for step in (2_000_000, 7):
        keep(network, tmp_path, step)
    found = snapshots(tmp_path)
    assert [step for step, _ in found] == [7, 2_000_000]
    ink = torch.from_numpy(found[0][1]) / 255
    assert ink.shape == (5, 1, 5, 5)
    assert (ink - template_ink(network).detach()).abs().max() <= 0.5 / 255 + 1e-6
    assert torch.allclose(ink.amax((1, 2, 3)), torch.ones(5))


def test_a_damaged_snapshot_is_named(tmp_path):
    """One sentence with the path."""
    (tmp_path / "evolution").mkdir()
    np.save(tmp_path / "evolution" / "000001.npy", np.zeros(3, np.uint8))
    (tmp_path / "evolution" / "000002.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(BadInput, match=r"000002\.npy is damaged"):
        snapshots(tmp_path)
