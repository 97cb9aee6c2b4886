"""Which pictures a recipe takes, and what its network costs."""

from typing import Any

import torch

from triptych.gesture.learn.backbone import InvertedResidual, MobileNetV2
from triptych.gesture.learn.recipe import by_frames, every_nth


def _film(shot: Any, person: str, label: str, frames: int) -> list[Any]:
    return [
        shot(file=f"{person}/{label}/{n}.jpg", person=person, label=label) for n in range(frames)
    ]


def test_every_nth_counts_within_person_and_sign(shot: Any) -> None:
    """Everybody keeps the first frame of each sign; crowds are not frames of one film."""
    anna, ben = _film(shot, "anna", "fist", 21), _film(shot, "ben", "palm", 3)
    crowd = _film(shot, "basem", "none", 5)
    kept = every_nth([*anna, *ben, *crowd], 10)
    assert kept == [anna[0], anna[10], anna[20], ben[0], *crowd]
    assert every_nth(anna, 1) == anna


def test_frames_held_back_are_of_people_who_train(shot: Any) -> None:
    """Every tenth frame validates; who has fewer trains alone; nothing is lost or used twice."""
    anna, ben = _film(shot, "anna", "fist", 25), _film(shot, "ben", "palm", 9)
    train, validation = by_frames([*anna, *ben])
    assert validation == [anna[9], anna[19]]
    assert sorted(p.file for p in train + validation) == sorted(p.file for p in anna + ben)


def test_a_standard_convolution_is_the_one_that_the_separable_one_factorises() -> None:
    """The same in and out; nine weights for each pair of channels in place of nine and one."""
    separable, standard = (InvertedResidual(8, 16, 2, 6, separable=s) for s in (True, False))
    x = torch.randn(1, 8, 32, 32)
    assert separable(x).shape == standard(x).shape == (1, 16, 16, 16)
    convolutions = [
        sum(p.numel() for name, p in block.named_parameters() if "conv" in name)
        for block in (separable, standard)
    ]
    assert convolutions == [8 * 48 + 9 * 48 + 48 * 16, 8 * 48 + 9 * 48 * 16]


def test_both_backbones_give_the_same_maps() -> None:
    """What stands on the backbone does not notice which it is."""
    x = torch.randn(1, 3, 64, 64)
    shapes = [
        [y.shape for y in MobileNetV2((6, 13, 17), separable=s).eval()(x)] for s in (True, False)
    ]
    assert shapes[0] == shapes[1]
