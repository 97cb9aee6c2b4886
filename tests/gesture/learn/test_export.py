"""Exported networks answer as the trained ones, and go through installation with card and hash."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from triptych.errors import BadInput
from triptych.gesture.learn.backbone import conv_units
from triptych.gesture.learn.card import ABOUT, write_card
from triptych.gesture.learn.crops import to_tensor
from triptych.gesture.learn.detector import Detector
from triptych.gesture.learn.export import export_detector, export_hand_reader, halve
from triptych.gesture.learn.hand_reader import HandReader
from triptych.gesture.learn.install import install
from triptych.gesture.perceive.runtime import load_session

TEMPERATURES = (0.5, 1.0, 2.0)


def lively(network: nn.Module, side: int) -> nn.Module:
    """Random weights with the statistics of pictures, so that outputs are of ordinary size."""
    for unit in conv_units(network):
        unit.norm.momentum = None  # a plain mean over what it sees
    with torch.no_grad():
        network.train()(to_tensor(torch.from_numpy(pictures(8, side, side))))
    return network.eval()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Detector, HandReader]:
    """Both networks, exported into one folder."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("run")
    detector, reader = lively(Detector(), 96), lively(HandReader(), 128)
    assert isinstance(detector, Detector) and isinstance(reader, HandReader)
    export_detector(detector, folder)
    export_hand_reader(reader, TEMPERATURES, folder)
    return folder, detector, reader


def pictures(*shape: int) -> np.ndarray:
    """Noise with large structures, uint8 BGR."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (shape[0], shape[1] // 16, shape[2] // 16, 3))
    picture = coarse.repeat(16, 1).repeat(16, 2) + rng.integers(-20, 20, (*shape, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("hands", [1, 2, 3])
def test_the_reader_takes_any_number_of_hands(
    run: tuple[Path, Detector, HandReader], hands: int
) -> None:
    """The export saw two; one and three come out with the same shapes, each as if alone."""
    session = load_session("hand_reader.onnx", run[0])
    crops = pictures(hands, 128, 128)
    together = session.run(None, {"crops": crops})
    assert [len(output) for output in together] == [hands] * 3
    alone = session.run(None, {"crops": crops[:1]})
    for one, all_of_them in zip(alone, together, strict=True):
        assert np.allclose(one[0], all_of_them[0], atol=1e-4)


def test_the_detector_answers_as_it_did_in_training(
    run: tuple[Path, Detector, HandReader],
) -> None:
    """On a picture of another shape than the export's example, with weights in half precision."""
    folder, network, _reader = run
    picture = pictures(1, 160, 224)
    heat, sides = load_session("detector.onnx", folder).run(None, {"picture": picture})
    with torch.no_grad():
        logits, wanted = network(to_tensor(torch.from_numpy(picture)))
    assert np.asarray(heat) == pytest.approx(logits.sigmoid().numpy(), abs=2e-2)
    # Sides are exponentials: what half precision costs is a small factor.
    assert np.abs(np.log(np.asarray(sides) / wanted.numpy())).mean() < 2e-2
    assert np.asarray(heat).std() > 1e-3


@pytest.mark.parametrize("hands", [1, 2, 5])
def test_the_reader_answers_as_it_did_in_training(
    run: tuple[Path, Detector, HandReader], hands: int
) -> None:
    """For any number of hands; scores are softened by each answer's temperature and sum to one."""
    folder, _detector, network = run
    crops = pictures(hands, 128, 128)
    scores, landmarks, embedding = (
        np.asarray(array)
        for array in load_session("hand_reader.onnx", folder).run(None, {"crops": crops})
    )
    with torch.no_grad():
        reading = network(to_tensor(torch.from_numpy(crops)))
    for index, name in enumerate(("appearance", "shape", "both")):
        wanted = (reading.logits[name] / TEMPERATURES[index]).softmax(1).numpy()
        assert scores[:, index] == pytest.approx(wanted, abs=2e-2)
    assert scores.sum(axis=2) == pytest.approx(np.ones((hands, 3)), abs=1e-4)
    assert landmarks == pytest.approx(reading.landmarks.numpy(), abs=2e-2)
    assert embedding == pytest.approx(reading.embedding.numpy(), abs=5e-2)


def test_exporting_leaves_the_network_as_it_was(run: tuple[Path, Detector, HandReader]) -> None:
    """Folding happens in a copy: training could go on."""
    for network in run[1:]:
        assert isinstance(network, nn.Module)
        assert all(isinstance(unit.norm, nn.BatchNorm2d) for unit in conv_units(network))


