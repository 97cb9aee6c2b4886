"""One command trains each network from the hand pictures and writes weights, numbers and a card."""

import json
import sys
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from triptych.data.hands import HandPicture, read_hands
from triptych.errors import BadInput
from triptych.fit.loop import Plan, averaged_weights, fit, seconds_spent
from triptych.fit.tracker import Board, Tracker, tracking
from triptych.gesture.learn.calibrate import best_temperature, expected_calibration_error
from triptych.gesture.learn.card import write_card
from triptych.gesture.learn.drawn import draw_pictures
from triptych.gesture.learn.examples import HandExample, hand_examples, scene_examples
from triptych.gesture.learn.export import export_detector, export_hand_reader
from triptych.gesture.learn.hand_reader import HandReader
from triptych.gesture.learn.metrics import five_sign_f1, per_sign_f1
from triptych.gesture.learn.recipe import Recipe, by_frames, every_nth
from triptych.gesture.learn.shape import Hands, fit_shape, jointed_hands, weigh
from triptych.gesture.learn.train_classifier import ClassifierTask
from triptych.gesture.learn.train_detector import DetectorTask
from triptych.results import write_result

DRAWN, DRAWN_SEED = 1600, 7
"""How many drawn pictures are mixed in where nobody says, and the seed that makes them."""

OWN_HANDS = 2500
"""How many hands the shape answer sees as the network itself sees them."""

PERMISSIVE = ("Apache-2.0", "MIT", "CC BY 4.0", "Public Domain")
"""Licences whose pictures may teach weights that are shipped; share-alike ones only measure."""

WEIGHTS = Path("weights") / "mobilenet_v2_100_imagenet_folded.npz"


@dataclass(frozen=True, slots=True)
class Options:
    """data: the folder that holds `hands/` and `weights/`. run: where the run is kept.

    start: a finished run, or an exported reader, whose weights to go on from; None: ImageNet's.
    drawn: how many drawn pictures are mixed in; None: so many as ships.
    boards: where its curves are drawn besides its `log.jsonl`.
    """

    data: Path
    run: Path
    steps: int
    seed: int = 0
    threads: int = 2
    start: Path | None = None
    drawn: int | None = None
    boards: tuple[Board, ...] = ()


def train_detector(options: Options) -> Path:
    """Train the detector and export it into the run's folder. Returns the ONNX file."""
    _prepare(options)
    train, validation = _pictures(options, "train"), _pictures(options, "val")
    task = DetectorTask(
        options.data / "hands",
        scene_examples(train),
        scene_examples(validation),
        weights=_weights(options),
    )
    _go_on_from(options, task.network)
    with _tracking(options) as tracker:
        network = fit(task, _plan(options), options.run, tracker)
    path = export_detector(network, options.run)  # type: ignore[arg-type]
    numbers = dict(task.evaluate(network))
    _report(options, "detector", numbers, train)
    return path


def train_classifier(options: Options, recipe: Recipe = Recipe()) -> Path:  # noqa: B008  # immutable
    """Train the hand reader, calibrate its scores on validation people, export it.

    Raises BadInput if the recipe cannot be followed.
    """
    _check(recipe)
    _prepare(options)
    train, validation = _pictures(options, "train"), _pictures(options, "val")
    if recipe.split == "frames":
        train, validation = by_frames(train)
    train = every_nth(train, recipe.every)
    task = ClassifierTask(
        options.data / "hands",
        hand_examples(train),
        hand_examples(validation),
        scene_examples(train),
        weights=_weights(options) if recipe.weights == "imagenet" else None,
        recipe=recipe,
    )
    if options.start is not None and options.start.suffix == ".onnx":
        task.start_from(options.start)
    else:
        _go_on_from(options, task.network)
    with _tracking(options, recipe=asdict(recipe)) as tracker:
        network = fit(task, _plan(options), options.run, tracker)
    _learn_shapes(task, network, hand_examples(train), options.seed)  # type: ignore[arg-type]
    logits, labels, gaps = task.predict(network, task.validation)
    temperatures: dict[str, float] = {}
    numbers: dict[str, object] = {
        "val_landmarks": float(np.nanmean(gaps)),
        "recipe": asdict(recipe),
    }
    for name, values in logits.items():
        temperature = best_temperature(values, labels)
        temperatures[name] = temperature
        numbers[name] = {
            "val_f1": five_sign_f1(labels, values.argmax(axis=1)),
            "val_f1_per_sign": per_sign_f1(labels, values.argmax(axis=1)),
            "temperature": temperature,
            "val_ece_before": expected_calibration_error(values, labels, 1.0),
            "val_ece_after": expected_calibration_error(values, labels, temperature),
        }
    chosen = (temperatures["appearance"], temperatures["shape"], temperatures["both"])
    path = export_hand_reader(network, chosen, options.run)  # type: ignore[arg-type]
    _report(options, "hand_reader", numbers, train)
    return path


