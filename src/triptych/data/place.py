"""Where data sets are on this machine, and how they get there.

`TRIPTYCH_DATA` names a folder with one sub-folder a data set; without it, or where it lacks one,
the user's cache folder is looked at, which is also where downloads go.
"""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from triptych.data.digits import find_digits
from triptych.data.registry import DataFile, DataSet, data_set
from triptych.errors import BadInput, Unavailable


def locate(name: str) -> Path:
    """The folder of the data set `name`, which holds at least something.

    Raises BadInput for an unknown name, Unavailable if the data set is not on this machine.
    """
    data = data_set(name)
    if name == "digits":
        return find_digits()
    for folder in _places(name):
        if folder.is_dir() and any(folder.iterdir()):
            return folder
    remedy = data.remedy or (
        f"Run `triptych data fetch {name}`, or set TRIPTYCH_DATA to a folder that holds {name}/."
    )
    raise Unavailable(f"The data set {name} is not on this machine. {remedy}")


def fetch(name: str, unverified: bool = False) -> Path:
    """Download what is missing of the data set `name` into the user's cache; returns its folder.

    unverified: also take files whose true SHA-256 nobody has told us.
    Raises BadInput if a file is not what it should be, Unavailable if it cannot be had.
    """
    data = data_set(name)
    if not data.files:
        return locate(name)
    unknown = [file.name for file in data.files if file.sha256 is None]
    if unknown and not unverified:
        raise BadInput(
            f"No trusted SHA-256 is known for {', '.join(unknown)}, so the download cannot be "
            f"verified; say --unverified to take what the server gives."
        )
    folder = cache_folder() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"The folder {folder} cannot be made: {error.strerror}.") from error
    for file in data.files:
        _fetch_file(data, file, folder)
    return folder


def cache_folder() -> Path:
    """The folder into which data sets are downloaded."""
    from platformdirs import user_cache_path

    return user_cache_path("triptych") / "data"


def _places(name: str) -> list[Path]:
    given = os.environ.get("TRIPTYCH_DATA", "")
    return [*([Path(given) / name] if given else []), cache_folder() / name]


def _fetch_file(data: DataSet, file: DataFile, folder: Path) -> None:
    import pooch
    from requests.exceptions import RequestException

    pooch.get_logger().setLevel("ERROR")
    failures = []
    for url in file.urls:
        try:
            retrieve: Callable[..., str] = pooch.retrieve
            known = f"sha256:{file.sha256}" if file.sha256 else None
            retrieve(url, known_hash=known, fname=file.name, path=folder)
            return
        except ValueError as error:  # the hash
            failures.append(f"{urlsplit(url).hostname}: {_first_line(error)}")
        except (RequestException, OSError) as error:
            failures.append(f"{urlsplit(url).hostname}: {type(error).__name__}")
    raise Unavailable(
        f"{file.name} of {data.name} could not be downloaded ({'; '.join(failures)}). Go online "
        f"and try again, or set TRIPTYCH_DATA to a folder that holds {data.name}/."
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
