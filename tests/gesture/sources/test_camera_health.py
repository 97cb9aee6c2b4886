import numpy as np
import pytest

from triptych.gesture.sources.camera_health import CameraHealth
from triptych.gesture.types import Frame


def noise(seed: int) -> Frame:
    return np.random.default_rng(seed).integers(20, 200, (48, 64, 3), dtype=np.uint8)


def verdicts(frames: list[Frame], fps: float) -> list[str]:
    health = CameraHealth()
    return [health.judge(i / fps, frame) for i, frame in enumerate(frames)]


@pytest.mark.parametrize("fps", [5, 30, 60])
def test_a_working_camera_has_no_problem(fps: float) -> None:
    """Pictures that change are fine at any frame rate."""
    assert set(verdicts([noise(i) for i in range(90)], fps)) == {""}


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_black_pictures_are_a_problem_after_half_a_second(fps: float) -> None:
    """Dark noise is put up with for 0.5 s, then named, and forgiven at once when light returns."""
    rng = np.random.default_rng(0)
    black = [rng.integers(0, 7, (48, 64, 3), dtype=np.uint8) for _ in range(int(fps * 2))]
    said = verdicts([noise(0), *black, noise(1)], fps)
    first = next(i for i, problem in enumerate(said) if problem)
    assert 0.5 < first / fps <= 0.5 + 1.01 / fps
    assert all("black" in problem for problem in said[first:-1])
    assert said[-1] == ""


def test_a_camera_that_is_black_from_the_start() -> None:
    """The first pictures being black counts from the first one."""
    black = [np.zeros((48, 64, 3), np.uint8) for _ in range(30)]
    said = verdicts(black, 30)
    assert said[15] == ""
    assert "black" in said[16]


def test_identical_pictures_are_a_problem_after_half_a_second() -> None:
    """The same picture for ever is named after 0.5 s, and forgiven with the next new one."""
    said = verdicts([noise(3)] * 40 + [noise(4)], 30)
    assert said[15] == ""
    assert all("same picture" in problem for problem in said[16:40])
    assert said[40] == ""


def test_one_bright_or_changing_pixel_is_enough() -> None:
    """A single pixel that changes, anywhere, shows that the sensor is alive."""
    frames = []
    for i in range(60):
        frame = np.zeros((48, 64, 3), np.uint8)
        frame[13, 13] = 100 + i
        frames.append(frame)
    assert set(verdicts(frames, 30)) == {""}


def test_frames_may_be_drawn_into_afterwards() -> None:
    """Drawing into a judged picture does not hide that the camera repeats it."""
    health = CameraHealth()
    said = ""
    for i in range(30):
        frame = noise(5)
        said = health.judge(i / 30, frame)
        frame[:] = i
    assert "same picture" in said
