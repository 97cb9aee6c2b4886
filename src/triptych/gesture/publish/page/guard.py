"""Who may talk to the page: only this computer's own browser, and only the page itself.

"localhost is not a boundary": any site a person visits can send requests to loopback. So the Host
must be one of ours (DNS rebinding), every WebSocket and every request that could change something
must come from our own Origin (browsers do not apply the same-origin rule to WebSockets), and no
answer may be framed, sniffed, cached or read by other sites. What the page shows and does needs the
launch token on top (live.py).
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Guard:
    """ASGI middleware; `port` is the one the server listens on."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on to the page; every answer goes out hardened."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        host = hosts[0] if len(hosts) == 1 else ""
        changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if host not in self._hosts:
            refusal = "This address is not one of this program's own."
        elif changes and origins != [f"http://{host}"]:
            refusal = "Only the page of this program itself may do that."
        else:
            refusal = ""

        if scope["type"] == "websocket":
            if refusal:
                await send({"type": "websocket.close", "code": 1008, "reason": refusal})
            else:
                await self._app(scope, receive, send)
            return

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_hardening(host))
            await send(message)

        app = PlainTextResponse(refusal, status_code=403) if refusal else self._app
        await app(scope, receive, send_hardened)


def _hardening(host: str) -> dict[str, str]:
    # Older Firefox and Safari do not count a WebSocket to the page's own host as 'self'.
    policy = (
        "default-src 'self'",
        f"connect-src 'self' ws://{host}",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
