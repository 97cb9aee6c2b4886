"""A curve of a minimum-norm attack is read off its distances."""

import torch

from triptych.adversary import Threat, attack
from triptych.adversary.attacks.curve import robust_curve
from triptych.adversary.attacks.method import apgd, fmn


def test_one_run_of_a_minimum_norm_attack_gives_the_whole_curve(make):
    """The work does not grow with the number of epsilons, and it is near that of a search."""
    model, pictures = make.network(), make.pictures(20)
    labels = make.answers(model, pictures)
    labels[:2] = (labels[:2] + 1) % 5
    sizes = [0.005, 0.01, 0.02, 0.03, 0.05, 0.1]
    threat = Threat("linf", 1.0)
    curve, work = robust_curve(model, pictures, labels, threat, sizes, fmn(60))
    single, once = robust_curve(model, pictures, labels, threat, sizes[:1], fmn(60))
    assert work.backwards == once.backwards
    assert curve[0.005] == single[0.005]
    free = attack(model, pictures, labels, Threat("linf", float("inf")), fmn(60))
    for size in sizes:
        falls = free.success & (free.distance <= size)
        assert curve[size] == float((free.right & ~falls).double().mean())
    searched, _ = robust_curve(model, pictures, labels, threat, sizes, apgd(60))
    assert max(abs(curve[size] - searched[size]) for size in sizes) <= 0.11
    assert curve[0.1] < curve[0.005] <= 0.9
    assert all(torch.isfinite(torch.tensor(list(curve.values()))))
