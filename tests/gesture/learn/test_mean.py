"""The mean of two readers: between them where they share layers, the second's where they do not."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from triptych.errors import BadInput
from triptych.gesture.learn.export import export_hand_reader
from triptych.gesture.learn.hand_reader import HandReader
from triptych.gesture.learn.mean import make_mean, mean_weights


def reader(folder: Path, seed: int, temperature: float) -> Path:
    """An exported reader of random weights."""
    torch.manual_seed(seed)
    return export_hand_reader(HandReader().eval(), (temperature, 1.0, 1.0), folder)


def weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """By name, float32."""
    return {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}


def test_the_mean_lies_between(tmp_path: Path) -> None:
    """A quarter of the way, layer by layer; shape and temperatures stay the second's."""
    first, second = reader(tmp_path / "a", 0, 1.0), reader(tmp_path / "b", 1, 2.0)
    a, b = weights(onnx.load(str(first))), weights(onnx.load(str(second)))
    mean = weights(mean_weights(first, second, 0.25))
    assert mean.keys() == b.keys()
    moved = 0
    for name, values in mean.items():
        own = values.dtype.kind != "f" or name == "temperatures" or ".shape" in name
        wanted = b[name] if own else 0.75 * a[name].astype(float) + 0.25 * b[name].astype(float)
        assert np.allclose(values, wanted, atol=2e-3, rtol=2e-3), name
        moved += not own and not np.array_equal(values, b[name])
    assert moved > 50
    assert any(".shape" in name for name in mean)


def test_a_layer_that_only_one_file_holds_as_a_half_is_meant_too(tmp_path: Path) -> None:
    """A weight beyond a half's range keeps its layer in whole floats, whichever file has it."""
    first = reader(tmp_path / "a", 0, 1.0)
    network = HandReader().eval()
    network.backbone.blocks[6].units[1].conv.weight.data[5] = 1e6  # type: ignore[index, union-attr]
    second = export_hand_reader(network, (1.0, 1.0, 1.0), tmp_path / "b")
    (name,) = weights(onnx.load(str(second))).keys() - weights(onnx.load(str(first))).keys()
    for one, other in ((first, second), (second, first)):
        mean = weights(mean_weights(one, other, 0.5))[name]
        assert mean.dtype == np.float32
        assert mean[5] == pytest.approx(0.5e6, rel=0.01)


def test_other_networks_are_refused(tmp_path: Path) -> None:
    """A detector, text, and a run that has not been finished: one sentence each."""
    good = reader(tmp_path / "a", 0, 1.0)
    detector = Path(__file__).parents[3] / "src/triptych/gesture/models/detector.onnx"
    with pytest.raises(BadInput, match="same network"):
        mean_weights(detector, good, 0.5)
    text = tmp_path / "text.onnx"
    text.write_text("text")
    with pytest.raises(BadInput, match=r"text\.onnx"):
        mean_weights(text, good, 0.5)
    with pytest.raises(BadInput, match="no finished run"):
        make_mean(tmp_path, good, tmp_path / "a", 0.5, tmp_path / "mean")
