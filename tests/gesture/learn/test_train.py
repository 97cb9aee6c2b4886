"""Both trainings from end to end on a handful of drawn pictures, and what may be learnt from."""

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from triptych.cli import app
from triptych.data.hands import COLLECTIVES, HandPicture, read_hands
from triptych.errors import BadInput, Unavailable
from triptych.fit import boards
from triptych.fit.tracker import Together
from triptych.gesture.learn import compose, train
from triptych.gesture.learn.augment import Jitter
from triptych.gesture.learn.backbone import conv_units
from triptych.gesture.learn.drawn import draw_pictures
from triptych.gesture.learn.examples import (
    NONE,
    UNKNOWN,
    SceneExample,
    hand_examples,
    scene_examples,
)
from triptych.gesture.learn.hand_reader import SIZE, HandReader
from triptych.gesture.learn.install import install
from triptych.gesture.learn.recipe import Recipe
from triptych.gesture.learn.train import Options, train_classifier, train_detector
from triptych.gesture.learn.train_classifier import ClassifierTask, sign_loss
from triptych.gesture.learn.train_detector import CANVAS, DetectorTask
from triptych.gesture.perceive.runtime import load_session

PICTURES = 8


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """hands/ with a few drawn pictures, half for validation, and random "ImageNet" weights."""
    folder = tmp_path_factory.mktemp("data")
    draw_pictures(folder / "hands" / "images", PICTURES, seed=11, workers=1)
    rows = [
        json.loads(line)
        for line in (folder / "hands" / "images" / "labels.jsonl").read_text().splitlines()
    ]
    empty = {"hands": [], "faces": [], "person": 0.0}
    rows.append(rows[0] | {"label": "none", "boxes": [], "teacher": empty, "person": "nobody"})
    for number, row in enumerate(rows):
        row["file"] = f"images/{row['file']}"
        row["split"] = ("train", "val")[number % 2] if row["label"] != "none" else "train"
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "hands" / "labels.jsonl").write_text(text)
    rng, arrays = np.random.default_rng(0), {}
    for number, unit in enumerate(conv_units(HandReader().backbone)):
        out, inner, height, width = unit.conv.weight.shape
        deep = unit.conv.groups > 1
        shape = (1, height, width, out) if deep else (out, height, width, inner)
        name = f"{number:02d}.{'depthwise' if deep else 'conv'}"
        scale = (2 / (inner * height * width)) ** 0.5
        arrays[f"{name}.weight"] = rng.normal(0, scale, shape).astype(np.float32)
        arrays[f"{name}.bias"] = np.zeros(out, np.float32)
    (folder / "weights").mkdir()
    np.savez(folder / train.WEIGHTS, **arrays)
    return folder


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few drawn pictures and small batches."""
    monkeypatch.setattr(train, "DRAWN", 2)
    monkeypatch.setattr(compose, "DRAWN", 3)
    monkeypatch.setattr(train, "ClassifierTask", partial(ClassifierTask, batch_size=4))
    monkeypatch.setattr(train, "DetectorTask", partial(DetectorTask, batch_size=2))


@pytest.mark.parametrize(
    ("name", "learn"), [("detector", train_detector), ("hand_reader", train_classifier)]
)
def test_one_command_leaves_weights_numbers_and_a_card(
    data: Path, tmp_path: Path, small: None, name: str, learn: Any
) -> None:
    """The run's folder holds all of it, can be installed, and the runtime runs it."""
    options = Options(data, tmp_path / "runs" / name, steps=1, seed=4, threads=1)
    path = learn(options)
    assert path == options.run / f"{name}.onnx"
    result = json.loads((options.run / "result.json").read_text())
    assert (result["model"], result["steps"], result["seed"]) == (name, 1, 4)
    assert "seed 4" in (options.run / f"{name}.md").read_text(encoding="utf-8")
    steps = [json.loads(line) for line in (options.run / "log.jsonl").read_text().splitlines()]
    assert steps and all(row["step"] == 1 for row in steps)
    install(options.run, tmp_path / "models")
    load_session(f"{name}.onnx", tmp_path / "models")
    if name == "hand_reader":
        assert {"appearance", "shape", "both", "val_landmarks"} <= set(result)


