"""The picture that `explain` writes: what a network thinks of one picture, on one page.

Top row: the picture, what its parts draw, which part drew what, where the parts sit, and what the
objects draw. Below: the parts by how much of the ink they explain, each in its colour with its
template; which object claims which part; and the objects' presences.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from numpy.typing import NDArray

from triptych.capsules.explanation import Explanation, PartFound
from triptych.capsules.sheets import hues

_MOST = 14
"""So many parts and objects have room."""

_FEWEST = 8
"""Bars are no wider than if there were so many."""

_OUTLINED = 6
"""More outlines than that hide each other."""

_GREY = "#555555"


def panel(explanation: Explanation, templates: NDArray[np.float32], title: str) -> bytes:
    """The page as a PNG.

    templates: ink of each, [M, C, T, T], 0..1. title: a line of text above all.
    """
    figure = Figure(figsize=(12.5, 7.6), dpi=110, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=12, x=0.01, ha="left")
    grid = figure.add_gridspec(3, 1, height_ratios=(2.5, 2.3, 2.3), hspace=0.03)
    _pictures(figure, grid[0].subgridspec(1, 6 if explanation.by_objects is not None else 5))
    used = explanation.used(0.01)[:_MOST]
    _fill_pictures(figure.axes, explanation, used)
    _bars(figure, grid[1], used, templates, len(explanation.parts))
    if explanation.layers:
        _claims(figure, grid[2].subgridspec(1, 2, width_ratios=(1.7, 1)), explanation, used)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _pictures(figure: Figure, row: Any) -> None:
    for i in range(row.ncols):
        axes = figure.add_subplot(row[0, i])
        axes.set_axis_off()


def _fill_pictures(
    axes: Sequence[Any], explanation: Explanation, used: Sequence[PartFound]
) -> None:
    colours = hues(len(explanation.parts)).numpy()
    shown = [
        ("the picture", explanation.picture),
        (f"drawn by its parts\n(error {explanation.error:.4f} a pixel)", explanation.by_parts),
        ("which part drew what", coloured(explanation)),
        ("where its\nforemost parts sit", 0.45 * explanation.picture),
    ]
    if explanation.by_objects is not None:
        shown.append(("drawn where its\nobjects vote", explanation.by_objects))
        shown.append(("which object\nexplains what", coloured_by_object(explanation)))
    else:
        shown.append(("what was to be drawn", explanation.target))
    for place, (words, picture) in zip(axes, shown, strict=True):
        place.imshow(_for_screen(picture), vmin=0, vmax=1, interpolation="nearest")
        place.set_title(words, fontsize=10)
    side = explanation.picture.shape[-1]
    for part in used[:_OUTLINED]:
        outline = part.corners * (side - 1)
        colour = colours[part.part]
        axes[3].add_patch(Polygon(outline, fill=False, edgecolor=colour, linewidth=1.5))
        x, y = outline.mean(0).clip(1.0, side - 2.0)
        axes[3].text(
            x, y, str(part.part), color=colour, fontsize=9, ha="center", va="center", weight="bold"
        )
    axes[3].set_xlim(-0.5, side - 0.5)
    axes[3].set_ylim(side - 0.5, -0.5)


def coloured(explanation: Explanation) -> NDArray[np.float32]:
    """Each pixel's ink in the colours of the parts that explain it, [3, S, S]."""
    colours = hues(len(explanation.parts)).numpy()
    return _tinted(explanation, explanation.who[:-1], colours)


def coloured_by_object(explanation: Explanation) -> NDArray[np.float32]:
    """Each pixel's ink in the colours of the objects that claim its parts, [3, S, S]."""
    claims = explanation.layers[0].claims  # [K + 1, M]
    who = np.einsum("km,mhw->khw", claims, explanation.who[:-1])
    colours = np.concatenate([object_hues(len(claims) - 1), np.full((1, 3), 0.4, np.float32)])
    return _tinted(explanation, who, colours)


def object_hues(count: int) -> NDArray[np.float32]:
    """A colour for each object, [count, 3]: paler than the parts'."""
    return (0.35 + 0.65 * hues(count + 3).numpy()[3:]).astype(np.float32)


