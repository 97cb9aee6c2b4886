"""MobileNetV2: shapes, TensorFlow's padding, folded weights put in and normalisation put back."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from triptych.gesture.learn.backbone import (
    BLOCKS,
    ConvUnit,
    MobileNetV2,
    conv_units,
    fold,
    load_imagenet,
    renormalise,
)

TAPS = (6, 13, 17)


def network() -> MobileNetV2:
    """A network whose normalisation has statistics of its own."""
    torch.manual_seed(0)
    made = MobileNetV2(TAPS)
    for unit in conv_units(made):
        nn.init.uniform_(unit.norm.weight, 0.5, 1.5)
        nn.init.normal_(unit.norm.bias, 0, 0.3)
        unit.norm.running_mean.normal_(0, 0.2)  # type: ignore[union-attr]
        unit.norm.running_var.uniform_(0.3, 2.0)  # type: ignore[union-attr]
    return made.eval()


@torch.no_grad()
def outputs(made: nn.Module, pictures: Tensor) -> list[Tensor]:
    """Feature maps without gradients."""
    return [tensor.clone() for tensor in made(pictures)]


def assert_close(first: list[Tensor], second: list[Tensor], relative: float) -> None:
    """Largest difference, relative to the map's own spread."""
    for one, other in zip(first, second, strict=True):
        assert float((one - other).abs().max()) <= relative * float(one.std())


def test_taps_have_the_stated_channels_and_strides() -> None:
    """Blocks 6, 13 and 17 end the stages of strides 8, 16 and 32 (table 2 of the paper)."""
    made = network()
    maps = outputs(made, torch.zeros(1, 3, 64, 96))
    assert made.channels == (32, 96, 320)
    assert [tuple(x.shape) for x in maps] == [(1, 32, 8, 12), (1, 96, 4, 6), (1, 320, 2, 3)]


def test_the_network_ends_with_its_last_tap() -> None:
    """Blocks that nobody asks for are not built."""
    assert len(MobileNetV2((3,)).blocks) == 3
    assert len(BLOCKS) == 17


@pytest.mark.parametrize("corner", [(0, 0), (0, 2), (2, 0), (1, 1), (2, 2)])
def test_stride_two_pads_right_and_bottom_only(corner: tuple[int, int]) -> None:
    """As TensorFlow's "same": kernel cell (r, c) sees pixel (2y + r, 2x + c), beyond it zero."""
    unit = ConvUnit(1, 1, 3, 2, active=False).eval()
    unit.conv.weight.data.zero_()
    unit.conv.weight.data[0, 0, corner[0], corner[1]] = 1
    picture = torch.arange(1.0, 65.0).reshape(1, 1, 8, 8)
    padded = nn.functional.pad(picture, (0, 1, 0, 1))
    wanted = padded[:, :, corner[0] :: 2, corner[1] :: 2][:, :, :4, :4]
    with torch.no_grad():
        assert torch.allclose(unit(picture), wanted, rtol=1e-4)


def test_renormalising_changes_nothing() -> None:
    """In evaluation the network answers as before, on other pictures too."""
    made, pictures = network(), torch.rand(4, 3, 64, 64) * 2 - 1
    others = torch.rand(2, 3, 96, 64) * 2 - 1
    before = outputs(made, pictures), outputs(made, others)
    renormalise(made, lambda: made(pictures))
    assert_close(before[0], outputs(made, pictures), 1e-3)
    assert_close(before[1], outputs(made, others), 1e-3)


def test_renormalised_statistics_are_those_of_the_pictures() -> None:
    """On the batch that was measured, training mode (its own statistics) answers the same."""
    made, pictures = network(), torch.rand(4, 3, 96, 96) * 2 - 1
    renormalise(made, lambda: made(pictures))
    wanted = outputs(made, pictures)
    assert_close(wanted, outputs(made.train(), pictures), 0.1)


def test_measuring_leaves_no_hook_behind() -> None:
    """Not even when the forward pass fails."""
    made = network()
    with pytest.raises(ZeroDivisionError):
        renormalise(made, lambda: 1 / 0)
    assert all(not unit.conv._forward_hooks for unit in conv_units(made))


def test_folding_changes_nothing() -> None:
    """Convolutions with bias answer as convolutions with normalisation did."""
    made, pictures = network(), torch.rand(2, 3, 64, 64) * 2 - 1
    before = outputs(made, pictures)
    fold(conv_units(made))
    assert all(isinstance(unit.norm, nn.Identity) for unit in conv_units(made))
    assert_close(before, outputs(made, pictures), 1e-3)


def weights(path: Path, made: MobileNetV2) -> dict[str, np.ndarray]:
    """Random folded weights in the described form; the file goes on beyond our last unit."""
    rng = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {}
    for number, unit in enumerate(conv_units(made)):
        out, _inner, height, width = unit.conv.weight.shape
        if unit.conv.groups > 1:
            name, shape = f"{number:02d}.depthwise", (1, height, width, out)
        else:
            name, shape = f"{number:02d}.conv", (out, height, width, unit.conv.in_channels)
        arrays[f"{name}.weight"] = rng.normal(0, 0.1, shape).astype(np.float16)
        arrays[f"{name}.bias"] = rng.normal(0, 0.1, out).astype(np.float32)
    arrays["98.conv.weight"] = np.zeros((1280, 1, 1, 320), np.float16)
    arrays["98.conv.bias"] = np.zeros(1280, np.float32)
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return arrays


@pytest.mark.parametrize("taps", [(2,), TAPS])
def test_folded_weights_are_loaded_in_order(tmp_path: Path, taps: tuple[int, ...]) -> None:
    """Every axis goes to its place, and each unit computes convolution plus bias."""
    made = MobileNetV2(taps).eval()
    arrays = weights(tmp_path / "w.npz", made)
    load_imagenet(made, tmp_path / "w.npz")
    names = sorted(name.removesuffix(".weight") for name in arrays if name.endswith(".weight"))
    for name, unit in zip(names, conv_units(made), strict=False):
        array, bias = arrays[f"{name}.weight"], arrays[f"{name}.bias"]
        out, inner = unit.conv.weight.shape[0] - 1, unit.conv.weight.shape[1] - 1
        wanted = array[0, 0, -1, out] if "depthwise" in name else array[out, 0, -1, inner]
        assert float(unit.conv.weight.data[out, inner, 0, -1]) == float(wanted)
        unit.act = nn.Identity()
        x = torch.rand(1, unit.conv.in_channels, 6, 6)
        with torch.no_grad():
            plain = unit.conv(unit.pad(x)) + torch.from_numpy(bias)[None, :, None, None]
            assert torch.allclose(unit(x), plain, atol=1e-5)
