"""Targets of the command: ONNX files, surrogates, pictures of one's own, and what is none of it."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from triptych.adversary.attacks.method import apgd, pgd, square
from triptych.adversary.gallery.pictures import pictures
from triptych.adversary.report import Order, carry_out
from triptych.adversary.target import Target, find, methods_for, read_pictures, surrogate
from triptych.cli import app
from triptych.errors import BadInput, BrokenModel


@pytest.fixture(scope="module")
def linear(tmp_path_factory):
    """An ONNX file: ridge regression from the digits to their classes, about nine in ten right."""
    images, labels = pictures("digits", "train")
    flat = images.flatten(1).double() / 255
    design = torch.cat([flat, torch.ones(len(flat), 1)], 1)
    square = design.T @ design + torch.eye(65).double()
    weight = torch.linalg.solve(square, design.T @ torch.eye(10).double()[labels]).float().numpy()
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["x"], ["flat"]),
            helper.make_node("Gemm", ["flat", "w", "b"], ["z"]),
        ],
        "least_squares",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, 8, 8])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(weight[:-1], "w"), numpy_helper.from_array(weight[-1], "b")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    path = tmp_path_factory.mktemp("onnx") / "linear.onnx"
    onnx.save(made, path)
    return path


def call(*words):
    """The command in this process."""
    return CliRunner().invoke(app, ["adversary", "attack", *map(str, words)])


def test_an_onnx_file_falls_to_noise_and_to_a_surrogate(linear):
    """A surrogate's gradients find more than noise; the answer names file, data and surrogate."""
    common = (linear, "--data", "digits", "--examples", "60", "--epsilon", "0.2", "--json")
    noise = call(*common, "--method", "noise")
    assert noise.exit_code == 0, noise.output
    over = call(*common, "--method", "pgd", "--surrogate", "digits")
    assert over.exit_code == 0, over.output
    blind, seeing = json.loads(noise.stdout), json.loads(over.stdout)
    assert blind["target"] == "linear.onnx"
    assert blind["data"] == "digits"
    assert seeing["surrogate"] == "digits"
    assert blind["clean_accuracy"] == seeing["clean_accuracy"] > 0.8
    assert seeing["robust_accuracy"] < blind["robust_accuracy"]


def test_gradients_of_an_onnx_file_are_asked_for_in_vain(linear):
    """Status 2 and one sentence, from the real command."""
    done = subprocess.run(
        [sys.executable, "-m", "triptych", "adversary", "attack", str(linear), "--data", "digits",
         "--method", "apgd"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "linear.onnx gives no gradients, but apgd-cross_entropy needs them" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_run_where(linear):
    """Without a choice: black box for a file, first from the surrogate if there is one."""
    file, network = find(str(linear), "digits"), find("digits", "cifar10")
    other = surrogate("digits", file)
    names = [each.name for each in methods_for(file, None, "linf", None)]
    assert names == ["noise", "square", "nes"]
    names = [each.name for each in methods_for(file, None, "linf", other)]
    assert names[:2] == ["transfer-apgd-cross_entropy", "transfer-apgd-targeted"]
    assert names[2:] == ["noise", "square", "nes"]
    assert methods_for(network, None, "linf", None)[0].name == "apgd-cross_entropy"
    assert methods_for(network, apgd(), "linf", None) == apgd()
    assert methods_for(file, square(), "linf", None) == square()
    assert methods_for(network, pgd(), "linf", other)[0].name == "transfer-pgd"


@pytest.mark.parametrize("kind", ["uint8", "float32", "float64"])
def test_pictures_of_ones_own(tmp_path, kind):
    """A .npz file of bytes or of floats gives the numbers that the data set gives."""
    images, labels = pictures("digits", "test")
    images, labels = images[:30].numpy(), labels[:30].numpy()
    path = tmp_path / "own.npz"
    np.savez(path, pictures=images if kind == "uint8" else (images / 255).astype(kind),
             labels=labels)  # fmt: skip
    order = Order("digits", "digits", "linf", "0.1", "fgsm", 30, False, 0)
    own = carry_out(replace(order, pictures=path), None)
    assert own["data"] == "own.npz"
    for key in ("clean_accuracy", "robust_accuracy"):
        assert own[key] == carry_out(order, None)[key]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"images": np.zeros((1, 2))}, "must hold two arrays"),
        ({"pictures": np.zeros((2, 3), np.int64), "labels": np.zeros(2, int)}, "as int64"),
        ({"pictures": np.zeros((2, 3)), "labels": np.zeros(2)}, "labels as float64"),
        ({"pictures": np.zeros((0, 3)), "labels": np.zeros(0, int)}, "holds no pictures"),
    ],
)
def test_picture_files_that_are_none(tmp_path, arrays, words):
    """Each mistake has its sentence."""
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(BadInput, match=words):
        read_pictures(tmp_path / "a.npz")


