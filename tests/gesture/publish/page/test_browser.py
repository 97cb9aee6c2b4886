"""The page in a real Chromium, as a person and as an attacker would use it."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from triptych.gesture.publish.messages import Command
from triptych.gesture.types import Box, Event

pytestmark = pytest.mark.browser

PIXELS = """
const canvas = document.querySelector("#preview");
if (canvas.hidden) return null;
const copy = new OffscreenCanvas(canvas.width, canvas.height);
const paper = copy.getContext("2d", { willReadFrequently: true });
paper.drawImage(canvas, 0, 0);
return Array.from(paper.getImageData(0, canvas.height / 2, canvas.width, 1).data);
"""


def pixels(browser: Any) -> list[int] | None:
    """One row of what the preview shows, RGBA; None while it shows nothing."""
    return browser.run(PIXELS)


def is_card(row: list[int] | None) -> bool:
    """The fake publisher's card is blue, its picture grey."""
    return row is not None and row[2] - row[0] > 100


@pytest.fixture
def visit(browser: Any, publisher: Any, until: Any) -> Any:
    """The browser with the page open and its first picture drawn, and nothing complained of."""
    browser.complaints()
    browser.open(publisher.url)
    until(lambda: pixels(browser))
    return browser


def test_the_page_loads_and_the_picture_moves(visit: Any, until: Any) -> None:
    """State, vocabulary and a moving picture, without one error or policy violation."""
    until(lambda: visit.text("#state") == "You are visible")
    signs = visit.run("return document.querySelectorAll('.signs li').length")
    assert signs == 6
    drawn = "return [...document.images].every((image) => image.complete && image.naturalWidth)"
    until(lambda: visit.run(drawn))
    first = pixels(visit)
    until(lambda: pixels(visit) != first)
    assert visit.complaints() == []


def test_the_token_leaves_the_address_bar_and_survives_a_reload(
    visit: Any, publisher: Any, until: Any
) -> None:
    """A shared screen does not show the secret, and F5 does not lose it."""
    assert visit.run("return location.href") == f"{publisher.address}/"
    visit.run("location.reload()")
    until(lambda: visit.text("#state") == "You are visible")


def test_people_are_mirrored_and_cards_are_not(visit: Any, publisher: Any, until: Any) -> None:
    """Mirrored as in a looking-glass while visible, readable when covered, switchable."""
    transform = "return getComputedStyle(document.querySelector('#preview')).transform"
    assert visit.run(transform).startswith("matrix(-1")
    visit.click("#mirror")
    assert visit.run(transform) == "none"
    visit.click("#mirror")
    publisher.covered = "away"
    until(lambda: visit.run(transform) == "none")


def rising(row: list[int] | None) -> list[float]:
    """The share of pixels brighter than their left neighbours, of the left and the right half."""
    grey = np.array(row or [0] * 1280)[::4]
    return [float((np.diff(half) > 0).mean()) for half in np.split(grey, 2)]


def test_words_can_be_read_in_the_looking_glass(visit: Any, publisher: Any, until: Any) -> None:
    """Where the picture has words it is turned once more, and not where nothing is mirrored."""
    assert min(rising(pixels(visit))) > 0.9
    publisher.words = Box(0.5, 0.25, 1.0, 0.75)
    until(lambda: rising(pixels(visit))[1] < 0.1)
    assert rising(pixels(visit))[0] > 0.9
    visit.click("#mirror")
    until(lambda: min(rising(pixels(visit))) > 0.9)


def test_cover_and_uncover(visit: Any, publisher: Any, until: Any) -> None:
    """Pressing the button reaches the publisher, and the page shows the card and says so."""
    visit.click("#cover")
    until(lambda: Command("cover") in publisher.obeyed)
    until(lambda: visit.text("#state") == "Covered: by you")
    until(lambda: is_card(pixels(visit)))
    visit.click("#uncover")
    until(lambda: visit.text("#state") == "You are visible")
    until(lambda: not is_card(pixels(visit)))
    assert publisher.obeyed == [Command("cover"), Command("uncover")]


def test_the_keyboard_covers(visit: Any, publisher: Any, until: Any) -> None:
    """C covers and never uncovers, however often it is pressed; U uncovers."""
    visit.press("c")
    until(lambda: visit.text("#state") == "Covered: by you")
    visit.press("c")
    visit.press("u")
    until(lambda: visit.text("#state") == "You are visible")
    assert [command.name for command in publisher.obeyed] == ["cover", "cover", "uncover"]


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("starting", "Covered: starting"),
        ("away", "Covered: away"),
        ("camera_lost", "Covered: no camera"),
        ("analyser_lost", "Covered: no analysis"),
    ],
)
def test_each_cover_has_its_words(
    visit: Any, publisher: Any, until: Any, reason: Any, state: str
) -> None:
    """The page says why others cannot see you, in the heading and in the tab."""
    publisher.covered = reason
    until(lambda: visit.text("#state") == state)
    assert state in visit.run("return document.title")
    assert visit.run("return document.querySelector('#uncover').disabled")


