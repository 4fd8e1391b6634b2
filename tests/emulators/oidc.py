"""An OpenID Connect provider of our own on loopback, with its own key: /authorize, /token, /jwks.

In tests: `async with OidcEmulator() as provider:` with its `settings` in ours. `provider.person` is who signs in; `provider.claims`
are put over what a right token says, `provider.sign` makes the token, so that a test can forge either.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any, Self
from urllib.parse import unquote

from aiohttp import BasicAuth, web
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "velkommen", "the client's secret"


class OidcEmulator:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.published = [self.key]
        self.person: dict[str, Any] = {"sub": "s-1", "email": "maria@example.org", "email_verified": True}
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.fails: dict[str, web.Response] = {}
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self._configuration),
                web.get("/authorize", self._authorize),
                web.post("/token", self._token),
                web.get("/jwks", self._jwks),
            ]
        )
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        self.issuer = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def settings(self) -> dict[str, str]:
        return {"oidc_issuer": self.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}

    def rotates(self) -> None:
        """From now on it signs with another key."""
        self.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
        self.published = [self.key]

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def unsigned(self, claims: dict[str, Any]) -> str:
        return ".".join([_part({"alg": "none", "typ": "JWT"}), _part(claims), ""])

    async def _configuration(self, request: web.Request) -> web.Response:
        self.asked.append("configuration")
        return self.fails.get("configuration") or web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                **self.metadata,
            }
        )

    async def _authorize(self, request: web.Request) -> web.Response:
        """Somebody signs in at once."""
        asked = dict(request.query)
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        raise web.HTTPFound(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")

    async def _token(self, request: web.Request) -> web.Response:
        self.asked.append("token")
        if "token" in self.fails:
            return self.fails["token"]
        told = dict(await request.post())
        auth = request.headers.get("Authorization", "")
        fits_secret = told.get("client_secret") == SECRET
        if auth:
            basic = BasicAuth.decode(auth)
            fits_secret = (unquote(basic.login), unquote(basic.password)) == (CLIENT, SECRET)
        asked = self._codes.pop(str(told.get("code")), None)
        if asked is None or not fits_secret:
            return web.json_response({"error": "invalid_grant"}, status=400)
        digest = hashlib.sha256(str(told["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (asked["code_challenge"], asked["redirect_uri"]) != (challenge, told["redirect_uri"]):
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(self._now().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        token = self.sign({**claims, **self.person, **self.claims})
        return web.json_response({"access_token": "unused", "token_type": "Bearer", "id_token": token})

    async def _jwks(self, request: web.Request) -> web.Response:
        self.asked.append("jwks")
        keys = [key.as_dict(private=False) for key in self.published]
        return self.fails.get("jwks") or web.json_response({"keys": [*keys, {"kty": "oct", "k": "c2VjcmV0"}]})


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
