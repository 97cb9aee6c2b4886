"""The likelihood of a picture: at each pixel a mixture of what the parts would draw there.

Kosiorek et al. 2019, equation (4): p(x) = sum_m pi_m N(x; mu_m, sigma), with mixing
log-probabilities proportional to alpha (how opaque the template is here) plus log presence. The
background is one more component. All in log-space.

Its gradient is written by hand: with r the posterior over components and pi the prior, the
derivative of log p is r - pi for a mixing logit and r (x - mu) / sigma² for a mean. So nothing of
the size [parts, pictures, pixels] is kept for the backward pass but the inputs.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_LOG_2PI = math.log(2 * math.pi)


def picture_log_likelihood(
    pictures: Tensor,
    means: Tensor,
    logits: Tensor,
    background_mean: Tensor,
    background_logit: Tensor,
    log_scale: Tensor,
    joint_colour: bool = False,
) -> Tensor:
    """log p of each pixel under the mixture of M parts and the background.

    pictures: [B, C, H, W]. means: [M, C, B, H, W]. logits: [M, B, H, W], mixing logits, not
    normalised. background_mean: broadcasts to [C, B, H, W]. background_logit: a scalar.
    log_scale: a scalar, the log of the pixel noise sigma.
    joint_colour: True: a pixel's channels are drawn by one and the same part; False, as the
    official code has it: each channel is a mixture of its own with shared mixing probabilities.
    Returns [B, H, W], summed over channels.
    """
    return _Mixture.apply(
        pictures, means, logits, background_mean, background_logit, log_scale, joint_colour
    )  # type: ignore[no-any-return]


def mixing_probabilities(logits: Tensor, background_logit: Tensor) -> Tensor:
    """The prior over components at each pixel.

    logits: [M, B, H, W]. background_logit: a scalar. Returns [M + 1, B, H, W], background last.
    """
    background = background_logit.expand_as(logits[:1])
    return torch.cat([logits, background]).softmax(0)


def posterior_probabilities(
    pictures: Tensor,
    means: Tensor,
    logits: Tensor,
    background_mean: Tensor,
    background_logit: Tensor,
    log_scale: Tensor,
    joint_colour: bool = False,
) -> Tensor:
    """Which component drew each pixel, given the picture: its share of the pixel's likelihood.

    Arguments as of `picture_log_likelihood`; of channels that are mixtures of their own, the mean.
    Returns [M + 1, B, H, W], background last; sums to 1.
    """
    target = pictures.transpose(0, 1)  # [C, B, H, W]
    precision = (-2 * log_scale).exp()
    flat = background_logit.expand_as(logits[:1])
    ground = background_mean.expand_as(target).unsqueeze(0)
    parts = _log_joint(target, means, logits, precision, joint_colour)
    behind = _log_joint(target, ground, flat, precision, joint_colour)
    return torch.cat([parts, behind]).softmax(0).mean(1)


def mean_picture(
    means: Tensor, logits: Tensor, background_mean: Tensor, background_logit: Tensor
) -> Tensor:
    """The expected picture, [B, C, H, W]; arguments as of `picture_log_likelihood`."""
    mixing = mixing_probabilities(logits, background_logit).unsqueeze(1)  # [M + 1, 1, B, H, W]
    mean = (mixing[:-1] * means).sum(0) + mixing[-1] * background_mean
    return mean.transpose(0, 1)


def mode_picture(
    means: Tensor, logits: Tensor, background_mean: Tensor, background_logit: Tensor
) -> Tensor:
    """What the component with the largest mixing probability draws at each pixel, [B, C, H, W]."""
    largest, which = logits.max(0)  # [B, H, W]
    index = which.expand(1, means.shape[1], *which.shape)
    drawn = means.gather(0, index)[0]  # [C, B, H, W]
    mode = torch.where(largest >= background_logit, drawn, background_mean.expand_as(drawn))
    return mode.transpose(0, 1)


def _log_joint(
    target: Tensor, mean: Tensor, logit: Tensor, precision: Tensor, joint_colour: bool
) -> Tensor:
    """Mixing logit plus log density without constants; [..., C or 1, B, H, W]."""
    distance = (target - mean).square_().mul_(-0.5 * precision)
    if joint_colour:
        distance = distance.sum(-4, keepdim=True)
    return distance.add_(logit.unsqueeze(-4))


class _Mixture(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        pictures: Tensor,
        means: Tensor,
        logits: Tensor,
        background_mean: Tensor,
        background_logit: Tensor,
        log_scale: Tensor,
        joint_colour: bool,
    ) -> Tensor:
        target = pictures.transpose(0, 1)  # [C, B, H, W]
        precision = (-2 * log_scale).exp()
        flat = background_logit.expand_as(logits[0])
        ground = background_mean.expand_as(target)
        prior = torch.logaddexp(logits.logsumexp(0), flat)  # [B, H, W]
        parts = _log_joint(target, means, logits, precision, joint_colour)
        behind = _log_joint(target, ground, flat, precision, joint_colour)
        joint = torch.logaddexp(parts.logsumexp(0), behind)  # [C or 1, B, H, W]
        ctx.save_for_backward(
            pictures, means, logits, background_mean, background_logit, log_scale, prior, joint
        )
        ctx.joint_colour = joint_colour
        channels = target.shape[0]
        constant = channels * (0.5 * _LOG_2PI + log_scale)
        return joint.sum(0) - joint.shape[0] * prior - constant

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        pictures, means, logits, ground_mean, ground_logit, log_scale, prior, joint = (
            ctx.saved_tensors
        )
        target = pictures.transpose(0, 1)
        precision = (-2 * log_scale).exp()
        flat = ground_logit.expand_as(logits[0])
        ground = ground_mean.expand_as(target)
        weight = joint.shape[0] * grad  # each channel that is a mixture of its own counts once

        learns_scale = ctx.needs_input_grad[5]

        def half(mean: Tensor, logit: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
            """Gradients for a component's mixing logit and its mean, and its share of sigma's.

            Few passes over memory: at this size they, not the arithmetic, take the time.
            """
            difference = target - mean
            posterior = difference.square().mul_(-0.5 * precision)  # [..., C, B, H, W]
            if ctx.joint_colour:
                posterior = posterior.sum(-4, keepdim=True)
            posterior.add_(logit.unsqueeze(-4) - joint).exp_().mul_(grad)
            for_logit = (logit - prior).exp_().mul_(-weight)
            for_logit.add_(posterior.squeeze(-4) if one else posterior.sum(-4))
            spread = (difference.square() * posterior).sum() * precision if learns_scale else None
            for_mean = difference.mul_(posterior.mul_(precision))
            return for_logit, for_mean, spread

        one = joint.shape[0] == 1
        for_logits, for_means, spread = half(means, logits)
        for_flat, for_ground, more_spread = half(ground, flat)
        for_target = for_scale = None
        if ctx.needs_input_grad[0]:
            for_target = -(for_means.sum(0) + for_ground).transpose(0, 1)
        if spread is not None and more_spread is not None:
            for_scale = (spread + more_spread - target.shape[0] * grad.sum()).expand(
                log_scale.shape
            )
        return (
            for_target,
            for_means,
            for_logits,
            for_ground.sum_to_size(ground_mean.shape),
            for_flat.sum().expand(ground_logit.shape),
            for_scale,
            None,
        )
