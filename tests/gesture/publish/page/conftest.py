"""A page on a real port with a fake publisher, and a real Chromium to open it in."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from triptych.gesture.config import Config
from triptych.gesture.publish.messages import Command, Status
from triptych.gesture.publish.page import Page
from triptych.gesture.types import Box, CoverReason, Frame

SIZE_WH = (320, 180)


def wait_until(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true value of `what`, asked again and again; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return value


@pytest.fixture
def until() -> Callable[..., Any]:
    """`wait_until`, for tests that need patience and nothing else."""
    return wait_until


class Publisher:
    """Publishes a moving picture, or a still card when covered, and obeys the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.url = page.start()
        self.address, self.token = self.url.split("/#")
        self.port = int(self.address.rsplit(":", 1)[1])
        self.covered: CoverReason | None = None
        self.sign: str | None = None
        self.words: Box | None = None
        self.paused = False
        self.obeyed: list[Command] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._ended.wait(0.03):
            for command in self.page.commands():
                self.obeyed.append(command)
                if command.name == "cover":
                    self.covered = "by_user"
                elif command.name == "uncover":
                    self.covered = None
            if not self.paused:
                number += 1
                frame = CARD if self.covered else moving(number)
                told = (30.0, 6.5, self.sign, 0.5, 0.2, self.words)
                status = Status(number * 0.03, self.covered, *told)
                self.page.show(frame, status)

    def end(self) -> None:
        """Stop publishing and close the page."""
        self._ended.set()
        self._thread.join()
        self.page.close()


def moving(number: int) -> Frame:
    """Grey stripes that wander; no colour, so the card can be told apart by its blue."""
    width, height = SIZE_WH
    stripes = (np.arange(width) * 4 + number * 16) % 256
    return np.repeat(np.tile(stripes.astype(np.uint8), (height, 1))[:, :, None], 3, axis=2)


CARD: Frame = np.full((SIZE_WH[1], SIZE_WH[0], 3), (200, 40, 40), np.uint8)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """A publisher with its page open for business."""
    publisher = Publisher(Page(Config()))
    yield publisher
    publisher.end()


class Browser:
    """A headless Chromium through the WebDriver protocol, as far as these tests need it."""

    def __init__(self, driver: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._driver = subprocess.Popen(
            [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False)
        wait_until(self._driver_answers, 60)
        options = {
            "args": [
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic"),
                *("--no-first-run", "--disable-background-networking", "--disable-sync"),
                *("--disable-component-update", "--disable-dev-shm-usage"),
                *("--window-size=1280,900", f"--user-data-dir={folder}"),
            ]
        }
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        answer = self._http.post("/session", json={"capabilities": {"alwaysMatch": wanted}})
        opened = answer.json()["value"]
        self._session = f"/session/{opened.get('sessionId')}"
        if "error" in opened:
            self.end()
            pytest.fail(f"Chromium does not start: {opened['message']}")

    def _driver_answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self._http.get("/status").json()["value"]["ready"]
        return False

    def _ask(self, command: str, **body: Any) -> Any:
        answer = self._http.post(f"{self._session}/{command}", json=body).json()["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise AssertionError(answer["message"])
        return answer

    def open(self, url: str) -> None:
        """Load an address from nothing, as a new tab would."""
        self._ask("url", url="about:blank")
        self._ask("url", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        """The value the script returns; it may be a promise."""
        return self._ask("execute/sync", script=script, args=list(arguments))

    def text(self, selector: str) -> str:
        """What a person reads in the element; nothing if it is not there."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def click(self, selector: str) -> None:
        """A real click in the middle of the element, which must be visible and unobstructed."""
        found = self._ask("element", using="css selector", value=selector)
        self._ask(f"element/{next(iter(found.values()))}/click")

    def press(self, key: str) -> None:
        """A key of the keyboard, down and up."""
        keys = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._ask("actions", actions=[{"type": "key", "id": "keyboard", "actions": keys}])

    def devtools(self, command: str, **parameters: Any) -> Any:
        """Anything else, by the Chrome DevTools Protocol."""
        return self._ask("goog/cdp/execute", cmd=command, params=parameters)

    def complaints(self) -> list[str]:
        """Console errors, warnings and policy violations since the last call."""
        return [
            f"{line['level']}: {line['message']}"
            for line in self._ask("se/log", type="browser")
            if line["level"] in ("WARNING", "SEVERE")
        ]

    def end(self) -> None:
        """Close the window and its driver."""
        with contextlib.suppress(httpx.TransportError):
            self._http.delete(self._session)
        self._http.close()
        self._driver.terminate()
        self._driver.wait()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One Chromium for all tests; without it they fail where CI is set, and skip elsewhere."""
    driver = shutil.which("chromedriver")
    if driver is None:
        advice = "No chromedriver: on Debian, apt-get install chromium chromium-driver."
        if os.environ.get("CI"):
            pytest.fail(advice)
        pytest.skip(advice)
    browser = Browser(driver, tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.end()
