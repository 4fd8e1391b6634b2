"""The municipality's own sign-in (OpenID Connect): where to send somebody, and who came back.

What came back is believed only with a signature of the provider's, for us, for this very attempt, and as long as it is
valid. Nothing is fetched before somebody wants to sign in; what the provider says of itself is kept for an hour.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from core.errors import VelkommenError
from core.settings import Settings

KEPT_FOR = timedelta(hours=1)
WAIT_SECONDS = 10
LEEWAY_SECONDS = 60
LONGEST = 300
# Signed with a key of the provider's alone: with none, or with our shared secret, a token could come from elsewhere.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
KEY_TYPES = ("RSA", "EC")
SECOND_FACTORS = frozenset({"mfa", "otp", "hwk"})  # of `amr`, as RFC 8176 names them
LOOPBACK = ("localhost", "127.0.0.1")


class ProviderError(VelkommenError):
    """The provider did not answer as it should, or what it said cannot be believed; no token stands in the message."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt to sign in must come back with."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Known:
    """Who came back. subject: never given to anybody else; email: only if it is confirmed, else ""; second: with a
    second factor.
    """

    subject: str
    email: str
    second: bool


class Provider:
    def __init__(self, settings: Settings) -> None:
        self._issuer, self._client_id = settings.oidc_issuer, settings.oidc_client_id
        self._secret = settings.oidc_client_secret
        self._kept: dict[str, tuple[datetime, dict[str, Any]]] = {}

    async def address(self, attempt: Attempt, back: str, *, now: datetime) -> str:
        """Where to send somebody who wants to sign in."""
        where = _address(await self._metadata(now), "authorization_endpoint")
        challenge = urlsafe_b64encode(sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self._client_id, "redirect_uri": back, "scope": "openid email profile",
            "state": attempt.state, "nonce": attempt.nonce, "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"

    async def known(self, code: str, attempt: Attempt, back: str, *, now: datetime) -> Known:
        """Who came back with that code; ProviderError unless all of it fits."""
        metadata = await self._metadata(now)
        told = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": attempt.verifier,
            "client_id": self._client_id,
        }  # fmt: skip
        auth = (quote(self._client_id, safe=""), quote(self._secret, safe=""))
        if "client_secret_basic" in (
            _listed(metadata, "token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        ):
            answer = await _asked("POST", _address(metadata, "token_endpoint"), data=told, auth=auth)
        else:
            told["client_secret"] = self._secret
            answer = await _asked("POST", _address(metadata, "token_endpoint"), data=told)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderError("The provider's answer holds no ID token.")
        return _known(await self._claims(token, metadata, now), attempt, str(metadata["issuer"]), self._client_id, now)

    async def _claims(self, token: str, metadata: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        """What a token says, its signature checked; the keys are fetched anew when it names one we do not know."""
        where = _address(metadata, "jwks_uri")
        try:
            try:
                return jwt.decode(token, _keys(await self._fetched(where, now)), algorithms=ALGORITHMS).claims
            except InvalidKeyIdError:
                self._kept.pop(where, None)
                return jwt.decode(token, _keys(await self._fetched(where, now)), algorithms=ALGORITHMS).claims
        except (JoseError, ValueError) as error:
            raise ProviderError(f"The ID token cannot be believed: {type(error).__name__}.") from error

    async def _metadata(self, now: datetime) -> dict[str, Any]:
        metadata = await self._fetched(f"{self._issuer}/.well-known/openid-configuration", now)
        if str(metadata.get("issuer", "")).rstrip("/") != self._issuer:
            raise ProviderError(
                "The provider calls itself something else than VELKOMMEN_OIDC_ISSUER; write what it says."
            )
        return metadata

    async def _fetched(self, where: str, now: datetime) -> dict[str, Any]:
        at, content = self._kept.get(where, (now - KEPT_FOR, {}))
        if now - at >= KEPT_FOR:
            content = await _asked("GET", where)
            self._kept[where] = (now, content)
        return content


async def _asked(method: str, where: str, **more: Any) -> dict[str, Any]:
    try:
        async with httpx.AsyncClient(timeout=WAIT_SECONDS, headers={"Accept": "application/json"}) as client:
            response = await client.request(method, where, **more)
            answer = response.raise_for_status().json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ProviderError(
            f"{urlsplit(where).hostname} did not answer as it should: {type(error).__name__}."
        ) from error
    if not isinstance(answer, dict):
        raise ProviderError(f"{urlsplit(where).hostname} did not answer as it should: no JSON object.")
    return answer


def _address(metadata: Mapping[str, Any], name: str) -> str:
    where = str(metadata.get(name, ""))
    try:
        parts = urlsplit(where)
    except ValueError as error:
        raise ProviderError(f"The provider's {name} is no address.") from error
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ProviderError(f"The provider's {name} is no https address.")
    return where


def _keys(found: Mapping[str, Any]) -> KeySet:
    """The keys to sign with, without those of a kind that we do not take."""
    keys = [
        key
        for key in _listed(found, "keys")
        if isinstance(key, dict) and key.get("kty") in KEY_TYPES and key.get("use", "sig") == "sig"
    ]
    return KeySet.import_key_set({"keys": keys})


def _listed(found: Mapping[str, Any], name: str) -> list[Any]:
    """A list that somebody else wrote; empty where it is none."""
    return found[name] if isinstance(found.get(name), list) else []


def _known(claims: Mapping[str, Any], attempt: Attempt, issuer: str, client_id: str, now: datetime) -> Known:
    registry = JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": attempt.nonce},
    )
    try:
        registry.validate(dict(claims))
    except JoseError as error:
        raise ProviderError(f"The ID token cannot be believed: {type(error).__name__}.") from error
    if (len(_listed(claims, "aud")) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        raise ProviderError("The ID token was made for another client, too.")
    subject, email = claims["sub"], claims.get("email")
    if not subject or len(subject) > LONGEST or not subject.isprintable():
        raise ProviderError("The ID token names nobody.")
    confirmed = claims.get("email_verified") is True and isinstance(email, str) and len(email) <= LONGEST
    methods = {each for each in _listed(claims, "amr") if isinstance(each, str)}
    return Known(f"{issuer}|{subject}", str(email) if confirmed else "", bool(methods & SECOND_FACTORS))
