"""A film stays playable whatever happens to its writer."""

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from triptych.errors import BadInput
from triptych.gesture.publish.sinks.movie import MovieSink


def times_of(path: Path) -> list[float]:
    """The times at which a film's pictures are shown."""
    with av.open(str(path)) as container:
        return [float(frame.time or 0.0) for frame in container.decode(video=0)]


@pytest.mark.parametrize("size_wh", [(64, 48), (65, 49), (1, 1), (320, 181)], ids=str)
def test_what_goes_in_comes_out(tmp_path: Path, size_wh: tuple[int, int]) -> None:
    """As many pictures, at their times, in their colours, in H.264 for every player."""
    path = tmp_path / "film.mp4"
    film = MovieSink(path, size_wh, 25.0)
    colours = [(20, 60, 200), (200, 160, 30), (128, 128, 128)]
    for number in range(12):
        frame = np.full((size_wh[1], size_wh[0], 3), colours[number % 3], np.uint8)
        film.send(frame, 7.0 + number / 25)
    film.close()
    assert times_of(path) == pytest.approx([number / 25 for number in range(12)], abs=1e-4)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.width % 2 == stream.height % 2 == 0
        for number, picture in enumerate(container.decode(stream)):
            middle = picture.to_ndarray(format="bgr24")[0, 0]
            assert np.abs(middle.astype(int) - colours[number % 3]).max() < 12


def test_times_that_do_not_grow_lose_no_picture(tmp_path: Path) -> None:
    """Two pictures of the same moment are both there, in order."""
    path = tmp_path / "film.mp4"
    film = MovieSink(path, (64, 48), 30.0)
    for t in (1.0, 1.0, 0.5, 1.1):
        film.send(np.zeros((48, 64, 3), np.uint8), t)
    film.close()
    times = times_of(path)
    assert len(times) == 4
    assert times == sorted(set(times))


def test_no_picture_is_no_error(tmp_path: Path) -> None:
    """A run that ends before its first picture closes its film in peace."""
    MovieSink(tmp_path / "film.mp4", (64, 48), 30.0).close()


WRITER = """
import os, signal, sys
import numpy as np
from pathlib import Path
from triptych.gesture.publish.sinks.movie import MovieSink

film = MovieSink(Path(sys.argv[1]), (160, 120), 30.0)
noise = np.random.default_rng(0)
if sys.argv[2] == "full":
    import resource
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
try:
    for number in range(100):
        film.send(noise.integers(0, 255, (120, 160, 3), dtype=np.uint8), number / 30)
except OSError as error:
    print("failed:", number, error.strerror)
    try:
        film.close()
    except OSError:
        print("closed with an error")
    sys.exit(0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def write_film(path: Path, how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WRITER, str(path), how], capture_output=True, text=True, timeout=60
    )


def test_a_film_whose_writer_was_killed_plays_up_to_the_last_second(tmp_path: Path) -> None:
    """Nothing is buffered for longer than that."""
    path = tmp_path / "film.mp4"
    assert write_film(path, "kill").returncode == -9
    times = times_of(path)
    assert len(times) >= 70
    assert times == pytest.approx([number / 30 for number in range(len(times))], abs=1e-4)


def test_a_full_disk_is_an_error_and_the_film_plays_up_to_there(tmp_path: Path) -> None:
    """The file size limit stands for the disk: writing fails in the same place."""
    path = tmp_path / "film.mp4"
    writer = write_film(path, "full")
    assert "failed:" in writer.stdout, writer
    assert writer.returncode == 0
    assert path.stat().st_size <= 600_000
    assert len(times_of(path)) >= 5


@pytest.mark.parametrize("name", ["missing/film.mp4", ".", "/proc/film.mp4"])
def test_a_film_that_cannot_be_written_is_one_sentence(tmp_path: Path, name: str) -> None:
    """A folder that is not there, a folder instead of a file, a read-only place."""
    with pytest.raises(BadInput, match=r"cannot be written .*: name a file in a folder"):
        MovieSink(tmp_path / name, (64, 48), 30.0)