def test_sliders_tune(visit: Any, publisher: Any, until: Any) -> None:
    """Moving a slider sends its setting, in seconds and as the score that a sign must reach."""
    move = """
        const slider = document.querySelector(arguments[0]);
        slider.value = arguments[1];
        slider.dispatchEvent(new Event("input", { bubbles: true }));
    """
    visit.click("#hold")
    until(lambda: publisher.obeyed)
    assert publisher.obeyed[0].setting == "decide.hold_seconds"
    assert publisher.obeyed[0].value == pytest.approx(1.15, abs=0.1)
    visit.run(move, "#hold", 1.2)
    until(lambda: Command("tune", "decide.hold_seconds", 1.2) in publisher.obeyed)
    assert visit.text("#hold-value") == "1.2 s"
    visit.run(move, "#sensitivity", 15)
    until(lambda: Command("tune", "decide.enter", 0.85) in publisher.obeyed)
    assert "85 %" in visit.text("#sensitivity-value")


def test_the_sign_being_held_is_shown(visit: Any, publisher: Any, until: Any) -> None:
    """Its tile lights up, and the bar says how far the hold has come."""
    publisher.sign = "palm"
    until(lambda: visit.text(".signs li.held span") == "Open palm")
    assert visit.run("return document.querySelector('#held').ariaValueNow") == "50"
    assert "Question" in visit.text("#reading")


def test_events_are_logged(visit: Any, publisher: Any, until: Any) -> None:
    """The newest comes first, in words; text from outside stays text."""
    publisher.page.log(Event(1.0, "gesture", {"name": "ok", "meaning": "yes", "score": 0.914}))
    publisher.page.log(Event(2.0, "<img_src=x_onerror=alert(1)>"))
    until(lambda: visit.run("return document.querySelectorAll('#log li').length") == 2)
    assert "Yes (OK sign, 91 %)" in visit.text("#log li:last-child")
    assert visit.text("#log li:first-child span").startswith("<img")
    assert visit.complaints() == []


def test_a_lost_connection_leaves_no_picture(visit: Any, publisher: Any, until: Any) -> None:
    """When the program ends, a notice takes the place of the picture, and the buttons rest."""
    publisher.end()
    until(lambda: visit.text("#state") == "Connection lost")
    assert pixels(visit) is None
    assert "Connection lost" in visit.text("#nothing")
    assert visit.run("return document.querySelector('#cover').disabled")


def test_a_picture_that_stands_still_is_taken_down(visit: Any, publisher: Any, until: Any) -> None:
    """A publisher that hangs is not shown as a frozen picture; it comes back with the pictures."""
    publisher.paused = True
    until(lambda: visit.text("#state") == "No news")
    assert pixels(visit) is None
    publisher.paused = False
    until(lambda: visit.text("#state") == "You are visible")
    until(lambda: pixels(visit))


@pytest.mark.parametrize("fragment", ["", "#wrong"])
def test_without_the_token_the_page_shows_nothing(
    browser: Any, publisher: Any, until: Any, fragment: str
) -> None:
    """It says in a sentence what is needed, shows no picture, and its keys do nothing."""
    browser.open(f"{publisher.address}/{fragment}")
    until(lambda: browser.text("#state") == "Link needed")
    assert "link that the program printed" in browser.text("#why")
    assert pixels(browser) is None
    browser.press("c")
    assert publisher.obeyed == []


@pytest.mark.parametrize("width", [360, 400, 768, 1280])
def test_the_page_fits_the_window(visit: Any, width: int) -> None:
    """Nothing has to be scrolled sideways, from a phone to a desktop."""
    visit.devtools(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=800,
        deviceScaleFactor=1,
        mobile=width < 500,
    )
    try:
        assert visit.run("return document.documentElement.scrollWidth") <= width
    finally:
        visit.devtools("Emulation.clearDeviceMetricsOverride")


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[str]:
    """The address of another site on this computer."""
    (tmp_path / "index.html").write_text("<!doctype html><title>elsewhere</title>")

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_another_site_gets_nowhere(browser: Any, publisher: Any, foreign: str) -> None:
    """Even with a stolen token, a page of another origin can neither watch, press, nor read."""
    browser.open(foreign)
    attempt = """
        const [address, token] = arguments;
        const socket = await new Promise((resolve) => {
          const live = new WebSocket(address.replace("http", "ws") + "/live");
          live.onopen = () => {
            live.send(JSON.stringify({ type: "open", token }));
            live.send(JSON.stringify({ type: "uncover" }));
          };
          live.onmessage = () => resolve("told");
          live.onclose = () => resolve("refused");
        });
        const asked = async (options) => {
          try {
            const answer = await fetch(address + "/", options);
            return `${answer.type} ${answer.status}`;
          } catch {
            return "refused";
          }
        };
        const frame = await new Promise((resolve) => {
          const inner = document.createElement("iframe");
          inner.src = address + "/";
          inner.onload = () => {
            try { resolve(inner.contentDocument ? "read" : "opaque"); } catch { resolve("opaque"); }
          };
          document.body.append(inner);
        });
        return {
          socket,
          frame,
          get: await asked({}),
          post: await asked({ method: "POST", body: "x" }),
          blind: await asked({ method: "POST", body: "x", mode: "no-cors" }),
        };
    """
    assert browser.run(attempt, publisher.address, publisher.token) == {
        "socket": "refused",
        "frame": "opaque",
        "get": "refused",
        "post": "refused",
        "blind": "refused",
    }
    assert publisher.obeyed == []
