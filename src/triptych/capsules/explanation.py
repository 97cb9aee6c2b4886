"""What a network says of one picture, part by part and object by object, as numbers and arrays.

"Share" always means share of a likelihood. A part's share is how much of the picture's ink it
explains: at each pixel its posterior probability among all parts and the background, weighted by
how far the pixel is from the background. An object's claim on a part is its posterior probability
among all objects (Kosiorek et al. 2019, equations (4) and (5)).
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from triptych.capsules import mixture
from triptych.capsules.geometry import apply, area, invert
from triptych.capsules.model import Reading, StackedCapsules
from triptych.capsules.objects import Objects

Picture = NDArray[np.float32]
"""[C, S, S], 0..1."""

PRESENT = 0.5
"""A capsule whose presence is above is called present."""


@dataclass(frozen=True)
class PartFound:
    """One part in one picture.

    presence, share: 0..1. nats: how much likelier the picture is with this part than without it.
    x, y: its template's centre, as fractions of the canvas from the top left. ink_x, ink_y: the
    centre of the ink that it explains, likewise. size: side of a
    square of its template's area, as a fraction of the canvas' side. turn: degrees, -180..180,
    clockwise on the screen. corners: of its template, [4, 2], as x and y. object: which object
    claims it, None if none does better than "no object". claim: that object's claim, 0..1.
    """

    part: int
    presence: float
    share: float
    nats: float
    x: float
    y: float
    ink_x: float
    ink_y: float
    size: float
    turn: float
    corners: NDArray[np.float32]
    object: int | None
    claim: float


@dataclass(frozen=True)
class ObjectFound:
    """One object in one picture.

    presence: 0..1. share: of what the capsules below it have to explain, 0..1. claims: those of
    them that it claims, strongest first.
    """

    object: int
    presence: float
    share: float
    claims: tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One layer of objects. claims: [K + 1, M], each below's column sums to 1; last: no object."""

    objects: tuple[ObjectFound, ...]
    claims: NDArray[np.float32]


@dataclass(frozen=True)
class Explanation:
    """Everything about one picture.

    picture: what the network saw. target: what it was to draw. by_parts, by_objects: what parts
    and objects draw; by_objects is None without objects. who: [M + 1, S, S], each component's
    share of each pixel's likelihood, the background last. background: its share of the ink.
    error: mean squared error of by_parts at a pixel. log_likelihood: of the picture, nats.
    parts: all of them, by number. layers: lowest first. guesses: for each class its probability,
    by the linear probe on object presences.
    """

    picture: Picture
    target: Picture
    by_parts: Picture
    by_objects: Picture | None
    who: NDArray[np.float32]
    background: float
    error: float
    log_likelihood: float
    parts: tuple[PartFound, ...]
    layers: tuple[Layer, ...]
    guesses: tuple[float, ...]

    def used(self, least: float = 0.02) -> list[PartFound]:
        """The parts that explain at least that share of the ink, most first."""
        found = [part for part in self.parts if part.share >= least]
        return sorted(found, key=lambda part: -part.share)


@torch.no_grad()
def explain(network: StackedCapsules, canvas: Tensor, target: Tensor) -> Explanation:
    """Explain one picture [1, C, S, S], 0..1; target: what is to be drawn, of the same shape.

    Raises BadInput if the picture has another size than the network reads.
    """
    network.eval()
    reading = network(canvas, noise=False)
    drawing = reading.drawing
    joint = network.settings.parts.joint_colour
    who = who_drew(reading, target, joint)[:, 0]  # [M + 1, S, S]
    ink = ink_of(target, drawing.background_mean)[0]
    shares = (who * ink).sum((-2, -1))
    drawn = drawing.mean()
    layers = _layers(reading, shares[:-1])
    return Explanation(
        picture=_array(canvas[0]),
        target=_array(target[0]),
        by_parts=_array(drawn[0]),
        by_objects=_array(drawn_by_objects(network, reading)[0]) if reading.objects else None,
        who=_array(who),
        background=float(shares[-1]),
        error=float((drawn - target).square().mean()),
        log_likelihood=float(drawing.log_likelihood(target, joint).sum()),
        parts=_parts(network, reading, target, who * ink, layers[0].claims if layers else None),
        layers=layers,
        guesses=tuple(network.presence_probe(reading.presence).softmax(-1)[0].tolist()),
    )


def ink_of(target: Tensor, background: Tensor) -> Tensor:
    """How much of its picture's ink each pixel of [B, C, S, S] holds, [B, S, S], each summing to 1.

    background: its mean, broadcasting to [C, B, S, S]. Of a picture that is all background every
    pixel counts alike.
    """
    planes = target.transpose(0, 1)  # [C, B, S, S]
    ink = (planes - background.expand_as(planes)).abs().sum(0)  # [B, S, S]
    total = ink.sum((-2, -1), keepdim=True)
    ink = torch.where(total < 1e-6, torch.ones_like(ink), ink)
    return ink / ink.sum((-2, -1), keepdim=True)


