"""The named settings, and where their numbers are from.

`mnist-official` is the official run script. `mnist` has a network of the same size and our own
recipe, that of the small ones. Those of `svhn` and `cifar10` follow the paper's table as a fork has
written it down.
"""

from typing import Any

from triptych.capsules.sections import Data, Loss, Objects, Parts, Train
from triptych.capsules.settings import Settings
from triptych.errors import BadInput

_COLOUR_PARTS = {
    "template": 14,
    "strides": (1, 1, 2, 2),
    "mixed_attention": False,
    "outside": "closed",
    "background": "per_picture",
    "joint_colour": True,
}
_COLOUR_OBJECTS = {"width": 64, "heads": 2, "output": 128, "presence_mask": "log"}

# What makes networks learn in minutes, found on mnist-small; sizes are left to each preset.
_RECIPE_DATA: dict[str, Any] = {"warp": 0.6, "views": 2}
_RECIPE_PARTS: dict[str, Any] = {
    "mixed_attention": False,
    "pose_gain": 1.0,
    "largest_turn": 0.06,
    "start": "strokes",
    "brush": 1,
    "outside": "closed",
    "pixel_scale": 0.3,
}
_RECIPE_OBJECTS: dict[str, Any] = {
    "noise": 0.0,
    "presence_mask": "log",
    "standardise": True,
    "smallest_vote_scale": 0.1,
}
_RECIPE_LOSS = Loss(agreement=100.0, agreement_power=4.0, parts=0.05, deformation=1.0)
_RECIPE_TRAIN: dict[str, Any] = {
    "optimiser": "adam",
    "schedule": "cosine",
    "average": 0.998,
    "precision": "bf16-mixed",
    "evaluate_every": 500,
    "save_every": 250,
}

_SMALL_PARTS: dict[str, Any] = {"count": 16, "width": 64, "largest_scale": 0.7, **_RECIPE_PARTS}
_SMALL_OBJECTS: dict[str, Any] = {
    "layers": (24,),
    "width": 32,
    "output": 64,
    "hidden": 64,
    **_RECIPE_OBJECTS,
}
_SMALL_TRAIN: dict[str, Any] = {
    "steps": 2500,
    "rate": 2e-3,
    "warmup": 100,
    "template_rate": 5.0,
    "lattice": 3,
    **_RECIPE_TRAIN,
}

PRESETS: dict[str, Settings] = {
    settings.preset: settings
    for settings in (
        Settings(
            preset="mnist",
            data=Data(**_RECIPE_DATA),
            # On a larger canvas templates are as large in pixels as those of mnist-small.
            parts=Parts(largest_scale=0.5, **_RECIPE_PARTS),
            objects=Objects(**_RECIPE_OBJECTS),
            loss=_RECIPE_LOSS,
            train=Train(
                steps=2500, rate=1e-3, warmup=200, template_rate=10.0, lattice=3, **_RECIPE_TRAIN
            ),
        ),
        Settings(preset="mnist-official", train=Train(precision="bf16-mixed")),
        Settings(
            preset="mnist-coupled",
            parts=Parts(count=24, opacity="coupled", squash="clip"),
            objects=Objects(layers=(24,)),
            loss=Loss(
                presence_within=1, presence_between=1, posterior_within=10, posterior_between=10
            ),
        ),
        Settings(
            preset="mnist-pcae",
            parts=Parts(count=24, mixed_attention=False),
            objects=Objects(layers=()),
            train=Train(steps=20_000, optimiser="adam", rate=3e-4, template_rate=10.0),
        ),
        Settings(
            preset="mnist-small",
            data=Data(name="mnist", canvas=28, place="centre", **_RECIPE_DATA),
            parts=Parts(**_SMALL_PARTS),
            objects=Objects(**_SMALL_OBJECTS),
            loss=_RECIPE_LOSS,
            train=Train(**_SMALL_TRAIN),
        ),
        Settings(
            preset="usps",
            data=Data(name="usps", canvas=28, place="resize", **_RECIPE_DATA),
            parts=Parts(**_SMALL_PARTS),
            objects=Objects(**_SMALL_OBJECTS),
            loss=_RECIPE_LOSS,
            train=Train(**_SMALL_TRAIN),
        ),
        Settings(
            preset="digits",
            data=Data(name="digits", canvas=16, place="resize", **_RECIPE_DATA),
            # A third of mnist-small's pixels, so each weighs more; else templates hardly learn.
            parts=Parts(**{**_SMALL_PARTS, "strides": (2, 1, 1), "noise": 0.0, "pixel_scale": 0.1}),
            objects=Objects(**_SMALL_OBJECTS),
            loss=_RECIPE_LOSS,
            train=Train(
                **{
                    **_SMALL_TRAIN,
                    "steps": 2400,
                    "template_rate": 10.0,
                    "lattice": 2,
                    "evaluate_every": 400,
                }
            ),
        ),
        Settings(
            preset="svhn",
            data=Data(name="svhn", canvas=32, place="centre", target="sobel"),
            parts=Parts(count=24, **_COLOUR_PARTS),
            objects=Objects(layers=(32,), **_COLOUR_OBJECTS),
            loss=Loss(
                parts=2.56,
                presence_within=0.22,
                presence_between=0.1,
                posterior_within=8.62,
                posterior_between=0.26,
            ),
            train=Train(rate=1e-4, decay_steps=1000),
        ),
        Settings(
            preset="cifar10",
            data=Data(name="cifar10", canvas=32, place="centre", target="sobel"),
            parts=Parts(count=32, **_COLOUR_PARTS),
            objects=Objects(layers=(64,), **_COLOUR_OBJECTS),
            loss=Loss(
                parts=2.075,
                presence_within=0.17,
                presence_between=0.1,
                posterior_within=1.39,
                posterior_between=7.32,
            ),
            train=Train(rate=1e-4, decay_steps=3000),
        ),
        Settings(
            preset="constellation",
            data=Data(name="constellation"),
            objects=Objects(
                layers=(3,),
                votes=4,
                blocks=3,
                width=32,
                heads=4,
                output=64,
                hidden=64,
                parameters=16,
                pose="similarity",
                pose_gain=1.0,
                noise=0.0,
                presence_mask="threshold",
                normalised=True,
            ),
            loss=Loss(
                presence_within=0.0,
                presence_between=0.0,
                posterior_within=2.0,
                posterior_between=2.0,
                deformation=30.0,
                classes=2,
            ),
            train=Train(steps=1000, batch=64, optimiser="adam", rate=3e-3, evaluate_every=250),
        ),
    )
}
"""All presets by name."""


def preset(name: str) -> Settings:
    """The settings called `name`. Raises BadInput, naming those there are."""
    if name not in PRESETS:
        raise BadInput(f"There is no preset {name!r}; there are {', '.join(PRESETS)}.")
    return PRESETS[name]


def changes(settings: Settings) -> list[str]:
    """How settings differ from the preset whose name they carry, as `--set` takes it."""
    before = preset(settings.preset).model_dump(exclude={"preset"})
    found: list[str] = []
    for section, table in settings.model_dump(exclude={"preset"}).items():
        for key, value in table.items():
            if value != before[section][key]:
                words = ",".join(map(str, value)) if isinstance(value, tuple) else value
                found.append(f"{section}.{key}={words}")
    return found
