"""An audit as a page to read and a file to keep."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from triptych.results import provenance, write_result

PAGE = "audit.md"
FILE = "audit.json"


def write_report(folder: Path, numbers: Mapping[str, Any], seed: int) -> None:
    """Write the page and the numbers into `folder`."""
    write_result(folder / FILE, numbers, seed)
    (folder / PAGE).write_text(page(numbers, provenance(seed)["command"]), encoding="utf-8")


def page(numbers: Mapping[str, Any], command: str) -> str:
    """The audit in Markdown: verdict, checks, ways round."""
    low, high = numbers["robust_accuracy_ci95"]
    lines = [
        f"# Audit of {numbers['target']} on {numbers['data']}: {numbers['verdict']}",
        "",
        numbers["sentence"],
        "",
        f"{numbers['examples']} test pictures, {numbers['threat']}. Right without attack: "
        f"{numbers['clean_accuracy']:.1%}; under a plain attack: "
        f"{numbers['straight_accuracy']:.1%}; under all that was tried: "
        f"{numbers['robust_accuracy']:.1%} (95 % interval over pictures {low:.1%} to {high:.1%}). "
        "This is an upper bound: an attack that was not tried may find more.",
        "",
        "## Checks",
        "",
        "| | check | seen | means, if raised |",
        "|---|---|---|---|",
    ]
    for finding in numbers["findings"]:
        mark = {True: "**raised**", False: "quiet", None: "does not apply"}[finding["raised"]]
        lines.append(
            f"| {mark} | {finding['check']} | {finding['evidence']} | {finding['meaning']} |"
        )
    lines += [
        "",
        "## Ways round",
        "",
        "Each is run on all pictures and judged by the model as it stands; *anew* counts those "
        "that nothing before it had fooled.",
        "",
        "| way | because | left | fooled anew |",
        "|---|---|---|---|",
    ]
    for way in numbers["remedies"]:
        lines.append(
            f"| {way['remedy']} | {way['because']} | {way['accuracy']:.1%} | {way['fooled_anew']} |"
        )
    return "\n".join([*lines, "", f"`{command}`", ""])