def test_files_that_are_no_picture_files(tmp_path):
    """Nothing there, junk, or one bare array."""
    with pytest.raises(BadInput, match="cannot be read"):
        read_pictures(tmp_path / "nowhere.npz")
    (tmp_path / "junk.npz").write_bytes(b"junk")
    with pytest.raises(BadInput, match=r"no \.npz file|cannot be read"):
        read_pictures(tmp_path / "junk.npz")
    np.save(tmp_path / "bare.npy", np.zeros(3))
    with pytest.raises(BadInput, match=r"no \.npz file"):
        read_pictures(tmp_path / "bare.npy")


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"target": "nowhere.onnx"}, BrokenModel, r"nowhere\.onnx cannot be read"),
        ({"target": "LINEAR", "data": "cifar100"}, BadInput, "data is 'cifar100'"),
        ({"surrogate": "LINEAR"}, BadInput, "gives no gradients; name a surrogate"),
        ({"surrogate": "nowhere"}, BadInput, "There is no nowhere"),
        ({"epsilon": "nan"}, BadInput, "epsilon is nan, but must be 0 or more"),
        ({"epsilon": "inf"}, BadInput, "epsilon is infinite"),
        ({"epsilon": ""}, BadInput, "epsilon is '', but must be a number"),
        ({"norm": "l0", "epsilon": "0.5"}, BadInput, "give a whole number"),
        ({"norm": "l0", "epsilon": "3", "method": "square"}, BadInput, "not for l0"),
        ({"norm": "linf", "method": "ddn"}, BadInput, "DDN is for l2, not linf"),
    ],
)
def test_bad_orders_get_their_sentence(linear, change, error, words):
    """The value, and what would do."""
    order = Order("digits", "digits", "linf", "0.1", "pgd", 5, False, 0)
    change = {key: str(linear) if value == "LINEAR" else value for key, value in change.items()}
    with pytest.raises(error, match=words):
        carry_out(replace(order, **change), None)


def test_pictures_that_do_not_fit(linear, tmp_path):
    """The file wants 8x8, and so does the surrogate."""
    path = tmp_path / "p.npz"
    np.savez(path, pictures=np.zeros((2, 3, 9, 9), np.uint8), labels=np.zeros(2, int))
    order = Order(str(linear), "digits", "linf", "0.1", "noise", 5, False, 0, None, path)
    with pytest.raises(BadInput, match=r"wants pictures of shape \[1, 8, 8\]"):
        carry_out(order, None)
    with pytest.raises(BadInput, match=r"^plain does not take pictures of shape \[3, 9"):
        carry_out(replace(order, target="digits"), None)
    wide = Target("x", "digits", lambda x: x, torch.zeros(2, 3, 9, 9), torch.zeros(2).long())
    with pytest.raises(BadInput, match=r"surrogate digits does not take pictures of shape \[3, 9"):
        surrogate("digits", wide)


def test_epsilon_zero_from_the_command_changes_nothing():
    """Robust accuracy is clean accuracy."""
    done = call("digits", "--epsilon", "0", "--method", "pgd", "--examples", "30", "--json")
    numbers = json.loads(done.stdout)
    assert numbers["robust_accuracy"] == numbers["clean_accuracy"]
    assert set(numbers["distance"]) == {0.0}


class Dead(Exception):
    """Stands for a power cut."""


def test_an_interrupted_evaluation_goes_on(tmp_path, monkeypatch):
    """A run that dies after its first chunk is taken up there, and ends with the same numbers."""
    from triptych.adversary import report

    order = Order("digits", "digits", "linf", "0.1", "pgd", 12, False, 1)
    whole = carry_out(order, tmp_path / "whole.json")
    real, chunks = report.evaluate, []

    def dying(*arguments, **settings):
        from triptych.adversary.attacks import evaluation

        attack = evaluation.attack

        def once(*a, **k):
            chunks.append(len(a[1]))
            if len(chunks) == 2:
                raise Dead
            return attack(*a, **k)

        with monkeypatch.context() as patch:
            patch.setattr(evaluation, "attack", once)
            return real(*arguments, chunk=5, **settings)

    monkeypatch.setattr(report, "evaluate", dying)
    with pytest.raises(Dead):
        carry_out(order, tmp_path / "part.json")
    assert json.loads((tmp_path / "part.json").read_text())["done"] == 5
    resumed = carry_out(order, tmp_path / "part.json")
    assert chunks == [5, 5, 5, 2]
    for key in ("right", "success", "robust_accuracy"):
        assert resumed[key] == whole[key]
