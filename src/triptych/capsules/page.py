"""The page of a run: one HTML file that needs nothing else, neither files nor a network."""

import html
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any


def page(content: Mapping[str, Any]) -> str:
    """The page with its content; see `show` for what the content holds."""
    text = files("triptych.capsules").joinpath("page.html").read_text(encoding="utf-8")
    # "</" would end the script element that carries the data.
    data = json.dumps(content, ensure_ascii=False, allow_nan=False).replace("</", "<\\/")
    title = html.escape(str(content["title"]))
    before, _, after = text.replace("{{TITLE}}", title, 1).partition("{{DATA}}")
    return before + data + after
