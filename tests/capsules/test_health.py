"""The three failures of the talk are told apart, with the setting that helps."""

import pytest
import torch

from triptych.capsules.health import examine
from triptych.capsules.model import StackedCapsules
from triptych.capsules.parts import Parts


def check(small, pose, logit, *changes):
    """Health of a network whose parts are as told."""
    network = StackedCapsules(small.changed(changes)).eval()
    parts = Parts(
        torch.tensor(pose).expand(4, 5, 6),
        torch.as_tensor(logit).expand(4, 5),
        torch.zeros(4, 5, 16),
    )
    return examine(network, network.explain(parts))


def test_healthy_parts_raise_no_warning(small):
    """Small templates within the frame, all present."""
    found = check(small, [0.3, 0.0, 0.2, 0.0, 0.3, -0.2], 5.0)
    assert found.out_of_frame == found.over_zoomed == found.never_used == 0
    assert found.scale_histogram[3] == pytest.approx(1) or found.scale_histogram[2] == 1
    assert [w for w in found.warnings() if "blank" not in w] == []


def test_parts_out_of_frame(small):
    """Their centre sits on the border."""
    found = check(small, [0.3, 0.0, 0.99, 0.0, 0.3, 0.0], 5.0)
    assert found.out_of_frame == pytest.approx(1)
    assert any("parts.pose_gain" in sentence for sentence in found.warnings())


def test_over_zoomed_parts(small):
    """They cover the canvas; without inverse space a small pose does."""
    assert check(small, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], 5.0).over_zoomed == pytest.approx(1)
    pose = [0.3, 0.0, 0.0, 0.0, 0.3, 0.0]
    ports = check(small, pose, 5.0, "parts.inverse=false")
    assert ports.over_zoomed == pytest.approx(1)
    assert any("parts.inverse" in sentence for sentence in ports.warnings())


def test_parts_that_are_never_used(small):
    """Two of five parts are never present."""
    logit = torch.tensor([5.0, 5.0, -9.0, 5.0, -9.0])
    found = check(small, [0.3, 0.0, 0.2, 0.0, 0.3, -0.2], logit)
    assert found.never_used == pytest.approx(0.4)
    assert any("parts.noise" in sentence for sentence in found.warnings())
    assert found.presence[0] > 0.99 and found.presence[2] < 0.01
