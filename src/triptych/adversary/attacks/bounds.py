"""What no attack is needed to see: the grey-picture bound on robust accuracy.

Every picture lies within half the box's width of the picture that is grey all over (L-infinity),
so at epsilon >= 0.5 on [0, 1] an attacker can turn all pictures into that one. It gets one answer,
and only examples of that class can still be right: claims above that share are wrong, whatever
attack they rest on. For smaller epsilon, and other norms, the same holds for those examples whose
own distance to grey is within epsilon.
"""

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor

from triptych.adversary.attacks.checks import checked_classes, checked_pictures
from triptych.adversary.attacks.threat import Threat
from triptych.errors import BadInput


def grey_bound(
    labels: Tensor, threat: Threat, pictures: Tensor | None = None, answer: int | None = None
) -> float:
    """The highest robust accuracy that is possible, 0..1, for any model at all.

    labels: [N]. pictures: [N, ...], to measure each one's distance to grey; without them only an
    L-infinity epsilon of half the box's width or more says anything. answer: the model's answer
    for the grey picture; without it the answer that serves the model best is assumed.
    Raises BadInput without examples.
    """
    if len(labels) == 0:
        raise BadInput("The grey-picture bound needs at least one example.")
    epsilon = threat.epsilons(len(labels)).to(labels.device)
    middle = (threat.low + threat.high) / 2
    if pictures is not None:
        pictures = checked_pictures(pictures, threat)
        labels = checked_classes("labels", labels, pictures)
        distance = threat.geometry.length(pictures.double() - middle)
    elif threat.norm == "linf":
        distance = torch.full_like(epsilon, threat.high - middle)
    else:
        distance = torch.full_like(epsilon, torch.inf)
    greyed = distance <= epsilon * (1 + 1e-9)
    out_of_reach = int((~greyed).sum())
    kept = torch.bincount(labels[greyed]) if bool(greyed.any()) else torch.zeros(1)
    if answer is None:
        best = int(kept.max())
    else:
        best = int(kept[answer]) if 0 <= answer < len(kept) else 0
    return (out_of_reach + best) / len(labels)


def impossible_claims(
    curve: Mapping[float, float], labels: Tensor, threat: Threat, pictures: Tensor | None = None
) -> dict[float, float]:
    """The points of a claimed curve, epsilon -> robust accuracy, that are above the grey bound.

    threat: its norm and box count, not its epsilon. Returns epsilon -> the highest possible
    accuracy, for the points that cannot be; empty if none is refuted (which proves nothing).
    """
    bounds = {
        epsilon: grey_bound(labels, Threat(threat.norm, epsilon, threat.low, threat.high), pictures)
        for epsilon in curve
    }
    return {epsilon: most for epsilon, most in bounds.items() if curve[epsilon] > most}


def rising_claims(curve: Mapping[float, float], examples: int) -> list[tuple[float, float]]:
    """Pairs of neighbouring epsilons where the claimed accuracy rises, by over 2 standard errors.

    A larger ball holds the smaller one, so accuracy can only fall; where it rises, the attack has
    failed at the smaller epsilon to find what it found within the same ball before. examples: how
    many the accuracies were measured on.
    """
    if examples < 1:
        raise BadInput(f"examples is {examples}, but must be at least 1.")
    points = sorted(curve.items())
    rising = list[tuple[float, float]]()
    for (small, before), (large, after) in pairwise(points):
        variance = (before * (1 - before) + after * (1 - after)) / examples
        if after - before > 2 * variance**0.5:
            rising.append((small, large))
    return rising
