"""The API: an application of its own below /api/v1, with keys, problems, pages of lists, and its own description."""

import hashlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, get_args
from urllib.parse import urlencode

import structlog
from fastapi import Depends, FastAPI, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from core.days import danish_day
from i18n.languages import DEFAULT
from journey.standing import standing
from knowledge import variants
from store import api_keys, audit, invitations, reminders
from store.api_keys import Invited, Key, Seen
from web.api.models import (
    Invitation,
    Invitations,
    Language,
    Made,
    Moment,
    NewInvitation,
    NewInvitations,
    People,
    Person,
    Phase,
    Progress,
    Source,
    State,
    TaskState,
    Topic,
    Topics,
    TopicTitle,
)
from web.api.problems import PREFIX, FieldProblem, ProblemError, add_handlers, leads_to, problem_schemas, responses
from web.frame import Frame
from web.invited import address
from web.limits import Limits

LARGEST_BODY = 256_000
CALLS_A_MINUTE, WRONG_KEYS_A_MINUTE = 120, 20
TELEGRAM = "https://t.me/{bot}?start=i-{code}"

log = structlog.get_logger()
bearer = HTTPBearer(auto_error=False, description="A key made on the page “Keys of other systems”.")
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[
    str, Query(max_length=22, pattern=r"^([A-Za-z0-9_-]{22})?$", description="From `next` of the page before.")
]
Word = Annotated[str, Query(max_length=80, pattern=r"^[^\x00-\x1f]*$")]
Slug = Annotated[str, Path(max_length=48, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
REFUSED = (401, 403, 429)
CACHE = "private, no-cache"
# What lies further away cannot be told in every time zone.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what may be reached."""

    key: Key
    frame: Frame
    now: datetime

    async def noted(self, connection: Any, what: str, about: str, **data: Any) -> None:
        """In the audit log: every look at a person, and every change."""
        who = f"key {self.key.name}"
        await audit.add(
            connection, staff_id=None, who=who, what=what, about=about, now=self.now, key=self.key.id, **data
        )


class Api(FastAPI):
    """frame: put in by `create_api`."""

    frame: Frame
    calls: Limits
    wrong_keys: Limits

    def openapi(self) -> dict[str, Any]:
        """With the shape of problems, which no endpoint returns by itself."""
        described = super().openapi()
        described["components"]["schemas"].update(problem_schemas())
        return described


def needs(scope: str) -> Callable[..., Awaitable[Caller]]:
    """A key with that scope, within its pace; a problem otherwise."""

    async def caller(
        request: Request,
        response: Response,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    ) -> Caller:
        api: Api = request.app
        network = request.client.host if request.client else ""
        doors = api.frame.doors
        async with doors.sessions.begin() as session:
            connection = await session.connection()
            secret = given.credentials if given else ""
            key = await api_keys.of_secret(connection, secret, now=doors.now()) if secret else None
        if key is None:
            if seconds := api.wrong_keys.wait(network, network):
                raise ProblemError(429, "Too many wrong keys.", headers={"Retry-After": str(seconds)})
            raise ProblemError(
                401,
                "Send a key that may be used, as `Authorization: Bearer vk_…`.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if seconds := api.calls.wait(f"key {key.id}", f"key {key.id}"):
            limits = {"Retry-After": str(seconds), "RateLimit-Limit": str(CALLS_A_MINUTE), "RateLimit-Remaining": "0"}
            raise ProblemError(429, f"At most {CALLS_A_MINUTE} calls a minute.", headers=limits)
        if scope not in key.scopes:
            raise ProblemError(403, f"This key lacks the scope {scope}.")
        response.headers["RateLimit-Limit"] = str(CALLS_A_MINUTE)
        return Caller(key, api.frame, doors.now())

    return caller


def create_api(frame: Frame | None) -> Api:
    """Without a frame: to describe it only."""
    api = Api(
        title="Velkommen",
        version="1",
        summary="People and invitations, progress with consent, and topics.",
        description=(
            "Every call carries a key (`Authorization: Bearer vk_…`) with the scopes that it needs. Errors are "
            "`application/problem+json`. Lists come in pages: follow `next`. Nobody's words are ever given out."
        ),
        docs_url=None,
        redoc_url=None,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        generate_unique_id_function=lambda route: route.name,
    )
    if frame is not None:
        api.frame = frame
    api.calls, api.wrong_keys = Limits(CALLS_A_MINUTE), Limits(WRONG_KEYS_A_MINUTE)
    add_handlers(api)
    api.middleware("http")(_not_too_large)
    _add_topics(api)
    _add_invitations(api)
    _add_people(api)
    return api


async def _not_too_large(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > LARGEST_BODY or "transfer-encoding" in request.headers:
        body = {"type": "about:blank", "title": "Content Too Large", "status": 413, "instance": request.url.path}
        detail = f"A body has a Content-Length of at most {LARGEST_BODY} bytes."
        return JSONResponse({**body, "detail": detail, "errors": []}, 413, media_type="application/problem+json")
    return await call_next(request)


# --- topics -----------------------------------------------------------------------------------------------------------


def _add_topics(api: Api) -> None:
    reader = needs("topics:read")

    @api.get("/topics", tags=["topics"], responses={304: {"description": "Unchanged"}, **responses(*REFUSED, 422)})
    async def list_topics(
        caller: Annotated[Caller, Depends(reader)], request: Request, response: Response, language: Language = "en"
    ) -> Topics:
        """All topics that are published, with their titles."""
        library = await caller.frame.doors.library()
        items = [
            TopicTitle(
                slug=slug,
                theme=topic.theme,
                title=library.title(slug, language),
                languages=sorted(code for own, code in library.texts if own == slug),
                as_of=topic.as_of,
                review_by=topic.review_by,
            )
            for slug, topic in sorted(library.topics.items())
        ]
        return _tagged(request, response, Topics(items=items))

    @api.get(
        "/topics/{slug}",
        tags=["topics"],
        responses={304: {"description": "Unchanged"}, **responses(*REFUSED, 404, 422)},
    )
    async def read_topic(
        caller: Annotated[Caller, Depends(reader)],
        request: Request,
        response: Response,
        slug: Slug,
        language: Language = "en",
    ) -> Topic:
        """One topic as it is told today; lines that are meant for some readers only say for whom."""
        library, today = await caller.frame.doors.library(), danish_day(caller.now)
        if slug not in library.topics:
            raise ProblemError(404, "There is no such topic.")
        topic, (text, shown) = library.topics[slug], library.text(slug, language)
        filled = library.fill(variants.fitted(text.body, {}, str), language=shown, day=today)
        found = Topic(
            slug=slug,
            theme=topic.theme,
            language=shown,
            title=text.title,
            text=filled.text,
            doubtful=filled.doubtful or today > topic.review_by or library.outdated(slug, shown),
            revision=library.revisions.get(("text", slug, shown), 0),
            as_of=topic.as_of,
            review_by=topic.review_by,
            sources=[Source(name=source.name, url=source.url) for source in topic.sources],
            related=library.known(topic.related),
        )
        return _tagged(request, response, found)


def _tagged[Body: (Topics, Topic)](request: Request, response: Response, body: Body) -> Body:
    """With an ETag; 304 where the caller has it already."""
    tag = f'"{hashlib.sha256(body.model_dump_json().encode()).hexdigest()[:24]}"'
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = CACHE
    if tag in request.headers.get("if-none-match", ""):
        raise NotModifiedError(tag)
    return body


class NotModifiedError(Exception):
    """What the caller has is what there is."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


async def _not_modified(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotModifiedError)
    return Response(status_code=304, headers={"ETag": error.tag, "Cache-Control": CACHE})


# --- invitations ------------------------------------------------------------------------------------------------------


def _add_invitations(api: Api) -> None:
    api.add_exception_handler(NotModifiedError, _not_modified)

    @api.post(
        "/invitations",
        tags=["invitations"],
        status_code=201,
        responses={201: leads_to("items/0/id", "revoke_invitation"), **responses(*REFUSED, 400, 413, 422)},
    )
    async def invite(caller: Annotated[Caller, Depends(needs("invitations:write"))], wanted: NewInvitations) -> Made:
        """Invite people; each gets a link. All of them or none.

        Whoever has a `reference` that this key has invited already is left out and named in `already`; so sending the same
        twice is harmless.
        """
        people = await _checked(caller, wanted.people)
        async with caller.frame.doors.sessions.begin() as session:
            connection = await session.connection()
            await api_keys.hold(connection, caller.key)
            references = [person.reference for person in people if person.reference]
            taken = await api_keys.references_taken(connection, caller.key, references, now=caller.now)
            new = [person for person in people if not person.reference or person.reference not in taken]
            batch = await invitations.make(connection, new, api_key_id=caller.key.id, now=caller.now)
            made = await api_keys.of_batch(connection, caller.key, batch, now=caller.now) if new else []
            await caller.noted(connection, "people.invite", f"batch:{batch}", people=len(new))
        telegram = await caller.frame.doors.telegram_name()
        items = [_invitation(caller, each, telegram) for each in made]
        return Made(items=items, already=[reference for reference in references if reference in taken])

    @api.get(
        "/invitations",
        tags=["invitations"],
        responses={200: leads_to("items/0/id", "revoke_invitation"), **responses(*REFUSED, 422)},
    )
    async def list_invitations(
        caller: Annotated[Caller, Depends(needs("invitations:read"))],
        request: Request,
        response: Response,
        state: State | None = None,
        reference: Word = "",
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Invitations:
        """The invitations that this key has made."""
        async with caller.frame.doors.sessions() as session:
            found = await api_keys.invitations(
                await session.connection(), caller.key, now=caller.now, most=limit + 1, state=state or "",
                reference=reference, after=_after(cursor),
            )  # fmt: skip
        telegram = await caller.frame.doors.telegram_name()
        items = [_invitation(caller, each, telegram) for each in found[:limit]]
        return Invitations(items=items, next=_next(request, response, found, limit))

    @api.delete(
        "/invitations/{number}", tags=["invitations"], status_code=204, responses=responses(*REFUSED, 404, 409, 422)
    )
    async def revoke_invitation(
        caller: Annotated[Caller, Depends(needs("invitations:write"))], number: uuid.UUID
    ) -> None:
        """Have a link open nothing any more; 409 if it was used, or is over, already."""
        async with caller.frame.doors.sessions.begin() as session:
            connection = await session.connection()
            if not await api_keys.invited(connection, caller.key, [number], now=caller.now):
                raise ProblemError(404, "This key has made no such invitation.")
            if not await api_keys.revoke_invitation(connection, caller.key, number, now=caller.now):
                raise ProblemError(409, "This invitation was used or revoked already.")
            await caller.noted(connection, "people.invite", f"invitation:{number}", revoked=True)


async def _checked(caller: Caller, people: list[NewInvitation]) -> list[invitations.Wanted]:
    """With the checks by which a list is imported on the admin pages."""
    from actions.turn import Turn
    from i18n.translator import translator
    from store import recruits
    from web.admin import newcomers

    library = await caller.frame.doors.library()
    async with caller.frame.doors.sessions() as session:
        employers = await recruits.employers(await session.connection())
    turn = Turn("", DEFAULT, translator(DEFAULT), library, danish_day(caller.now), now=caller.now, employers=employers)
    found = [newcomers.read_one(place, _cells(person), turn) for place, person in enumerate(people)]
    errors = [
        FieldProblem(pointer=f"/people/{place}/{wrong.column}", detail=wrong.sentence)
        for place, newcomer in enumerate(found)
        for wrong in newcomer.wrongs
    ]
    seen: set[str] = set()
    for place, newcomer in enumerate(found):
        if newcomer.wanted.reference in seen:
            errors.append(FieldProblem(pointer=f"/people/{place}/reference", detail="The same reference stands twice."))
        seen |= {newcomer.wanted.reference} - {""}
        kommune = newcomer.wanted.profile.get("kommune", "")
        if caller.key.kommuner and kommune not in caller.key.kommuner:
            detail = f"This key invites for {', '.join(caller.key.kommuner)} only."
            errors.append(FieldProblem(pointer=f"/people/{place}/kommune", detail=detail))
    if errors:
        raise ProblemError(422, "Nobody was invited: something does not fit.", errors=errors[:50])
    return [newcomer.wanted for newcomer in found]


def _cells(person: NewInvitation) -> dict[str, str]:
    given = person.model_dump()
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items() if value}


def _invitation(caller: Caller, found: Invited, telegram: str) -> Invitation:
    link = TELEGRAM.format(bot=telegram, code=found.code) if telegram else None
    return Invitation(
        id=found.id, name=found.name, reference=found.reference, language=found.language,
        state=found.state,  # type: ignore[arg-type]
        code=found.code, web=address(caller.frame.doors.settings, found.code), telegram=link,
        created_at=found.created_at, expires_at=found.expires_at, used_at=found.used_at, person=found.recruit_id,
    )  # fmt: skip


# --- people -----------------------------------------------------------------------------------------------------------


def _add_people(api: Api) -> None:
    reader = needs("people:read")

    @api.get(
        "/people",
        tags=["people"],
        responses={200: leads_to("items/0/id", "read_person", "read_progress"), **responses(*REFUSED, 422)},
    )
    async def list_people(
        caller: Annotated[Caller, Depends(reader)],
        request: Request,
        response: Response,
        kommune: Word = "",
        employer: Word = "",
        phase: Phase | None = None,
        heard_since: Moment | None = None,
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> People:
        """Recruits who have agreed that we keep anything; no words of theirs, no name."""
        since = min(max(heard_since, EARLIEST), LATEST) if heard_since else None
        async with caller.frame.doors.sessions.begin() as session:
            connection = await session.connection()
            found = await api_keys.people(
                connection, caller.key, most=limit + 1, kommune=kommune, employer=employer, phase=phase or "",
                since=since, after=_after(cursor),
            )  # fmt: skip
            await caller.noted(connection, "people.read", "people:list", people=len(found[:limit]))
        return People(items=[_person(each) for each in found[:limit]], next=_next(request, response, found, limit))

    @api.get("/people/{number}", tags=["people"], responses=responses(*REFUSED, 404, 422))
    async def read_person(caller: Annotated[Caller, Depends(reader)], number: uuid.UUID) -> Person:
        """One of them."""
        return _person(await _known(caller, number, "people.read"))

    @api.get("/people/{number}/progress", tags=["people"], responses=responses(*REFUSED, 404, 422))
    async def read_progress(
        caller: Annotated[Caller, Depends(needs("progress:read"))], number: uuid.UUID, language: Language = "en"
    ) -> Progress:
        """How far somebody is, if they have agreed to share it; 403 otherwise."""
        found = await _known(caller, number, "people.progress")
        if not found.shares:
            raise ProblemError(403, "This person has not agreed to share their progress.")
        library, today = await caller.frame.doors.library(), danish_day(caller.now)
        async with caller.frame.doors.sessions() as session:
            lists = await reminders.lists_of(await session.connection(), [number])
        if number not in lists:
            raise ProblemError(404, "There is no such person.")
        profile, rows = lists[number]
        stand = standing(
            library.tasks,
            {name: value for name, value in profile.items() if value},
            {row.task: row.day for row in rows if row.status == "done"},
            {row.task for row in rows if row.status == "skipped"},
            {row.task for row in rows if row.status == "open"},
            today=today,
        )
        tasks = [
            TaskState(
                id=planned.task.id,
                title=library.task_text(planned.task.id, language).title,
                state=planned.state.value,
                due=planned.due,
                legal=planned.legal,
                estimated=planned.estimated,
                late=planned.late,
            )
            for planned in stand.plan
            if planned.task.id.startswith("r-")
        ]
        done = sum(task.state == "done" for task in tasks)
        phase = found.phase if found.phase in get_args(Phase) else None
        return Progress(person=number, phase=phase, done=done, total=len(tasks), tasks=tasks)  # type: ignore[arg-type]


async def _known(caller: Caller, number: uuid.UUID, what: str) -> Seen:
    async with caller.frame.doors.sessions.begin() as session:
        connection = await session.connection()
        found = await api_keys.person(connection, caller.key, number)
        if found is None:
            raise ProblemError(404, "There is no such person.")
        await caller.noted(connection, what, f"recruit:{number}")
    return found


def _person(found: Seen) -> Person:
    return Person(
        id=found.id, language=found.language, kommune=found.kommune, employer=found.employer,
        phase=found.phase if found.phase in get_args(Phase) else None,  # type: ignore[arg-type]
        reference=found.reference or None, shares_progress=found.shares, last_heard_at=found.updated_at,
    )  # fmt: skip


# --- pages of lists ---------------------------------------------------------------------------------------------------


def _after(cursor: str) -> uuid.UUID | None:
    try:
        return api_keys.read_cursor(cursor) if cursor else None
    except ValueError:
        raise ProblemError(422, "This cursor is none of ours.") from None


def _next(request: Request, response: Response, found: list[Any], limit: int) -> str | None:
    """The address of the page after this one, also as a Link header."""
    if len(found) <= limit:
        return None
    asked = {**request.query_params, "cursor": api_keys.cursor(found[limit - 1].id)}
    there = f"{PREFIX}{request.scope['path'].removeprefix(PREFIX)}?{urlencode(asked)}"
    response.headers["Link"] = f'<{there}>; rel="next"'
    return there
