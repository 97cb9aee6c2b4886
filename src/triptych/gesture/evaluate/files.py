"""Where the files are that a manifest names."""

from pathlib import Path

from triptych.errors import BadInput


def find(manifest: Path, file: str) -> Path:
    """The file, beside the manifest or in the folder above it, as in hands/clips/manifest.json.

    Raises `BadInput` if there is none.
    """
    for folder in (manifest.parent, manifest.absolute().parent.parent):
        if (folder / file).exists():
            return folder / file
    raise BadInput(f"{manifest} names {file}, which is neither beside it nor in the folder above.")
