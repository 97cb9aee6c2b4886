"""What can be seen of a model before it is attacked, in seconds.

After AutoAttack's flags (Croce and Hein 2020) and the signs of hidden gradients named by Athalye,
Carlini and Wagner 2018.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from triptych.adversary.attacks.found import as_found, depends_on_batch
from triptych.adversary.attacks.objectives import cross_entropy, margin
from triptych.adversary.audit.finding import Finding

RANDOM = "random answers"
NO_GRADIENT = "no gradient at all"
ZERO = "gradients of zero"
ASTRAY = "gradient that is not that of the values"

FEW = 0.01
"""The share of gradients that may be zero, or not finite, without being remarked on."""

FLAT = 1e-6
"""A typical gradient so many times smaller than the margin's is lost in float32's last places."""


def checks(model: nn.Module, shown: Tensor, labels: Tensor) -> list[Finding]:
    """All checks on pictures [N, ...] that the model gets right, labels [N]."""
    with as_found([model], 0):
        return [
            _randomness(model, shown),
            _batch(model, shown),
            _probabilities(model, shown),
            _zero(model, shown, labels),
            _flat(model, shown, labels),
            _steps(model, shown, labels),
        ]


def _randomness(model: nn.Module, shown: Tensor) -> Finding:
    with torch.no_grad():
        first = model(shown)
        apart = max(float((model(shown) - first).abs().max()) for _ in range(3))
    return Finding(
        RANDOM,
        apart > 1e-4 * max(1.0, float(first.abs().max())),
        f"The same pictures, asked four times, differ by up to {apart:.2g} in a score.",
        "One gradient is one draw; take the mean over many.",
    )


def _batch(model: nn.Module, shown: Tensor) -> Finding:
    dependent = depends_on_batch(model, shown)
    return Finding(
        "answers depend on the batch",
        dependent,
        "A picture alone and in a batch of eight "
        + ("differ." if dependent else "get the same scores."),
        "Accuracy depends on who shares a batch; batches are attacked as wholes.",
    )


def _probabilities(model: nn.Module, shown: Tensor) -> Finding:
    with torch.no_grad():
        scores = model(shown)
    sums = scores.sum(1)
    given = bool((scores >= 0).all()) and bool(((sums - 1).abs() < 1e-4).all())
    return Finding(
        "probabilities in the place of logits",
        given,
        f"Scores lie between {float(scores.min()):.3g} and {float(scores.max()):.3g}; their sum is "
        f"{float(sums.mean()):.4g} on average.",
        "Cross-entropy takes the softmax once more, which makes it nearly flat.",
    )


def _zero(model: nn.Module, shown: Tensor, labels: Tensor) -> Finding:
    gradient = _gradient(model, shown, labels, cross_entropy)
    if gradient is None:
        return Finding(
            NO_GRADIENT,
            True,
            "Nothing comes back to the pictures.",
            "Some step has no gradient: use a stand-in for it, or attack what lies before it.",
        )
    lost = (gradient.flatten(1).abs().amax(1) == 0) | ~gradient.flatten(1).isfinite().all(1)
    share = float(lost.double().mean())
    return Finding(
        ZERO,
        share > FEW,
        f"The gradient of the cross-entropy is zero or not finite on {share:.1%} of the pictures.",
        "The attack walks at random there; climb an objective without saturation.",
    )


def _flat(model: nn.Module, shown: Tensor, labels: Tensor) -> Finding:
    """Cross-entropy against the margin, whose gradient saturates only where the network does."""
    loss = _gradient(model, shown, labels, cross_entropy)
    lead = _gradient(model, shown, labels, margin)
    words = "saturated cross-entropy"
    meaning = "The gradient is lost among float32's last places; climb the margin."
    if loss is None or lead is None:
        return Finding(words, None, "There is no gradient to look at.", meaning)
    sizes = [part.flatten(1).abs().amax(1) for part in (loss, lead)]
    ratio = float((sizes[0] / sizes[1].clamp_min(1e-30)).median())
    return Finding(
        words,
        ratio < FLAT,
        f"On a typical picture its gradient is {ratio:.2g} times the margin's.",
        meaning,
    )


def _steps(model: nn.Module, shown: Tensor, labels: Tensor) -> Finding:
    """The slope that autograd gives, along its own direction, against what the values do.

    Over a tenth of a grey level, and over ten: where a rounding is learnt through, the values move
    in steps, and only over the longer way, if at all, as autograd says.
    """
    words = ASTRAY
    meaning = "Values go in steps or autograd is replaced somewhere; attack through a stand-in."
    gradient = _gradient(model, shown, labels, margin)
    if gradient is None:
        return Finding(words, None, "There is no gradient to look at.", meaning)
    aims = torch.full_like(labels, -1)
    way = gradient.sign()
    said = (gradient * way).flatten(1).sum(1)
    length = 0.1 / 255
    with torch.no_grad():
        ahead, behind = (
            margin(model(shown + sign * length * way), labels, aims).double() for sign in (1, -1)
        )
    seen = (ahead - behind) / (2 * length)
    error = float(((seen - said).abs() / said.abs().clamp_min(1e-12)).median())
    return Finding(
        words,
        error > 0.5,
        f"Along the gradient the margin rises {error:.0%} differently from what autograd says "
        "(median).",
        meaning,
    )


def _gradient(
    model: nn.Module,
    shown: Tensor,
    labels: Tensor,
    objective: Callable[[Tensor, Tensor, Tensor], Tensor],
) -> Tensor | None:
    leaf = shown.detach().requires_grad_(True)
    with torch.enable_grad():
        values = objective(model(leaf), labels, torch.full_like(labels, -1))
        if not values.requires_grad:
            return None
        (gradient,) = torch.autograd.grad(values.sum(), leaf, allow_unused=True)
    return gradient
