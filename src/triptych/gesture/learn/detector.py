"""The network that finds hands and faces in one pass.

One stage, no anchors: a heat map of centres for each kind and, at each place, the distances to the
four sides of the box (after CenterNet, Zhou et al. 2019, arXiv 1904.07850, and FCOS, Tian et al.
2019, arXiv 1904.01355). Peaks of the map are the objects, so no suppression of overlaps is needed,
and a hand before a face keeps a box of its own.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from triptych.gesture.learn.backbone import ConvUnit, MobileNetV2

KINDS = ("hand", "face")
STRIDE = 8


class Detector(nn.Module):
    """[B, 3, H, W], RGB in [-1, 1], sides multiples of 32 -> heat and boxes at stride 8.

    heat: logits [B, 2, H/8, W/8]. boxes: [B, 2, 4, H/8, W/8], distances from the cell's centre to
    the left, top, right and bottom side, pixels of the input, positive.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.backbone = MobileNetV2(taps=(6, 13, 17))
        self.lateral = nn.ModuleList(
            ConvUnit(channels, width, 1, 1, active=False) for channels in self.backbone.channels
        )
        self.mix_middle = _separable(width)
        self.mix = nn.Sequential(_separable(width), _separable(width))
        self.heat = nn.Conv2d(width, len(KINDS), 1)
        self.boxes = nn.Conv2d(width, 4 * len(KINDS), 1)
        # The focal loss wants a start at which almost nothing is an object.
        nn.init.constant_(self.heat.bias, -4.0)  # type: ignore[arg-type]

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """[B, 3, H, W] -> heat logits [B, 2, H/8, W/8], boxes [B, 2, 4, H/8, W/8]."""
        fine, middle, coarse = self.backbone(pictures)
        x = self.lateral[2](coarse)
        x = self.lateral[1](middle) + F.interpolate(x, scale_factor=2.0, mode="nearest")
        x = self.mix_middle(x)
        x = self.lateral[0](fine) + F.interpolate(x, scale_factor=2.0, mode="nearest")
        x = self.mix(x)
        sides = torch.exp(self.boxes(x).float().clamp(-3, 4.2)) * STRIDE
        return self.heat(x), sides.unflatten(1, (len(KINDS), 4))


def _separable(width: int) -> nn.Sequential:
    return nn.Sequential(
        ConvUnit(width, width, 3, 1, groups=width, active=True),
        ConvUnit(width, width, 1, 1, active=True),
    )


def heat_loss(logits: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Focal loss for heat maps (CornerNet, Law and Deng 2018, equation 1; α = 2, β = 4).

    logits, target [B, K, h, w]: target 1 at centres, falling off as Gaussians; mask [B, K, h, w]: 0
    where nothing is to be learnt. Returns a scalar, normalised by the number of centres.
    """
    log_p, log_q = F.logsigmoid(logits), F.logsigmoid(-logits)
    p = logits.sigmoid()
    centre = (target >= 0.999).float()
    hit = centre * (1 - p) ** 2 * log_p
    miss = (1 - centre) * (1 - target) ** 4 * p**2 * log_q
    return -((hit + miss) * mask).sum() / (centre * mask).sum().clamp_min(1)


def box_loss(sides: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Generalised IoU loss of boxes seen from one cell (Rezatofighi et al. 2019).

    sides, target [B, K, 4, h, w] (left, top, right, bottom distances), weight [B, K, h, w].
    """
    area = (sides[:, :, 0] + sides[:, :, 2]) * (sides[:, :, 1] + sides[:, :, 3])
    wanted = (target[:, :, 0] + target[:, :, 2]) * (target[:, :, 1] + target[:, :, 3])
    low, high = torch.minimum(sides, target), torch.maximum(sides, target)
    inner = (low[:, :, 0] + low[:, :, 2]) * (low[:, :, 1] + low[:, :, 3])
    outer = (high[:, :, 0] + high[:, :, 2]) * (high[:, :, 1] + high[:, :, 3])
    union = area + wanted - inner
    giou = inner / union.clamp_min(1e-6) - (outer - union) / outer.clamp_min(1e-6)
    return ((1 - giou) * weight).sum() / weight.sum().clamp_min(1)
