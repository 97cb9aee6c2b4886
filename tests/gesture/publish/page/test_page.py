import json
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from triptych.errors import BadConfig, Unavailable
from triptych.gesture.config import Config
from triptych.gesture.config_signs import TaughtSign
from triptych.gesture.publish.messages import (
    Command,
    Lesson,
    Noted,
    Status,
    Teach,
    Vocabulary,
)
from triptych.gesture.publish.page import Page
from triptych.gesture.publish.page.wire import MESSAGE_BYTES
from triptych.gesture.types import Event

FRAME = np.full((72, 128, 3), 90, np.uint8)


@pytest.fixture
def page() -> Iterator[Page]:
    """A page that is not started; closed after the test."""
    page = Page(Config())
    yield page
    page.close()


def raw_socket(address: str, **differences: Any) -> ClientConnection:
    """A WebSocket from the page's own origin; nothing is sent yet."""
    wanted: dict[str, Any] = {"origin": address, "proxy": None, "open_timeout": 20}
    return connect(address.replace("http", "ws") + "/live", **wanted | differences)


@contextmanager
def opened(url: str, **differences: Any) -> Iterator[ClientConnection]:
    """A WebSocket as the page opens it, token sent, unless told otherwise."""
    address, token = url.split("/#")
    token = differences.pop("token", token)
    with raw_socket(address, **differences) as client:
        client.send(json.dumps({"type": "open", "token": token}))
        yield client


