import gzip
import hashlib
import http.server
import json
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from triptych.data import place, registry
from triptych.data.check import check
from triptych.data.cli import app
from triptych.data.load import load
from triptych.data.place import fetch, locate
from triptych.data.registry import DATA_SETS, DataFile, DataSet, data_set
from triptych.errors import BadInput, Unavailable


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data set is here: the cache is an empty folder and TRIPTYCH_DATA is not set."""
    monkeypatch.delenv("TRIPTYCH_DATA", raising=False)
    monkeypatch.setattr(place, "cache_folder", lambda: tmp_path / "cache")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server on this machine, and the folder that it serves."""
    served = tmp_path / "served"
    served.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args) -> None:
            super().__init__(*args, directory=str(served))

        def log_message(self, *args) -> None:
            del args

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/", served
        listening.shutdown()
        thread.join()


def publish(
    monkeypatch: pytest.MonkeyPatch, url: str, sha256: str | None, more: tuple[str, ...] = ()
) -> None:
    """Pretend that usps is published as one file at `url`."""
    file = DataFile("zip.test.gz", (*more, url + "zip.test.gz"), sha256=sha256)
    sets = {**DATA_SETS, "usps": replace(data_set("usps"), files=(file,))}
    monkeypatch.setattr(registry, "DATA_SETS", sets)


def dead_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/zip.test.gz"


def test_an_unknown_name_lists_the_known_ones() -> None:
    """A typo is answered with all names."""
    with pytest.raises(BadInput, match=r"no data set 'minst'; there are mnist, usps"):
        locate("minst")


def test_a_data_set_that_is_not_here_says_how_to_get_it() -> None:
    """The sentence names the command and the environment variable."""
    with pytest.raises(Unavailable, match="Run `triptych data fetch mnist`, or set TRIPTYCH_DATA"):
        locate("mnist")
    with pytest.raises(Unavailable, match="a folder with hands/"):
        locate("hands")


def test_the_given_folder_comes_before_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRIPTYCH_DATA wins where it holds the data set, and the cache serves the rest."""
    for folder in ("given/usps", "given/mnist", "cache/usps", "cache/svhn"):
        (tmp_path / folder).mkdir(parents=True)
        if folder != "given/mnist":
            (tmp_path / folder / "file").touch()
    monkeypatch.setenv("TRIPTYCH_DATA", str(tmp_path / "given"))
    assert locate("usps") == tmp_path / "given" / "usps"
    assert locate("svhn") == tmp_path / "cache" / "svhn"
    with pytest.raises(Unavailable):
        locate("mnist")


def test_fetch_downloads_and_verifies(
    server: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file lands in the cache if its hash is right; a dead first address is passed over."""
    url, served = server
    (served / "zip.test.gz").write_bytes(b"digits")
    publish(monkeypatch, url, hashlib.sha256(b"digits").hexdigest(), more=(dead_url(),))
    folder = fetch("usps")
    assert folder == tmp_path / "cache" / "usps"
    assert (folder / "zip.test.gz").read_bytes() == b"digits"
    assert locate("usps") == folder


