"""Writes into the hand reader's card for whom it works less well, and by how much.

    python docs/make_card.py

The numbers are those of `docs/gesture/results/evaluate_test.json` and `evaluate_wild.json`;
`tests/docs/test_pages.py` fails when the card is stale.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("gesture") / "results"
PAGE = Path(__file__).parents[1] / "src/triptych/gesture/models/hand_reader.md"
TITLE, NEXT = "## For whom it works less well", "## Limits"

GROUPS = {
    "per_class": "sign",
    "by_side": "hand on the",
    "by_distance": "distance",
    "by_brightness": "light",
    "by_blur": "picture",
    "by_context": "context",
}
FEW = 30
"""Pictures of a group below which nothing is said of it."""

LEAST = 0.01
"""Less than this below the whole is not told."""

TAKEN = 6
"""How many of the hands that are taken for a sign most often are named."""


def page(results: Path = RESULTS, card: Path = PAGE) -> str:
    """The whole card, with its section made anew before its limits."""
    text = card.read_text(encoding="utf-8")
    before, _, rest = text.partition(NEXT)
    before = before.partition(TITLE)[0].rstrip()
    return f"{before}\n\n{section(results)}\n\n{NEXT}{rest}"


def section(results: Path) -> str:
    """The section: each group of `test` people below the whole, the worst first; then `wild`."""
    test, wild = (
        json.loads((results / f"evaluate_{split}.json").read_text("utf-8"))
        for split in ("test", "wild")
    )
    whole = test["macro_f1"]
    lines = [
        TITLE,
        "",
        f"Through the whole path, on people never seen (`test`): macro-F1 {whole:.3f}, a sign seen "
        f"on {test['sign_seen_where_none']:.1%} of the pictures that show none; on 190 people of "
        f"other cameras (`wild`): {wild['macro_f1']:.3f} and {wild['sign_seen_where_none']:.1%} "
        f"({wild['macro_f1_but_fingers']:.3f} and {wild['sign_seen_where_none_but_fingers']:.1%} "
        "where two fingers, which it labels as no sign, are left out). Groups of `test` that are "
        f"read less well than the whole, of at least {FEW} pictures, the worst first:",
        "",
        "| group | pictures | F1 | less than the whole | a sign seen where none is |",
        "|---|---|---|---|---|",
    ]
    for gap, words, row in sorted(_groups(test), key=lambda group: group[0]):
        pictures = f"{row['pictures']:,}" if "pictures" in row else ""
        false = row.get("sign_seen_where_none")
        shown = "" if false is None else f"{false:.1%}"
        lines.append(f"| {words} | {pictures} | {whole + gap:.3f} | {-gap:.3f} | {shown} |")
    counts = {
        name: (sum(v for k, v in row.items() if k != "pictures"), row["pictures"])
        for name, row in test["taken_for_signs"].items()
    }
    worst = sorted(counts.items(), key=lambda item: item[1][0], reverse=True)[:TAKEN]
    taken = ", ".join(f"{name} ({count} of {pictures})" for name, (count, pictures) in worst)
    lines += ["", f"Taken for a sign most often, by their sources' labels: {taken}."]
    return "\n".join(lines)


def _groups(test: Mapping[str, Any]) -> list[tuple[float, str, Mapping[str, Any]]]:
    """How far each group is below the whole, its words and its numbers."""
    found = []
    for key, what in GROUPS.items():
        for name, row in test.get(key, {}).items():
            f1 = row["f1"] if key == "per_class" else row["macro_f1"]
            enough = row.get("pictures", FEW) >= FEW
            if f1 is not None and enough and f1 < test["macro_f1"] - LEAST:
                found.append((f1 - test["macro_f1"], f"{what} {name}", row))
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
