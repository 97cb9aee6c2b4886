"""Loading the shipped weights: damage is told in one sentence, and nothing is told to anybody."""

import hashlib
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from triptych.errors import BrokenModel
from triptych.gesture.perceive.runtime import MODELS, load_session

NAME = "detector.onnx"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped detector with its listing."""
    (tmp_path / NAME).write_bytes((MODELS / NAME).read_bytes())
    (tmp_path / "models.json").write_bytes((MODELS / "models.json").read_bytes())
    return tmp_path


def record(folder: Path, data: bytes) -> None:
    """Put `data` there as the detector, with the hash that belongs to it."""
    (folder / NAME).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    (folder / "models.json").write_text(json.dumps({NAME: {"sha256": digest}}))


def complaint(folder: Path) -> str:
    """What is said about the model in `folder`; must be one line that names the file."""
    with pytest.raises(BrokenModel) as raised:
        load_session(NAME, folder)
    sentence = str(raised.value)
    assert str(folder / NAME) in sentence
    assert "\n" not in sentence
    return sentence


def test_an_untouched_copy_loads_and_runs(folder: Path) -> None:
    """The shipped bytes with their hash give a session that answers."""
    session = load_session(NAME, folder)
    heat, sides = session.run(None, {"picture": np.zeros((1, 64, 96, 3), np.uint8)})
    assert np.asarray(heat).shape == (1, 2, 8, 12)
    assert np.asarray(sides).shape == (1, 2, 4, 8, 12)


def test_every_shipped_model_is_listed_with_its_hash() -> None:
    """models.json names each file of weights, its size and its SHA-256, and no other."""
    listing = json.loads((MODELS / "models.json").read_text())
    weights = {path for ending in ("onnx", "npz") for path in MODELS.glob(f"*.{ending}")}
    assert set(listing) == {path.name for path in weights}
    for name, entry in listing.items():
        data = (MODELS / name).read_bytes()
        assert entry == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_shipped_weights_stay_small() -> None:
    """All weights together are under 12 MB."""
    assert sum(path.stat().st_size for path in MODELS.glob("*.onnx")) < 12e6


def test_a_missing_file_is_told(folder: Path) -> None:
    """No weights: the sentence names the file and says to install again."""
    (folder / NAME).unlink()
    assert "install triptych again" in complaint(folder)


@pytest.mark.parametrize("kept", [0, 1, 100_000])
def test_a_truncated_file_is_damaged(folder: Path, kept: int) -> None:
    """A file of which only a part arrived does not match its hash."""
    (folder / NAME).write_bytes((MODELS / NAME).read_bytes()[:kept])
    assert "damaged" in complaint(folder)


@pytest.mark.parametrize("position", [0, 1_000_000, -1])
def test_one_flipped_bit_is_damage(folder: Path, position: int) -> None:
    """A single wrong bit anywhere is noticed before the file is run."""
    data = bytearray((MODELS / NAME).read_bytes())
    data[position] ^= 1
    (folder / NAME).write_bytes(data)
    assert "damaged" in complaint(folder)


def test_a_wrong_hash_is_damage(folder: Path) -> None:
    """Good weights beside a listing of other weights are refused."""
    listing = json.loads((folder / "models.json").read_text())
    listing[NAME]["sha256"] = "0" * 64
    (folder / "models.json").write_text(json.dumps(listing))
    assert "damaged" in complaint(folder)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x00" * 5000])
def test_what_is_no_onnx_cannot_be_run(folder: Path, data: bytes) -> None:
    """A file of another kind is refused even if its hash is right."""
    record(folder, data)
    assert "cannot" in complaint(folder)


@pytest.mark.parametrize(
    "listing",
    [
        None,
        "",
        "{",
        "[]",
        "{}",
        "\x00",
        '{"detector.onnx": 5}',
        '{"detector.onnx": {}}',
        '{"detector.onnx": null}',
    ],
)
def test_a_listing_that_does_not_tell_the_hash_is_refused(
    folder: Path, listing: str | None
) -> None:
    """Without a readable hash nothing is run: the weights could be anybody's."""
    path = folder / "models.json"
    if listing is None:
        path.unlink()
    else:
        path.write_text(listing)
    assert "install triptych again" in complaint(folder)


def test_a_listing_that_is_not_text_is_refused(folder: Path) -> None:
    """Bytes that are no UTF-8 in models.json are one sentence, too."""
    (folder / "models.json").write_bytes(b"\xff\xfe\x00\xd8")
    complaint(folder)


WATCHED = textwrap.dedent(
    """
    import os, sys, time

    touched = []
    def watch(event, arguments):
        if event.startswith("socket."):
            touched.append(event)
        if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
            touched.append(f"wrote {arguments[0]}")
    sys.addaudithook(watch)

    import numpy as np
    from triptych.gesture.perceive.detector import Detector
    from triptych.gesture.perceive.reader import HandReader
    from triptych.gesture.types import Box

    picture = np.full((240, 320, 3), 90, np.uint8)
    Detector().find(picture)
    HandReader().read(picture, [Box(0.2, 0.2, 0.6, 0.8)])
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
    # A reporting thread would open its socket a moment later.
    for _ in range(30):
        for number in os.listdir("/proc/self/fd"):
            try:
                target = os.readlink(f"/proc/self/fd/{number}")
            except OSError:
                continue
            if target.startswith("socket:"):
                touched.append(target)
        time.sleep(0.02)
    print(touched)
    """
)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc for open sockets")
def test_reading_a_picture_opens_no_socket_and_leaves_no_file(tmp_path: Path) -> None:
    """ONNX Runtime's telemetry stays off: home, cache and temporary folders are as empty as before.

    ONNX Runtime 1.29 and later otherwise writes a device id below the home folder.
    """
    places = {
        name: tmp_path / name.lower()
        for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR")
    }
    for place in places.values():
        place.mkdir()
    run = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED],
        env={name: str(place) for name, place in places.items()} | {"PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
