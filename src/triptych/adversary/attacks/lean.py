"""A copy of a model that answers the same with less work, to search with.

- Batch norm in evaluation mode is one multiplication and one addition a channel: both go into the
  weights of the convolution or linear layer before it.
- On a CPU, convolutions of pictures run faster with channels last.

What follows what is seen by running the model once, not by reading its code, so a forward of any
kind will do. The copy is used only if it gives the model's own logits and gradient on a few
pictures; a random model, for one, never passes. What counts is decided by the model itself.
"""

import copy
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from triptych.adversary.attacks.found import Forward, searcher

SAMPLE: Final = 4
"""Pictures that the copy is tried on."""

WIDE: Final = 256
"""Pixels from which on channels last pay; on smaller pictures the detour costs more than it saves
(measured on two cores: 8x8 digits 5 to 10 % slower, 32x32 pictures 15 % faster)."""

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def lean(model: Forward, pictures: Tensor) -> Forward | None:
    """A faster stand-in for a model in evaluation mode; None if there is none that agrees with it.

    pictures: [N, ...], some that the model is to be asked about.
    """
    if not isinstance(model, nn.Module) or len(pictures) == 0:
        return None
    parts = list(model.modules())
    norms = any(type(part) in _NORMS for part in parts)
    last = (
        pictures.ndim == 4
        and pictures.device.type == "cpu"
        and pictures.shape[2] * pictures.shape[3] >= WIDE
        and any(isinstance(part, nn.Conv2d) for part in parts)
    )
    sample = pictures[:SAMPLE]
    for fold, channels in dict.fromkeys([(norms, last), (norms, False), (False, last)]):
        if not (fold or channels):
            continue
        try:
            stand_in = _copy(model, sample, fold, channels)
            if stand_in is not None and _agree(
                _answer(searcher(model), sample), _answer(stand_in, sample)
            ):
                return stand_in
        except (RuntimeError, TypeError, ValueError, AssertionError):
            continue  # it cannot be copied, or needs channels first, or asking it fails anyway
    return None


def _copy(model: nn.Module, sample: Tensor, fold: bool, channels: bool) -> Forward | None:
    """The copy with batch norms folded or channels last; None if there is nothing to fold."""
    own = copy.deepcopy(model)
    for part in own.parameters():
        part.requires_grad_(False)
    if fold:
        names = {part: name for name, part in own.named_modules()}
        pairs = _follow(searcher(own), own, sample)
        if not pairs:
            return None
        for norm, layer in pairs.items():
            fuse = fuse_linear_bn_eval if isinstance(layer, nn.Linear) else fuse_conv_bn_eval
            _replace(own, names[layer], fuse(layer, norm))  # type: ignore[type-var,arg-type]
            _replace(own, names[norm], nn.Identity())
    forward = searcher(own)
    if not channels:
        return forward
    own.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return lambda pictures: forward(pictures.contiguous(memory_format=torch.channels_last))


def _follow(forward: Forward, model: nn.Module, sample: Tensor) -> dict[nn.Module, nn.Module]:
    """Batch norms in evaluation mode -> the layer whose output each gets, where both run once.

    That nothing else gets the layer's output is left to the comparison at the end.
    """
    made = dict[int, nn.Module]()
    kept = list[Tensor]()  # so that no id is given to a second tensor
    runs = dict[nn.Module, int]()
    follows = dict[nn.Module, nn.Module]()

    def after(part: nn.Module, _given: tuple[Tensor, ...], output: Tensor) -> None:
        runs[part] = runs.get(part, 0) + 1
        made[id(output)] = part
        kept.append(output)

    def before(part: nn.Module, given: tuple[Tensor, ...]) -> None:
        runs[part] = runs.get(part, 0) + 1
        if len(given) == 1 and id(given[0]) in made:
            follows[part] = made[id(given[0])]

    handles = list[torch.utils.hooks.RemovableHandle]()
    for part in model.modules():
        if type(part) in (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear):
            handles.append(part.register_forward_hook(after))
        elif type(part) in _NORMS and not part.training and part.running_mean is not None:
            handles.append(part.register_forward_pre_hook(before))
    try:
        with torch.no_grad():
            forward(sample)
    finally:
        for handle in handles:
            handle.remove()
    return {
        norm: layer
        for norm, layer in follows.items()
        if runs[norm] == runs[layer] == 1 and (isinstance(layer, nn.Linear) or sample.ndim > 2)
    }


def _replace(model: nn.Module, name: str, new: nn.Module) -> None:
    home, _, last = name.rpartition(".")
    setattr(model.get_submodule(home), last, new)


def _answer(forward: Forward, sample: Tensor) -> tuple[Tensor, Tensor | None]:
    """Logits, and the gradient of their weighted sum, if there is one."""
    leaf = sample.detach().requires_grad_(True)
    with torch.enable_grad():
        logits = forward(leaf)
        weight = torch.linspace(1, 2, logits.shape[-1], dtype=logits.dtype, device=logits.device)
        total = (logits * weight).sum()
    gradient = None
    if total.requires_grad:
        (gradient,) = torch.autograd.grad(total, leaf, allow_unused=True)
    return logits.detach(), gradient


def _agree(one: tuple[Tensor, Tensor | None], other: tuple[Tensor, Tensor | None]) -> bool:
    """Both logits and gradients within a ten-thousandth of the largest value."""
    for a, b in zip(one, other, strict=True):
        if a is None or b is None:
            if a is not b:
                return False
        elif a.shape != b.shape or not bool(a.isfinite().all()):
            return False
        else:
            scale = 1e-4 * float(a.abs().amax().clamp_min(1e-30))
            if not torch.allclose(a, b.to(a.dtype), rtol=0, atol=scale):
                return False
    return True
