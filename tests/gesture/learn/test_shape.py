"""The shape answer learns from landmarks alone, and the jointed hand makes what it says."""

import numpy as np
import pytest
import torch

from triptych.gesture.learn.hand_reader import HandReader, normalise_landmarks
from triptych.gesture.learn.poses import OURS, random_landmarks, random_pose
from triptych.gesture.learn.shape import Hands, fit_shape, jointed_hands, weigh
from triptych.gesture.types import GESTURES


def test_copies_count_less() -> None:
    """A hundred pictures of one person weigh 100^0.6 together, a single picture weighs 1."""
    weights = weigh([0] * 101, ["anna"] * 100 + ["ben"], [1.0] * 101)
    assert sum(weights[:100]) == pytest.approx(100**0.6)
    assert weights[100] == 1.0


def test_other_is_never_one_of_our_sets_of_fingers() -> None:
    """Straight fingers of a pose for `other` are no set that makes a sign of ours."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        pose = random_pose(rng, "other")
        up = tuple(sum(angles) < 75 for angles in pose.flexion)
        folded = tuple(sum(angles) > 180 for angles in pose.flexion)
        if all(a or b for a, b in zip(up, folded, strict=True)) and pose.reach.startswith("over"):
            assert (*up, False) not in OURS


def test_landmarks_of_a_palm_point_up() -> None:
    """The five finger tips of a palm lie above the wrist, in most draws."""
    rng = np.random.default_rng(1)
    tips = [random_landmarks(rng, "palm")[[8, 12, 16, 20], 1] for _ in range(50)]
    assert np.mean([(y < -0.3).all() for y in tips]) > 0.9


def test_shapes_are_learnt_and_landmarks_left_alone() -> None:
    """After a short fit the jointed hand's own signs are told apart; nothing else has moved."""
    torch.manual_seed(0)
    network = HandReader().eval()
    before = {k: v.clone() for k, v in network.state_dict().items() if not k.startswith("shape")}
    hands = jointed_hands(5, each=40)
    fit_shape(network, hands, hands, hands, seed=0, steps=300)
    for name, values in before.items():
        assert torch.equal(values, network.state_dict()[name])
    fresh = jointed_hands(6, each=20)
    with torch.no_grad():
        points = torch.from_numpy(fresh.landmarks)
        guess = network.shape_out(network.shape(normalise_landmarks(points))).argmax(dim=1)
    assert (guess.numpy() == fresh.labels).mean() > 0.8


def test_hands_without_a_known_sign_teach_nothing() -> None:
    """Unknown signs and places without a hand are left out of the draw."""
    hands = jointed_hands(7, each=10)
    odd = np.array([GESTURES.index("none"), -1])
    more = Hands(
        np.concatenate([hands.landmarks, hands.landmarks[:2]]),
        np.concatenate([hands.labels, odd]),
        np.concatenate([hands.weights, [1e9, 1e9]]),
    )
    network = HandReader().eval()
    fit_shape(network, hands, more, more, seed=0, steps=2)
