"""What stands in the gallery: a defence, how it is trained, its claim and its break.

A defence itself is a `Pipeline` and says nothing of its weakness. Claim and break are `Attempt`s:
which public attacks are run within which threat model, and how their results are counted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from torch import nn

from triptych.adversary.attacks.method import Method
from triptych.adversary.attacks.options import Options
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.threat import Threat
from triptych.fit.loop import Task

EPSILON: Final = {"cifar10": 8 / 255, "mnist": 0.3, "digits": 0.2}
"""The usual L-infinity epsilon of each data set; that of the digits is our own choice."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attack, or several of which each works on what those before have left.

    as_published: as the defence's authors measured: all steps are done, and the last picture
    counts. Otherwise any picture on the way counts, and work ends at success. also: other models
    that the found pictures are shown to, by name; needs all steps, so that they are fooled, too.
    """

    name: str
    threat: Threat
    methods: tuple[Method, ...]
    as_published: bool = False
    also: Mapping[str, nn.Module] = field(default_factory=dict)

    def options(self, seed: int) -> Options:
        """How `attack` is to run it."""
        if self.as_published or self.also:
            return Options(seed=seed, early_exit=False, keep="last")
        return Options(seed=seed)


@dataclass(frozen=True, slots=True)
class Defence:
    """One of the gallery.

    settings: by data set and variant; each is a `Setting`. pipeline: setting -> untrained defence.
    task: pipeline, setting -> its training, whose network is a `Trainee`. claim, breaks: trained
    pipeline, setting -> attempts; the first claim is the one that stands for all of them.
    """

    name: str
    settings: Mapping[tuple[str, str], Any]
    pipeline: Callable[[Any], Pipeline]
    task: Callable[[Pipeline, Any], Task]
    claim: Callable[[Pipeline, Any], Sequence[Attempt]]
    breaks: Callable[[Pipeline, Any], Sequence[Attempt]]
