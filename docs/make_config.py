"""Makes docs/gesture/config.md from the settings themselves.

    python docs/make_config.py

`tests/docs/test_pages.py` fails when the page is stale.
"""

from pathlib import Path

from triptych.gesture.config import Config
from triptych.gesture.config_words import as_toml

PAGE = Path(__file__).with_name("gesture") / "config.md"

OPENING = """# Settings

Made from the settings' own descriptions by `docs/make_config.py`; do not edit.

`triptych gesture config` prints what follows. Save it, change what you like, leave out the rest:

    triptych gesture config > gesture.toml
    triptych gesture run --config gesture.toml

Without `--config` the file `gesture.toml` is looked for in your configuration folder:
`~/.config/triptych` on Linux, `~/Library/Application Support/triptych` on macOS,
`%LOCALAPPDATA%\\triptych\\triptych` on Windows. An unknown key or a value that is not allowed is
one sentence with the key, the value and what is allowed, and exit status 2. Hold time and
sensitivity can also be moved on the preview page while the overlay runs.

"""


def page() -> str:
    """The whole page; the line that names this machine's own folder is left out."""
    lines = as_toml(Config()).splitlines()
    kept = [line for line in lines if not line.startswith("# Looked for in ")]
    return OPENING + "```toml\n" + "\n".join(kept) + "\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
