"""Attacks on a real ONNX file, which has no gradients."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from triptych.adversary import Threat, attack
from triptych.adversary.attacks.evaluation import evaluate
from triptych.adversary.attacks.method import apgd, pgd, random_noise, square, transfer
from triptych.adversary.attacks.onnx_file import OnnxFile
from triptych.errors import BadInput, BrokenModel


def write(path, model, batch="N", kind=TensorProto.FLOAT):
    """The two-layer network of the tests as a file: flatten, matrix, ReLU, matrix."""
    first, second = (
        numpy_helper.from_array(model[i].weight.detach().numpy().T.astype(
            helper.tensor_dtype_to_np_dtype(kind)), f"w{i}") for i in (1, 3)
    )  # fmt: skip
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w1"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MatMul", ["b", "w3"], ["z"]),
    ]
    graph = helper.make_graph(
        nodes, "network",
        [helper.make_tensor_value_info("x", kind, [batch, 1, 4, 4])],
        [helper.make_tensor_value_info("z", kind, [batch, 5])],
        [first, second],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    onnx.save(made, path)
    return path


@pytest.fixture
def scene(make, tmp_path):
    """The network, its file, pictures and labels."""
    model, pictures = make.network(dtype=torch.float32), make.pictures(20, dtype=torch.float32)
    return model, write(tmp_path / "m.onnx", model), pictures, make.answers(model, pictures)


@pytest.mark.parametrize("batch", ["N", 1, 3])
@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.DOUBLE], ids=["float", "double"])
@pytest.mark.parametrize("count", [0, 1, 3, 8])
def test_a_file_answers_like_the_network(make, tmp_path, batch, kind, count):
    """Any number of pictures, also where the file takes a fixed number at a time."""
    model, pictures = make.network(dtype=torch.float32), make.pictures(count, dtype=torch.float32)
    file = OnnxFile(write(tmp_path / "m.onnx", model, batch, kind))
    with torch.no_grad():
        assert torch.allclose(file(pictures).float(), model(pictures), atol=1e-5)
    assert file(pictures).shape == (count, 5)


def test_black_box_and_transfer_attacks_break_a_file(scene):
    """Square and a surrogate fool it; what is found fools the network, too."""
    model, path, pictures, labels = scene
    file, threat = OnnxFile(path), Threat("linf", 0.06)
    white = attack(model, pictures, labels, threat, apgd(20))
    over = attack(file, pictures, labels, threat, transfer(model, apgd(20)))
    assert torch.equal(over.success, white.success)
    blind = attack(file, pictures, labels, threat, square(200))
    assert 0 < blind.success_rate <= white.success_rate
    assert attack(file, pictures, labels, threat, random_noise(20)).clean_accuracy == 1
    with torch.no_grad():
        assert torch.equal(model(blind.adversarial).argmax(1) != labels, blind.success)


def test_gradients_are_asked_for_in_vain(scene):
    """The sentence says what to do instead."""
    _, path, pictures, labels = scene
    with pytest.raises(BadInput, match="passes no gradient back"):
        attack(OnnxFile(path), pictures, labels, Threat("linf", 0.1), pgd(3))


def test_an_evaluation_knows_its_file(scene, tmp_path, make):
    """It goes on for the same file, and is refused for another."""
    _, path, pictures, labels = scene
    out, threat = tmp_path / "r.json", Threat("linf", 0.05)
    evaluate(OnnxFile(path), pictures, labels, threat, out, random_noise(3))
    evaluate(OnnxFile(path), pictures, labels, threat, out, random_noise(3))
    other = write(tmp_path / "o.onnx", make.network(seed=5, dtype=torch.float32))
    with pytest.raises(BadInput, match="another evaluation"):
        evaluate(OnnxFile(other), pictures, labels, threat, out, random_noise(3))


def test_files_that_are_none(tmp_path, make):
    """No file, no ONNX, whole numbers as input: each has its sentence."""
    with pytest.raises(BrokenModel, match="cannot be read"):
        OnnxFile(tmp_path / "nowhere.onnx")
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(BrokenModel, match="no ONNX file"):
        OnnxFile(tmp_path / "junk.onnx")
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "ids",
        [helper.make_tensor_value_info("x", TensorProto.INT64, ["N", 3])],
        [helper.make_tensor_value_info("y", TensorProto.INT64, ["N", 3])],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    onnx.save(made, tmp_path / "ids.onnx")
    with pytest.raises(BrokenModel, match="must have one input"):
        OnnxFile(tmp_path / "ids.onnx")
    file = OnnxFile(write(tmp_path / "m.onnx", make.network(dtype=torch.float32)))
    with pytest.raises(BadInput, match=r"wants pictures of shape \[1, 4, 4\], but they are \[3, 4"):
        file(torch.zeros(2, 3, 4, 4))
    assert np.isfinite(file(torch.zeros(1, 1, 4, 4)).numpy()).all()
