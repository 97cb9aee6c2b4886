"""The conversation with one browser: the token first, then status, log and pictures.

Each side of it is a loop of its own: one listens, one tells. A browser gets a picture only when it
asks for one, so a slow or hidden one gets fewer, never older, pictures.
"""

import asyncio
import contextlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from triptych.gesture.publish.messages import Status
from triptych.gesture.publish.page.hub import Hub
from triptych.gesture.publish.page.wire import MessageError, command_of, decode, encode, status_text

NO_TOKEN = 4401
"""Closed because the first message did not hold the token of this launch."""

BAD_MESSAGE = 1008
TOO_MANY = 1013
GOING_AWAY = 1001

OPEN_SECONDS = 5.0
"""How long a browser may take for its first message."""

TELL_SECONDS = 1 / 30
VIEWERS = 8


@dataclass
class Live:
    """Serves every browser that opens the WebSocket.

    hello: the first message, what does not change. limits: the settings that may be tuned.
    """

    hub: Hub
    token: str
    hello: str
    limits: Mapping[str, tuple[float, float]]
    _viewers: set["_Viewer"] = field(default_factory=set["_Viewer"])

    async def serve(self, socket: WebSocket) -> None:
        """Talk to one browser until it leaves, misbehaves, or the program ends."""
        await socket.accept()
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                opened = self._opens(decode((await socket.receive()).get("text")))
        except (MessageError, TimeoutError):
            opened = False
        except WebSocketDisconnect:
            return
        if not opened:
            await _close(socket, NO_TOKEN, "This needs the link that the program gave you.")
        elif len(self._viewers) >= VIEWERS:
            await _close(socket, TOO_MANY, "Too many pages are open.")
        else:
            viewer = _Viewer(self, socket)
            self._viewers.add(viewer)
            try:
                await viewer.talk()
            finally:
                self._viewers.discard(viewer)

    def _opens(self, message: Mapping[str, object]) -> bool:
        given = message.get("token") if message["type"] == "open" else None
        return isinstance(given, str) and _same(given, self.token)


@dataclass(eq=False)
class _Viewer:
    live: Live
    socket: WebSocket
    asked_at: float | None = None
    told: Status | None = None
    told_text: str = ""
    told_settings: Mapping[str, float] = field(default_factory=dict[str, float])
    told_line: int = 0
    told_states: dict[str, int] = field(default_factory=dict[str, int])

    async def talk(self) -> None:
        both = [asyncio.create_task(self._listen()), asyncio.create_task(self._tell())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            ends = await asyncio.gather(*both, return_exceptions=True)
        for end in ends:
            if isinstance(end, MessageError):
                await _close(self.socket, BAD_MESSAGE, f"Not understood: {end}.")
            elif isinstance(end, Exception) and not isinstance(end, WebSocketDisconnect):
                raise end

    async def _listen(self) -> None:
        while (event := await self.socket.receive())["type"] == "websocket.receive":
            message = decode(event.get("text"))
            if message["type"] == "next":
                self.asked_at = self.live.hub.want_picture()
            elif not self.live.hub.ask(command_of(message, self.live.limits)):
                raise MessageError("too much at once")

    async def _tell(self) -> None:
        hub = self.live.hub
        await self.socket.send_text(self.live.hello)
        while not hub.closing:
            if self.told_settings != hub.settings:
                self.told_settings = hub.settings
                await self.socket.send_text(
                    encode({"type": "settings", "settings": self.told_settings})
                )
            for number, line in hub.lines_after(self.told_line):
                await self.socket.send_text(line)
                self.told_line = number
            for kind, (number, text) in hub.states.items():
                if self.told_states.get(kind) != number:
                    self.told_states[kind] = number
                    await self.socket.send_text(text)
            if hub.status is not None and hub.status is not self.told:
                self.told = hub.status
                await self._tell_status(status_text(hub.status))
            picture = hub.picture
            if picture and self.asked_at is not None and picture.at >= self.asked_at:
                self.asked_at = None
                await self.socket.send_bytes(picture.message)
            await asyncio.sleep(TELL_SECONDS)
        await _close(self.socket, GOING_AWAY, "The program has ended.")

    async def _tell_status(self, text: str) -> None:
        if text != self.told_text:
            self.told_text = text
            await self.socket.send_text(text)


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    if socket.application_state is WebSocketState.CONNECTED:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await socket.close(code, reason)
