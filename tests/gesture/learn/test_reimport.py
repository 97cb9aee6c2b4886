"""An exported reader can be trained further: it computes the same when it is read back."""

from pathlib import Path

import pytest
import torch

from triptych.errors import BadInput
from triptych.gesture.learn.export import export_hand_reader
from triptych.gesture.learn.hand_reader import HandReader
from triptych.gesture.learn.reimport import load_exported


def test_what_was_exported_comes_back(tmp_path: Path) -> None:
    """Up to half precision; batch normalisation is there again to be trained."""
    torch.manual_seed(0)
    network = HandReader().eval()
    path = export_hand_reader(network, (1.0, 1.0, 1.0), tmp_path)
    torch.manual_seed(1)
    again = HandReader().eval()
    assert load_exported(again, path) == []
    crops = torch.rand(2, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        one, other = network(crops), again(crops)
    assert torch.allclose(one.landmarks, other.landmarks, atol=2e-3)
    assert torch.allclose(one.logits["both"], other.logits["both"], atol=2e-2)


def test_what_is_no_reader_is_one_sentence(tmp_path: Path) -> None:
    """Text, and a network of another kind."""
    path = tmp_path / "text.onnx"
    path.write_text("text")
    with pytest.raises(BadInput, match=r"text\.onnx"):
        load_exported(HandReader(), path)
    detector = Path(__file__).parents[3] / "src/triptych/gesture/models/detector.onnx"
    with pytest.raises(BadInput, match="does not hold a hand reader"):
        load_exported(HandReader(), detector)
