"""Whether a file can be written, asked before anything starts."""

from pathlib import Path

from triptych.errors import BadInput


def check_path(path: Path) -> None:
    """Raise BadInput with one sentence if no file can be written at `path`; leaves nothing."""
    new = not path.exists()
    if not new and not path.is_file() and not path.is_dir():
        # To open a pipe that nobody reads would wait for ever.
        raise BadInput(f"{path} is not a plain file: name another one.")
    try:
        with path.open("ab"):
            pass
        if new:
            path.unlink()
    except OSError as error:
        raise BadInput(
            f"{path} cannot be written ({error.strerror}): name a file in a folder that exists "
            "and that you may write to."
        ) from None
