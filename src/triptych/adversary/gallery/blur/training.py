"""Cross-entropy on pictures of which every second one, at random, is blurred."""

import numpy as np
import torch
from torch import Tensor

from triptych.adversary.attacks.pipeline import Pipeline, identity
from triptych.adversary.gallery.blur.model import Blur, GaussianBlur
from triptych.adversary.gallery.lesson import Lesson, mirrored_and_shifted


def task(pipeline: Pipeline, setting: Blur) -> Lesson:
    """The training."""
    blur = GaussianBlur(setting.sigma)

    def half_blurred(shown: Tensor, labels: Tensor, generator: np.random.Generator) -> Tensor:
        if setting.data == "cifar10":
            shown = mirrored_and_shifted(shown, labels, generator)
        chosen = torch.from_numpy(generator.random(len(shown)) < 0.5)
        return torch.where(chosen[:, None, None, None], blur(shown), shown)

    def without_blur(pipeline: Pipeline, shown: Tensor) -> Tensor:
        return pipeline.with_prepare(identity)(shown)

    return Lesson(pipeline, setting.data, setting.schedule, without_blur, change=half_blurred)
