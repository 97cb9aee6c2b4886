"""The web server of the page: a few files, one WebSocket, on loopback alone, in a thread."""

import asyncio
import contextlib
import logging
import socket
import threading
import time
from importlib.resources import files

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from triptych.errors import Unavailable
from triptych.gesture.publish.page.guard import Guard
from triptych.gesture.publish.page.live import Live
from triptych.gesture.publish.page.vocabulary import palette
from triptych.gesture.publish.page.wire import MESSAGE_BYTES

FILES = {
    "index.html": "text/html",
    "app.css": "text/css",
    "app.js": "text/javascript",
    "lesson.js": "text/javascript",
    "link.js": "text/javascript",
    "preview.js": "text/javascript",
    "words.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "signs.svg": "image/svg+xml",
}
"""All that can be fetched, and what it is; none of it is secret."""

START_SECONDS = 10.0
STOP_SECONDS = 5.0
CONNECTIONS = 64

_log = logging.getLogger(__name__)


def listen(port: int) -> list[socket.socket]:
    """Sockets that listen on 127.0.0.1 and, where there is IPv6, on ::1; 0 picks a free port.

    Raises `Unavailable` if the port is taken.
    """
    four = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        _bind(four, ("127.0.0.1", port))
    except OSError as error:
        four.close()
        raise Unavailable(
            f"The preview page cannot use port {port} of 127.0.0.1 ({error.strerror}): "
            "end the program that holds it, or choose another port."
        ) from None
    sockets = [four]
    with contextlib.suppress(OSError):
        six = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        try:
            six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            _bind(six, ("::1", four.getsockname()[1]))
        except OSError:
            six.close()
            raise
        sockets.append(six)
    return sockets


def _bind(sock: socket.socket, address: tuple[str, int]) -> None:
    # On Windows this option would let two programs share a port.
    if hasattr(socket, "SO_REUSEPORT"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(address)
    sock.listen()


class Server:
    """Serves the page from a thread until `stop`; an error in it ends in the program's log."""

    def __init__(self, sockets: list[socket.socket], live: Live) -> None:
        port = sockets[0].getsockname()[1]
        self._sockets = sockets
        self._server = uvicorn.Server(
            uvicorn.Config(
                _application(live, port),
                loop="asyncio",
                http="h11",
                ws="websockets-sansio",
                ws_max_size=MESSAGE_BYTES,
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=CONNECTIONS,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)

    def start(self) -> None:
        """Serve; returns once the server answers. Raises `Unavailable` if it does not start."""
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise Unavailable(
                    "The preview page did not start: run again, or choose another --to."
                )
            time.sleep(0.005)

    def stop(self) -> None:
        """End the thread and free the port; safe to call twice."""
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        for sock in self._sockets:
            sock.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._server.serve(self._sockets))
        except Exception:
            _log.exception("The preview page has ended by an error; the video goes on.")


def _application(live: Live, port: int) -> Starlette:
    static = files("triptych.gesture.publish.page") / "static"
    contents = {name: (static / name).read_bytes() for name in FILES}

    async def serve_file(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in contents:
            return Response("There is no such file.", 404, media_type="text/plain")
        return Response(contents[name], media_type=FILES[name])

    def serve_palette(_: Request) -> Response:  # not a coroutine: drawn on another thread
        return Response(palette(), media_type="application/json")

    return Starlette(
        routes=[
            Route("/", serve_file),
            Route("/palette.json", serve_palette),
            Route("/{name}", serve_file),
            WebSocketRoute("/live", live.serve),
        ],
        middleware=[Middleware(Guard, port=port)],
    )
