"""A classifier in an ONNX file as something to attack: it gives values, and no gradients.

What needs values only runs on it (`black_box`, `square`, `nes`, `random_noise`), and `transfer`
climbs on a surrogate whose gradients are known, and asks the file at each step.
"""

import hashlib
import os
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from triptych.errors import BadInput, BrokenModel

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # must be set before the import: nothing is reported
import onnxruntime

_TYPES: Final = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
}


class OnnxFile:
    """Pictures [B, ...] -> the file's first output [B, K], on the CPU.

    fingerprint: SHA-256 of the file, which says in an evaluation's file what was attacked. A fixed
    number of pictures at a time is kept to: what is missing is filled up with the last picture.
    Raises BrokenModel for a file that is none, or does not map one batch of floating-point pictures
    to logits; when called, BadInput for pictures of another shape.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 4  # what is wrong is raised; nothing is to be printed
        try:
            content = path.read_bytes()
            # By its path: a large model's weights are in files beside it.
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except OSError as error:
            raise BrokenModel(f"{path} cannot be read ({error.strerror}).") from error
        except Exception as error:  # ONNX Runtime raises kinds of its own
            raise BrokenModel(f"{path} is no ONNX file that ONNX Runtime can load.") from error
        self.fingerprint = hashlib.sha256(content).digest()
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or inputs[0].type not in _TYPES or len(inputs[0].shape) < 2:
            given = ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs)
            raise BrokenModel(
                f"{path} must have one input, a batch of floating-point pictures, but has: {given}."
            )
        self._input, self._output = inputs[0], outputs[0].name

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Of one picture; None where the file takes any size."""
        return tuple(n if isinstance(n, int) else None for n in self._input.shape[1:])

    def __call__(self, pictures: Tensor) -> Tensor:
        """Ask the file."""
        wanted, given = self.shape, tuple(pictures.shape[1:])
        if len(wanted) != len(given) or any(
            w not in (None, g) for w, g in zip(wanted, given, strict=True)
        ):
            raise BadInput(
                f"{self.path.name} wants pictures of shape {_words(wanted)}, but they are "
                f"{_words(given)}."
            )
        rows = pictures.detach().cpu().numpy().astype(_TYPES[self._input.type])
        batch = self._input.shape[0]
        size = batch if isinstance(batch, int) else max(1, len(rows))
        parts = [self._ask(rows[i : i + size], size) for i in range(0, len(rows), size)]
        if not parts:  # its answer's width is not known before it has answered
            parts = [self._ask(np.zeros((1, *given), rows.dtype), size)[:0]]
        answer = torch.from_numpy(np.concatenate(parts))
        answer = answer.float() if answer.dtype == torch.float16 else answer
        return answer.to(pictures.device)

    def _ask(self, rows: np.ndarray, size: int) -> np.ndarray:
        missing = size - len(rows) if isinstance(self._input.shape[0], int) else 0
        filled = np.concatenate([rows, np.repeat(rows[-1:], missing, 0)]) if missing else rows
        try:
            answer: Any = self._session.run([self._output], {self._input.name: filled})[0]
        except Exception as error:
            raise BadInput(f"{self.path.name} failed on these pictures: {error}") from error
        return np.asarray(answer)[: len(rows)]


def _words(shape: tuple[int | None, ...]) -> str:
    return "[" + ", ".join("any" if n is None else str(n) for n in shape) + "]"
