"""Look at what was given before anything is computed; each mistake gets its sentence."""

import torch
from torch import Tensor

from triptych.adversary.attacks.found import Forward, own_device
from triptych.adversary.attacks.inside import LEVELS, levels, walls
from triptych.adversary.attacks.threat import Threat
from triptych.errors import BadInput


def checked_pictures(pictures: Tensor, threat: Threat) -> Tensor:
    """The pictures [N, ...], detached, in float32 or float64. Raises BadInput if they will not do.

    They must be floating-point numbers, finite, within the box, and on the 8-bit grid if the
    threat model is.
    """
    if not pictures.is_floating_point():
        raise BadInput(
            f"The pictures are {_name(pictures.dtype)}; give floating-point numbers from "
            f"{threat.low} to {threat.high}, such as pictures / 255."
        )
    if pictures.ndim < 2:
        raise BadInput(f"The pictures have shape {list(pictures.shape)}, but must be [N, ...].")
    pictures = pictures.detach()
    if pictures.dtype in (torch.float16, torch.bfloat16):
        pictures = pictures.float()
    if pictures.numel() == 0:
        return pictures
    least, most = float(pictures.min()), float(pictures.max())
    low, high = walls(threat, pictures.dtype)
    if not bool(pictures.isfinite().all()):
        raise BadInput("The pictures hold values that are no finite numbers.")
    if not (low <= least and most <= high):
        raise BadInput(
            f"The pictures reach from {least:.4g} to {most:.4g}, outside the box {threat.low} to "
            f"{threat.high}; scale them, or set low and high of the threat model."
        )
    if threat.grid:
        span = threat.high - threat.low
        off = (pictures.double() - threat.low) / span * LEVELS - levels(threat, pictures)
        if float(off.abs().max()) > 1e-3:
            raise BadInput(
                "The threat model allows 8-bit pictures only, but the clean pictures are none: "
                "round them to k / 255 first."
            )
    return pictures


def checked_classes(
    name: str, classes: Tensor, pictures: Tensor, class_count: int | None = None
) -> Tensor:
    """Labels or targets, [N] int64 on the pictures' device. Raises BadInput if they will not do."""
    if classes.is_floating_point() or classes.is_complex() or classes.dtype == torch.bool:
        raise BadInput(f"The {name} are {_name(classes.dtype)}, but must be whole numbers.")
    if classes.shape != pictures.shape[:1]:
        raise BadInput(
            f"The {name} have shape {list(classes.shape)}, but there are {len(pictures)} pictures."
        )
    classes = classes.detach().to(pictures.device, torch.int64)
    if bool((classes < 0).any()):
        raise BadInput(f"The {name} hold {int(classes.min())}, but must be 0 or more.")
    if class_count is not None and bool((classes >= class_count).any()):
        raise BadInput(
            f"The {name} hold {int(classes.max())}, but the classes are 0 to {class_count - 1}."
        )
    return classes


def checked_device(model: Forward, pictures: Tensor) -> None:
    """Raises BadInput if the model is on another device than the pictures."""
    device = own_device(model)
    if device is not None and device != pictures.device:
        raise BadInput(f"The model is on {device}, but the pictures are on {pictures.device}.")


def checked_logits(logits: Tensor, count: int) -> Tensor:
    """The model's answer [N, K]. Raises BadInput if it is no such thing."""
    if logits.ndim != 2 or len(logits) != count or logits.shape[1] < 2:
        raise BadInput(
            f"For {count} pictures the model answers with shape {list(logits.shape)}; "
            f"it must be [{count}, number of classes], with at least 2 classes."
        )
    return logits


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
