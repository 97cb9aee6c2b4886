"""Settings at the door: every preset builds, every bad value gets one sentence."""

import pytest
import torch

from triptych.capsules.model import StackedCapsules
from triptych.capsules.presets import PRESETS, changes, preset
from triptych.capsules.settings import Settings
from triptych.errors import BadConfig, BadInput


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_reads_its_pictures(name):
    """A forward pass gives finite likelihoods and presences in 0..1."""
    settings = preset(name)
    network = StackedCapsules(settings)
    side = settings.data.canvas
    pictures = torch.rand(2, settings.channels, side, side)
    reading = network(pictures)
    assert reading.drawing.log_likelihood(pictures).isfinite().all()
    assert ((reading.presence >= 0) & (reading.presence <= 1)).all()


@pytest.mark.parametrize("name", ["mnist", "mnist-official"])
def test_the_mnist_presets_have_the_published_size(name):
    """3.53 million weights in the official network; another recipe leaves them as many."""
    weights = sum(weight.numel() for weight in StackedCapsules(preset(name)).parameters())
    assert weights / 1e6 == pytest.approx(3.53, abs=0.02)


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("parts.count", "no key=value"),
        ("parts.cuont=3", "parts.cuont is not a setting"),
        ("count=3", "count is not a setting"),
        ("parts.count=0", "parts.count = '0' is not allowed"),
        ("parts.count=many", "parts.count = 'many' is not allowed"),
        ("train.rate=nan", "train.rate = 'nan' is not allowed"),
        ("parts.pose=projective", "parts.pose = 'projective' is not allowed"),
        ("objects.layers=3,-1", "objects.layers"),
        ("parts.strides=2,2,2,2,2", "leaves nothing of a canvas"),
        ("data.canvas=27", "smaller than mnist's pictures of 28 pixels"),
        ("objects.heads=3", "does not divide"),
    ],
)
def test_a_bad_setting_gets_one_sentence(assignment, sentence):
    """The sentence names the key and the value."""
    with pytest.raises(BadConfig) as caught:
        preset("mnist").changed([assignment])
    message = str(caught.value)
    assert sentence in message
    assert "\n" not in message


def test_settings_survive_json():
    """What is written to a run's folder comes back equal, strings of --set included."""
    import json

    changed = preset("mnist").changed(["objects.layers=32,10", "parts.noise=0", "train.rate=1e-4"])
    assert changed.objects.layers == (32, 10)
    assert Settings.checked(json.loads(changed.model_dump_json())) == changed


def test_no_object_layers_is_allowed():
    """An empty list of layers leaves the parts alone."""
    assert preset("mnist").changed(["objects.layers="]).objects.layers == ()


def test_an_unknown_preset_names_the_known():
    """One sentence with all names."""
    with pytest.raises(BadInput, match=r"no preset 'mnits'; there are mnist, .*mnist-small"):
        preset("mnits")


def test_pictures_of_another_size_are_refused():
    """The sentence says what came and what is read."""
    with pytest.raises(BadInput, match=r"\[2, 1, 28, 28\], but mnist reads \[batch, 1, 40, 40\]"):
        StackedCapsules(preset("mnist"))(torch.zeros(2, 1, 28, 28))


def test_changes_are_what_made_the_settings():
    """Settings name what sets them apart from their preset, and that makes them again."""
    few = ["data.canvas=40", "objects.layers=12,4"]
    settings = preset("mnist-small").changed(few)
    assert changes(settings) == few and changes(preset("usps")) == []
    assert preset("mnist-small").changed(changes(settings)) == settings
