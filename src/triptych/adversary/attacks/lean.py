"""A copy of a model that answers the same with less work, to search with.

- Batch norm in evaluation mode is one multiplication and one addition a channel: both go into the
  weights of the convolution or linear layer before it.
- On a CPU, convolutions of pictures run faster with channels last. Where the maps are flattened for
  a linear layer, its weights are put in that order, too, so that nothing has to be turned round.
- On a CPU, the gradient of a first convolution costs less than oneDNN makes of it (`narrow`).

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
from triptych.adversary.attacks.narrow import Narrow, is_narrow

SAMPLE: Final = 4
"""Pictures that the copy is tried on."""

WIDE: Final = 256
"""Pixels from which on channels last pay by themselves; on smaller pictures they do if nothing has
to be turned round for a linear layer (measured on two cores: 8x8 digits 5 to 10 % slower, 32x32
pictures 15 % faster)."""

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


def lean(model: Forward, pictures: Tensor) -> Forward | None:
    """A faster stand-in for a model in evaluation mode; None if there is none that agrees with it.

    pictures: [N, ...], some that the model is to be asked about.
    """
    if not isinstance(model, nn.Module) or len(pictures) == 0:
        return None
    parts = list(model.modules())
    norms = any(type(part) in _NORMS for part in parts)
    on_cpu = pictures.device.type == "cpu"
    last = on_cpu and pictures.ndim == 4 and any(isinstance(part, nn.Conv2d) for part in parts)
    few = on_cpu and any(is_narrow(part) for part in parts)
    sample = pictures[:SAMPLE]
    for fold, channels in dict.fromkeys(
        [(norms, last), (norms, False), (False, last), (False, False)]
    ):
        if not (fold or channels or few):
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
    """The copy, batch norms folded, channels last, if so asked; None if that gains nothing."""
    own = copy.deepcopy(model)
    for part in own.parameters():
        part.requires_grad_(False)
    if fold and not _fold(own, sample):
        return None
    if sample.device.type == "cpu":
        for name, part in list(own.named_modules()):
            if name and is_narrow(part):
                _replace(own, name, Narrow(part))  # type: ignore[arg-type]
    forward = searcher(own)
    if not channels:
        return forward
    if not _turn(own, sample) and sample.shape[2] * sample.shape[3] < WIDE:
        return None
    own.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return lambda pictures: forward(pictures.contiguous(memory_format=torch.channels_last))


def _fold(model: nn.Module, sample: Tensor) -> bool:
    """Put batch norms into the layers that they follow; whether there are any."""
    names = {part: name for name, part in model.named_modules()}
    pairs = {
        norm: layer
        for norm, (layer, _) in _follow(model, sample, _LAYERS, _NORMS).items()
        if not norm.training
        and getattr(norm, "running_mean", None) is not None
        and (isinstance(layer, nn.Linear) or sample.ndim > 2)
    }
    for norm, layer in pairs.items():
        fuse = fuse_linear_bn_eval if isinstance(layer, nn.Linear) else fuse_conv_bn_eval
        _replace(model, names[layer], fuse(layer, norm))  # type: ignore[type-var,arg-type]
        _replace(model, names[norm], nn.Identity())
    return bool(pairs)


def _turn(model: nn.Module, sample: Tensor) -> bool:
    """Let linear layers take flattened maps with their channels last; whether there are any."""
    names = {part: name for name, part in model.named_modules()}
    found = False
    for linear, (flatten, shape) in _follow(model, sample, (nn.Flatten,), (nn.Linear,)).items():
        whole = (getattr(flatten, "start_dim", None), getattr(flatten, "end_dim", None)) == (1, -1)
        if whole and len(shape) == 4 and isinstance(linear, nn.Linear):
            weight = linear.weight.unflatten(1, shape[1:]).permute(0, 2, 3, 1).flatten(1)
            linear.weight = nn.Parameter(weight.contiguous(), requires_grad=False)
            _replace(model, names[flatten], _ChannelsLast())
            found = True
    return found


class _ChannelsLast(nn.Module):
    """Maps [B, C, H, W] -> [B, H W C], without a copy if they lie in memory like that."""

    def forward(self, maps: Tensor) -> Tensor:
        """Flattened."""
        return maps.permute(0, 2, 3, 1).flatten(1)


_Kinds = tuple[type[nn.Module], ...]


def _follow(
    model: nn.Module, sample: Tensor, leaders: _Kinds, followers: _Kinds
) -> dict[nn.Module, tuple[nn.Module, torch.Size]]:
    """Followers -> the leader whose output each gets, where both run once, and what that was given.

    That nothing else gets the leader's output is left to the comparison at the end.
    """
    made = dict[int, tuple[nn.Module, torch.Size]]()
    kept = list[Tensor]()  # so that no id is given to a second tensor
    runs = dict[nn.Module, int]()
    follows = dict[nn.Module, tuple[nn.Module, torch.Size]]()

    def after(part: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        runs[part] = runs.get(part, 0) + 1
        made[id(output)] = part, given[0].shape
        kept.append(output)

    def before(part: nn.Module, given: tuple[Tensor, ...]) -> None:
        runs[part] = runs.get(part, 0) + 1
        if len(given) == 1 and id(given[0]) in made:
            follows[part] = made[id(given[0])]

    handles = list[torch.utils.hooks.RemovableHandle]()
    for part in model.modules():
        if type(part) in leaders:
            handles.append(part.register_forward_hook(after))
        elif type(part) in followers:
            handles.append(part.register_forward_pre_hook(before))
    try:
        with torch.no_grad():
            searcher(model)(sample)
    finally:
        for handle in handles:
            handle.remove()
    return {
        follower: (leader, shape)
        for follower, (leader, shape) in follows.items()
        if runs[follower] == runs[leader] == 1
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
