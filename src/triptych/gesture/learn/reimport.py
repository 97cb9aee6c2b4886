"""Exported weights -> a network that can be trained further.

The export folds batch normalisation away; here it is the identity plus the bias again, and
`renormalise` splits it anew.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from triptych.errors import BadInput
from triptych.gesture.learn.backbone import conv_units
from triptych.gesture.learn.export import restore
from triptych.gesture.learn.hand_reader import HandReader


def load_exported(network: HandReader, path: Path) -> list[str]:
    """Fill `network` from an exported reader; returns the names of what the file does not hold.

    Raises `BadInput` if it is no such file or holds weights of other shapes.
    """
    try:
        model = onnx.load(str(path))
    except Exception as error:  # onnx raises whatever its parser stumbles over
        raise BadInput(f"{path} is not an ONNX file that can be read.") from error
    restore(model)
    held = {
        tensor.name.removeprefix("network."): numpy_helper.to_array(tensor)
        for tensor in model.graph.initializer
    }
    state = network.state_dict()
    for name, unit in network.named_modules():
        if f"{name}.conv.bias" in held and hasattr(unit, "norm"):
            held[f"{name}.norm.bias"] = held.pop(f"{name}.conv.bias")
    known = {name: values for name, values in held.items() if name in state}
    if not known or any(state[name].shape != values.shape for name, values in known.items()):
        raise BadInput(f"{path} does not hold a hand reader of this shape.")
    for unit in conv_units(network):
        unit.norm.weight.data.fill_(1.0)
        unit.norm.running_mean.zero_()  # type: ignore[union-attr]
        unit.norm.running_var.fill_(1.0 - unit.norm.eps)  # type: ignore[union-attr]
    for name, values in known.items():
        state[name].copy_(torch.from_numpy(values.astype(np.float32)))
    learnt = {name for name, _ in network.named_parameters() if ".norm." not in name}
    return sorted(learnt - known.keys())
