"""Does a model's confidence say how often it is right? And what temperature would make it so?

Expected calibration error and reliability diagrams after Naeini et al. 2015 and Guo et al. 2017,
temperature scaling after the latter (section 4.2), Brier's score after Brier 1950. Dividing logits
by a temperature changes no answer, so it changes no true robustness either; but the gradient of
cross-entropy is not free of scale, so an attack that climbs it may find more or less.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triptych.errors import BadInput

BINS: Final = 15

LIMITS: Final = (1e-3, 1e3)
"""Temperatures that are sought. Where all answers are right, or all wrong, none is the best."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Examples whose confidence is in (low, high]: how many, mean confidence, share right.

    Both means are NaN in an empty bin.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of N examples. ece: expected calibration error. nll: nats. brier: summed over classes, 0..2.

    overconfidence: mean confidence of the wrong answers; NaN if there are none.
    """

    accuracy: float
    confidence: float
    ece: float
    nll: float
    brier: float
    overconfidence: float
    bins: tuple[Bin, ...]

    def as_json(self) -> Mapping[str, float]:
        """The numbers, without the bins."""
        return {
            "accuracy": self.accuracy,
            "confidence": self.confidence,
            "ece": self.ece,
            "nll": self.nll,
            "brier": self.brier,
            "confidence_when_wrong": self.overconfidence,
        }


def calibration(
    logits: Tensor, labels: Tensor, bins: int = BINS, equal_mass: bool = False
) -> Calibration:
    """How well softmax confidences [of logits [N, K]] match labels [N].

    bins: of equal width from 0 to 1, or holding equally many examples (`equal_mass`). Below half
    the answers right, the expected calibration error misleads: look at NLL and Brier's score.
    Raises BadInput for no examples, other shapes, labels out of range, or logits not finite.
    """
    logits, labels = _checked(logits, labels)
    if bins < 1:
        raise BadInput(f"bins is {bins}, but must be at least 1.")
    probability = logits.softmax(1)
    confidence, answer = probability.max(1)
    right = (answer == labels).double()
    table = _bins(confidence, right, bins, equal_mass)
    gaps = (b.count * abs(b.accuracy - b.confidence) for b in table if b.count)
    wrong = confidence[right == 0]
    hot = F.one_hot(labels, logits.shape[1])
    return Calibration(
        float(right.mean()),
        float(confidence.mean()),
        sum(gaps) / len(labels),
        float(F.cross_entropy(logits, labels)),
        float((probability - hot).square().sum(1).mean()),
        float(wrong.mean()) if len(wrong) else float("nan"),
        table,
    )


def _bins(confidence: Tensor, right: Tensor, bins: int, equal_mass: bool) -> tuple[Bin, ...]:
    if equal_mass:
        ordered = confidence.sort().values
        cuts = torch.linspace(0, len(ordered), bins + 1).round().long()[1:-1]
        edges = [0.0, *ordered[(cuts - 1).clamp_min(0)].tolist(), 1.0]
    else:
        edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64).tolist()
    inner = torch.tensor(edges[1:-1], dtype=confidence.dtype)
    place = torch.bucketize(confidence, inner)
    count = torch.bincount(place, minlength=bins)
    sums = [torch.bincount(place, weights=w, minlength=bins) for w in (confidence, right)]
    means = [(total / count).tolist() for total in sums]
    return tuple(
        Bin(edges[i], edges[i + 1], int(count[i]), means[0][i], means[1][i]) for i in range(bins)
    )


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature T for which logits [N, K] / T have the least NLL for labels [N].

    NLL is convex in 1 / T with slope mean(E_p[z] - z_y), whose zero is found by halving. Fit it on
    data that the model has not been trained on, and that nothing is measured on. Stays within
    `LIMITS`. Raises BadInput as `calibration` does.
    """
    logits, labels = _checked(logits, labels)
    own = logits.gather(1, labels[:, None]).squeeze(1)
    low, high = (torch.tensor(1 / t, dtype=torch.float64).log() for t in reversed(LIMITS))
    for _ in range(100):
        middle = (low + high) / 2
        slope = ((logits * middle.exp()).softmax(1) * logits).sum(1).sub(own).mean()
        low, high = (middle, high) if float(slope) < 0 else (low, middle)
    return float((-(low + high) / 2).exp())


class Tempered(nn.Module):
    """A model with its logits divided by a temperature: the same answers, other confidences."""

    def __init__(self, model: nn.Module, temperature: float) -> None:
        super().__init__()
        if not 0 < temperature < float("inf"):
            raise BadInput(f"temperature is {temperature}, but must be above 0 and finite.")
        self.model = model
        self.temperature = temperature

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures [B, ...] -> logits [B, K]."""
        return self.model(pictures) / self.temperature


def plot_reliability(curves: Mapping[str, Calibration], path: Path) -> None:
    """A reliability diagram for each name, side by side, as a picture file.

    Above, the share right of each bin with its 95 % interval (Wilson 1927); below, how many
    examples there are in it.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        2, len(curves), figsize=(3.8 * len(curves), 4.8), sharex=True, sharey="row",
        squeeze=False, height_ratios=(4, 1),
    )  # fmt: skip
    for (above, below), (name, found) in zip(axes.T, curves.items(), strict=True):
        filled = [b for b in found.bins if b.count]
        centre = [(b.low + b.high) / 2 for b in filled]
        width = [b.high - b.low for b in filled]
        share = [b.accuracy for b in filled]
        above.bar(centre, share, width, color="#9ab8d8", edgecolor="white", label="share right")
        low, high = zip(*(_wilson(b) for b in filled), strict=True)
        at = [b.confidence for b in filled]
        above.vlines(at, low, high, color="#c03a38", linewidth=1, label="95 % interval")
        above.plot(
            at, share, "o", color="#c03a38", markersize=4, clip_on=False, zorder=3,
            label="at mean confidence",
        )  # fmt: skip
        above.plot([0, 1], [0, 1], "--", color="#555555", linewidth=1, label="calibrated")
        above.set_ylim(0, 1)
        above.set_title(f"{name}\nECE {found.ece:.3f}, NLL {found.nll:.3f}", fontsize=10)
        below.bar(centre, [b.count for b in filled], width, color="#bbbbbb", edgecolor="white")
        below.set_yscale("log")
        below.set_xlim(0, 1)
        below.set_xlabel("confidence")
        for axis in (above, below):
            axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("share right")
    axes[1][0].set_ylabel("examples")
    handles, words = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, words, loc="lower center", ncols=4, fontsize=8, frameon=False)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _wilson(found: Bin) -> tuple[float, float]:
    """Wilson's 95 % interval of a bin's share right."""
    z = 1.959964
    count, share = found.count, found.accuracy
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count)
    half *= (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def _checked(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Both on the CPU, logits in float64."""
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise BadInput(
            f"Logits of shape {list(logits.shape)} and labels of shape {list(labels.shape)} do not "
            "fit: they must be [N, K] and [N]."
        )
    if len(labels) == 0:
        raise BadInput("Calibration needs at least one example.")
    logits, labels = logits.detach().cpu().double(), labels.detach().cpu().long()
    if not bool(logits.isfinite().all()):
        raise BadInput("Some logits are not finite numbers.")
    wrong = (labels < 0) | (labels >= logits.shape[1])
    if bool(wrong.any()):
        raise BadInput(
            f"The labels hold {int(labels[wrong][0])}, but the classes are "
            f"0 to {logits.shape[1] - 1}."
        )
    return logits, labels
