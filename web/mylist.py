"""The private address of a person's list: a page to print, one task to take along, a feed for a calendar.

Whoever holds the address sees the list. It is the number of a link in the database, signed with our key, so nothing
secret is stored; what is forged, revoked, unknown or without consent looks all the same from outside.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response
from itsdangerous import BadSignature, Signer
from starlette.exceptions import HTTPException

from core.settings import Settings
from i18n.languages import LANGUAGES
from store import journey
from web.feed import calendar, feed
from web.frame import Frame, frame_of
from web.headers import PRIVATE_PATHS
from web.listed import Owner, Words, by_recruit, pack, sheet

SALT = "my-list"
NUMBER_LENGTH = 22  # of a UUID's 16 bytes in base64, without padding
PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}

router = APIRouter(prefix=f"{PRIVATE_PATHS}{{token}}")


def private_address(settings: Settings, number: UUID) -> str:
    """The address to give to the person; `/list` and `/calendar.ics` follow it."""
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{base}{PRIVATE_PATHS}{to_token(settings.secret_key, number)}"


def to_token(secret_key: str, number: UUID) -> str:
    encoded = urlsafe_b64encode(number.bytes).rstrip(b"=")
    return Signer(secret_key, salt=SALT).sign(encoded).decode()


def to_number(secret_key: str, token: str) -> UUID | None:
    """None for what we did not sign."""
    try:
        encoded = Signer(secret_key, salt=SALT).unsign(token.encode("utf-8", "replace"))
    except BadSignature:
        return None
    return UUID(bytes=urlsafe_b64decode(encoded + b"==")) if len(encoded) == NUMBER_LENGTH else None


@router.api_route("/list", methods=["GET", "HEAD"])
async def page(request: Request, token: str, task: str = "") -> Response:
    """The list; with `?task=` that task alone, to take along to an office."""
    frame = frame_of(request)
    owner = await _owner(request, frame, token)
    words = await _words(frame, owner)
    template, values = _shown(owner, words, task)
    values |= {"name": owner.profile.get("name", ""), "day": words.written(words.day)}
    response = frame.page(request, template, language=owner.language, **values)
    response.headers.update({**PRIVATE, "Cache-Control": "no-store", "Content-Language": owner.language})
    return response


@router.api_route("/calendar.ics", methods=["GET", "HEAD"])
async def calendar_feed(request: Request, token: str) -> Response:
    """For the person's own calendar, which asks twice a day: 304 as long as nothing has changed."""
    frame = frame_of(request)
    owner = await _owner(request, frame, token)
    found = feed(owner, await _words(frame, owner))
    headers = {**PRIVATE, "Cache-Control": "private, no-cache", "ETag": found.etag}
    if _has(request.headers.get("if-none-match", ""), found.etag):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="velkommen.ics"'
    content = calendar(found, now=frame.doors.now())
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)


def _shown(owner: Owner, words: Words, task: str) -> tuple[str, dict[str, Any]]:
    """The template, and what it shows."""
    if task:
        found = pack(task, owner, words)
        if found is None:
            raise not_found()
        return "pack.html", {"pack": found}
    if owner.is_employer:
        groups = by_recruit(owner, words)
        empty = "" if groups else words.say("list_no_recruits")
        return "mylist.html", {"sheet": None, "groups": groups, "empty": empty}
    made = sheet(owner, words)
    if made is None:
        return "mylist.html", {"sheet": None, "groups": (), "empty": words.say("list_empty")}
    return "mylist.html", {"sheet": made, "groups": made.groups, "empty": ""}


def not_found() -> HTTPException:
    return HTTPException(404, headers=PRIVATE)


async def _owner(request: Request, frame: Frame, token: str) -> Owner:
    """Whose list it is. A forged address costs the same query as a revoked one, so that no clock tells them apart."""
    network = request.client.host if request.client else ""
    number = to_number(frame.doors.settings.secret_key, token)
    seconds = frame.limits.wait(f"list {number or network}", network)
    if seconds:
        raise HTTPException(429, headers={**PRIVATE, "Retry-After": str(seconds)})
    link = number or uuid4()
    async with frame.doors.sessions.begin() as session:
        connection = await session.connection()
        found = await journey.behind_link(connection, link, now=frame.doors.now())
        if found is None:
            raise not_found()
        recruit, language, profile = found
        mine = await journey.mine(connection, recruit)
        recruits = tuple(await journey.recruits_of(connection, recruit))
    language = language if language in LANGUAGES else frame.language(request)
    return Owner(link, language, profile, mine, recruits)


async def _words(frame: Frame, owner: Owner) -> Words:
    library = await frame.doors.library()
    return Words(owner.language, frame.doors.translator(owner.language), library, frame.doors.now())


def _has(if_none_match: str, etag: str) -> bool:
    """Whether the caller holds this version already; the comparison is the weak one."""
    held = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return etag.removeprefix("W/") in held or "*" in held
