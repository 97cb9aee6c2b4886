"""A model in use: put in evaluation mode, asked, and left exactly as it was found."""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

Forward = Callable[[Tensor], Tensor]


@contextmanager
def as_found(modules: Iterable[nn.Module], seed: int) -> Iterator[None]:
    """Evaluation mode and seeded randomness inside; afterwards everything is as before.

    That is: each submodule's train flag (a frozen layer inside a training network stays frozen),
    each buffer's identity and values, and torch's random state.
    """
    every = {id(part): part for module in modules for part in module.modules()}.values()
    flags = [(part, part.training) for part in every]
    buffers = [
        (part, name, buffer, buffer.detach().clone())
        for part in every
        for name, buffer in part._buffers.items()
        if buffer is not None
    ]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        try:
            for part, _ in flags:
                part.training = False
            yield
        finally:
            for part, training in flags:
                part.training = training
            with torch.no_grad():
                for part, name, buffer, values in buffers:
                    buffer.copy_(values)
                    part._buffers[name] = buffer


def own_dtype(model: Forward) -> torch.dtype | None:
    """The precision of the model's floating-point parameters; None if it has none."""
    if isinstance(model, nn.Module):
        for parameter in model.parameters():
            if parameter.is_floating_point():
                return parameter.dtype
    return None


def own_device(model: Forward) -> torch.device | None:
    """The device of the model's first parameter; None if it has none."""
    if isinstance(model, nn.Module):
        for parameter in model.parameters():
            return parameter.device
    return None


def searcher(model: Forward) -> Forward:
    """The model, given pictures in its own precision and answering in float32 or better."""
    dtype = own_dtype(model)

    def forward(pictures: Tensor) -> Tensor:
        logits = model(pictures if dtype is None else pictures.to(dtype))
        return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits

    return forward


def judge(model: Forward) -> tuple[Forward, list[nn.Module]]:
    """The model that decides what counts, in float32 or better, and its module if it is a copy.

    A float16 or bfloat16 model is copied to float32, so that its rounding alone is no success.
    """
    if isinstance(model, nn.Module) and own_dtype(model) in (torch.float16, torch.bfloat16):
        full = copy.deepcopy(model).float()
        return searcher(full), [full]
    return searcher(model), []


def depends_on_batch(ask: Forward, pictures: Tensor) -> bool:
    """Whether the answer for a picture changes with the others in the batch.

    Compares up to 3 pictures alone with the same in a batch of 8. A model that also answers
    differently when asked the same twice is random, and nothing can be told.
    """
    if len(pictures) == 0:
        return False
    batch = pictures[:8]
    if len(batch) == 1:
        batch = torch.cat([batch, batch.flip(tuple(range(1, batch.ndim)))])
    with torch.no_grad():
        together = ask(batch)
        if not _close(together, ask(batch)):
            return False
        alone = torch.cat([ask(batch[i : i + 1]) for i in range(min(3, len(batch)))])
    return not _close(alone, together[: len(alone)])


def _close(one: Tensor, other: Tensor) -> bool:
    """Equal to a thousandth of the largest value, which no order of summation comes near."""
    scale = 1e-3 * float(other.abs().nan_to_num(0, 0, 0).amax().clamp_min(1e-6))
    return torch.allclose(one, other, rtol=0, atol=scale, equal_nan=True)
