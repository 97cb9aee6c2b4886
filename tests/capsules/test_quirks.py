"""Every quirk of the official code is in one place, with a switch that exists and a test."""

import re
from pathlib import Path

import pytest
import torch

from triptych.capsules.model import StackedCapsules
from triptych.capsules.parts import Parts
from triptych.capsules.presets import preset
from triptych.capsules.settings import Settings
from triptych.capsules.templates import Templates
from triptych.errors import BadConfig

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "capsules" / "quirks.md").read_text(encoding="utf-8")
ROWS = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| Q")]
TESTS = set(re.findall(r"def (test_\w+)", "".join(p.read_text() for p in HERE.glob("test_*.py"))))


def test_all_fourteen_are_listed_once():
    """Q1 to Q14, in order."""
    assert [row[0].strip() for row in ROWS] == [f"Q{n}" for n in range(1, 15)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip())
def test_each_names_settings_that_exist_and_a_test_that_exists(row):
    """What `official` says is what the preset `mnist-official` has; fixes have nothing to set."""
    assert set(re.findall(r"test_\w+", row[5])) <= TESTS and "test_" in row[5]
    names = re.findall(r"`(\w+\.\w+)`", row[2])
    assert names or "fixed" in row[2]
    official = re.findall(r"`([^`]+)`", row[3])
    for name, value in zip(names, official, strict=True):
        section, key = name.split(".")
        wanted = getattr(getattr(Settings().changed([f"{name}={value}"]), section), key)
        if name != "train.evaluation_noise":  # evaluated without noise, so that numbers repeat
            assert getattr(getattr(preset("mnist-official"), section), key) == wanted


def test_the_other_switches_name_tests_that_exist():
    """In the sentences after the table."""
    assert set(re.findall(r"`(test_\w+)`", PAGE)) <= TESTS


def test_the_pixel_noise_is_set_or_learned(small):
    """Q4: the standard deviation is what is set; it learns only if asked, and then it does."""
    for learns in (False, True):
        changes = ["parts.pixel_scale=0.3", f"parts.learn_pixel_scale={str(learns).lower()}"]
        network = StackedCapsules(small.changed(changes))
        picture = torch.rand(2, 1, 16, 16)
        drawing = network(picture).drawing
        assert float(drawing.log_scale.detach().exp()) == pytest.approx(0.3)
        drawing.log_likelihood(picture).sum().backward()
        assert (network.templates.log_scale.grad is not None) == learns


def test_without_inverse_space_a_template_covers_the_canvas(small):
    """parts.inverse: a pose of scale 0.3 shrinks a template; the ports' way magnifies it."""
    pose = torch.tensor([0.3, 0.0, 0.0, 0.0, 0.3, 0.0]).expand(1, 5, 6)
    parts = Parts(pose, torch.full((1, 5), 5.0), torch.zeros(1, 5, 16))
    covered = {}
    for inverse in ("true", "false"):
        templates = Templates(small.changed([f"parts.inverse={inverse}"]))
        with torch.no_grad():
            templates.logits.fill_(9.0)
            drawn = templates.draw(parts).means[0, 0, 0]
        covered[inverse] = float((drawn > 0.1).float().mean())
    assert covered["true"] == pytest.approx(0.09, abs=0.06)
    assert covered["false"] == 1


def test_quirks_that_are_fixed_stay_fixed():
    """Q9: a constant nobody reads is refused. Q14: no capsule is without parameters."""
    with pytest.raises(BadConfig, match="not a setting"):
        preset("mnist-official").changed(["loss.prior_within_example_constant=4.3"])
    with pytest.raises(BadConfig, match=r"objects\.parameters"):
        preset("mnist-official").changed(["objects.parameters=0"])
