"""The detector's losses against loops that spell out the papers' formulas."""

import math

import numpy as np
import pytest
import torch

from triptych.gesture.learn.detector import KINDS, STRIDE, Detector, box_loss, heat_loss
from triptych.gesture.perceive import detector as runtime


def random(seed: int, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
    """Uniform numbers."""
    values = np.random.default_rng(seed).uniform(low, high, shape)
    return torch.from_numpy(values.astype(np.float32))


def test_heat_loss_is_the_papers_formula() -> None:
    """CornerNet's equation 1 with alpha 2 and beta 4, masked, over the number of centres."""
    logits, target = random(0, 2, 2, 4, 5, low=-3, high=3), random(1, 2, 2, 4, 5, high=0.95)
    mask = (random(2, 2, 2, 4, 5) > 0.3).float()
    for place in ((0, 0, 1, 1), (0, 1, 2, 4), (1, 0, 0, 0)):
        target[place], mask[place] = 1.0, 1.0
    total, centres = 0.0, 0
    for place in np.ndindex(*logits.shape):
        p = 1 / (1 + math.exp(-float(logits[place])))
        y = float(target[place])
        if float(mask[place]) == 0:
            continue
        if y == 1:
            centres += 1
            total -= (1 - p) ** 2 * math.log(p)
        else:
            total -= (1 - y) ** 4 * p**2 * math.log(1 - p)
    assert float(heat_loss(logits, target, mask)) == pytest.approx(total / centres, rel=1e-4)


def test_heat_loss_without_any_centre_is_not_divided_by_zero() -> None:
    """An empty picture's loss is the sum of its misses."""
    logits, zero = torch.full((1, 2, 2, 2), -4.0), torch.zeros(1, 2, 2, 2)
    p = 1 / (1 + math.exp(4))
    wanted = -8 * p**2 * math.log(1 - p)
    assert float(heat_loss(logits, zero, torch.ones_like(zero))) == pytest.approx(wanted, rel=1e-4)
    assert float(heat_loss(logits, zero, zero)) == 0


@pytest.mark.parametrize("size", [100.0, -100.0])
def test_heat_loss_survives_certainty(size: float) -> None:
    """Logits far out give a finite loss and finite gradients."""
    logits = torch.full((1, 1, 2, 2), size, requires_grad=True)
    loss = heat_loss(logits, torch.eye(2)[None, None], torch.ones(1, 1, 2, 2))
    loss.backward()
    assert torch.isfinite(loss) and logits.grad is not None and torch.isfinite(logits.grad).all()


def test_box_loss_is_generalised_iou() -> None:
    """1 - GIoU of the two boxes that each cell describes, weighted."""
    sides = random(3, 2, 2, 4, 3, 3, low=1, high=30)
    target = random(4, 2, 2, 4, 3, 3, low=1, high=30)
    weight = (random(5, 2, 2, 3, 3) * 2 - 0.7).clamp_min(0)
    total = 0.0
    for b, k, row, column in np.ndindex(2, 2, 3, 3):
        boxes = []
        for distances in (sides, target):
            left, top, right, bottom = distances[b, k, :, row, column].tolist()
            boxes.append((50 - left, 50 - top, 50 + right, 50 + bottom))
        one, other = boxes
        inner = [max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2])]
        inner.append(min(one[3], other[3]))
        outer = [min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2])]
        outer.append(max(one[3], other[3]))

        def area(box: list[float] | tuple[float, ...]) -> float:
            return (box[2] - box[0]) * (box[3] - box[1])

        union = area(one) + area(other) - area(inner)
        giou = area(inner) / union - (area(outer) - union) / area(outer)
        total += (1 - giou) * float(weight[b, k, row, column])
    wanted = total / max(float(weight.sum()), 1)
    assert float(box_loss(sides, target, weight)) == pytest.approx(wanted, rel=1e-4)


def test_the_right_box_costs_nothing() -> None:
    """And so does a picture without objects."""
    sides = random(6, 1, 2, 4, 3, 3, low=1, high=30)
    assert float(box_loss(sides, sides, torch.ones(1, 2, 3, 3))) == pytest.approx(0, abs=1e-5)
    assert float(box_loss(sides, sides * 2, torch.zeros(1, 2, 3, 3))) == 0


def test_the_network_has_the_stated_shapes() -> None:
    """Heat and positive sides at stride 8 for any multiple of 32; at first nothing is an object."""
    torch.manual_seed(0)
    network = Detector().eval()
    with torch.no_grad():
        heat, sides = network(torch.zeros(1, 3, 64, 96))
    assert heat.shape == (1, 2, 8, 12)
    assert sides.shape == (1, 2, 4, 8, 12)
    assert (sides > 0).all()
    assert float(heat.sigmoid().max()) < 0.15


def test_training_and_runtime_mean_the_same_maps() -> None:
    """Kinds and stride are the same in both rooms."""
    assert (KINDS, STRIDE) == (runtime.KINDS, runtime.STRIDE)
