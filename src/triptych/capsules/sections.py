"""The tables of a capsule network's settings: data, parts, objects, loss, training.

Defaults are the published MNIST run (`run_mnist.sh` of the official code). Each quirk of the
official code is a switch, named Q1 to Q13 where it is set. Fixed for good, since nobody could want
them: Q9 (a flag that did nothing), Q10 (clusters fitted on the test pictures, the last batch
dropped), Q14 (a name that was not defined).
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]


def _split(value: object) -> object:
    """`--set objects.layers=32,10` comes as one string."""
    return tuple(item for item in value.split(",") if item) if isinstance(value, str) else value


Counts = Annotated[tuple[PositiveInt, ...], BeforeValidator(_split)]


class Section(BaseModel):
    """One table: unknown keys, wrong types, NaN and infinities are refused; never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Data(Section):
    """Which pictures, and how they come to the network."""

    name: Literal["mnist", "usps", "svhn", "cifar10", "digits", "constellation"] = "mnist"
    canvas: int = Field(
        default=40, ge=8, le=128, description="Side of the square canvas in pixels."
    )
    place: Literal["shift", "centre", "resize"] = Field(
        default="shift",
        description="shift: anywhere on the canvas, anew each time; centre: in its middle; "
        "resize: enlarged to fill it.",
    )
    target: Literal["pixels", "sobel"] = Field(
        default="pixels", description="What is reconstructed: the picture, or its edges."
    )
    warp: float = Field(
        default=0.0, ge=0, le=1, description="Training pictures are turned and stretched so much."
    )
    views: int = Field(
        default=1,
        ge=1,
        le=2,
        description="2: a batch shows each picture twice, as data.warp has it.",
    )


class Parts(Section):
    """The part capsules (PCAE)."""

    count: int = Field(
        default=40, ge=1, le=512, description="Part capsules, each with one template."
    )
    template: int = Field(default=11, ge=2, le=64, description="Side of a template in pixels.")
    features: int = Field(default=16, ge=1, le=256, description="Special features of each part.")
    width: int = Field(default=128, ge=4, le=1024, description="Channels of the convolutions.")
    strides: Counts = Field(
        default=(2, 2, 1, 1), description="Of the 3x3 convolutions without padding."
    )
    encoder: Literal["paper", "modern"] = Field(
        default="paper", description="modern: normalised, smooth, with residual connections."
    )
    pooling: Literal["attention", "mean", "linear"] = "attention"
    mixed_attention: bool = Field(
        default=True,
        description="Q1: the code's reshape, 23 maps a capsule; false: one map, the paper.",
    )
    pose: Literal["affine", "similarity"] = "affine"
    pose_gain: float = Field(
        default=5.0, gt=0, description="Q12: of tanh; lower, and borders let go."
    )
    smallest_scale: float = Field(default=0.01, ge=1e-3, le=0.5, description="Added to each scale.")
    largest_scale: float = Field(
        default=1.0, gt=0, le=1, description="Of a template's side to the canvas'; times sigmoid."
    )
    largest_turn: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        description="Of a template, either way, in full turns; 0: any. Drawn at any angle, a "
        "template becomes a ring.",
    )
    start: Literal["paper", "strokes"] = Field(
        default="paper",
        description="paper: all parts begin in the middle, half transparent on grey; strokes: each "
        "in a place of its own, small and faint on black.",
    )
    inverse: bool = Field(
        default=True, description="Draw through the inverse pose; false: as the ports."
    )
    noise: float = Field(
        default=4.0, ge=0, description="Width of the uniform noise on presence logits."
    )
    opacity: Literal["alpha", "coupled"] = Field(
        default="alpha", description="A template's opacity is learned, or is its brightness."
    )
    outside: Literal["open", "closed"] = Field(
        default="open",
        description="Q3: open: black ink around templates competes; closed: nothing there.",
    )
    brush: int = Field(
        default=0,
        ge=0,
        le=4,
        description="So often are templates softened by a 3x3 binomial filter: strokes have a "
        "width, and no pixel learns alone.",
    )
    squash: Literal["sigmoid", "clip"] = Field(default="sigmoid", description="Of template pixels.")
    background: Literal["one", "per_picture"] = Field(
        default="one", description="One learned grey for all, or a colour read from each picture."
    )
    pixel_scale: float = Field(default=1.0, gt=0, description="Q4: standard deviation of a pixel.")
    learn_pixel_scale: bool = False
    joint_colour: bool = Field(
        default=False, description="A pixel's channels come from one part; false: from one each."
    )


