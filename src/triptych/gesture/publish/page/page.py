"""What the publisher holds of the page; nothing that happens in it can disturb the publisher."""

import contextlib
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING

from triptych.gesture.config import Config
from triptych.gesture.publish.messages import Command, Lesson, Noted, Status, Teach, Vocabulary
from triptych.gesture.publish.page.hub import Hub
from triptych.gesture.publish.page.vocabulary import limits, settings, vocabulary
from triptych.gesture.publish.page.wire import TOKEN_BYTES, encode
from triptych.gesture.types import Event, Frame

if TYPE_CHECKING:
    from triptych.gesture.publish.page.server import Server


class Page:
    """The preview page on this computer's loopback; `port` 0 picks a free one.

    Its methods may be called from any thread. `show`, `log` and `commands` never wait and never
    raise. While nobody watches, `show` costs a few microseconds.
    """

    def __init__(self, config: Config, port: int = 0) -> None:
        self._config = config
        self._port = port
        self._hub = Hub(settings=settings(config))
        self._server: Server | None = None
        self._notes = 0

    def start(self) -> str:
        """Serve, and return the address to open; the part after # is the secret of this launch.

        Raises `Unavailable` if the port is taken and `BadConfig` if a sign's icon is none.
        """
        from triptych.gesture.publish.page.live import Live
        from triptych.gesture.publish.page.server import Server, listen

        bounds = limits(self._config)
        hello = encode({"type": "hello", "signs": vocabulary(self._config), "limits": bounds})
        token = secrets.token_urlsafe(TOKEN_BYTES)
        sockets = listen(self._port)
        port = sockets[0].getsockname()[1]
        self._server = Server(sockets, Live(self._hub, token, hello, bounds))
        self._server.start()
        return f"http://127.0.0.1:{port}/#{token}"

    def show(self, frame: Frame, status: Status) -> None:
        """Show what has just been published; `frame` is [height, width, 3] BGR, not kept."""
        with contextlib.suppress(Exception):
            self._hub.show(frame, status)

    def log(self, event: Event) -> None:
        """Add an event to the page's log."""
        with contextlib.suppress(Exception):
            self._hub.log(event)

    def tell(self, news: Lesson | Vocabulary | Noted) -> None:
        """Show what comes of teaching."""
        with contextlib.suppress(Exception):
            match news:
                case Lesson():
                    self._hub.tell("lesson", asdict(news))
                case Vocabulary():
                    config = self._config.with_taught(news.taught)
                    self._hub.tell("signs", {"signs": vocabulary(config)})
                case Noted(sentence) if sentence:
                    self._notes += 1
                    self._hub.tell("note", {"number": self._notes, "sentence": sentence})
                case Noted():
                    pass

    def commands(self) -> list[Command | Teach]:
        """What was asked for in the browser since the last call, oldest first.

        Settings to `tune` are dotted keys: `decide.hold_seconds` (seconds) and `decide.enter`.
        """
        return self._hub.commands()

    def close(self) -> None:
        """Tell the browsers, end the server and free the port; safe to call twice."""
        self._hub.closing = True
        if self._server is not None:
            self._server.stop()
            self._server = None
