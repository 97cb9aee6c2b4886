"""What is known of hands before anything is taught: a measure of likeness, and examples.

The measure is the Mahalanobis distance under the covariance that hands of one sign have among each
other (within-class whitening, as in Hariharan et al. 2012, arXiv 1206.0319, and relevant component
analysis, Shental et al. 2002): it counts little how people differ in making the same sign. Shape
and embedding are whitened apart and weighed.

The examples are hands of the built-in signs and idle ones, as features only; `triptych gesture
train negatives` makes the file from the pictures that the reader learnt from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from triptych.errors import BrokenModel
from triptych.gesture.teach.features import EMBEDDING, LENGTH, Features
from triptych.gesture.types import GESTURES, SIGNS

FILE: Final = Path(__file__).with_name("background.npz")

EMBEDDING_WEIGHT: Final = 0.3
"""Of the embedding beside the shape; measured best on training people."""

SHRINK: Final = 0.3
"""Share of an even covariance that is mixed in, for few examples tell little of 128 numbers."""

Use = Literal["both", "shape", "embedding"]

Points = NDArray[np.float32]
"""[N, 170] whitened: the squared distance of a hand to its sign's middle is 1.3 on average."""


@dataclass(frozen=True)
class Background:
    """The measure, and hands as points under it.

    reader: SHA-256 of the network that the features come from. whiten: [170, 170]. points: [N, 170]
    of kinds [N], places in `GESTURES`: of a sign, `other` for an idle hand, `none` for what was
    taken for a hand and is none.
    """

    reader: str
    whiten: NDArray[np.float32]
    points: Points
    kinds: NDArray[np.int64]

    @classmethod
    def load(cls, reader: str, file: Path = FILE) -> Self:
        """The shipped file. Raises `BrokenModel` if it is damaged or belongs to another reader."""
        try:
            with np.load(file, allow_pickle=False) as held:
                made = cls(
                    str(held["reader"]),
                    held["whiten"].astype(np.float32),
                    held["points"].astype(np.float32),
                    held["kinds"].astype(np.int64),
                )
            if made.points.shape[1:] != (LENGTH,) or len(made.points) != len(made.kinds):
                raise ValueError("it has another form")
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise BrokenModel(
                f"{file}, which teaching needs, is missing or damaged ({error}); "
                "install triptych again."
            ) from error
        if made.reader != reader:
            raise BrokenModel(
                "The hand reader has changed since the examples of idle hands were made, so no "
                "sign can be taught: run `triptych gesture train negatives`."
            )
        return made

    def save(self, file: Path = FILE) -> None:
        """Write the file, points at half precision."""
        np.savez_compressed(
            file,
            reader=np.array(self.reader),
            whiten=self.whiten.astype(np.float32),
            points=self.points.astype(np.float16),
            kinds=self.kinds.astype(np.uint8),
        )

    def place(self, rows: Features) -> Points:
        """Features [N, 170] -> points [N, 170]."""
        return np.asarray(_balanced(rows) @ self.whiten, np.float32)

    def without(self, signs: Sequence[str]) -> Self:
        """The same without the examples of some built-in signs."""
        left_out = [GESTURES.index(name) for name in signs if name in SIGNS]
        if not left_out:
            return self
        kept = ~np.isin(self.kinds, left_out)
        return replace(self, points=self.points[kept], kinds=self.kinds[kept])

    def of(self, kind: str) -> Points:
        """The points of one kind."""
        return self.points[self.kinds == GESTURES.index(kind)]


def distances(a: Points, b: Points) -> NDArray[np.float32]:
    """[N, D], [M, D] -> [N, M]."""
    square = (a * a).sum(axis=1)[:, None] - 2 * a @ b.T + (b * b).sum(axis=1)
    return np.sqrt(np.maximum(square, 0), dtype=np.float32)


def whitening(rows: Features, labels: NDArray[np.int64], use: Use = "both") -> NDArray[np.float32]:
    """[N, 170] with labels [N] -> the matrix [170, 170] of the measure.

    use: what counts; the rest gets weight 0, for comparison.
    """
    balanced = _balanced(rows)
    matrix = np.zeros((LENGTH, LENGTH))
    weights = {
        "both": (EMBEDDING_WEIGHT, 1.0),
        "shape": (0.0, 1.0),
        "embedding": (1.0, 0.0),
    }[use]
    for part, weight in zip((slice(EMBEDDING), slice(EMBEDDING, LENGTH)), weights, strict=True):
        matrix[part, part] = np.sqrt(weight) * _whitening(balanced[:, part], labels)
    return matrix.astype(np.float32)


def _balanced(rows: Features) -> Features:
    """Embeddings on the unit sphere, where their lengths, which tell of light, do not count."""
    made = np.array(rows, np.float32)
    length = np.linalg.norm(made[:, :EMBEDDING], axis=1, keepdims=True)
    made[:, :EMBEDDING] /= np.maximum(length, 1e-9)
    return made


def _whitening(rows: Features, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    size = rows.shape[1]
    within = np.zeros((size, size))
    for label in np.unique(labels):
        own = rows[labels == label].astype(np.float64)
        own = own - own.mean(axis=0)
        within += own.T @ own
    within /= len(rows)
    even = np.eye(size) * np.trace(within) / size
    values, vectors = np.linalg.eigh((1 - SHRINK) * within + SHRINK * even)
    # Directions in which nothing ever varied say nothing; they must not divide by zero.
    return vectors / np.sqrt(np.maximum(values, 1e-9) * size)
