"""Around every request: its id, what it took, and the headers that keep browsers strict."""

import secrets
import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PRIVATE_PATHS = "/my/"  # whoever knows such an address sees somebody's list
INVITATIONS = "/staff/invite/"  # … or chooses a colleague's password
INVITED = "/i/"  # … or comes as somebody who was invited


def loggable(path: str) -> str:
    """A path without what opens somebody's list, or a colleague's account."""
    for secret in (PRIVATE_PATHS, INVITATIONS, INVITED):
        if path.startswith(secret):
            return f"{secret}…/{path.removeprefix(secret).partition('/')[2][:20]}"
    return path


def content_policy(embed_origins: tuple[str, ...]) -> str:
    return POLICY.format(ancestors=" ".join(embed_origins) or "'none'")


class Guarded:
    """Adds request ids, security headers and one log line to each request. Never looks at a body."""

    def __init__(self, app: ASGIApp, embed_origins: tuple[str, ...]) -> None:
        self._app = app
        self._embed_origins = embed_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        started = time.perf_counter()
        status = 500

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message), scope, request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_guarded)
            finally:
                took = round((time.perf_counter() - started) * 1000, 1)
                log.info("request", method=scope["method"], path=loggable(scope["path"]), status=status, ms=took)

    def _add_headers(self, headers: MutableHeaders, scope: Scope, request_id: str) -> None:
        framed = scope["path"] == "/embed"
        headers["X-Request-ID"] = request_id
        for name, value in ALWAYS.items():
            headers.setdefault(name, value)
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Cache-Control", "no-store")
        headers.setdefault("Content-Security-Policy", content_policy(self._embed_origins if framed else ()))
        if not framed:
            headers["X-Frame-Options"] = "DENY"
        if scope.get("scheme") == "https":
            headers["Strict-Transport-Security"] = "max-age=31536000"