def test_weights_are_stored_in_half_precision(run: tuple[Path, Detector, HandReader]) -> None:
    """Two bytes a weight, no normalisation left in the graph, hashes of what was written."""
    folder, detector, reader = run
    listing = json.loads((folder / "models.json").read_text())
    for name, network in (("detector.onnx", detector), ("hand_reader.onnx", reader)):
        data = (folder / name).read_bytes()
        assert len(data) < 2.3 * sum(parameter.numel() for parameter in network.parameters())
        assert listing[name] == {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        graph = onnx.load_from_string(data).graph
        assert "BatchNormalization" not in {node.op_type for node in graph.node}


def test_halving_keeps_small_and_whole_numbers() -> None:
    """Only large float32 tensors are halved, each behind a cast that gives its name back.

    A filter whose channel is dead can be folded into weights that a half cannot hold.
    """
    arrays = {
        "large": np.linspace(-1, 1, 300, dtype=np.float32),
        "small": np.ones(4, np.float32),
        "huge": np.linspace(-1, 7e4, 300, dtype=np.float32),
        "whole": np.arange(300),
    }
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("Identity", ["large"], ["out"])],
            "graph",
            [],
            [helper.make_tensor_value_info("out", TensorProto.FLOAT, [300])],
            [numpy_helper.from_array(array, name) for name, array in arrays.items()],
        )
    )
    halve(model)
    onnx.checker.check_model(model)
    kinds = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    assert kinds == {
        "large_half": TensorProto.FLOAT16,
        "small": TensorProto.FLOAT,
        "huge": TensorProto.FLOAT,
        "whole": TensorProto.INT64,
    }
    assert [(node.op_type, node.output[0]) for node in model.graph.node] == [
        ("Cast", "large"),
        ("Identity", "out"),
    ]


def test_a_finished_run_is_installed_beside_what_is_there(
    run: tuple[Path, Detector, HandReader], tmp_path: Path, shot
) -> None:
    """Weights, card and hash go where the runtime looks; other models' hashes stay."""
    source, target = tmp_path / "run", tmp_path / "models"
    source.mkdir()
    target.mkdir()
    name = "detector.onnx"
    (source / name).write_bytes((run[0] / name).read_bytes())
    entry = json.loads((run[0] / "models.json").read_text())[name]
    (source / "models.json").write_text(json.dumps({name: entry}))
    (target / "models.json").write_text(json.dumps({"other.onnx": {"sha256": "x"}, name: {}}))
    with pytest.raises(BadInput, match=r"lacks detector\.md"):
        install(source, target)
    write_card(source / "detector.md", "detector", RESULT, entry, [shot()])
    assert set(install(source, target)) == {
        target / name,
        target / "detector.md",
        target / "models.json",
    }
    assert set(json.loads((target / "models.json").read_text())) == {"other.onnx", name}
    load_session(name, target)


@pytest.mark.parametrize("listing", [None, "", "[]", "{}"])
def test_an_unfinished_run_is_not_installed(tmp_path: Path, listing: str | None) -> None:
    """Nothing exported, or a listing that cannot be read: one sentence, and nothing is copied."""
    run = tmp_path / "run"
    run.mkdir()
    if listing is not None:
        (run / "models.json").write_text(listing)
    with pytest.raises(BadInput, match="let `triptych gesture train` finish"):
        install(run, tmp_path / "models")
    assert not (tmp_path / "models").exists()


RESULT = {
    "model": "detector",
    "steps": 12,
    "seed": 5,
    "minutes": 90.4,
    "threads": 2,
    "start": "ImageNet",
    "pictures": 3,
    "people": 2,
    "val_ap_face": 0.987654321,
    "both": {"val_f1": 0.5, "temperature": 1.25},
}


@pytest.mark.parametrize("name", ABOUT)
def test_the_card_tells_what_it_must(tmp_path: Path, name: str, shot) -> None:
    """Data, licences, people, time, seed, numbers, limits and the hash; drawn ones apart."""
    pictures = [
        shot(licence="MIT", source="web"),
        shot(licence="MIT", source="web", person="ben"),
        shot(licence="CC0", source="web", person="ben"),
        shot(licence="Apache-2.0", source="drawn", person="drawn_01"),
    ]
    write_card(tmp_path / "card.md", name, RESULT, {"sha256": "abc", "bytes": 7}, pictures)
    text = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}.onnx\n")
    assert "3 photographs of 2 people" in text
    assert "and 1 drawn" in text
    assert "- MIT: 2\n- CC0: 1\n" in text
    assert "12 steps, seed 5, 90 minutes" in text
    assert "going on from ImageNet" in text
    numbers = json.loads(text.split("```json\n")[1].split("```")[0])
    assert numbers == {"val_ap_face": 0.9877, "both": {"val_f1": 0.5, "temperature": 1.25}}
    assert "## Limits" in text
    assert "SHA-256 `abc`, 7 bytes" in text
