"""Draws a person at a desk: neck, shoulders and clothes as round cones, with a head on top."""

from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np

from triptych.gesture.demo.face import draw_head
from triptych.gesture.demo.features import Expression, Features
from triptych.gesture.demo.shading import CLOTH, HAIR, SKIN, Colour, Light, Look, blotches, shade
from triptych.gesture.demo.solids import HeightField, RoundCone
from triptych.gesture.types import Box, Frame


@dataclass(frozen=True, slots=True)
class Person:
    """Someone in front of the camera. pattern: of the clothes, "plain", "stripes" or "checks"."""

    features: Features = field(default_factory=Features)
    cloth: Colour = (120.0, 84.0, 52.0)
    pattern: str = "plain"
    second: Colour = (200.0, 200.0, 200.0)
    broad: float = 1.0

    @property
    def look(self) -> Look:
        """Skin and clothes, as the hands need them."""
        return Look(
            self.features.look.skin,
            self.cloth,
            self.features.hair_colour,
            self.features.look.pale,
            self.features.look.blotch,
            self.features.look.seed,
        )


def draw_person(
    canvas: Frame,
    person: Person,
    expression: Expression,
    light: Light,
    head_xy: tuple[float, float],
    head_size: float,
    chest_xy: tuple[float, float] | None = None,
) -> Box:
    """Draw a person with the head's middle at `head_xy` and return the face's box.

    The box goes from the middle of the forehead to the chin, as detectors of photographs have it.
    head_size: crown to chin in pixels. chest_xy: where the body would have its head, so that a
    head can sway on a still body; `head_xy` by default.
    """
    _draw_body(canvas, person, light, head_xy, head_size, chest_xy or head_xy)
    draw_head(canvas, person.features, expression, light, head_xy, head_size)
    rows, cols = canvas.shape[:2]
    half = head_size / 2
    slide = 0.3 * half * np.sin(np.radians(expression.yaw))
    middle = head_xy[0] + slide - half * 0.3 * np.sin(np.radians(expression.tilt))
    wide = 0.75 * person.features.width * half
    return Box(
        float(middle - wide) / cols,
        (head_xy[1] - 0.52 * half) / rows,
        float(middle + wide) / cols,
        (head_xy[1] + 1.02 * half) / rows,
    )


def _body(person: Person, head: tuple[float, float], chest: tuple[float, float]) -> list[RoundCone]:
    """Cones in head sizes from the chest's origin; the head's own cone only throws its shadow."""

    def at(x: float, y: float, z: float = 0.0) -> np.ndarray:
        return np.array([x, y, z])

    b = person.broad
    hx, hy = head[0] - chest[0], head[1] - chest[1]
    cones = [RoundCone(at(hx, hy + 0.25, -0.3), at(0, 0.8, -0.2), 0.2, 0.235, blend=0.05)]
    if person.features.hair == "long":
        for sign in (-1.0, 1.0):
            fall = at(hx + 0.24 * sign, hy - 0.1, -0.2), at(0.32 * sign, 0.72, 0.05)
            cones.append(RoundCone(*fall, 0.2, 0.15, blend=0.05, material=HAIR))
    for sign in (-1.0, 1.0):
        parts = (
            (at(0.1 * sign, 0.64, -0.2), at(0.5 * b * sign, 0.82, -0.1), 0.13, 0.16),
            (at(0.2 * sign, 0.85, -0.05), at(0.64 * b * sign, 0.93, -0.1), 0.2, 0.21),
            (at(0.69 * b * sign, 0.96, -0.1), at(0.84 * b * sign, 2.4, 0.0), 0.21, 0.2),
            (at(0.3 * b * sign, 1.13, 0.0), at(0.32 * b * sign, 3.2, 0.0), 0.4, 0.4),
        )
        cones += [RoundCone(*part, blend=0.16, material=CLOTH) for part in parts]
    cones.append(
        RoundCone(at(0, 1.05, 0.02), at(0, 3.2, 0.02), 0.36, 0.44, blend=0.2, material=CLOTH)
    )
    turns = np.linspace(0, 2 * np.pi, 15)
    ring = [at(0.275 * np.sin(t), 0.6 + 0.13 * np.cos(t), -0.03 + 0.24 * np.cos(t)) for t in turns]
    for start, end in pairwise(ring):
        cones.append(RoundCone(start, end, 0.035, 0.035, blend=0.01, material=CLOTH))
    return cones


