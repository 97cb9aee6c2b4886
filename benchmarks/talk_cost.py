"""What a network costs: multiply-adds, parameters, milliseconds; used by `gesture_talk.py`."""

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from triptych.gesture.learn import export
from triptych.gesture.learn.backbone import start_at_random
from triptych.gesture.learn.hand_reader import SIZE, HandReader

REPEATS = 60


def multiply_adds(network: nn.Module, picture: Tensor) -> int:
    """Of all convolutions and linear layers, for one picture [1, 3, H, W]."""
    total = 0

    def count(layer: nn.Module, _inputs: object, output: Tensor) -> None:
        nonlocal total
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        # [O, I / groups, h, w] or [O, I]: each output value takes all weights of its channel.
        total += output.numel() * layer.weight[0].numel()

    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.no_grad():
        network.eval()(picture)
    for hook in hooks:
        hook.remove()
    return total


def costs(_data: Path) -> dict[str, Any]:
    """Both kinds of convolution in the hand reader at the size that ships, one crop at a time.

    Milliseconds: ONNX Runtime, one thread, the two in turns.
    """
    found: dict[str, Any] = {}
    sessions = {}
    for name in ("separable", "standard"):
        reader = HandReader(separable=name == "separable")
        start_at_random(reader.backbone)
        picture = torch.zeros(1, 3, SIZE, SIZE)
        found[name] = {
            "multiply_adds": multiply_adds(reader, picture),
            "multiply_adds_of_backbone": multiply_adds(reader.backbone, picture),
            "parameters": sum(p.numel() for p in reader.parameters()),
            "parameters_of_backbone": sum(p.numel() for p in reader.backbone.parameters()),
        }
        with tempfile.TemporaryDirectory() as place:
            path = export.export_hand_reader(reader, (1.0, 1.0, 1.0), Path(place))
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            sessions[name] = onnxruntime.InferenceSession(path.read_bytes(), options)
    times: dict[str, list[float]] = {name: [] for name in sessions}
    cpu: dict[str, list[float]] = {name: [] for name in sessions}
    crop = np.random.default_rng(0).integers(0, 256, (1, SIZE, SIZE, 3), np.uint8)
    for turn in range(REPEATS + 5):
        for name, session in sessions.items():
            began, spent = time.perf_counter(), time.process_time()
            session.run(None, {"crops": crop})
            if turn >= 5:
                times[name].append(1e3 * (time.perf_counter() - began))
                cpu[name].append(1e3 * (time.process_time() - spent))
    for name in sessions:
        found[name] |= {"ms": median(times[name]), "cpu_ms": median(cpu[name])}
    return found
