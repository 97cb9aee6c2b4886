"""Makes docs/adversary/audit.md from docs/adversary/results/audit.json.

    python docs/make_audit.py

`tests/docs/test_adversary_pages.py` fails when the page is stale.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from make_adversary import _origin, _table

PAGE = Path(__file__).with_name("adversary") / "audit.md"
FILE = PAGE.parent / "results" / "audit.json"

OPENING = """# What the audit finds, and what it leaves alone

Made by `docs/make_audit.py` from `results/audit.json`; do not edit. `triptych adversary audit` is
told nothing but a model; how much is its answer worth? Here ways to hide a gradient are planted on
networks that have no defence, and honest networks are put before it. What the audit does stands in
[Attacks](index.md#the-audit).
"""

LIMITS = """
## What this does not say

- Who wrote the checks wrote the plants, too. Other ways to hide a gradient may pass.
- The pictures are tiny, so a search without gradient, and a copy taught a model's answers, come
  far: on CIFAR-10 both would find less.
- Below the plants nothing is robust. A plant on a network that is robust in part was not measured,
  nor how near the audit comes to the truth there.
- The gallery's EMPIR and ECOC, which were not made to be found, are audited on their own:
  `triptych adversary audit ecoc --data digits`.
"""


def page(file: Path = FILE) -> str:
    """The whole page; says so where nothing has been measured."""
    if not file.exists():
        return OPENING + "\nNothing has been measured yet.\n"
    result = json.loads(file.read_text(encoding="utf-8"))
    return "".join([OPENING, *_power(result), *_alarms(result), LIMITS, _origin(result)])


def _power(result: Mapping[str, Any]) -> Iterable[str]:
    rows, plants = result["power"], dict.fromkeys(row["plant"] for row in result["power"])
    found, planted, through = (result[key] for key in ("found", "planted", "seen_through"))
    yield (
        f"\n## Planted\n\n{found} of {planted} were found (a check or a probe was raised, or the "
        f"verdict was *overstated*), {through} seen through (what the audit leaves is within ten "
        "points of the truth). Kinds after Athalye, Carlini and Wagner 2018. "
        f"{result['examples']} test pictures of scikit-learn's digits, epsilon "
        f"{result['epsilon']['digits']:g}; means over networks. *Plain attack*: 40 steps of PGD, "
        "on an estimated gradient where there is none; *truth*: what `standard` leaves of the "
        "network without the plant.\n"
    )
    table = list[Sequence[str]]()
    for plant in plants:
        same = [row for row in rows if row["plant"] == plant]
        table.append(
            (
                plant,
                same[0]["kind"],
                _share(same, "found"),
                _share(same, "seen_through"),
                *(_mean(same, f"{key}_accuracy") for key in ("clean", "plain_attack", "audited")),
                _mean(same, "truth"),
                _most(row["best_remedy"] for row in same),
                "; ".join(_union(row["raised"] for row in same)),
            )
        )
    yield _table(
        ("planted", "kind", "found", "seen through", "clean", "plain attack", "audit", "truth",
         "what found most anew", "raised"),
        table,
    )  # fmt: skip


def _alarms(result: Mapping[str, Any]) -> Iterable[str]:
    rows, names = result["alarms"], dict.fromkeys(row["network"] for row in result["alarms"])
    yield (
        f"\n## Honest\n\n{result['false_alarms']} of {result['honest']} gave a false alarm: "
        "something was raised, or the verdict was *overstated* or *inconclusive*.\n"
    )
    table = list[Sequence[str]]()
    for name in names:
        same = [row for row in rows if row["network"] == name]
        table.append(
            (
                name,
                str(len(same)),
                str(sum(row["false_alarm"] for row in same)),
                *(_mean(same, f"{key}_accuracy") for key in ("clean", "plain_attack", "audited")),
                ", ".join(_union([row["verdict"]] for row in same)),
                "; ".join(_union(row["raised"] for row in same)),
            )
        )
    yield _table(
        ("network", "trainings", "false alarms", "clean", "plain attack", "audit", "verdict",
         "raised"),
        table,
    )  # fmt: skip


def _share(rows: Sequence[Mapping[str, Any]], key: str) -> str:
    return f"{sum(bool(row[key]) for row in rows)} of {len(rows)}"


def _mean(rows: Sequence[Mapping[str, Any]], key: str) -> str:
    return f"{sum(row[key] for row in rows) / len(rows):.1%}"


def _most(names: Iterable[str | None]) -> str:
    every = [name for name in names if name is not None]
    return max(every, key=every.count) if every else ""


def _union(groups: Iterable[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
