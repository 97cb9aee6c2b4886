"""The vocabulary's settings: what each hand sign says and how it looks."""

import difflib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Section(BaseModel):
    """One table: unknown keys, wrong types, NaN and infinities are refused; never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


Meaning = Literal["no", "question", "yes", "comment", "goodbye"]


class Sign(Section):
    """What a hand sign says and how it looks."""

    on: bool = Field(default=True, description="false: this sign is ignored.")
    icon: str = Field(
        min_length=1,
        max_length=1000,
        description="A built-in icon (no, question, yes, comment, goodbye), an emoji, or the path "
        "of a PNG.",
    )
    text: str = Field(max_length=40, description="The label beside the icon.")
    meaning: Meaning = Field(
        description="What is said; signs with the same meaning may be mixed while holding."
    )


class TaughtSign(Sign):
    """The same for a sign that a person taught: it may also mean just itself."""

    meaning: str = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        min_length=1, max_length=40, description="One of the five meanings, or the sign's own name."
    )


class Signs(Section):
    """The vocabulary: one table for each hand sign, also for those that you taught."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, TaughtSign] = Field(init=False)  # pyright: ignore

    fist: Sign = Sign(icon="no", text="No", meaning="no")
    palm: Sign = Sign(icon="question", text="Question", meaning="question")
    ok: Sign = Sign(icon="yes", text="Yes", meaning="yes")
    one: Sign = Sign(icon="comment", text="Comment", meaning="comment")
    two_up: Sign = Sign(icon="comment", text="Comment", meaning="comment")
    peace: Sign = Sign(icon="goodbye", text="Bye", meaning="goodbye")

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        """A table that names only some of a sign's keys keeps the defaults of the others."""
        if not isinstance(given, dict):
            return given
        filled: dict[Any, Any] = {}
        for name, table in given.items():
            known = cls.model_fields.get(name)
            filled[name] = (
                {**known.default.model_dump(), **table}
                if known is not None and isinstance(table, dict)
                else table
            )
        return filled


def no_such_sign(name: str, taught: Mapping[str, TaughtSign]) -> str:
    """One sentence for a table of a sign that is neither built in nor taught."""
    known = [*Signs.model_fields, *taught]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(known)}."
    return f"signs.{name} is not a setting: {hint}"