def test_a_wrong_hash_is_refused_and_leaves_nothing(
    server: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is not the published one is not kept."""
    url, served = server
    (served / "zip.test.gz").write_bytes(b"something else")
    publish(monkeypatch, url, "0" * 64)
    with pytest.raises(Unavailable, match=r"zip\.test\.gz of usps could not be downloaded"):
        fetch("usps")
    assert list((tmp_path / "cache" / "usps").iterdir()) == []


def test_without_a_known_hash_the_user_has_to_say_so(
    server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be verified is taken only with --unverified."""
    url, served = server
    (served / "zip.test.gz").write_bytes(b"digits")
    publish(monkeypatch, url, None)
    with pytest.raises(BadInput, match="--unverified"):
        fetch("usps")
    assert (fetch("usps", unverified=True) / "zip.test.gz").is_file()


def test_offline_says_so_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network the sentence says to go online or to set TRIPTYCH_DATA."""
    publish(monkeypatch, dead_url().removesuffix("zip.test.gz"), "0" * 64)
    with pytest.raises(Unavailable, match="Go online and try again, or set TRIPTYCH_DATA"):
        fetch("usps")


def test_what_is_not_published_cannot_be_fetched() -> None:
    """The hand pictures have no address, and the sentence says so."""
    with pytest.raises(Unavailable, match="not published as one file"):
        fetch("hands")


def write_usps(folder: Path, train: int, test: int) -> None:
    folder.mkdir(parents=True)
    for split, count in (("train", train), ("test", test)):
        lines = "".join(f"{i % 10} " + "0 " * 256 + "\n" for i in range(count))
        (folder / f"zip.{split}.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))


def test_check_reports_hashes_counts_and_missing_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that are not the published ones are problems; too few pictures are told, not hidden."""
    write_usps(tmp_path / "usps", 20, 10)
    monkeypatch.setenv("TRIPTYCH_DATA", str(tmp_path))
    report = check("usps")
    assert report.counts == {"train": 20, "test": 10}
    assert not report.complete
    assert any("zip.train.gz is not the file that was published" in p for p in report.problems)
    assert "Only 10 of the 2,007 test pictures." in report.notes


def test_check_recognises_a_file_that_was_packed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same content packed at another level is exact content, not a wrong file."""
    write_usps(tmp_path / "usps", 20, 10)
    path = tmp_path / "usps" / "zip.test.gz"
    content = gzip.decompress(path.read_bytes())
    file = DataFile(
        "zip.test.gz", (), None, "0" * 64, content_sha256=hashlib.sha256(content).hexdigest()
    )
    small = DataSet("usps", "", "", (file,), {"test": 10})
    monkeypatch.setattr(registry, "DATA_SETS", {**DATA_SETS, "usps": small})
    monkeypatch.setenv("TRIPTYCH_DATA", str(tmp_path))
    report = check("usps")
    assert report.problems == []
    assert report.complete
    assert "its content is exact" in report.notes[0]


def test_affnist_is_made_from_mnist_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the published files it is made, always the same, and the note says so."""
    import struct

    (tmp_path / "mnist").mkdir()
    images = np.zeros((10, 28, 28), np.uint8)
    images[:, 8:20, 12:16] = 255
    for name, values in {
        "t10k-images-idx3-ubyte.gz": images,
        "t10k-labels-idx1-ubyte.gz": np.arange(10, dtype=np.uint8),
    }.items():
        header = struct.pack(f">{1 + values.ndim}I", 0x0800 + values.ndim, *values.shape)
        (tmp_path / "mnist" / name).write_bytes(gzip.compress(header + values.tobytes()))
    monkeypatch.setenv("TRIPTYCH_DATA", str(tmp_path))
    first, second = load("affnist", "test"), load("affnist", "test")
    assert first.images.shape == (10, 40, 40)
    assert np.array_equal(first.images, second.images)
    assert first.labels.tolist() == list(range(10))
    assert "Made from MNIST" in first.note


def test_the_digits_of_scikit_learn_are_read_without_it() -> None:
    """1,797 digits of 8x8, and scikit-learn itself is not imported for them."""
    if find_spec("sklearn") is None:
        pytest.skip("the digits come with scikit-learn")
    before = "sklearn" in sys.modules
    content = load("digits", "train")
    assert ("sklearn" in sys.modules) == before
    assert content.images.shape == (1797, 8, 8)
    assert content.images.max() == 255
    assert np.bincount(content.labels).min() > 170


def test_load_names_unknown_splits_and_sets() -> None:
    """A wrong split or a set without classes gets one sentence."""
    with pytest.raises(BadInput, match="hands has no classes"):
        load("hands", "train")
    with pytest.raises(BadInput, match="no data set"):
        load("nothing", "train")


def test_list_prints_one_json_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`list --json` says of each data set what it is and where, null if it is not here."""
    write_usps(tmp_path / "usps", 1, 1)
    monkeypatch.setenv("TRIPTYCH_DATA", str(tmp_path))
    result = CliRunner().invoke(app, ["list", "--json"])
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert set(rows) == set(DATA_SETS)
    assert rows["usps"]["path"] == str(tmp_path / "usps")
    assert rows["svhn"]["path"] is None
    assert "usps" in CliRunner().invoke(app, ["list"]).stdout


def test_check_exits_with_2_if_something_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit status tells scripts, the words tell people."""
    write_usps(tmp_path / "usps", 20, 10)
    monkeypatch.setenv("TRIPTYCH_DATA", str(tmp_path))
    result = CliRunner().invoke(app, ["check", "usps", "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["ok"] is False
    words = CliRunner().invoke(app, ["check", "usps"]).stdout
    assert "wrong: zip.train.gz is not the file" in words


def test_fetch_prints_the_folder(
    server: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`fetch NAME` prints where the data set is now."""
    url, served = server
    (served / "zip.test.gz").write_bytes(b"digits")
    publish(monkeypatch, url, None)
    result = CliRunner().invoke(app, ["fetch", "usps", "--unverified", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["path"] == str(tmp_path / "cache" / "usps")
