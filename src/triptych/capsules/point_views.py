"""Constellations to look at: which object is given which point, as a picture, words and numbers."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from triptych.capsules.constellation import Constellation, Found
from triptych.capsules.point_task import test_constellations
from triptych.capsules.points import Constellations, assignment_accuracy
from triptych.capsules.sheets import hues
from triptych.errors import BadInput

_MARKS = ("s", "^", "D")
"""How points are drawn by the object they really belong to: square, triangle, square."""


@dataclass(frozen=True)
class Reading:
    """Some constellations and what a network found in them."""

    drawn: Constellations
    found: Found


@torch.no_grad()
def read(network: Constellation, drawn: Constellations) -> Reading:
    """Read constellations without noise."""
    return Reading(drawn, network(drawn.points, drawn.presence, noise=False))


def by_name(picture: str) -> Constellations:
    """The constellation called `test:17`. Raises BadInput if there is none."""
    count = 10_000
    found = re.fullmatch(r"test:(\d+)", picture)
    if found is None or int(found[1]) >= count:
        raise BadInput(
            f"There is no constellation {picture}; there are test:0 to test:{count - 1}."
        )
    one = slice(int(found[1]), int(found[1]) + 1)
    drawn = test_constellations(count)
    return Constellations(drawn.points[one], drawn.presence[one], drawn.owners[one])


def sheet(reading: Reading, titles: Sequence[str]) -> bytes:
    """A PNG with a panel for each constellation.

    A point's shape tells its true object, its colour the one that claims it; crosses are votes.
    """
    count = len(reading.drawn.points)
    columns = min(4, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(3.1 * columns, 3.3 * rows + 0.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    colours = hues(reading.found.presence.shape[1]).numpy()
    for i in range(count):
        axes = figure.add_subplot(rows, columns, i + 1)
        axes.set_title(titles[i], fontsize=10)
        axes.set_xlim(-1.2, 1.2)
        axes.set_ylim(-1.2, 1.2)
        axes.set_aspect("equal")
        axes.set_xticks([])
        axes.set_yticks([])
        _panel(axes, reading, i, colours)
    figure.supxlabel(
        "shape: the object a point belongs to; colour: the object that claims it; crosses: votes",
        fontsize=9,
    )
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _panel(axes: Any, reading: Reading, i: int, colours: np.ndarray) -> None:
    drawn, found = reading.drawn, reading.found
    for k, votes in enumerate(found.votes[i].numpy()):
        strength = float(found.presence[i, k])
        axes.scatter(
            *votes.T, marker="x", s=40, color=colours[k], alpha=max(0.08, 0.7 * strength), zorder=1
        )
    for j in range(drawn.points.shape[1]):
        if drawn.presence[i, j] > 0.5:
            owner = int(found.owner[i, j])
            colour = colours[owner] if owner < len(colours) else (0.6, 0.6, 0.6)
            axes.scatter(
                *drawn.points[i, j].numpy(),
                marker=_MARKS[int(drawn.owners[i, j])],
                s=70,
                color=[colour],
                edgecolor="black",
                linewidth=0.6,
                zorder=2,
            )


def accuracies(reading: Reading) -> list[float]:
    """Of each constellation the share of points given to the right object."""
    drawn, found = reading.drawn, reading.found
    return [
        assignment_accuracy(
            found.owner[i : i + 1], drawn.owners[i : i + 1], drawn.presence[i : i + 1]
        )
        for i in range(len(drawn.points))
    ]


def in_words(reading: Reading) -> str:
    """What was found in the first constellation."""
    found, drawn = reading.found, reading.drawn
    there = drawn.presence[0] > 0.5
    lines = [
        f"{int(there.sum())} points of {len(drawn.owners[0][there].unique())} objects; "
        f"{accuracies(reading)[0]:.0%} of the points are given to the right object."
    ]
    for k, presence in enumerate(found.presence[0].tolist()):
        mine = (found.owner[0] == k) & there
        if bool(mine.any()):
            share = float(found.responsibility[0, k][there].sum() / there.sum())
            places = "; ".join(_place(point) for point in drawn.points[0][mine])
            lines.append(
                f"  object {k}: present {presence:.0%}, explains {share:.0%} of the points, at "
                f"{places}"
            )
    return "\n".join(lines)


def _place(point: Tensor) -> str:
    return f"{point[0]:+.2f}, {point[1]:+.2f}"


def in_numbers(reading: Reading) -> dict[str, Any]:
    """The same as JSON's tables; x and y in [-1, 1]."""
    found, drawn = reading.found, reading.drawn
    count = found.presence.shape[1]
    points = [
        {
            "x": float(drawn.points[0, j, 0]),
            "y": float(drawn.points[0, j, 1]),
            "belongs_to": int(drawn.owners[0, j]),
            "object": owner if (owner := int(found.owner[0, j])) < count else None,
            "share": float(found.responsibility[0, owner, j]),
        }
        for j in range(drawn.points.shape[1])
        if drawn.presence[0, j] > 0.5
    ]
    return {
        "assignment_accuracy": accuracies(reading)[0],
        "log_likelihood": float((found.log_likelihood[0] * drawn.presence[0]).sum()),
        "presence": found.presence[0].tolist(),
        "points": points,
    }
