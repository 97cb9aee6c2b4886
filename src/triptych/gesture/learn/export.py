"""Trained networks -> the ONNX files that the runtime reads.

What the camera gives goes in as it is (uint8, BGR, channels last); normalisation lives in the
graph, batch normalisation is folded away, and weights are stored in half precision, which halves
the files and is undone when they are loaded.
"""

import copy
import hashlib
import io
import json
import warnings
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from triptych.gesture.learn.backbone import conv_units, fold
from triptych.gesture.learn.detector import Detector
from triptych.gesture.learn.hand_reader import SIZE, HandReader

OPSET = 17
Network = TypeVar("Network", bound=nn.Module)


class _Pictures(nn.Module):
    """[B, H, W, 3] uint8 BGR -> [B, 3, H, W] RGB in [-1, 1]."""

    def forward(self, pictures: Tensor) -> Tensor:
        x = pictures.permute(0, 3, 1, 2).float() / 127.5 - 1
        return torch.cat([x[:, 2:3], x[:, 1:2], x[:, 0:1]], dim=1)


class DetectorGraph(nn.Module):
    """What the exported detector computes: heat 0..1 and boxes."""

    def __init__(self, network: Detector) -> None:
        super().__init__()
        self.pictures, self.network = _Pictures(), network

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """[1, H, W, 3] uint8 -> heat [1, 2, H/8, W/8], sides [1, 2, 4, H/8, W/8]."""
        heat, sides = self.network(self.pictures(picture))
        return heat.sigmoid(), sides


class HandReaderGraph(nn.Module):
    """What the exported reader computes: calibrated scores of the three answers, and the rest."""

    def __init__(self, network: HandReader, temperatures: tuple[float, float, float]) -> None:
        super().__init__()
        self.pictures, self.network = _Pictures(), network
        self.temperatures: Tensor
        self.register_buffer("temperatures", torch.tensor(temperatures)[None, :, None])

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[B, S, S, 3] uint8 -> scores [B, 3, 8], landmarks [B, 21, 2], embedding [B, 128]."""
        reading = self.network(self.pictures(crops))
        logits = torch.stack([reading.logits[name] for name in ("appearance", "shape", "both")], 1)
        scores = (logits / self.temperatures).softmax(dim=2)
        return scores, reading.landmarks, reading.embedding


def export_detector(network: Detector, folder: Path) -> Path:
    """Write `detector.onnx` (any height and width that are multiples of 32) and its hash."""
    graph = DetectorGraph(_folded(network)).eval()
    example = torch.zeros(1, 192, 320, 3, dtype=torch.uint8)
    axes = {
        "picture": {1: "height", 2: "width"},
        "heat": {2: "rows", 3: "columns"},
        "sides": {3: "rows", 4: "columns"},
    }
    return _write(graph, example, "picture", ["heat", "sides"], axes, folder / "detector.onnx")


def export_hand_reader(
    network: HandReader, temperatures: tuple[float, float, float], folder: Path
) -> Path:
    """Write `hand_reader.onnx` (any number of crops) and its hash."""
    graph = HandReaderGraph(_folded(network), temperatures).eval()
    example = torch.zeros(2, SIZE, SIZE, 3, dtype=torch.uint8)
    outputs = ["scores", "landmarks", "embedding"]
    axes = {name: {0: "hands"} for name in ["crops", *outputs]}
    return _write(graph, example, "crops", outputs, axes, folder / "hand_reader.onnx")


def _folded(network: Network) -> Network:
    network = copy.deepcopy(network).cpu().float().eval()
    fold(conv_units(network))
    return network


def _write(
    graph: nn.Module,
    example: Tensor,
    given: str,
    outputs: list[str],
    axes: dict[str, dict[int, str]],
    path: Path,
) -> Path:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The old exporter says that it is old; the new one would need one more package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            (example,),
            buffer,  # type: ignore[arg-type]  # taken, though the stub does not say so
            input_names=[given],
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    halve(model)
    onnx.checker.check_model(model)
    data = model.SerializeToString()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    _record(path, data)
    return path


def halve(model: onnx.ModelProto, smallest: int = 256) -> None:
    """Store large float32 weights as float16, each behind a Cast that loading folds away.

    Those that a float16 cannot hold stay as they are.
    """
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < smallest or np.abs(values).max() > np.finfo(np.float16).max:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + "_half"))
        casts.append(helper.make_node("Cast", [name + "_half"], [name], to=TensorProto.FLOAT))
    for position, node in enumerate(casts):
        model.graph.node.insert(position, node)


def restore(model: onnx.ModelProto) -> None:
    """Undo `halve`: every weight float32 under its own name."""
    for tensor in model.graph.initializer:
        if tensor.name.endswith("_half"):
            values = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name.removesuffix("_half")))
    for node in list(model.graph.node):
        if node.op_type == "Cast" and node.input[0].endswith("_half"):
            model.graph.node.remove(node)


def _record(path: Path, data: bytes) -> None:
    listing = path.parent / "models.json"
    known = json.loads(listing.read_text(encoding="utf-8")) if listing.exists() else {}
    known[path.name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    listing.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")