def told(client: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    while True:
        message = client.recv(timeout=20)
        if isinstance(message, str) and (news := json.loads(message))["type"] == kind:
            return news


def picture(client: ClientConnection) -> bytes:
    """The next binary message."""
    while not isinstance(message := client.recv(timeout=20), bytes):
        pass
    return message


def farewell(client: ClientConnection) -> tuple[int, str]:
    """The code and reason the server closes with; whatever it says before is not looked at."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            client.recv(timeout=20)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def test_the_link_holds_a_secret_the_server_never_hears(page: Page) -> None:
    """The address is loopback, and its token, 128 bits, is in the fragment."""
    url = page.start()
    address, token = url.split("/#")
    assert address.startswith("http://127.0.0.1:")
    assert len(token) == 22
    other = Page(Config())
    assert other.start().split("/#")[1] != token
    other.close()


def test_a_browser_is_told_all(page: Page) -> None:
    """Signs, settings, status, log and pictures reach a browser that knows the token."""
    page.log(Event(1.5, "gesture", {"name": "ok", "meaning": "yes", "score": 0.9}))
    with opened(page.start()) as client:
        hello = told(client, "hello")
        assert [sign["sign"] for sign in hello["signs"]] == [
            *("fist", "palm", "ok", "one", "two_up", "peace")
        ]
        assert hello["signs"][1]["label"] == "Question"
        assert hello["signs"][1]["icon"].startswith("data:image/png;base64,")
        assert told(client, "settings")["settings"]["decide.hold_seconds"] == 0.5
        event = told(client, "event")
        assert event["what"] == {
            "t": 1.5,
            "event": "gesture",
            "name": "ok",
            "meaning": "yes",
            "score": 0.9,
        }
        assert abs(event["at"] - time.time()) < 300

        page.show(FRAME, Status(2.0, None, 29.96, 6.44, "ok", 0.5, 0.2))
        assert told(client, "status") == {
            "type": "status",
            "covered": None,
            "sign": "ok",
            "progress": 0.5,
            "fps": 30.0,
            "analyse_ms": 6.4,
            "cpu_share": 0.2,
        }
        client.send('{"type": "next"}')
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            page.show(FRAME, Status(3.0, "away"))
            try:
                message = client.recv(timeout=0.05)
            except TimeoutError:
                continue
            if isinstance(message, bytes):
                break
        else:
            pytest.fail("no picture came")
        assert message[0] == 1
        shown = cv2.imdecode(np.frombuffer(message[9:], np.uint8), cv2.IMREAD_COLOR)
        assert shown is not None
        assert shown.shape == FRAME.shape


def test_signs_that_are_off_are_not_listed() -> None:
    """The page lists what would fire, and nothing else."""
    page = Page(Config().tuned("signs.fist.on", False))
    with opened(page.start()) as client:
        assert "fist" not in [sign["sign"] for sign in told(client, "hello")["signs"]]
    page.close()


def test_an_icon_that_is_none_is_one_sentence() -> None:
    """The message names the sign whose icon is wrong."""
    with pytest.raises(BadConfig, match=r"signs\.ok: .*'nonsense'"):
        Page(Config().tuned("signs.ok.icon", "nonsense")).start()


def test_an_old_picture_is_never_sent(page: Page) -> None:
    """Who asks now gets nothing that was published before, not even a copy made for another."""
    url = page.start()
    status = Status(1.0, None)
    with opened(url) as first:
        told(first, "settings")
        first.send('{"type": "next"}')
        while page._hub.picture is None:
            page.show(FRAME, status)
            time.sleep(0.005)
        assert picture(first)
    with opened(url) as second:
        told(second, "settings")
        second.send('{"type": "next"}')
        with pytest.raises(TimeoutError):
            while not isinstance(second.recv(timeout=0.5), bytes):
                pass


def test_commands_arrive_in_order(page: Page) -> None:
    """What is pressed comes out of `commands` once, oldest first, and others see the sliders."""
    url = page.start()
    with opened(url) as client, opened(url) as other:
        told(client, "settings")
        told(other, "settings")
        client.send('{"type": "cover"}')
        client.send('{"type": "tune", "setting": "decide.hold_seconds", "value": 1.2}')
        client.send('{"type": "uncover"}')
        assert told(other, "settings")["settings"]["decide.hold_seconds"] == 1.2
        commands = []
        deadline = time.monotonic() + 20
        while len(commands) < 3 and time.monotonic() < deadline:
            commands += page.commands()
            time.sleep(0.01)
    assert commands == [
        *(Command("cover"), Command("tune", "decide.hold_seconds", 1.2), Command("uncover"))
    ]


@pytest.mark.parametrize("token", ["", "wrong", None, 7, "é", "\ud800", "x" * 22])
def test_without_the_token_nothing_is_told(page: Page, token: Any) -> None:
    """A wrong first message ends the conversation with a sentence, before anything is said."""
    url = page.start()
    with opened(url, token=token) as client:
        with pytest.raises(ConnectionClosed) as closed:
            client.send('{"type": "cover"}')
            client.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
        assert "link" in closed.value.rcvd.reason
    assert page.commands() == []


def test_a_command_before_the_token_is_refused(page: Page) -> None:
    """The token comes first or not at all."""
    address, token = page.start().split("/#")
    with raw_socket(address) as client:
        client.send(json.dumps({"type": "uncover", "token": token}))
        assert farewell(client)[0] == 4401
    assert page.commands() == []


@pytest.mark.parametrize(
    "origin",
    [
        *(None, "null", "http://127.0.0.1", "http://127.0.0.1:1", "http://evil.example"),
        *("https://127.0.0.1:{port}", "http://localhost:{port}", "http://127.0.0.1:{port}.evil"),
    ],
)
def test_a_foreign_origin_cannot_open_the_socket(page: Page, origin: str | None) -> None:
    """Even with the token: only the page itself, by its exact address."""
    url = page.start()
    port = url.split("/#")[0].rsplit(":", 1)[1]
    with (
        pytest.raises(InvalidStatus) as refused,
        opened(url, origin=origin and origin.format(port=port)),
    ):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "", "[::1]"])
def test_a_foreign_host_gets_nothing(page: Page, host: str) -> None:
    """A name that merely points to loopback (DNS rebinding) is refused everywhere."""
    address, _ = page.start().split("/#")
    port = address.rsplit(":", 1)[1]
    host = host.format(port=port)
    answer = httpx.get(address, headers={"Host": host}, trust_env=False)
    assert answer.status_code == 403
    assert "<html" not in answer.text
    # The same for the socket, by hand: a client library would not let us lie.
    lines = [
        *("GET /live HTTP/1.1", f"Host: {host}", f"Origin: http://{host}", "Upgrade: websocket"),
        *("Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + "A" * 22),
    ]
    with socket.create_connection(("127.0.0.1", int(port)), timeout=20) as raw:
        raw.sendall(("\r\n".join(lines) + "==\r\n\r\n").encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed_by_a_request(page: Page, method: str) -> None:
    """A foreign origin is refused, our own is told that there is nothing to change; no CORS."""
    address, _ = page.start().split("/#")
    with httpx.Client(base_url=address, trust_env=False) as client:
        for origin, status in [
            *(("http://evil.example", 403), ("null", 403), (None, 403), (address, 405)),
        ]:
            headers = {"Origin": origin} if origin else {}
            answer = client.request(method, "/live" if origin is None else "/", headers=headers)
            assert answer.status_code == status
            assert not [name for name in answer.headers if name.startswith("access-control")]
    assert page.commands() == []


def test_every_answer_is_hardened(page: Page) -> None:
    """Strict policy, no framing, no sniffing, no cache, no referrer: on pages and on refusals."""
    address, _ = page.start().split("/#")
    with httpx.Client(base_url=address, trust_env=False) as client:
        for path, status in (("/", 200), ("/app.js", 200), ("/nothing", 404), ("/../x", 404)):
            answer = client.get(path)
            assert answer.status_code == status
            policy = answer.headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_files_hold_no_secret_and_load_nothing_from_elsewhere(page: Page) -> None:
    """The page may be fetched without the token, which is in none of its files."""
    address, token = page.start().split("/#")
    with httpx.Client(base_url=address, trust_env=False) as client:
        for name in (
            "/",
            "/app.css",
            "/app.js",
            "/lesson.js",
            "/link.js",
            "/preview.js",
            "/words.js",
        ):
            text = client.get(name).text
            assert token not in text
            assert "https://" not in text
            assert "style=" not in text
            assert "<script>" not in text


@pytest.mark.parametrize(
    ("message", "code"),
    [
        *(("nonsense", 1008), ("[]", 1008), ('{"type": "quit"}', 1008), (b"binary", 1008)),
        ('{"type": "tune", "setting": "decide.hold_seconds", "value": 99}', 1008),
        ('{"type": "tune", "setting": "camera.device", "value": 1}', 1008),
        (json.dumps({"type": "cover", "more": "x" * MESSAGE_BYTES}), 1009),
        ('{"type": "teach", "do": "anything"}', 1008),
    ],
)
def test_a_bad_message_closes_the_socket_with_a_reason(
    page: Page, message: str | bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Only that browser is sent away: the server goes on, and nothing is done or logged."""
    url = page.start()
    with caplog.at_level(logging.WARNING):
        with opened(url) as client:
            told(client, "hello")
            client.send(message)
            closed, reason = farewell(client)
        assert closed == code
        assert reason or code == 1009
        assert page.commands() == []
        with opened(url) as client:
            assert told(client, "hello")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_silent_browser_is_sent_away(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that never says the token does not stay."""
    monkeypatch.setattr("triptych.gesture.publish.page.live.OPEN_SECONDS", 0.1)
    address, _ = page.start().split("/#")
    with raw_socket(address) as client:
        assert farewell(client)[0] == 4401


def test_too_many_pages(page: Page) -> None:
    """The ninth page is told so; when one leaves there is room again."""
    url = page.start()
    with ExitStack() as eight:
        for _ in range(8):
            told(eight.enter_context(opened(url)), "hello")
        with opened(url) as ninth:
            assert farewell(ninth)[0] == 1013
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with opened(url) as next_one, suppress(ConnectionClosed):
            told(next_one, "hello")
            return
    pytest.fail("there was never room again")


def test_a_slow_browser_does_not_slow_the_publisher(page: Page) -> None:
    """A browser that asks and never reads costs the publisher a copy now and then, no waiting."""
    url = page.start()
    noise = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
    with opened(url, max_queue=1, close_timeout=0.1) as client:
        told(client, "hello")
        costs = []
        end = time.monotonic() + 2
        while time.monotonic() < end:
            client.send('{"type": "next"}')
            start = time.perf_counter()
            page.show(noise, Status(0.0, None))
            costs.append(time.perf_counter() - start)
            time.sleep(0.005)
        assert np.median(costs) < 1e-3
        page.close()


def test_close_frees_the_port_and_tells_the_browsers() -> None:
    """After close nobody listens, the port can be used again, and all calls still do nothing."""
    page = Page(Config())
    url = page.start()
    port = int(url.split("/#")[0].rsplit(":", 1)[1])
    with opened(url) as client:
        told(client, "hello")
        page.close()
        assert farewell(client)[0] in (1001, 1012)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=20)
    page.show(FRAME, Status(0.0, None))
    page.log(Event(0.0, "back"))
    assert page.commands() == []
    page.close()
    again = Page(Config(), port)
    assert again.start().startswith(f"http://127.0.0.1:{port}/")
    again.close()


def test_a_taken_port_is_one_sentence() -> None:
    """Another program on the port: what, where and what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port}"):
            Page(Config(), port).start()


def test_nothing_a_publisher_shows_can_raise(page: Page) -> None:
    """Frames that are no frames are the page's problem, not the publisher's."""
    page.start()
    for odd in (np.zeros((0, 0, 3), np.uint8), np.zeros((5, 2000), np.float64), None, "frame"):
        page._hub.want_picture()
        page.show(odd, Status(float("nan"), None, float("inf")))  # type: ignore[arg-type]
        time.sleep(0.07)
    page.log(None)  # type: ignore[arg-type]


def test_only_loopback_is_listened_on(page: Page) -> None:
    """The sockets are bound to 127.0.0.1 and, where there is one, ::1; never to all addresses."""
    page.start()
    assert page._server is not None
    addresses = {sock.getsockname()[0] for sock in page._server._sockets}
    assert "127.0.0.1" in addresses
    assert addresses <= {"127.0.0.1", "::1"}


def test_teaching_reaches_the_publisher_and_its_news_the_browser(page: Page) -> None:
    """What is asked for arrives; lessons, words and notes come back, also to who opens later."""
    url = page.start()
    with opened(url) as client:
        told(client, "hello")
        client.send(json.dumps({"type": "teach", "do": "forget", "name": "heart"}))
        deadline = time.monotonic() + 20
        while not (commands := page.commands()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert commands == [Teach("forget", name="heart")]
        page.tell(Lesson("hold", margin=0.75, near="palm", words=("Hold it.",)))
        lesson = told(client, "lesson")
        assert (lesson["step"], lesson["margin"], lesson["words"]) == ("hold", 0.75, ["Hold it."])
        page.tell(Noted("Forgotten."))
        assert told(client, "note")["sentence"] == "Forgotten."
        sign = TaughtSign(icon="❤️", text="Love", meaning="heart")
        page.tell(Vocabulary({"heart": sign}))
        signs = told(client, "signs")["signs"]
        assert [entry["sign"] for entry in signs if entry["taught"]] == ["heart"]
    with opened(url) as later:
        assert len(told(later, "signs")["signs"]) == 7


def test_the_proposed_icons_are_drawn_here(page: Page) -> None:
    """So that they look the same in a browser without emoji."""
    address, _ = page.start().split("/#")
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
        icons = client.get("/palette.json").json()
    assert len(icons) == 24
    assert all(source.startswith("data:image/png;base64,") for source in icons.values())
