"""What every answer of the page says to the browser, and which requests are not answered."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class Guard:
    """Refuses other sites' requests, and names that are not this machine's.

    A web site that somebody visits could otherwise send requests to their own machine, directly
    (cross-site requests) or under a name of its own that it has point here (DNS rebinding).

    Args:
        application: what is guarded.
        hosts: names under which it may be asked; none: any.
    """

    def __init__(self, application: ASGIApp, hosts: Sequence[str] = THIS_MACHINE):
        self.application, self.hosts = application, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(Headers(scope=scope))
        answer = JSONResponse({"error": refusal}, 403) if refusal else self.application
        await answer(scope, receive, send_with_headers)

    def _refusal(self, headers: Headers) -> str:
        host = headers.get("host", "")
        if self.hosts and _name(f"//{host}") not in self.hosts:
            return "this page answers under the names of its own machine alone"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return "this page answers no requests from other sites"
        return ""


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