def _draw_body(
    canvas: Frame,
    person: Person,
    light: Light,
    head_xy: tuple[float, float],
    size: float,
    chest_xy: tuple[float, float],
) -> None:
    rows, cols = canvas.shape[:2]
    x0, x1 = max(int(chest_xy[0] - 1.4 * size), 0), min(int(chest_xy[0] + 1.4 * size), cols)
    y0 = max(int(head_xy[1] - 0.5 * size), 0)
    if x1 - x0 < 2 or rows - y0 < 2:
        return
    field = HeightField(x1 - x0, rows - y0)
    head = (head_xy[0] / size, head_xy[1] / size)
    chest = (chest_xy[0] / size, chest_xy[1] / size)
    shift = np.array([chest_xy[0] - x0, chest_xy[1] - y0, 0.0])
    for cone in _body(person, head, chest):
        field.add(_grown(cone, size, shift))
    _fold(field, size, person.features.look.seed)
    hair = field.material == HAIR
    cloth = field.material == CLOTH
    middle = (head_xy[0] - x0, head_xy[1] - y0)
    skull = RoundCone(
        np.array([middle[0], middle[1] - 0.1 * size, 0.12 * size]),
        np.array([middle[0], middle[1] + 0.2 * size, 0.2 * size]),
        0.32 * size,
        0.24 * size,
        blend=0.01 * size,
        material=SKIN,
    )
    field.add(skull)
    colours, cover = shade(field, person.look, light, size)
    colours *= _weave(person, colours.shape[:2], size, cloth)
    if hair.any():
        strands = cv2.GaussianBlur(
            blotches(hair.shape, 2.0, 5), (0, 0), sigmaX=0.6, sigmaY=size / 25
        )
        colours[hair] *= (1 + 0.4 * strands[hair][:, None]).astype(np.float32)
    share = cv2.GaussianBlur(cover, (0, 0), 0.7)[..., None] * cover[..., None]
    under = canvas[y0:rows, x0:x1]
    under[...] = np.clip(colours * share + under * (1 - share) + 0.5, 0, 255)


def _grown(cone: RoundCone, size: float, shift: np.ndarray) -> RoundCone:
    return RoundCone(
        cone.start * size + shift,
        cone.end * size + shift,
        cone.start_radius * size,
        cone.end_radius * size,
        blend=cone.blend * size,
        material=cone.material,
    )


def _fold(field: HeightField, size: float, seed: int) -> None:
    """Let cloth wrinkle: tilt its normals by smooth noise, stronger down the arms."""
    shape = (field.height.shape[0], field.height.shape[1])
    wrinkles = 0.6 * blotches(shape, size * 0.22, seed) + 0.3 * blotches(
        shape, size * 0.09, seed + 1
    )
    cloth = (field.material == CLOTH).astype(np.float32)
    field.layers[0] += 0.22 * cloth * wrinkles
    field.layers[1] += 0.16 * cloth * blotches(shape, size * 0.3, seed + 2)


def _weave(person: Person, shape: tuple[int, ...], size: float, cloth: np.ndarray) -> np.ndarray:
    """Factors that turn the plain cloth into the pattern, [h, w, 3]."""
    factors = np.ones((shape[0], shape[1], 3), np.float32)
    if person.pattern == "plain":
        return factors
    rows = np.sin(np.arange(shape[0]) * (2 * np.pi / (0.16 * size)))[:, None]
    share = (rows > 0.2).astype(np.float32) * np.ones(shape[1], np.float32)
    if person.pattern == "checks":
        across = np.sin(np.arange(shape[1]) * (2 * np.pi / (0.16 * size)))
        share = 0.5 * share + 0.5 * (across > 0.2).astype(np.float32)
    share = cv2.GaussianBlur(share, (0, 0), max(size / 150, 0.4)) * cloth
    tint = np.array(person.second) / np.maximum(person.cloth, 12.0)
    return factors + share[..., None] * (np.clip(tint, 0.2, 4) - 1).astype(np.float32)
