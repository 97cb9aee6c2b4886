"""Each member on its own cross-entropy; they share nothing but the order of the pictures."""

import torch.nn.functional as F

from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.gallery.empir.model import Empir
from triptych.adversary.gallery.lesson import Lesson, members_loss


def task(pipeline: Pipeline, setting: Empir) -> Lesson:
    """The training; no augmentation, as published."""
    return Lesson(
        pipeline,
        setting.data,
        setting.schedule,
        Pipeline.member_logits,
        members_loss(F.cross_entropy),
    )
