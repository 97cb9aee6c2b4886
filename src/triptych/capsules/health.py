"""Health of the part capsules: out of frame, over-zoomed, never used.

These are the three failures that the talk reports; each shows in the poses and presences long
before it shows in a score. A warning names the setting to turn.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from triptych.capsules.geometry import area, invert
from triptych.capsules.model import Reading, StackedCapsules

BORDER = 0.95
"""A template whose centre is farther out than this, on either axis, is out of frame."""

ZOOMED = 0.8
"""A template that covers more than this share of the canvas is over-zoomed."""

UNUSED = 0.01
"""A part that is present in less than this share of the pictures is never used."""

_BINS = 10


@dataclass(frozen=True)
class Health:
    """Shares are 0..1.

    out_of_frame, over_zoomed: of present parts. never_used: of all parts. flat: of all templates,
    those whose pixels differ by less than 0.05: nothing is drawn on them. presence: of each part
    on average, M numbers. scale_histogram: of present parts, the share whose template covers
    0..10 %, 10..20 %, ... of the canvas' side, the last one all above.
    """

    out_of_frame: float
    over_zoomed: float
    never_used: float
    flat: float
    presence: tuple[float, ...]
    scale_histogram: tuple[float, ...]

    def numbers(self) -> dict[str, float]:
        """The four shares, to be logged."""
        return {
            "out_of_frame": self.out_of_frame,
            "over_zoomed": self.over_zoomed,
            "never_used": self.never_used,
            "flat_templates": self.flat,
        }

    def warnings(self) -> list[str]:
        """One sentence for each failure, with the setting that helps."""
        found: list[str] = []
        if self.out_of_frame > 0.25:
            found.append(
                f"{self.out_of_frame:.0%} of the present parts are out of frame: lower "
                "parts.pose_gain, so that a part at the border can come back."
            )
        if self.over_zoomed > 0.25:
            found.append(
                f"{self.over_zoomed:.0%} of the present parts cover nearly the whole canvas: "
                "parts.inverse must be true, and more parts (parts.count) make smaller ones."
            )
        if self.never_used > 0.25:
            found.append(
                f"{self.never_used:.0%} of the parts are never used: more parts.noise wakes them, "
                "or parts.count can be smaller."
            )
        if self.flat > 0.25:
            found.append(
                f"{self.flat:.0%} of the templates are blank: train longer or raise train.rate."
            )
        return found


@torch.no_grad()
def examine(network: StackedCapsules, reading: Reading) -> Health:
    """How the parts of some pictures fare."""
    presence, pose = reading.parts.presence, reading.parts.pose
    drawn = pose if network.settings.parts.inverse else invert(pose)
    shift = drawn[..., [2, 5]].abs().amax(-1)  # [B, M]
    covered = area(drawn)
    pixels = network.templates.pixels().flatten(1)
    used = presence.mean(0)
    sides = (covered.sqrt().clamp(0, 0.9999) * _BINS).long()
    counts = torch.zeros(_BINS, dtype=presence.dtype, device=presence.device)
    counts.scatter_add_(0, sides.flatten(), presence.flatten())
    return Health(
        out_of_frame=_share(shift > BORDER, presence),
        over_zoomed=_share(covered > ZOOMED, presence),
        never_used=float((used < UNUSED).float().mean()),
        flat=float((pixels.amax(1) - pixels.amin(1) < 0.05).float().mean()),
        presence=tuple(used.tolist()),
        scale_histogram=tuple((counts / counts.sum().clamp_min(1e-9)).tolist()),
    )


def _share(which: Tensor, presence: Tensor) -> float:
    return float((which * presence).sum() / presence.sum().clamp_min(1e-9))
