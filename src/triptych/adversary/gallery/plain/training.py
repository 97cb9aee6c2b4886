"""Cross-entropy; CIFAR-10 pictures are mirrored and shifted."""

from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.gallery.lesson import Lesson, mirrored_and_shifted
from triptych.adversary.gallery.plain.model import Plain


def task(pipeline: Pipeline, setting: Plain) -> Lesson:
    """The training."""
    change = mirrored_and_shifted if setting.data == "cifar10" else None
    return Lesson(pipeline, setting.data, setting.schedule, change=change)