def _learn_shapes(
    task: ClassifierTask, network: HandReader, examples: list[HandExample], seed: int
) -> None:
    """Train the shape answer anew, on the finished landmarks; see `shape`."""
    known = [e for e in examples if e.landmarks is not None and e.sure and e.label >= 0]
    rng = np.random.default_rng([seed, 1])
    some = [known[i] for i in rng.permutation(len(known))[:OWN_HANDS]]
    teacher = np.stack([e.landmarks for e in known if e.landmarks is not None])
    own = task.landmarks(network, some, rng)
    fit_shape(network, jointed_hands(seed), _hands(own, some), _hands(teacher, known), seed)


def _hands(landmarks: NDArray[np.float32], examples: list[HandExample]) -> Hands:
    labels = [e.label for e in examples]
    weights = weigh(labels, [e.person for e in examples], [e.weight for e in examples])
    return Hands(landmarks, np.array(labels, np.int64), np.array(weights))


def _check(recipe: Recipe) -> None:
    if recipe.convolution == "standard" and recipe.weights == "imagenet":
        raise BadInput(
            "There are no ImageNet weights for standard convolutions: add --weights random."
        )
    if recipe.frozen and recipe.weights == "random":
        raise BadInput("Random layers cannot be kept as they are: drop --frozen or --weights.")


def _prepare(options: Options) -> None:
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)


def _go_on_from(options: Options, network: torch.nn.Module) -> None:
    if options.start is not None:
        network.load_state_dict(averaged_weights(options.start))


def _pictures(options: Options, split: str) -> list[HandPicture]:
    """The split's pictures whose licence permits training; for training also the drawn ones."""
    found = read_hands(options.data / "hands", split)
    if split != "train":
        return found
    found = [p for p in found if p.licence in PERMISSIVE]
    count = DRAWN if options.drawn is None else options.drawn
    drawn = draw_pictures(options.run.parent / "drawn", count, DRAWN_SEED, options.threads)
    return [*found, *(replace(p, split=split) for p in drawn)]


def _weights(options: Options) -> Path:
    path = options.data / WEIGHTS
    if not path.exists():
        raise BadInput(
            f"There are no ImageNet weights at {path}; "
            "point TRIPTYCH_DATA at a folder that holds hands/ and weights/."
        )
    return path


def _plan(options: Options) -> Plan:
    return Plan(
        steps=options.steps,
        seed=options.seed,
        evaluate_every=300,
        save_every=300,
        precision="bf16-mixed",
    )


def _tracking(options: Options, **more: Any) -> AbstractContextManager[Tracker]:
    settings = {"steps": options.steps, "seed": options.seed, **more}
    return tracking(options.run, options.boards, settings, sys.stderr)


def _report(
    options: Options,
    name: str,
    numbers: dict[str, object] | dict[str, float],
    train: list[HandPicture],
) -> None:
    result = {
        "model": name,
        "steps": options.steps,
        "seed": options.seed,
        "minutes": seconds_spent(options.run) / 60,
        "threads": options.threads,
        "start": options.start.name if options.start else "ImageNet",
        "pictures": len(train),
        "people": len({p.person for p in train}),
        **numbers,
    }
    write_result(options.run / "result.json", result, options.seed)
    listing = json.loads((options.run / "models.json").read_text(encoding="utf-8"))
    write_card(options.run / f"{name}.md", name, result, listing[f"{name}.onnx"], train)
