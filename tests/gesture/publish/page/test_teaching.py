"""Teaching a sign in a real Chromium, from the first button to the sign firing and being corrected.

The whole overlay runs: a slide show of a drawn person is the camera, the analyser looks at it in a
process of its own, and what was learnt is in the user's folder afterwards.
"""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from triptych.gesture.demo import script, stage
from triptych.gesture.demo.anatomy import POSES
from triptych.gesture.demo.script import Act
from triptych.gesture.publish.page import Page
from triptych.gesture.run import Order, run

pytestmark = pytest.mark.browser

HORNS = next(pose for pose in POSES["other"] if pose.name == "horns")


@pytest.fixture(scope="session")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four minutes of somebody who holds up forefinger and little finger."""
    folder = tmp_path_factory.mktemp("show")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(POSES, "horns", (HORNS,))
        patch.setattr(script, "ACTS", (Act(2.0, 9.0, "horns", "question"),))
        drawn = [cv2.resize(stage.draw_moment(t), (640, 360)) for t in (3.0, 3.4, 4.1, 0.5)]
    # Now and then the hand is down.
    drawn = [*drawn[:3], *drawn[:3], *drawn]
    for number, picture in enumerate(drawn):
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    for number in range(len(drawn), 120):
        os.link(folder / f"{number % len(drawn)}.png", folder / f"{number}.png")
    return folder


class Overlay:
    """A running overlay with its page."""

    def __init__(self, source: Path, folder: Path, url: list[str]) -> None:
        self.events = folder / "events.jsonl"
        self.signs = folder / "triptych" / "signs"
        self._stop = threading.Event()
        order = Order(str(source), ("page",), self.events)
        self._thread = threading.Thread(target=run, args=(order, self._stop))
        self._thread.start()
        self.url = url

    def fired(self) -> list[str]:
        """The names of the gestures that fired."""
        lines = self.events.read_text().splitlines() if self.events.exists() else []
        return [event["name"] for event in map(json.loads, lines) if event["event"] == "gesture"]

    def end(self) -> None:
        """Stop, as Ctrl-C does."""
        self._stop.set()
        self._thread.join()


@pytest.fixture
def overlay(show: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Overlay]:
    """The real overlay on the slide show, with a configuration folder of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("DISPLAY", raising=False)
    urls: list[str] = []
    start = Page.start

    def note_url(page: Page) -> str:
        urls.append(start(page))
        return urls[-1]

    monkeypatch.setattr(Page, "start", note_url)
    overlay = Overlay(show, tmp_path, urls)
    yield overlay
    overlay.end()


def type_in(browser: Any, selector: str, text: str) -> None:
    """What a person types into a field."""
    browser.run(
        """
        const field = document.querySelector(arguments[0]);
        field.value = arguments[1];
        field.dispatchEvent(new Event("input", { bubbles: true }));
        """,
        selector,
        text,
    )


def step(browser: Any) -> str:
    """Which part of the lesson is on show."""
    return browser.run("return document.querySelector('#lesson').dataset.step")


def shoot(browser: Any, name: str) -> None:
    """A picture of the page, where TRIPTYCH_SHOTS names a folder for them."""
    if folder := os.environ.get("TRIPTYCH_SHOTS"):
        from base64 import b64decode

        data = browser.devtools("Page.captureScreenshot", format="png")["data"]
        (Path(folder) / f"{name}.png").write_bytes(b64decode(data))


@pytest.mark.skipif(os.name != "posix", reason="the configuration folder is moved as on Linux")
def test_a_sign_is_taught_tried_kept_fired_corrected_and_forgotten(
    browser: Any, overlay: Overlay, until: Any
) -> None:
    """Everything a person does with a sign of their own, with the mouse."""
    until(lambda: overlay.url)
    browser.complaints()
    browser.open(overlay.url[0])
    until(lambda: browser.text("#state") == "You are visible")

    browser.click("#teach")
    until(lambda: step(browser) == "words")
    until(lambda: browser.run("return document.querySelectorAll('#palette img').length") == 24)
    assert browser.run("return document.querySelector('#lesson-next').disabled")
    type_in(browser, "#lesson-text", "Rock on!")
    browser.click("#palette [data-emoji='🤘']")
    shoot(browser, "1-words")
    browser.click("#lesson-next")
    until(lambda: step(browser) == "hold")
    until(lambda: browser.run("return document.querySelector('#meter').dataset.level") == "clear")
    shoot(browser, "2-hold")

    browser.click("#lesson-capture")
    until(lambda: browser.run("return document.querySelectorAll('#looks .done').length") == 3)
    shoot(browser, "3-capture")
    until(lambda: step(browser) == "try")
    assert "false activations" in browser.text("#lesson-says")
    until(lambda: browser.text("#fired") == "Fired 1 time")
    shoot(browser, "4-try")
    # Until it is kept, nothing of it is seen by others or written.
    assert overlay.fired() == []
    assert not list(overlay.signs.glob("sign-*"))

    browser.click("#lesson-keep")
    until(lambda: step(browser) == "closed")
    until(lambda: browser.text(".signs .taught strong") == "Rock on!")
    (kept,) = overlay.signs.glob("sign-*.json")
    assert json.loads(kept.read_text())["name"] == "rock_on"
    assert [path.suffix for path in overlay.signs.iterdir()] == [".json"]

    # Once the hand has been down, it fires for others, too.
    until(lambda: overlay.fired(), 120)
    assert overlay.fired()[0] == "rock_on"
    until(lambda: "Rock on! (rock_on" in browser.text("#log"))
    shoot(browser, "5-fired")

    browser.click("#log .wrong")
    until(lambda: "Noted" in browser.text("#noted"))
    (entry,) = json.loads((overlay.signs / "wrong.json").read_text())["wrong"]
    assert entry["sign"] == "rock_on"
    shoot(browser, "6-wrong")

    browser.click(".signs .forget")
    browser.click(".signs .forget")
    until(lambda: not browser.run("return document.querySelectorAll('.signs .taught').length"))
    assert not list(overlay.signs.glob("sign-*"))
    assert browser.complaints() == []
