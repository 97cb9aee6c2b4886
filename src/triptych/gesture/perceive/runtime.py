"""ONNX Runtime, kept quiet and small: no telemetry, one thread, checked weights.

ONNX Runtime 1.29 and later reports its use to its maker unless ORT_DISABLE_TELEMETRY is set before
it is imported; this is the only module that imports it.
"""

import hashlib
import os
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from triptych.errors import BrokenModel
from triptych.gesture.model_files import MODELS, fingerprint


def load_session(name: str, folder: Path = MODELS) -> onnxruntime.InferenceSession:
    """A session for the weights `name`, e.g. "detector.onnx".

    One thread: at a few milliseconds a picture, more threads cost more than they bring, and the
    call itself needs the other cores. Raises `BrokenModel` if the file is missing, is not what was
    shipped, or cannot be run.
    """
    path = folder / name
    expected = fingerprint(name, folder)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BrokenModel(
            f"The model file {path} cannot be read; install triptych again."
        ) from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise BrokenModel(
            f"The model file {path} is damaged (its SHA-256 is not that of models.json); "
            "install triptych again, or export the model again if you trained it yourself."
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # 5 MB less, and no slower at these sizes
    options.log_severity_level = 3
    try:
        # The path, not `data`: a session keeps a copy of what it is given.
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common base below Exception
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BrokenModel(f"ONNX Runtime cannot run {path}: {reason}") from error