def _tinted(
    explanation: Explanation, who: NDArray[np.float32], colours: NDArray[np.float32]
) -> NDArray[np.float32]:
    ink = explanation.target.mean(0)
    found = np.einsum("nhw,nc->chw", who, colours) * ink
    return (found / max(1e-6, float(found.max()))).astype(np.float32)


def _bars(
    figure: Figure,
    place: Any,
    used: Sequence[PartFound],
    templates: NDArray[np.float32],
    count: int,
) -> None:
    rows = place.subgridspec(2, 1, height_ratios=(2, 1), hspace=0.02)
    axes = figure.add_subplot(rows[0])
    colours = hues(count).numpy()
    where = np.arange(len(used))
    right = max(len(used), _FEWEST) - 0.4
    axes.bar(where, [100 * part.share for part in used], color=colours[[p.part for p in used]])
    for i, part in enumerate(used):
        words = f"{part.share:.0%}"
        axes.text(i, 100 * part.share, words, ha="center", va="bottom", fontsize=9)
    axes.set_xticks(where, [f"part {part.part}\npresent {part.presence:.0%}" for part in used])
    axes.tick_params(axis="x", labelsize=8, length=0)
    axes.set_ylabel("% of the ink\nit explains", fontsize=9)
    axes.margins(y=0.18)
    axes.set_xlim(-0.6, right)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    strip = figure.add_subplot(rows[1])
    strip.set_axis_off()
    for i, part in enumerate(used):
        ink = templates[part.part]
        tinted = ink * colours[part.part][:, None, None] if ink.shape[0] == 1 else ink
        strip.imshow(
            _for_screen(tinted),
            extent=(i - 0.36, i + 0.36, 0, 1),
            vmin=0,
            vmax=1,
            interpolation="nearest",
            aspect="auto",
        )
    strip.set_xlim(-0.6, right)
    strip.set_ylim(0, 1)


def _claims(
    figure: Figure, cells: Any, explanation: Explanation, used: Sequence[PartFound]
) -> None:
    layer = explanation.layers[0]
    ranked = sorted(layer.objects, key=lambda found: -max(found.share, found.presence))[:6]
    table = figure.add_subplot(cells[0, 0])
    rows = [found.object for found in ranked] + [len(layer.objects)]
    columns = [part.part for part in used]
    values = layer.claims[np.ix_(rows, columns)] if columns else np.zeros((len(rows), 0))
    table.imshow(values, cmap="Purples", vmin=0, vmax=1, aspect="auto")
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            if value >= 0.05:
                ink = "white" if value > 0.6 else "black"
                table.text(j, i, f"{value:.0%}", ha="center", va="center", fontsize=8, color=ink)
    names = [f"object {found.object}" for found in ranked] + ["no object"]
    table.set_yticks(range(len(rows)), names, fontsize=9)
    table.set_xticks(range(len(columns)), [f"part {m}" for m in columns], fontsize=8)
    table.set_title("which object claims which part (share of the part's likelihood)", fontsize=10)
    table.tick_params(length=0)
    bars = figure.add_subplot(cells[0, 1])
    where = np.arange(len(ranked))
    bars.barh(where - 0.2, [o.presence for o in ranked], 0.36, color="#7a6fb0", label="present")
    bars.barh(
        where + 0.2,
        [o.share for o in ranked],
        0.36,
        color=object_hues(len(layer.objects))[[o.object for o in ranked]],
        edgecolor=_GREY,
        linewidth=0.5,
        label="share of the ink explained",
    )
    bars.set_yticks(where, [f"object {o.object}" for o in ranked], fontsize=9)
    bars.set_xlim(0, 1)
    bars.invert_yaxis()
    bars.legend(fontsize=8, loc="lower right", frameon=False)
    bars.set_title("objects", fontsize=10)
    for side in ("top", "right"):
        bars.spines[side].set_visible(False)


def _for_screen(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """[C, h, w] -> [h, w, 3], 0..1."""
    rgb = np.broadcast_to(picture, (3, *picture.shape[1:]))
    return np.clip(rgb.transpose(1, 2, 0), 0, 1)
