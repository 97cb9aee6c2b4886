"""What the command line names as a target: a model, and the pictures that it is attacked on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from triptych.adversary.attacks.found import Forward
from triptych.adversary.attacks.method import (
    Method,
    apgd,
    apgd_targeted,
    black_box,
    standard,
    transfer,
)
from triptych.adversary.attacks.onnx_file import OnnxFile
from triptych.adversary.attacks.threat import NormName
from triptych.adversary.gallery.catalogue import CATALOGUE
from triptych.adversary.gallery.pictures import as_floats, pictures
from triptych.adversary.gallery.weights import read, shipped
from triptych.errors import BadInput

ONNX: Final = ".onnx"


@dataclass(frozen=True, slots=True)
class Target:
    """name, data: what was attacked, for the result. data: a data set, or a file's name."""

    name: str
    data: str
    model: Forward
    pictures: Tensor
    labels: Tensor

    @property
    def gives_gradients(self) -> bool:
        """Whether one can differentiate it."""
        return not isinstance(self.model, OnnxFile)


def find(name: str, data: str, file: Path | None = None) -> Target:
    """A target by its name: an ONNX file, a defence of the gallery, `digits`, or a run's folder.

    data: the data set whose test pictures are attacked, for an ONNX file or a name; a run's folder
    knows its own. file: pictures and labels of one's own instead, see `read_pictures`.
    Raises BadInput, BrokenModel or Unavailable, in a sentence.
    """
    if name.endswith(ONNX):
        model, kind = OnnxFile(Path(name)), Path(name).name
    else:
        model, kind, data = _trained(name, data)
    if file is not None:
        images, labels = read_pictures(file)
        _takes(model, images, f"{kind} does not take")
        return Target(kind, file.name, model, images, labels)
    images, labels = pictures(data, "test")
    return Target(kind, data, model, as_floats(images), labels)


def _trained(name: str, data: str) -> tuple[Forward, str, str]:
    if name == "digits":
        folder = shipped("plain", "digits")
    else:
        folder = shipped(name, data) if name in CATALOGUE else Path(name)
        if not folder.is_dir():
            raise BadInput(
                f"There is no {name}: name a defence of the gallery ({', '.join(CATALOGUE)}), the "
                "folder of a gallery run, or an ONNX file."
            )
    model, card = read(folder)
    return model, card["defence"], card["data"]


def surrogate(name: str, target: Target) -> Forward:
    """A model whose gradients are followed in the target's place; named as a target is.

    Raises BadInput for an ONNX file, or one that does not take the target's pictures.
    """
    if name.endswith(ONNX):
        raise BadInput(f"{name} gives no gradients; name a surrogate of the gallery, or a run.")
    model, _, _ = _trained(name, target.data)
    _takes(model, target.pictures, f"The surrogate {name} does not take")
    return model


def _takes(model: Forward, images: Tensor, words: str) -> None:
    """Raises BadInput, beginning with `words`, if the model fails on pictures of that shape."""
    try:
        with torch.no_grad():
            model(images[:1])
    except (RuntimeError, ValueError) as error:
        raise BadInput(f"{words} pictures of shape {list(images.shape[1:])}.") from error


def methods_for(
    target: Target, asked: Method | tuple[Method, ...] | None, norm: NormName, other: Forward | None
) -> Method | tuple[Method, ...]:
    """What is run on the target; `asked` is None for the strongest that there is.

    other: a surrogate. With one, what was asked for climbs there; the strongest does so first.
    Raises BadInput where gradients are needed and nothing gives any.
    """
    if asked is None:
        alone = black_box() if not target.gives_gradients else standard(10, norm=norm)
        if other is None:
            return alone
        climbs = (apgd(), apgd_targeted())
        return (*(transfer(other, each, each.objective) for each in climbs), *alone)
    wanted = asked if isinstance(asked, tuple) else (asked,)
    blind = [not each.rule.uses_gradient or each.samples > 0 for each in wanted]
    if other is not None:
        return tuple(
            each if unseeing else transfer(other, each, each.objective)
            for each, unseeing in zip(wanted, blind, strict=True)
        )
    if not target.gives_gradients and not all(blind):
        raise BadInput(
            f"{target.name} gives no gradients, but {wanted[0].name} needs them: choose black-box, "
            "square, nes or noise, or name a --surrogate."
        )
    return asked


def read_pictures(path: Path) -> tuple[Tensor, Tensor]:
    """Pictures and labels from a NumPy .npz file with arrays `pictures` and `labels`.

    pictures: [N, ...] as the model takes them, uint8 0..255 or floating-point 0..1. labels: [N].
    Raises BadInput for a file that is none.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            found, labels = file["pictures"], file["labels"]
    except OSError as error:
        raise BadInput(f"{path} cannot be read as a .npz file.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is no .npz file that NumPy made of plain arrays.") from error
    except KeyError as error:
        raise BadInput(f"{path} must hold two arrays, pictures and labels.") from error
    if not (found.dtype == np.uint8 or np.issubdtype(found.dtype, np.floating)):
        raise BadInput(f"{path} holds pictures as {found.dtype}; give uint8, or 0 to 1 as floats.")
    if not np.issubdtype(labels.dtype, np.integer):
        raise BadInput(f"{path} holds labels as {labels.dtype}; they must be whole numbers.")
    if len(found) == 0:
        raise BadInput(f"{path} holds no pictures.")
    images = torch.from_numpy(found)
    return (
        as_floats(images) if found.dtype == np.uint8 else images.float(),
        torch.from_numpy(labels.astype(np.int64)),
    )