class Objects(Section):
    """The object capsules (OCAE), one entry in `layers` for each layer."""

    layers: Counts = Field(
        default=(32,), description="Object capsules of each layer; none: parts only."
    )
    votes: PositiveInt = Field(
        default=4, description="Of each object, for constellations; else one for each part."
    )
    blocks: int = Field(default=3, ge=0, le=16, description="Blocks of the Set Transformer.")
    width: int = Field(default=16, ge=2, le=512, description="Of its blocks.")
    heads: int = Field(default=1, ge=1, le=16)
    output: int = Field(default=256, ge=4, le=2048, description="Of its last attention.")
    hidden: int = Field(default=128, ge=1, le=1024, description="Of the capsules' own networks.")
    parameters: int = Field(default=32, ge=1, le=512, description="A capsule's parameter vector.")
    pose: Literal["affine", "similarity"] = "affine"
    pose_gain: float = Field(default=5.0, gt=0, description="Of tanh, as of parts.pose_gain.")
    noise: float = Field(
        default=4.0, ge=0, description="Width of the uniform noise on presence logits."
    )
    presence_mask: Literal["hard", "log", "threshold"] = Field(
        default="hard",
        description="Q6: hard: the code's 1e32, only the surest part is seen; log: log presence is "
        "added; threshold: parts under one half are not seen.",
    )
    standardise: bool = Field(
        default=False,
        description="Each number that an object reads has mean 0 and deviation 1 over a batch.",
    )
    feature_gradient: bool = Field(
        default=True, description="Q5: objects train the encoder through the parts' features."
    )
    normalised: bool = Field(
        default=False, description="Q7: divide the mixture by its presences, as the paper says."
    )
    smallest_vote_scale: float = Field(
        default=0.01, gt=0, le=1, description="Q13: floor of a vote's standard deviation."
    )
    routing: Literal["closed_form", "argmax", "metropolis"] = "closed_form"
    chain: int = Field(
        default=50, ge=2, le=10_000, description="Steps of a Metropolis-Hastings chain."
    )


class Loss(Section):
    """Weights of the terms of the loss; the likelihood of the picture has weight 1."""

    parts: Weight = Field(default=1.0, description="Log-likelihood of the parts under the objects.")
    deformation: Weight = Field(
        default=10.0, description="Squared dynamic part of object-part poses."
    )
    presence_within: Weight = Field(
        default=2.0, description="Objects present in a picture: K / classes."
    )
    presence_between: Weight = Field(
        default=0.35, description="Pictures with an object: B / classes."
    )
    posterior_within: Weight = Field(default=0.7, description="Few objects explain a picture.")
    posterior_between: Weight = Field(default=0.2, description="All objects explain some pictures.")
    agreement: Weight = Field(
        default=0.0, description="Two views of a picture show the same objects (data.views=2)."
    )
    agreement_power: float = Field(
        default=1.0,
        ge=1,
        le=16,
        description="Of presences, before views are asked to agree; over 1, lesser ones are free.",
    )
    part_presence: Weight = Field(default=0.0, description="Few parts are present in a picture.")
    template_l1: Weight = Field(default=0.0, description="Dark templates.")
    probe: Weight = Field(default=1.0, description="Linear probes on features without gradient.")
    classes: int = Field(default=10, ge=2, le=1000, description="That the sparsity terms expect.")


class Train(Section):
    """How it is trained and how long."""

    steps: PositiveInt = 300_000
    batch: int = Field(default=128, ge=2, le=4096)
    optimiser: Literal["rmsprop_tf", "adam"] = "rmsprop_tf"
    lattice: int = Field(
        default=1,
        ge=1,
        le=8,
        description="A step draws and weighs every n-th pixel in each direction, others each time.",
    )
    rate: float = Field(default=3e-5, gt=0, description="Learning rate.")
    template_rate: float = Field(
        default=1.0, gt=0, description="Times the rate for templates; over 1, strokes show sooner."
    )
    schedule: Literal["constant", "cosine"] = Field(
        default="constant", description="cosine: the rate falls to zero at the last step."
    )
    decay_steps: int = Field(
        default=0,
        ge=0,
        description="Q8: the rate falls by 0.96 over so many steps; 0: it does not.",
    )
    warmup: int = Field(default=0, ge=0, description="Steps over which the rate rises.")
    average: Share = Field(
        default=0.0, description="Decay of the weights' moving average; 0: none."
    )
    clip: float = Field(default=0.0, ge=0, description="Largest norm of the gradient; 0: no limit.")
    evaluation_noise: bool = Field(
        default=False, description="Q2: presence noise also at evaluation."
    )
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    log_every: PositiveInt = 100
    save_every: PositiveInt = 1000
    evaluate_every: PositiveInt = 5000
