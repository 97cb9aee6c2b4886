"""The configuration in words: as TOML that teaches, and as one sentence when a value is wrong.

Everything is generated from the model that is handed in (`config.py` holds it), so neither can go
stale.
"""

import difflib
import json
import re
import textwrap
from typing import Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from triptych.gesture.config_file import default_path
from triptych.gesture.config_signs import Section, Signs, TaughtSign

_WIDTH: Final = 88
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def as_toml(config: BaseModel) -> str:
    """A whole configuration as commented TOML that reads back as exactly `config`."""
    lines = [
        "# Settings of the gesture panel. Every key is optional; left out, it has the value below.",
        f"# Looked for in {default_path()}, or where --config FILE says.",
    ]
    for name in type(config).model_fields:
        lines += ["", *_table(name, getattr(config, name), comments=True)]
    return "\n".join(lines) + "\n"


def allowed(field: FieldInfo) -> str:
    """What a key may be, in words: `a number from 0.3 to 2`."""
    if _section(field) is not None:
        return "a table"
    kind = field.annotation
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(_value(choice) for choice in get_args(kind))
    if kind is bool:
        return "true or false"
    bounds = {type(mark): mark for mark in field.metadata}
    if kind is str:
        least, most = bounds.get(MinLen), bounds[MaxLen]
        size = f"{least.min_length} to {most.max_length}" if least else f"at most {most.max_length}"
        return f"a text in quotes of {size} letters"
    number = "a whole number" if kind is int else "a number"
    return f"{number} from {bounds[Ge].ge:g} to {bounds[Le].le:g}"


def sentence(model: type[BaseModel], error: ValidationError) -> str:
    """The first thing that is wrong, in one sentence: key, value, and what is allowed."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    key = ".".join(part if _BARE_KEY.fullmatch(part) else _value(part) for part in path)
    if first["type"] == "value_error":
        # Two keys of one table disagree; the model's own sentence names both.
        return f"{key}.{first['msg'].removeprefix('Value error, ')}"
    table, field = _find(model, path)
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(path[-1], table.model_fields, n=1)
        hint = (
            f"did you mean {near[0]}?" if near else f"allowed are {', '.join(table.model_fields)}."
        )
        return f"{key} is not a setting: {hint}"
    if field is None:
        return f"{key}: {first['msg']}."
    return f"{key} = {_short(first['input'])} is not allowed: it must be {allowed(field)}."


def _table(name: str, section: Section, *, comments: bool) -> list[str]:
    inner = [key for key, field in type(section).model_fields.items() if _section(field)]
    taught = section.model_extra or {}
    lines = _comment((type(section).__doc__ or "").strip()) if comments else []
    if not inner:
        lines.append(f"[{name}]")
    for key, field in type(section).model_fields.items():
        if key in inner:
            # The keys of a sign are explained once, in the first of them.
            first = key == inner[0]
            lines += ["", *_table(f"{name}.{key}", getattr(section, key), comments=first)]
            continue
        if comments:
            lines += _comment(f"{field.description} ({allowed(field)})")
        lines.append(f"{key} = {_value(getattr(section, key))}")
    for key, sign in taught.items():
        lines += ["", *_table(f"{name}.{key}", sign, comments=False)]
    return lines


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH)]


def _value(value: object) -> str:
    """A TOML value: JSON's spelling is TOML's for texts, numbers and booleans."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _short(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _section(field: FieldInfo) -> type[Section] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _find(model: type[BaseModel], path: list[str]) -> tuple[type[BaseModel], FieldInfo | None]:
    """The table that holds the last key of a path, and the key's field if it is known."""
    field: FieldInfo | None = None
    for i, key in enumerate(path):
        field = model.model_fields.get(key)
        if field is None and model is Signs:
            inner = TaughtSign
        else:
            inner = _section(field) if field is not None else None
        if i == len(path) - 1 or inner is None:
            break
        model = inner
    return model, field
