"""Model cards (Mitchell et al. 2019): what a network is, what it learnt from, what it is worth."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from triptych.data.hands import HandPicture

ABOUT = {
    "detector": """Finds hands and faces in a whole picture, in one pass.

MobileNetV2 (ImageNet weights, all layers fine-tuned) with a three-level feature pyramid; heat maps
of centres and distances to the four sides at stride 8. Input: `picture` [1, H, W, 3] uint8 BGR,
sides multiples of 32 (the runtime shrinks the longer side to 320). Outputs: `heat` [1, 2, H/8, W/8]
in 0..1 (hand, face) and `sides` [1, 2, 4, H/8, W/8] in pixels (left, top, right, bottom).""",
    "hand_reader": """Reads one hand: its sign, 21 landmarks and an embedding.

MobileNetV2 (ImageNet weights, all layers fine-tuned). Landmarks are distilled from MediaPipe Hands
0.10.21; what shape makes of them is learnt apart, also from a jointed hand that makes every set of
raised fingers; "both" is the weighted product of appearance and shape. Input: `crops`
[B, 128, 128, 3] uint8 BGR, squares of 1.5 times the hand's extent. Outputs: `scores` [B, 3, 8],
calibrated probabilities of fist, palm, ok, one, two_up, peace, other, none as told by appearance,
by shape and by both; `landmarks` [B, 21, 2], fractions of the crop; `embedding`
[B, 128].""",
}

COMPOSED = """a fifth of the hands are drawn before photographs, and most of those
pictured before a plain wall, some of those before a webcam, were cut out and put before other
people's pictures"""

LIMITS = """People in the photographs are mostly young men before a webcam, and most come from a few
recordings; drawn people add skin tones, hair, glasses and signs, but not the variety of real ones.
`ok`, `one`, `peace` and `two_up` were seen on few people by a webcam and on many only before a
white wall. Gloves, rings, tattoos, missing fingers, children's hands and hands under coloured light
were hardly seen. Numbers on people never seen are in `docs/gesture/results.md`."""


def write_card(
    path: Path,
    name: str,
    result: Mapping[str, Any],
    file: Mapping[str, Any],
    pictures: Sequence[HandPicture],
) -> None:
    """Write the card of a trained network as Markdown."""
    licences = Counter(picture.licence for picture in pictures if picture.source != "drawn")
    drawn = sum(picture.source == "drawn" for picture in pictures)
    people = len({picture.person for picture in pictures if picture.source != "drawn"})
    recipe = result.get("recipe", {})
    composed = "; " + COMPOSED if recipe.get("composed") else ""
    mean = ""
    if share := result.get("share"):
        mean = f" What ships lies {share:g} of the way from there to the end, weight by weight."
    lines = [
        f"# {name}.onnx",
        "",
        ABOUT[name],
        "",
        "## Trained on",
        "",
        f"{len(pictures) - drawn} photographs of {people} people or collections, and {drawn} drawn "
        "pictures (`triptych.gesture.demo.scene`)" + composed + ". Licences of the photographs:",
        "",
        *(f"- {licence}: {count}" for licence, count in licences.most_common()),
        "",
        f"{result['steps']} steps, seed {result['seed']}, {result['minutes']:.0f} minutes on "
        f"{result['threads']} CPU thread(s), going on from {result['start']}." + mean,
        "",
        "## Measured on validation people",
        "",
        "```json",
        _numbers(result),
        "```",
        "",
        "## Limits",
        "",
        LIMITS,
        "",
        f"SHA-256 `{file['sha256']}`, {file['bytes']} bytes. Licence: Apache-2.0.",
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def _numbers(result: Mapping[str, Any]) -> str:
    own = (
        "model",
        "steps",
        "seed",
        "minutes",
        "threads",
        "pictures",
        "people",
        "recipe",
        "start",
        "share",
    )

    def rounded(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: rounded(item) for key, item in value.items()}
        return round(value, 4) if isinstance(value, float) else value

    kept = {key: rounded(value) for key, value in result.items() if key not in own}
    return json.dumps(kept, indent=2)
