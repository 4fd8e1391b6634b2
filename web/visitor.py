"""Who is at the other end: a random id in a signed cookie, and proof that a request comes from our own page.

Inside another site's frame the browser keeps a cookie of its own for each site (Partitioned), therefore two names;
whoever has both is known by the first.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from fastapi import Request, Response
from itsdangerous import BadSignature, Signer

from core.settings import Settings

COOKIE = "velkommen"
FRAME_COOKIE = "velkommen_frame"
CSRF_HEADER = "X-Velkommen-Token"


@dataclass(frozen=True, slots=True)
class Visitors:
    """Makes and checks visitor ids, with the key from the settings."""

    secret_key: str

    def known(self, cookies: Mapping[str, str]) -> str | None:
        """The visitor id of the cookie; None without one or when it was tampered with."""
        for name in (COOKIE, FRAME_COOKIE):
            try:
                return self._signer("visitor").unsign(cookies.get(name, "")).decode()
            except BadSignature:
                continue
        return None

    def new(self) -> str:
        return secrets.token_urlsafe(18)

    def signed(self, visitor: str) -> str:
        return self._signer("visitor").sign(visitor).decode()

    def token(self, visitor: str) -> str:
        """What our own page sends along: useless with any other visitor's cookie."""
        return self._signer("token").get_signature(visitor).decode()

    def token_fits(self, visitor: str, token: str) -> bool:
        return self._signer("token").verify_signature(visitor.encode(), token.encode("utf-8", "replace"))

    def _signer(self, purpose: str) -> Signer:
        return Signer(self.secret_key, salt=f"velkommen.{purpose}")


def is_secure(request: Request, settings: Settings) -> bool:
    """Whether the person came by https; a proxy that does not say so is believed by its public address."""
    public = urlsplit(settings.public_url)
    return request.scope["scheme"] == "https" or (
        public.scheme == "https" and request.headers.get("host") == public.netloc
    )


def keep_visitor(response: Response, signed: str, *, framed: bool, secure: bool, days: int) -> None:
    name = FRAME_COOKIE if framed else COOKIE
    keep_cookie(response, name, signed, framed=framed, secure=secure, days=days, hidden=True)


def keep_cookie(
    response: Response, name: str, value: str, *, framed: bool, secure: bool, days: int, hidden: bool = False
) -> None:
    """A cookie for our page, or for our page inside another site's frame. `hidden` from scripts."""
    cross_site = framed and secure
    samesite: Literal["none", "lax"] = "none" if cross_site else "lax"
    response.set_cookie(name, value, max_age=days * 86_400, httponly=hidden, secure=secure, samesite=samesite)
    if cross_site:
        # Python writes this attribute from 3.14 on; until then Starlette refuses it.
        header, line = response.raw_headers.pop()
        response.raw_headers.append((header, line + b"; Partitioned"))


def same_origin(origin: str | None, host: str, public_url: str) -> bool:
    """Whether a browser sent this from our own page. Browsers name the origin with every POST."""
    if not origin:
        return False
    sent = urlsplit(origin)
    public = urlsplit(public_url)
    return sent.scheme in ("http", "https") and (
        sent.netloc == host or (bool(public_url) and (sent.scheme, sent.netloc) == (public.scheme, public.netloc))
    )
