"""The mean of two readers' weights: of one part of the training, and of the part it began from.

What went on from common weights mostly lies in one basin, where a mean reads strangers better than
either (Wortsman et al. 2022, arXiv 2203.05482).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from triptych.data.hands import read_hands
from triptych.errors import BadInput
from triptych.gesture.learn.augment import Jitter
from triptych.gesture.learn.calibrate import expected_calibration_error
from triptych.gesture.learn.card import write_card
from triptych.gesture.learn.crops import collate, crop_example
from triptych.gesture.learn.examples import UNKNOWN, hand_examples
from triptych.gesture.learn.export import halve, restore
from triptych.gesture.learn.install import describe
from triptych.gesture.learn.metrics import five_sign_f1, per_sign_f1
from triptych.gesture.learn.train import PERMISSIVE
from triptych.gesture.perceive.reader import ANSWERS, REACH
from triptych.results import write_result

READER = "hand_reader.onnx"


def mean_weights(first: Path, second: Path, share: float) -> onnx.ModelProto:
    """The exported reader that lies `share` of the way from `first` to `second`.

    The temperatures and what shape makes of landmarks stay the second's: those layers begin anew
    in each part. Raises `BadInput` if the files do not hold the same network.
    """
    start, mean = _open(first), _open(second)
    of_first = {tensor.name: numpy_helper.to_array(tensor) for tensor in start.graph.initializer}
    for tensor in mean.graph.initializer:
        a, b = of_first.get(tensor.name), numpy_helper.to_array(tensor)
        if a is None or a.shape != b.shape:
            raise BadInput(f"{first} and {second} do not hold the same network.")
        if b.dtype.kind != "f" or tensor.name == "temperatures" or ".shape" in tensor.name:
            continue
        values = ((1 - share) * a + share * b).astype(b.dtype)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    halve(mean)
    return mean


def make_mean(data: Path, first: Path, second: Path, share: float, run: Path) -> Path:
    """Write the mean of an exported reader and a finished run's, with its numbers and card.

    Raises `BadInput` if the run is not finished or holds another network.
    """
    if not (second / "result.json").exists():
        raise BadInput(f"{second} is no finished run; let `triptych gesture train` finish.")
    mean = mean_weights(first, second / READER, share)
    run.mkdir(parents=True, exist_ok=True)
    path = run / READER
    path.write_bytes(mean.SerializeToString())
    describe(path)
    of_second: dict[str, Any] = json.loads((second / "result.json").read_text(encoding="utf-8"))
    kept = ("model", "steps", "seed", "minutes", "threads", "start", "pictures", "people", "recipe")
    result = {key: of_second[key] for key in kept} | {"share": share} | _measure(data, path)
    write_result(run / "result.json", result, of_second["seed"])
    listing = json.loads((run / "models.json").read_text(encoding="utf-8"))
    train = [p for p in read_hands(data / "hands", "train") if p.licence in PERMISSIVE]
    write_card(run / "hand_reader.md", "hand_reader", result, listing[READER], train)
    return path


def _measure(data: Path, path: Path) -> dict[str, Any]:
    """Of each answer the F1 and the calibration error on given crops of validation people."""
    still = Jitter(colour=False, rotation=False, crop=False, webcam=False)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    examples = [e for e in hand_examples(read_hands(data / "hands", "val")) if e.label != UNKNOWN]
    labels = np.array([e.label for e in examples], np.int64)
    scores, gaps = [], []
    for start in range(0, len(examples), 64):
        some = examples[start : start + 64]
        batch = collate([crop_example(data / "hands", e, still, rng, None) for e in some])
        found = session.run(None, {"crops": batch["picture"].numpy()})
        scores.append(np.asarray(found[0]))
        gap = np.linalg.norm(np.asarray(found[1]) - batch["landmarks"].numpy(), axis=2)
        gaps.append(gap.mean(axis=1)[batch["known"].numpy() > 0] * REACH)
    numbers: dict[str, Any] = {"val_landmarks": float(np.concatenate(gaps).mean())}
    for place, answer in enumerate(ANSWERS):
        logits = np.log(np.concatenate(scores)[:, place].clip(1e-12))
        guesses = logits.argmax(axis=1)
        numbers[answer] = {
            "val_f1": five_sign_f1(labels, guesses),
            "val_f1_per_sign": per_sign_f1(labels, guesses),
            "val_ece": expected_calibration_error(logits, labels, 1.0),
        }
    return numbers


def _open(path: Path) -> onnx.ModelProto:
    try:
        model = onnx.load(str(path))
    except Exception as error:  # onnx raises whatever its parser stumbles over
        raise BadInput(f"{path} is not an ONNX file that can be read.") from error
    restore(model)  # a layer may be stored as halves in one file and not in the other
    return model
