"""Whether a data set on this machine is what its authors published, and what is wrong if not."""

import gzip
import hashlib
import zlib
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from triptych.data.affnist import has_affnist
from triptych.data.hands import COLLECTIVES, iterate_hands, read_clips
from triptych.data.load import READERS
from triptych.data.place import locate
from triptych.data.registry import DATA_SETS, DataFile, DataSet, data_set
from triptych.errors import TriptychError


@dataclass(slots=True)
class Report:
    """What a check found.

    counts: pictures of each split that is here. complete: whether these are all there are.
    problems: what is wrong, a sentence each. notes: what is worth knowing and not wrong.
    """

    name: str
    path: str
    counts: dict[str, int] = field(default_factory=dict[str, int])
    complete: bool = True
    problems: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    def as_json(self) -> dict[str, Any]:
        """All of it, and `ok`: whether there are no problems."""
        return {**asdict(self), "ok": not self.problems}


def present() -> dict[str, Path | None]:
    """Each data set's folder, or None where it is not on this machine."""
    found: dict[str, Path | None] = {}
    for name in DATA_SETS:
        try:
            found[name] = locate(name)
        except TriptychError:
            found[name] = None
    return found


def check(name: str) -> Report:
    """Verify hashes, counts and labels of the data set `name`; reads all of it once.

    Raises BadInput for an unknown name, Unavailable if it is not on this machine.
    """
    data = data_set(name)
    report = Report(name, str(locate(name)))
    if name == "hands":
        _check_hands(Path(report.path), report)
        return report
    for file in data.files:
        _check_file(Path(report.path) / file.name, file, report)
    for split in data.counts:
        _check_split(data, split, report)
    return report


def _check_file(path: Path, file: DataFile, report: Report) -> None:
    if not path.is_file():
        return  # the split that needs it will say so, or it is here in another form
    if file.sha256 is None:
        report.notes.append(f"{file.name}: no trusted SHA-256 is known, so it was not verified.")
        return
    with path.open("rb") as raw:
        if _sha256(raw) == file.sha256:
            return
    if file.content_sha256 is not None:
        try:
            with gzip.open(path) as unpacked:
                same = _sha256(unpacked) == file.content_sha256
        except (OSError, EOFError, zlib.error):
            same = False
        if same:
            report.notes.append(f"{file.name}: packed anew by somebody, its content is exact.")
            return
    report.problems.append(f"{file.name} is not the file that was published (SHA-256 differs).")


def _sha256(file: IO[bytes] | gzip.GzipFile) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _check_split(data: DataSet, split: str, report: Report) -> None:
    folder = Path(report.path)
    optional = (data.name, split) == ("svhn", "extra") and not (folder / "extra_32x32.mat").exists()
    if optional or (data.name == "affnist" and not has_affnist(folder, split)):
        report.complete = False
        report.notes.append(f"The split {split} is not here.")
        return
    try:
        content = READERS[data.name](folder, split)
    except TriptychError as error:
        report.complete = False
        report.problems.append(str(error))
        return
    report.counts[split] = len(content)
    if content.note:
        report.notes.append(content.note)
    wanted = data.counts[split]
    if len(content) < wanted:
        report.complete = False
        if not content.note:
            report.notes.append(f"Only {len(content):,} of the {wanted:,} {split} pictures.")
    elif len(content) > wanted:
        report.problems.append(f"{len(content):,} {split} pictures, where {wanted:,} exist.")
    missing = sorted(set(range(10)) - set(np.unique(content.labels).tolist()))
    if missing:
        report.problems.append(f"The {split} split has no picture of class {missing}.")


def _check_hands(folder: Path, report: Report) -> None:
    counts: Counter[str] = Counter()
    splits_of: dict[str, set[str]] = {}
    gone: list[str] = []
    try:
        for picture in iterate_hands(folder):
            counts[picture.split] += 1
            splits_of.setdefault(picture.person, set()).add(picture.split)
            if not (folder / picture.file).is_file():
                gone.append(picture.file)
        for clip in read_clips(folder):
            counts[f"clips.{clip.split}"] += 1
            if not (folder / clip.file).is_file():
                gone.append(clip.file)
    except TriptychError as error:
        report.complete = False
        report.problems.append(str(error))
    report.counts = dict(counts)
    if gone:
        report.complete = False
        report.problems.append(f"{len(gone)} files are missing, the first is {gone[0]}.")
    several = {person for person, splits in splits_of.items() if len(splits) > 1}
    for person in sorted(several & COLLECTIVES):
        report.notes.append(f"{person} stands for many unknown people and is in several splits.")
    torn = sorted(several - COLLECTIVES)
    if torn:
        report.problems.append(f"{len(torn)} people are in two splits, the first is {torn[0]}.")
