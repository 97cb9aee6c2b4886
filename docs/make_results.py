"""Makes docs/gesture/results.md from the result files in docs/gesture/results.

    python docs/make_results.py

`tests/docs/test_pages.py` fails when the page is stale. What is shown of which file, and what was
promised, is in `results_tables.py`.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from results_tables import TABLES, Row, Table

FOLDER = Path(__file__).with_name("gesture") / "results"
PAGE = FOLDER.with_suffix(".md")

PROVENANCE = ("when", "command", "commit", "seed", "python", "versions", "machine")
"""Keys of a result file that say where its numbers come from."""

OPENING = """# Results

Made from the files in `results/` by `docs/make_results.py`; do not edit. Each table names the
command that made its numbers, so that you can repeat them. Intervals are 95 %: for shares of
pictures a bootstrap over people, for events Wilson's and Garwood's. `TRIPTYCH_DATA` is the folder
that holds the data sets.
"""

NOTHING = "\nNothing has been measured yet.\n"


def page(folder: Path = FOLDER) -> str:
    """The whole page, with a section for each known file that is in `folder`.

    Raises ValueError if a file lacks a number that its table promises, or is not known.
    """
    files = {path.name: path for path in folder.glob("*.json")}
    unknown = sorted(files.keys() - {table.file for table in TABLES})
    if unknown:
        raise ValueError(f"{unknown[0]} has no table in results_tables.py.")
    made = [
        _section(table, json.loads(files[table.file].read_text(encoding="utf-8")))
        for table in TABLES
        if table.file in files
    ]
    return OPENING + ("".join(made) or NOTHING)


def _section(table: Table, result: Mapping[str, Any]) -> str:
    lines = ["", f"## {table.title}", "", table.text, ""]
    if table.rows:
        lines += ["| | measured | 95 % interval | promised | |", "|---|---|---|---|---|"]
        lines += [_row(row, table.file, result) for row in table.rows]
    else:
        lines += ["| | |", "|---|---|"]
        own = {key: value for key, value in result.items() if key not in PROVENANCE}
        lines += [f"| {words} | {text} |" for words, text in _flat(own)]
    for key in table.inner:
        if rows := _find(result, key):
            lines += _inner(key, rows)
    if table.sides:
        lines += _sides(_find(result, table.sides) or {})
    return "\n".join([*lines, "", *_origin(result)]) + "\n"


def _row(row: Row, file: str, result: Mapping[str, Any]) -> str:
    value = _find(result, row.key)
    if value is None and row.target is not None:
        raise ValueError(f"{file} has no number at {row.key}.")
    low, high = _find(result, f"{row.key}_ci95") or (None, None)
    interval = "" if low is None or high is None else f"{_number(low)} to {_number(high)}"
    promised = verdict = ""
    if row.target is not None and value is not None:
        promised = f"{row.target.bound} {row.target.value:g}"
        verdict = "met" if row.target.met(value) else "**not met**"
    shown = "not known" if value is None else f"{value:.{row.digits}f}"
    return f"| {row.words} | {shown} | {interval} | {promised} | {verdict} |"


def _find(result: Mapping[str, Any], key: str) -> Any:
    value: Any = result
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _inner(key: str, rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A table of tables: a line for each entry, a column for each of their keys."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    title = {"confusion": "shown ↓ seen →", "taken_for_signs": "labelled ↓ taken for →"}.get(
        key, key.replace("_", " ").replace(".", ", ")
    )
    lines = ["", f"| {title} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, row in rows.items():
        blank = 0 if key in ("confusion", "taken_for_signs") else None
        lines.append(f"| {name} | {' | '.join(_text(row.get(c, blank)) for c in columns)} |")
    return lines


def _sides(table: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A column for each entry of the table, a line for each number about them."""
    columns = {name: dict(_flat(entry)) for name, entry in table.items()}
    lines = ["", f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for words in dict.fromkeys(words for column in columns.values() for words in column):
        cells = (column.get(words, "") for column in columns.values())
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return lines


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Every number and word in the file, with its place: `both, val f1`."""
    for key, item in value.items():
        words = f"{before}{key}".replace("_", " ")
        if isinstance(item, Mapping):
            yield from _flat(item, f"{words}, ")
        else:
            yield words, _text(item)


def _text(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        if len(value) == 2 and all(isinstance(item, float) for item in value):
            return f"{_number(value[0])} to {_number(value[1])}"
        return ", ".join(_text(item) for item in value)
    if isinstance(value, int | float):
        return _number(value)
    return str(value).replace("|", "\\|")


def _number(value: float) -> str:
    """Three digits after the point up to 100, one after that; whole numbers as they are."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"


def _origin(result: Mapping[str, Any]) -> list[str]:
    machine = result["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    seed = "" if result["seed"] is None else f", seed {result['seed']}"
    return [
        f"`{result['command']}`",
        "",
        f"{result['when'][:10]}, commit `{result['commit']}`{seed}; {machine['processor']}, "
        f"{machine['cores']} cores, {machine['system']}; Python {result['python']}, {versions}.",
    ]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