def test_curves_go_where_they_were_asked_for(
    data: Path, tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--track` reaches the run with its settings; log.jsonl is written in any case."""
    seen: dict[str, Any] = {}

    class Seen(Together):
        def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
            super().__init__(())
            seen.update(settings, folder=folder, steps_logged=[])

        def __enter__(self) -> "Seen":
            return self

        def __exit__(self, *_what: object) -> None:
            seen["closed"] = True

        def log(self, step: int, numbers: Mapping[str, float]) -> None:
            seen["steps_logged"].append(step)

    monkeypatch.setattr(boards, "WeightsAndBiases", Seen)
    run = tmp_path / "runs" / "reader"
    words = f"--data {data} --run {run} --steps 1 --threads 1 --every 2 --track wandb"
    command = ["gesture", "train", "classifier", *words.split()]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert (seen["steps"], seen["recipe"]["every"], seen["folder"]) == (1, 2, run)
    assert seen["closed"] and set(seen["steps_logged"]) == {1}
    assert (run / "log.jsonl").exists()


def test_missing_weights_are_named(data: Path, tmp_path: Path, small: None) -> None:
    """Without the ImageNet weights nothing is trained."""
    (tmp_path / "hands").symlink_to(data / "hands")
    with pytest.raises(BadInput, match="no ImageNet weights"):
        train_detector(Options(tmp_path, tmp_path / "run", steps=1, threads=1))


def test_training_without_data_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither --data nor TRIPTYCH_DATA: one sentence that names both."""
    monkeypatch.delenv("TRIPTYCH_DATA", raising=False)
    result = CliRunner().invoke(app, ["gesture", "train", "detector"])
    assert isinstance(result.exception, Unavailable)
    assert "TRIPTYCH_DATA" in str(result.exception)


@pytest.fixture(scope="module")
def classifier(data: Path) -> ClassifierTask:
    """The hand reader's task on the drawn pictures."""
    pictures = read_hands(data / "hands")
    return ClassifierTask(
        data / "hands",
        hand_examples(pictures),
        hand_examples(pictures),
        scene_examples(pictures),
        weights=None,
        batch_size=6,
    )


@pytest.fixture(scope="module")
def detector(data: Path) -> DetectorTask:
    """The detector's task on the drawn pictures."""
    scenes = scene_examples(read_hands(data / "hands"))
    return DetectorTask(data / "hands", scenes, scenes, weights=None, batch_size=3)


@pytest.mark.parametrize("kind", ["classifier", "detector"])
def test_a_batch_is_a_function_of_its_generator(kind: str, request: pytest.FixtureRequest) -> None:
    """The same seed draws the same batch, as exact resuming needs; another draws another."""
    task = request.getfixturevalue(kind)
    one, same, other = (task.batch(np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["picture"], other["picture"])


def test_crops_have_the_stated_fields(classifier: ClassifierTask) -> None:
    """Shapes and types of a batch; the landmarks of a hand lie in or near its crop."""
    batch = classifier.batch(np.random.default_rng(0))
    assert {name: (tuple(x.shape), x.dtype) for name, x in batch.items()} == {
        "picture": ((6, SIZE, SIZE, 3), torch.uint8),
        "label": ((6,), torch.int64),
        "weight": ((6,), torch.float32),
        "landmarks": ((6, 21, 2), torch.float32),
        "known": ((6,), torch.float32),
    }
    known = batch["landmarks"][batch["known"] == 1]
    assert len(known) and float(known.min()) > -0.6 and float(known.max()) < 1.6


def test_mosaics_have_the_stated_fields(detector: DetectorTask) -> None:
    """A square picture and four maps at stride 8."""
    side = CANVAS // 8
    batch = detector.batch(np.random.default_rng(0))
    assert {name: tuple(x.shape) for name, x in batch.items()} == {
        "picture": (3, CANVAS, CANVAS, 3),
        "heat": (3, 2, side, side),
        "mask": (3, 2, side, side),
        "sides": (3, 2, 4, side, side),
        "weight": (3, 2, side, side),
    }


@pytest.mark.parametrize("kind", ["classifier", "detector"])
def test_losses_reach_every_part_of_the_network(kind: str, request: pytest.FixtureRequest) -> None:
    """Every parameter gets a finite gradient: nothing is trained by accident or forgotten."""
    task = request.getfixturevalue(kind)
    network: nn.Module = task.network.train()
    network.zero_grad()
    loss, parts = task.loss(network, task.batch(np.random.default_rng(1)))
    loss.backward()
    assert all(torch.isfinite(part) for part in parts.values())
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_what_was_pretrained_moves_more_slowly(data: Path) -> None:
    """A third of the rate for ImageNet's layers, the whole of it for random ones."""
    for weights, share in ((data / train.WEIGHTS, 1 / 3), (None, 1.0)):
        task = _task(data, Recipe(), weights)
        trunk, rest = (group["lr"] for group in task.optimizer().param_groups)
        assert trunk == pytest.approx(share * rest)


def test_frozen_layers_stay_as_they_are(data: Path) -> None:
    """Neither their weights nor their normalisation follow what is trained; the rest does."""
    task = _task(data, Recipe(frozen=True), data / train.WEIGHTS)
    before = {name: value.clone() for name, value in task.network.state_dict().items()}
    optimizer = task.optimizer()
    for seed in range(2):
        task.network.train()
        task.loss(task.network, task.batch(np.random.default_rng(seed)))[0].backward()
        optimizer.step()
    moved = {n for n, value in task.network.state_dict().items() if not value.equal(before[n])}
    assert moved and not any(name.startswith("backbone.") for name in moved)


def test_augmentations_left_out_leave_the_crops_alike(data: Path) -> None:
    """Without any of them, a picture gives one and the same crop, whatever the generator."""
    still = Jitter(colour=False, rotation=False, crop=False, webcam=False)
    for jitter, alike in ((still, True), (Jitter(), False)):
        task = _task(data, Recipe(jitter=jitter), None)
        example = task.validation[0]
        one, other = (task._crop(example, np.random.default_rng(s)) for s in (0, 1))
        assert np.array_equal(one["picture"], other["picture"]) is alike


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--convolution", "standard"], "add --weights random"),
        (["--frozen", "--weights", "random"], "drop --frozen"),
    ],
)
def test_recipes_that_cannot_be_followed_are_refused(words: list[str], sentence: str) -> None:
    """Before any picture is read."""
    command = ["gesture", "train", "classifier", "--data", "nowhere", *words]
    result = CliRunner().invoke(app, command)
    assert isinstance(result.exception, BadInput) and sentence in str(result.exception)


def test_the_command_follows_its_recipe(data: Path, tmp_path: Path, small: None) -> None:
    """Its switches reach the result file, and the network is built as they say."""
    run = tmp_path / "runs" / "reader"
    words = "--steps 1 --threads 1 --every 2 --without colour --without webcam --weights random "
    words += "--convolution standard --split frames"
    film = tmp_path / "data" / "hands"  # every picture ten times, as frames of a film
    film.mkdir(parents=True)
    (film / "images").symlink_to(data / "hands" / "images")
    rows = (data / "hands" / "labels.jsonl").read_text().splitlines(keepends=True)
    (film / "labels.jsonl").write_text("".join(row * 10 for row in rows))
    command = ["gesture", "train", "classifier", "--data", str(film.parent), "--run", str(run)]
    assert CliRunner().invoke(app, [*command, *words.split()]).exit_code == 0
    found = json.loads((run / "result.json").read_text())["recipe"]
    assert found == {
        "frozen": False,
        "every": 2,
        "jitter": {"colour": False, "rotation": True, "crop": True, "webcam": False},
        "weights": "random",
        "convolution": "standard",
        "split": "frames",
        "composed": True,
        "kept": 0,
    }


def _task(data: Path, recipe: Recipe, weights: Path | None) -> ClassifierTask:
    pictures = read_hands(data / "hands")
    hands, scenes = hand_examples(pictures), scene_examples(pictures)
    return ClassifierTask(
        data / "hands", hands, hands, scenes, weights=weights, batch_size=4, recipe=recipe, size=64
    )


def test_an_unknown_sign_teaches_only_that_there_is_a_hand() -> None:
    """Its loss is low as soon as `none` is unlikely, whichever sign is thought of."""
    logits = torch.full((2, 8), -9.0)
    logits[0, 3], logits[1, NONE] = 9.0, 9.0
    hand, none = sign_loss(logits, torch.tensor([UNKNOWN, UNKNOWN])).tolist()
    assert hand == pytest.approx(0, abs=1e-3)
    assert none > 5
    right, wrong = sign_loss(logits, torch.tensor([3, 3])).tolist()
    assert right < 1 < wrong


def test_validation_is_whole_and_repeats(classifier: ClassifierTask) -> None:
    """Every hand with a known sign once, without augmentation, the same each time."""
    known = [example for example in classifier.validation if example.label != UNKNOWN]
    logits, labels, gaps = classifier.predict(classifier.network, classifier.validation)
    again, _labels, _gaps = classifier.predict(classifier.network, classifier.validation)
    assert labels.tolist() == [example.label for example in known]
    assert all(values.shape == (len(known), 8) for values in logits.values())
    assert np.array_equal(logits["both"], again["both"])
    assert np.isnan(gaps).tolist() == [example.landmarks is None for example in known]


class Oracle(nn.Module):
    """Answers as if it knew: heat and boxes of one example, whatever the picture."""

    def __init__(self, maps: dict[str, np.ndarray]) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))
        heat = torch.from_numpy(maps["heat"]).clamp(1e-4, 1 - 1e-4)
        self.maps = heat.logit()[None], torch.from_numpy(maps["sides"])[None]

    def forward(self, _pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Heat logits and sides."""
        return self.maps


def test_a_perfect_detector_scores_one(data: Path) -> None:
    """Precision and recall are 1 for one who knows; the truth is scaled with the picture."""
    from triptych.gesture.learn.mosaic import Objects
    from triptych.gesture.learn.targets import targets

    scenes = scene_examples(read_hands(data / "hands"))
    scene: SceneExample = next(s for s in scenes if len(s.hands) and len(s.faces))
    task = DetectorTask(data / "hands", scenes, [scene], weights=None, batch_size=1)
    scale = np.float32(CANVAS / max(scene.size_wh))
    seen = Objects(scene.hands * scale, scene.faces * scale, scene.doubtful, True, True)
    numbers = task.evaluate(Oracle(targets(seen, (CANVAS, CANVAS))))
    assert numbers == {
        "val_ap_hand": 1.0,
        "val_recall_hand": 1.0,
        "val_ap_face": 1.0,
        "val_recall_face": 1.0,
    }


def test_drawn_pictures_are_drawn_once_and_alike(tmp_path: Path) -> None:
    """The same seed gives the same pictures; a finished folder is only read."""
    first = draw_pictures(tmp_path / "a", 2, seed=3, workers=1)
    second = draw_pictures(tmp_path / "b", 2, seed=3, workers=1)
    assert [p.label for p in first] == [p.label for p in second]
    for one, other in zip(first, second, strict=True):
        assert Path(one.file).read_bytes() == Path(other.file).read_bytes()
    times = [Path(p.file).stat().st_mtime_ns for p in first]
    draw_pictures(tmp_path / "a", 2, seed=3, workers=1)
    assert times == [Path(p.file).stat().st_mtime_ns for p in first]


DATA = os.environ.get("TRIPTYCH_DATA", "")
real = pytest.mark.skipif(
    not (Path(DATA) / "hands").is_dir() or not DATA, reason="TRIPTYCH_DATA has no hands/"
)


@pytest.fixture(scope="module")
def everything() -> list[HandPicture]:
    """All records of the real hand pictures."""
    return read_hands(Path(DATA) / "hands")


@real
def test_nobody_is_in_two_splits(everything: list[HandPicture]) -> None:
    """Every person is learnt from or measured on, never both."""
    splits: dict[str, set[str]] = {}
    for picture in everything:
        if picture.person not in COLLECTIVES:
            splits.setdefault(picture.person, set()).add(picture.split)
    assert [person for person, where in splits.items() if len(where) > 1] == []


@real
def test_weights_learn_from_train_people_under_permissive_licences_alone(
    tmp_path: Path, small: None
) -> None:
    """No share-alike picture, no `test` or `wild` person among what teaches or tunes."""
    options = Options(Path(DATA), tmp_path / "run", steps=1, threads=1)
    taught, tuned = train._pictures(options, "train"), train._pictures(options, "val")
    assert {p.split for p in taught} == {"train"} and {p.split for p in tuned} == {"val"}
    assert {p.licence for p in taught} <= set(train.PERMISSIVE)
    assert sum(p.source == "drawn" for p in taught) == train.DRAWN
    assert len(taught) > 5000