def who_drew(reading: Reading, target: Tensor, joint_colour: bool) -> Tensor:
    """Each component's share of the likelihood of each pixel of [B, C, S, S]: [M + 1, B, S, S]."""
    drawing = reading.drawing
    return mixture.posterior_probabilities(
        target,
        drawing.means,
        drawing.logits,
        drawing.background_mean,
        drawing.background_logit,
        drawing.log_scale,
        joint_colour,
    )


def drawn_by_objects(network: StackedCapsules, reading: Reading) -> Tensor:
    """What the lowest objects alone would draw, [B, C, S, S].

    Each part is drawn where the object that explains it best votes for it; its presence and its
    tint stay those the encoder saw.
    """
    parts = reading.parts
    drawing = network.templates.draw_at(
        reading.objects[0].winning_pose(), parts.log_presence, parts.feature, parts.background
    )
    return drawing.mean()


def _parts(
    network: StackedCapsules,
    reading: Reading,
    target: Tensor,
    drew: Tensor,
    claims: NDArray[np.float32] | None,
) -> tuple[PartFound, ...]:
    pose = reading.parts.pose[0]
    # Without inverse space the sampler goes through the pose itself, so the template is drawn by
    # its inverse.
    drawn = pose if network.settings.parts.inverse else invert(pose)
    square = pose.new_tensor([[-1.0, -1.0], [1, -1], [1, 1], [-1, 1]])
    corners = apply(drawn.unsqueeze(1), square)  # [M, 4, 2]
    gains = _gains(reading, target, network.settings.parts.joint_colour)
    shares = drew.sum((-2, -1))  # [M + 1]
    line = torch.linspace(0, 1, drew.shape[-1], device=drew.device)
    ink_y = (drew.sum(-1) * line).sum(-1) / shares.clamp_min(1e-12)
    ink_x = (drew.sum(-2) * line).sum(-1) / shares.clamp_min(1e-12)
    found: list[PartFound] = []
    for m, presence in enumerate(reading.parts.presence[0].tolist()):
        winner, claim = None, 0.0
        if claims is not None:
            best = int(claims[:, m].argmax())
            winner = best if best < len(claims) - 1 else None
            claim = float(claims[best, m])
        found.append(
            PartFound(
                part=m,
                presence=presence,
                share=float(shares[m]),
                nats=float(gains[m]),
                x=float((drawn[m, 2] + 1) / 2),
                y=float((drawn[m, 5] + 1) / 2),
                ink_x=float(ink_x[m]),
                ink_y=float(ink_y[m]),
                size=float(area(drawn[m]).sqrt()),
                turn=math.degrees(math.atan2(float(drawn[m, 3]), float(drawn[m, 4]))),
                corners=_array((corners[m] + 1) / 2),
                object=winner,
                claim=claim,
            )
        )
    return tuple(found)


def _gains(reading: Reading, target: Tensor, joint: bool) -> Tensor:
    """For each part how many nats the picture loses without it, [M]: one picture for each."""
    drawing = reading.drawing
    count = len(drawing.logits)
    without = drawing.logits.expand(-1, count, -1, -1).clone()
    which = torch.arange(count)
    without[which, which] = -1e30

    def likelihood(pictures: int, logits: Tensor) -> Tensor:
        return mixture.picture_log_likelihood(
            target.expand(pictures, -1, -1, -1),
            drawing.means.expand(-1, -1, pictures, -1, -1),
            logits,
            drawing.background_mean,
            drawing.background_logit,
            drawing.log_scale,
            joint,
        ).sum((-2, -1))

    return likelihood(1, drawing.logits) - likelihood(count, without)


def _layers(reading: Reading, weight: Tensor) -> tuple[Layer, ...]:
    """weight: of each part, [M]: what objects explain counts as much as it explains itself."""
    found: list[Layer] = []
    for objects in reading.objects:
        layer = _layer(objects, weight)
        found.append(layer)
        weight = torch.tensor([found.share for found in layer.objects])
    return tuple(found)


def _layer(objects: Objects, weight: Tensor) -> Layer:
    claims = objects.routed.responsibility[0]  # [K + 1, M]
    share = (claims * weight).sum(1) / weight.sum().clamp_min(1e-9)
    winner = claims.argmax(0)
    found: list[ObjectFound] = []
    for k, presence in enumerate(objects.presence[0].tolist()):
        mine = [m for m in (winner == k).nonzero()[:, 0].tolist() if weight[m] >= 0.01]
        mine.sort(key=lambda m: -float(claims[k, m] * weight[m]))
        found.append(ObjectFound(k, presence, float(share[k]), tuple(mine)))
    return Layer(tuple(found), _array(claims))


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().float().cpu().numpy()
