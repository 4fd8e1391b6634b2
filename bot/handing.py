"""What mentors do with a conversation: take it, write, pass it on, put it aside, give it back. One class for all doors.

Each step locks the conversation's row, looks again whether it is allowed as things stand then (`handover/access.py`),
writes what changes with its event in one transaction, and only then is anything sent.
"""

import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from actions import answer, human
from actions.turn import Turn
from bot import desk, escalating, turns
from bot.services import Services
from bot.translation import Translation
from core.days import danish_day
from core.errors import ChannelError, VelkommenError
from core.messages import Reply, storable
from handover import access
from handover.access import Case, Role
from handover.anonymise import anonymise
from handover.promise import promise
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import translator
from journey.plan import State
from journey.standing import standing
from knowledge.library import Library
from store import audit, gaps, handovers, people, reminders, staff
from store import journey as lists
from store import measures as measured
from store.handovers import Row, Said
from store.measures import Measures
from store.staff import Colleague

log = structlog.get_logger()

LONGEST = 4_000  # characters of a message
LONGEST_NOTE = 2_000
MOST_FOUND = 12
LONGEST_SNOOZE = timedelta(days=60)
TYPING_EVERY = timedelta(seconds=4)
OUTCOMES = ("solved", "referred", "no_answer", "not_ours")
UNSOLVED = "no_answer"
SHORTEST_NAME = 2  # characters, below which taking a word out would hurt more than it helps
QUEUE = 0  # `pass_on` to nobody in particular
MUTE_AT_MOST = timedelta(days=30)


class HandingError(VelkommenError):
    """A step that cannot be done; `code` says why, `named` whom or what it concerns."""

    def __init__(self, code: str, **named: Any) -> None:
        super().__init__(code)
        self.code, self.named = code, named


@dataclass(frozen=True, slots=True)
class Canned:
    key: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What could be learnt from a conversation, without names; removed: the kinds of what was taken out."""

    language: str
    question: str
    text: str
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A line of the person's list, for a mentor."""

    id: str
    title: str
    state: str
    due: str | None
    legal: str | None
    late: bool
    legally_late: bool
    topic: str | None


@dataclass(frozen=True, slots=True)
class Package:
    """All at hand for a mentor; what consent does not allow is empty or None."""

    row: Row
    consent: str
    profile: dict[str, str]
    tasks: tuple[Task, ...] | None
    earlier: tuple[Row, ...]
    mentors: tuple[tuple[int, str, str], ...]
    messages: tuple[Said, ...]
    zone: str


@dataclass(slots=True)
class _Step:
    """One step under way. `tell`: what to announce besides; `deliver`: whether something waits to be sent."""

    connection: AsyncConnection
    row: Row
    now: datetime
    deliver: bool = False
    to_tell: list[tuple[tuple[int, ...], str]] = field(default_factory=list)


def staff_of(me: Colleague) -> access.Staff:
    return access.Staff(me.id, Role(me.role), me.active, frozenset(me.languages), frozenset(me.kommuner))


def case_of(row: Row) -> Case:
    return Case(
        status=row.status,
        mentor_id=row.mentor_id,
        members=frozenset(row.members),
        offered=frozenset(row.offered),
        kommune=row.kommune,
        urgent=row.urgent,
        past_mentors=frozenset(row.past),
        open=row.is_open,
        invited=frozenset(row.invited),
    )


type Allowed = Callable[[access.Staff, Case], bool]


class MentorDesk:
    """Every method raises HandingError where the colleague may not, or things stand otherwise by now."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._translation = Translation(services.settings.translate_url, services.settings.translate_key)
        self._typed: dict[tuple[int, int], datetime] = {}

    @property
    def can_translate(self) -> bool:
        return self._translation.configured

    # --- who has it ---------------------------------------------------------------------------------------------------

    async def claim(self, me: Colleague, conversation_id: int) -> Row:
        """Take it; a supervisor may also take over what somebody else has."""
        async with self._step(me, conversation_id) as step:
            row = step.row
            if row.is_open and row.status != "waiting" and row.mentor_id == me.id:
                return row
            self._allow(access.access_claim, me, row)
            first = row.status == "waiting" and row.claimed_at is None
            epoch = await handovers.change_owner(step.connection, conversation_id, "mentor")
            await handovers.change(
                step.connection, row.id, status="with_mentor", mentor_id=me.id, snoozed_until=None,
                claimed_at=row.claimed_at or step.now,
            )  # fmt: skip
            await handovers.given_now(step.connection, me.id, now=step.now)
            await self._event(step, me, "claimed" if row.status == "waiting" else "taken_over")
            key = "mentor_here" if first or row.mentor_id in (None, me.id) else "mentor_another"
            await self._tell_person(step, epoch, lambda turn: human.here(me.name, turn, key=key))
        return await self.row(me, conversation_id)

    async def decline(self, me: Colleague, conversation_id: int, note: str = "") -> None:
        """Not me; the next ones are asked at once."""
        async with self._step(me, conversation_id) as step:
            self._allow(access.access_decline, me, step.row)
            await handovers.decline(step.connection, step.row.id, me.id, _short(note), now=step.now)
            await self._event(step, me, "declined", note=_short(note))
        await escalating.advance(self._services, conversation_id)

    async def pass_on(self, me: Colleague, conversation_id: int, to: int, note: str = "") -> None:
        """To a colleague, with a note; or back to the queue (QUEUE)."""
        async with self._step(me, conversation_id) as step:
            self._allow(access.access_pass_on, me, step.row)
            if to == QUEUE:
                await self._to_queue(step, me, _short(note))
                return
            colleague = await self._taker(step.connection, to)
            epoch = await handovers.change_owner(step.connection, conversation_id, "mentor")
            await handovers.change(
                step.connection, step.row.id, status="with_mentor", mentor_id=to, snoozed_until=None,
                unread=max(step.row.unread, 1), supervisors_at=None, waiting_since=step.row.waiting_since or step.now,
            )  # fmt: skip
            await handovers.no_member(step.connection, step.row.id, to)
            await handovers.given_now(step.connection, to, now=step.now)
            await self._event(step, me, "passed_on", to=to, name=colleague.name, note=_short(note))
            await self._tell_person(step, epoch, lambda turn: human.here(colleague.name, turn, key="mentor_another"))
            step.to_tell.append(((to,), "passed"))

    async def invite(self, me: Colleague, conversation_id: int, who: int) -> None:
        """Ask a second mentor in."""
        async with self._step(me, conversation_id) as step:
            self._allow(access.access_reply, me, step.row)
            colleague = await self._taker(step.connection, who)
            await handovers.member(step.connection, step.row.id, who, now=step.now)
            await self._event(step, me, "invited", who=who, name=colleague.name)
            step.to_tell.append(((who,), "invited"))

    async def join(self, me: Colleague, conversation_id: int) -> Row:
        async with self._step(me, conversation_id) as step:
            if me.id not in step.row.members:
                self._allow(access.access_join, me, step.row)
                await handovers.member(step.connection, step.row.id, me.id, now=step.now, joined=True)
                await self._event(step, me, "joined")
                await self._tell_person(
                    step, step.row.epoch, lambda turn: human.here(me.name, turn, key="mentor_joined")
                )
        return await self.row(me, conversation_id)

    async def leave(self, me: Colleague, conversation_id: int) -> None:
        async with self._step(me, conversation_id) as step:
            if me.id not in (*step.row.members, *step.row.invited):
                raise HandingError("not_yours")
            await handovers.no_member(step.connection, step.row.id, me.id)
            await self._event(step, me, "left")

    async def snooze(self, me: Colleague, conversation_id: int, until: datetime) -> Row:
        """Put it aside; it comes back then, or as soon as the person writes."""
        async with self._step(me, conversation_id) as step:
            self._allow(access.access_reply, me, step.row)
            if not step.now < until <= step.now + LONGEST_SNOOZE:
                raise HandingError("until")
            await handovers.change_owner(step.connection, conversation_id, "mentor")
            await handovers.change(step.connection, step.row.id, status="snoozed", snoozed_until=until)
            await self._event(step, me, "snoozed", until=until.isoformat())
            await reminders.no_longer_wait(step.connection, step.row.recruit_id, now=step.now)
        return await self.row(me, conversation_id)

    async def wake(self, me: Colleague, conversation_id: int) -> Row:
        async with self._step(me, conversation_id) as step:
            self._allow(access.access_reply, me, step.row)
            if step.row.status == "snoozed":
                await handovers.change_owner(step.connection, conversation_id, "mentor")
                await handovers.change(step.connection, step.row.id, status="with_mentor", snoozed_until=None)
                await self._event(step, me, "woken")
        return await self.row(me, conversation_id)

    async def resolve(
        self, me: Colleague, conversation_id: int, *, outcome: str, theme: str | None = None, seen: int | None = None
    ) -> Row:
        """Give it back to the bot, visibly. seen: the person's newest message on the mentor's screen."""
        if outcome not in OUTCOMES:
            raise HandingError("outcome")
        async with self._step(me, conversation_id) as step:
            self._allow(access.access_resolve, me, step.row)
            if seen is not None and await handovers.newest_inbound(step.connection, conversation_id) > seen:
                raise HandingError("newer")
            epoch = await handovers.change_owner(step.connection, conversation_id, "bot")
            await handovers.change(
                step.connection, step.row.id, status="resolved", closed_at=step.now, outcome=outcome,
                theme=theme or step.row.theme, unread=0, waiting_since=None, snoozed_until=None,
            )  # fmt: skip
            await handovers.nothing_pending(step.connection, conversation_id)
            await self._event(step, me, "resolved", outcome=outcome)
            if outcome == UNSOLVED:
                await gaps.not_solved(step.connection, step.row.id, now=step.now)
            name = step.row.mentor or me.name
            await self._tell_person(step, epoch, lambda turn: human.back(name, turn))
            await reminders.no_longer_wait(step.connection, step.row.recruit_id, now=step.now)
        return await self.row(me, conversation_id)

    async def set_theme(self, me: Colleague, conversation_id: int, theme: str | None) -> Row:
        async with self._step(me, conversation_id) as step:
            self._allow(access.access_note, me, step.row)
            await handovers.change(step.connection, step.row.id, theme=theme)
        return await self.row(me, conversation_id)

    # --- writing ------------------------------------------------------------------------------------------------------

    async def write(self, me: Colleague, conversation_id: int, text: str, *, source: str) -> int:
        """A message to the person, exactly as written. The same source again is the same message."""
        text = storable(text)
        if not text:
            raise HandingError("empty")
        if len(text) > LONGEST:
            raise HandingError("too_long", most=LONGEST)
        return await self._write(
            me, conversation_id, source, lambda turn: Reply(text, turn.language, said_by=me.name), answers=True
        )

    async def send_topic(self, me: Colleague, conversation_id: int, slug: str, *, source: str) -> int:
        """A topic's card in the person's language."""
        if slug not in (await self._services.shelf.library()).topics:
            raise HandingError("unknown_topic", slug=slug)
        return await self._write(
            me, conversation_id, source, lambda turn: answer.card(slug, turn, way_out=False), answers=True
        )

    async def edit(self, me: Colleague, outbound_id: int, text: str) -> None:
        """Change what one has written; both versions are kept, and the person sees the new one."""
        text = storable(text)
        if not text:
            raise HandingError("empty")
        if len(text) > LONGEST:
            raise HandingError("too_long", most=LONGEST)
        async with self._services.database.connect() as connection:
            found = await handovers.message_of(connection, outbound_id)
        if found is None or found.mentor_id != me.id or not found.body.get("said_by"):
            raise HandingError("not_yours")  # a topic's card stays what the editors wrote
        # Under the conversation's lock, so that it is not just being sent in its old form.
        async with turns.locked(self._services, found.conversation_id):
            async with self._step(me, found.conversation_id) as step:
                self._allow(access.access_reply, me, step.row)
                message = await handovers.message_of(step.connection, outbound_id)
                body = message.body
                if body["text"] == text:
                    return
                earlier = [*body.get("earlier", ()), {"text": body["text"], "at": step.now.isoformat()}]
                body = {**body, "text": text, "edited": True, "earlier": earlier}
                await handovers.rewrite(step.connection, outbound_id, body)
                await handovers.announce(step.connection, found.conversation_id, f"edited:{outbound_id}")
            if message.status != "sent" or step.row.channel not in self._services.channels:
                return
            channel = self._services.channels[step.row.channel]
            try:
                await channel.edit(step.row.address, message.external_id, outbound_id, Reply.from_json(body))
            except ChannelError as error:
                log.warning("edit not passed on", outbound=outbound_id, error=str(error))
                raise HandingError("not_passed_on") from error

    async def note(self, me: Colleague, conversation_id: int, text: str) -> int:
        """For colleagues only."""
        text = storable(text)
        if not text:
            raise HandingError("empty")
        if len(text) > LONGEST_NOTE:
            raise HandingError("too_long", most=LONGEST_NOTE)
        async with self._step(me, conversation_id) as step:
            self._allow(access.access_note, me, step.row)
            number = await handovers.note(step.connection, step.row.recruit_id, me.id, text, now=step.now)
            await handovers.announce(step.connection, conversation_id, "said")
        return number

    async def typing(self, me: Colleague, conversation_id: int) -> None:
        """The person sees that the mentor is writing, and colleagues do."""
        now = self._services.now()
        if now - self._typed.get((me.id, conversation_id), now - TYPING_EVERY) < TYPING_EVERY:
            return
        self._typed = {key: at for key, at in self._typed.items() if now - at < TYPING_EVERY}
        self._typed[me.id, conversation_id] = now
        row = await self.row(me, conversation_id)
        self._allow(access.access_reply, me, row)
        async with self._services.database.begin() as connection:
            await handovers.announce(connection, conversation_id, f"writing:{me.id}:{me.name}")
        if row.channel in self._services.channels:
            await self._services.channels[row.channel].typing(row.address, me.name)

    async def here(self, me: Colleague, conversation_id: int, *, gone: bool = False) -> None:
        """Colleagues see who looks at a conversation."""
        await self.row(me, conversation_id)
        async with self._services.database.begin() as connection:
            await handovers.announce(
                connection, conversation_id, f"gone:{me.id}" if gone else f"here:{me.id}:{me.name}"
            )

    # --- looking ------------------------------------------------------------------------------------------------------

    async def row(self, me: Colleague, conversation_id: int) -> Row:
        async with self._services.database.connect() as connection:
            row = await handovers.row(connection, conversation_id)
        if row is None:
            raise HandingError("unknown")
        self._allow(access.access_conversation, me, row)
        return row

    async def box(self, me: Colleague, box: str, *, limit: int = 300) -> list[Row]:
        """queue, mine, others, snoozed or resolved: what this colleague may see of it."""
        if box not in handovers.BOXES:
            raise HandingError("unknown")
        async with self._services.database.connect() as connection:
            found = await handovers.rows(connection, box, me.id, limit=limit)
        return [row for row in found if access.access_conversation(staff_of(me), case_of(row))]

    async def search(self, me: Colleague, text: str) -> list[Row]:
        """By name or by what was said; only what this colleague may read counts."""
        if not access.access_search(staff_of(me)):
            raise HandingError("not_yours")
        if len(text.strip()) < 2:
            return []
        async with self._services.database.connect() as connection:
            found = await handovers.search(connection, text.strip(), me.id)
        return [row for row in found if access.access_transcript_before(staff_of(me), case_of(row))]

    async def package(self, me: Colleague, conversation_id: int) -> Package:
        """All at hand; the look is kept."""
        row = await self.row(me, conversation_id)
        case, mine = case_of(row), staff_of(me)
        may_profile = access.access_profile(mine, case) and row.consent == "given"
        library = await self._services.shelf.library()
        async with self._services.database.begin() as connection:
            await handovers.look(connection, me.id, row.recruit_id, "conversation", now=self._services.now())
            if may_profile:
                await handovers.look(connection, me.id, row.recruit_id, "profile", now=self._services.now())
            planned = await people.planned_with(connection, row.recruit_id)
            known = _filled(planned.profile) if planned else {}
            tasks = None
            if may_profile:
                tasks = _tasks(library, known, await lists.mine(connection, row.recruit_id), self._services.now(), me)
            earlier = await handovers.earlier(connection, conversation_id)
            mentors = await handovers.named_mentors(connection, row.recruit_id)
            said = await handovers.transcript(connection, conversation_id)
        turn = await self._turn(row, known)
        return Package(
            row=row,
            consent=row.consent,
            profile=known if may_profile else {},
            tasks=tasks,
            earlier=tuple(each for each in earlier if access.access_conversation(mine, case)),
            mentors=tuple(mentors),
            messages=tuple(self._visible(me, row, said)),
            zone=human.zone(turn),
        )

    async def transcript(self, me: Colleague, conversation_id: int, *, before: datetime | None = None) -> list[Said]:
        row = await self.row(me, conversation_id)
        async with self._services.database.connect() as connection:
            said = await handovers.transcript(connection, conversation_id, before=before)
        await self._looked(me, row)
        if before is not None and not access.access_transcript_before(staff_of(me), case_of(row)):
            return []
        return self._visible(me, row, said)

    async def since(
        self, me: Colleague, conversation_id: int, *, inbound: int, outbound: int, event: int, note: int
    ) -> list[Said]:
        """What came after these numbers."""
        row = await self.row(me, conversation_id)
        async with self._services.database.connect() as connection:
            said = await handovers.said_since(
                connection, conversation_id, inbound=inbound, outbound=outbound, event=event, note=note
            )
        await self._looked(me, row)
        return self._visible(me, row, said)

    async def attachment(self, me: Colleague, number: uuid.UUID) -> tuple[handovers.File, bytes]:
        """A file that the person sent; the look is kept."""
        async with self._services.database.connect() as connection:
            found = await handovers.attachment(connection, number)
        if found is None:
            raise HandingError("unknown")
        conversation_id, file, content = found
        row = await self.row(me, conversation_id)
        self._allow(access.access_attachment, me, row)
        if content is None:
            raise HandingError("unknown")
        async with self._services.database.begin() as connection:
            await handovers.look(connection, me.id, row.recruit_id, "attachment", now=self._services.now())
        return file, content

    async def read(self, me: Colleague, conversation_id: int) -> None:
        """The mentor has seen what is there."""
        row = await self.row(me, conversation_id)
        if row.unread and access.access_reply(staff_of(me), case_of(row)):
            async with self._step(me, conversation_id) as step:
                if access.access_reply(staff_of(me), case_of(step.row)):
                    await handovers.change(step.connection, step.row.id, unread=0)

    async def colleagues(self, me: Colleague) -> list[tuple[Colleague, bool]]:
        """Everybody who can take a conversation, and whether they are there now."""
        async with self._services.database.connect() as connection:
            there = await desk.floor(self._services, connection)
        on_duty = there.on_duty()
        return [(each, each.id in on_duty) for each in there.takers]

    # --- helps --------------------------------------------------------------------------------------------------------

    async def topics(self, me: Colleague, query: str, language: str) -> list[tuple[str, str]]:
        """(slug, title in that language) of topics that fit."""
        library, index = await self._services.shelf.library(), await self._services.shelf.index()
        wanted = query.casefold().strip()
        titled = [
            slug
            for slug in sorted(library.topics)
            if wanted in slug or any(wanted in library.title(slug, each).casefold() for each in {language, DEFAULT})
        ]
        found = [each.slug for each in index.search(query, most=MOST_FOUND)] if wanted else []
        slugs = list(dict.fromkeys([*titled, *library.known(found)]))[:MOST_FOUND]
        return [(slug, library.title(slug, language)) for slug in slugs]

    async def canned(
        self, me: Colleague, language: str, query: str = "", conversation_id: int | None = None
    ) -> list[Canned]:
        """Ready sentences in a language, filled in for the conversation."""
        library, day = await self._services.shelf.library(), danish_day(self._services.now())
        row = await self.row(me, conversation_id) if conversation_id is not None else None
        place = library.municipalities.get(row.kommune) if row and row.kommune else None
        values = {"name": (row.name if row else "") or "", "mentor": me.name, "kommune": place.name if place else ""}
        language = language if language in LANGUAGES else DEFAULT
        found = []
        for key in sorted({key for key, _ in library.canned}):
            known = language if (key, language) in library.canned else DEFAULT
            reply = library.canned_reply(key, known, day, **values)
            if query.casefold().strip() in f"{key} {reply.title} {reply.text}".casefold():
                found.append(Canned(key, reply.title, reply.text))
        return found

    async def translate(self, me: Colleague, text: str, *, source: str | None, target: str) -> str:
        """By the configured server only; the caller shows it beside the original, marked as a machine's."""
        if not self.can_translate:
            raise HandingError("no_translator")
        if not access.access_inbox(staff_of(me)):
            raise HandingError("not_yours")
        try:
            return await self._translation.translate(text[:LONGEST], source=source, target=target)
        except ChannelError as error:
            raise HandingError("translator_away") from error

    async def suggestion(self, me: Colleague, conversation_id: int) -> Draft:
        """What could become an answer or an example: the person's question and what mentors wrote, without names."""
        row = await self.row(me, conversation_id)
        self._allow(access.access_suggest, me, row)
        async with self._services.database.connect() as connection:
            said = await handovers.transcript(connection, conversation_id)
            everybody = [each.name for each in await staff.everybody(connection, also_inactive=True)]
            employers = [each.name for each in await lists.employers(connection)]
        await self._looked(me, row)
        names = _with_parts([*everybody, *employers, *([row.name] if row.name else [])])
        theirs = [each.text for each in said if each.kind == "recruit" and each.said == "text" and each.text]
        ours = [each.text for each in said if each.kind == "mentor" and each.text and not each.title]
        question, text = anonymise(theirs[-1] if theirs else "", names), anonymise("\n\n".join(ours), names)
        removed = tuple(dict.fromkeys((*question.removed, *text.removed)))
        return Draft(row.language or DEFAULT, question.text, text.text, removed)

    async def suggest(
        self,
        me: Colleague,
        conversation_id: int,
        *,
        kind: str,
        topic: str | None,
        language: str,
        question: str,
        text: str,
    ) -> int:
        """Keep a suggestion for the editors; it holds nothing that leads back to the person."""
        row = await self.row(me, conversation_id)
        self._allow(access.access_suggest, me, row)
        library = await self._services.shelf.library()
        if kind not in ("answer", "example") or language not in LANGUAGES:
            raise HandingError("kind")
        if topic is not None and topic not in library.topics:
            raise HandingError("unknown_topic", slug=topic)
        question, text = storable(question)[:LONGEST], storable(text)[:LONGEST]
        if not (question if kind == "example" else text):
            raise HandingError("empty")
        names = _with_parts([row.name, me.name] if row.name else [me.name])
        async with self._services.database.begin() as connection:
            return await handovers.suggest(
                connection, staff_id=me.id, kind=kind, topic=topic, language=language, created_at=self._services.now(),
                question=anonymise(question, names).text, text=anonymise(text, names).text,
            )  # fmt: skip

    async def set_mentorship(self, me: Colleague, conversation_id: int, staff_id: int, kind: str | None) -> None:
        """Name somebody as the person's mentor or buddy."""
        async with self._step(me, conversation_id) as step:
            self._allow(access.access_note, me, step.row)
            await self._taker(step.connection, staff_id)
            if kind not in ("mentor", "buddy", None):
                raise HandingError("kind")
            await handovers.set_mentorship(step.connection, step.row.recruit_id, staff_id, kind, now=step.now)

    # --- safety -------------------------------------------------------------------------------------------------------

    async def mute(self, me: Colleague, conversation_id: int, until: datetime | None) -> None:
        """What the person writes is not answered until then (danger apart); None: from now on it is again."""
        async with self._step(me, conversation_id) as step:
            self._allow(access.access_mute, me, step.row)
            if until is not None and not step.now < until <= step.now + MUTE_AT_MOST:
                raise HandingError("until")
            await handovers.mute(step.connection, conversation_id, until)
            await self._event(step, me, "muted" if until else "unmuted", until=until.isoformat() if until else None)
            if until is not None:
                await self._tell_person(step, step.row.epoch, lambda turn: human.muted(until, turn))

    async def report(self, me: Colleague, conversation_id: int, reason: str) -> None:
        """Abuse, for the supervisors."""
        async with self._step(me, conversation_id) as step:
            self._allow(access.access_note, me, step.row)
            await handovers.report(step.connection, conversation_id, me.id, _short(reason), now=step.now)
            await self._event(step, me, "reported")
            supervisors = [each.id for each in await staff.everybody(step.connection) if each.role == "supervisor"]
            step.to_tell.append((tuple(supervisors), "reported"))

    # --- how it goes --------------------------------------------------------------------------------------------------

    async def measures(self, me: Colleague, *, since: datetime, until: datetime) -> Measures:
        """Of the handovers that began from `since` until before `until`."""
        if not access.access_measures(staff_of(me)):
            raise HandingError("not_yours")
        async with self._services.database.connect() as connection:
            return await measured.measures(connection, since=since, until=until, now=self._services.now())

    async def looks(self, me: Colleague, conversation_id: int) -> list[handovers.Looked]:
        """Who has looked at the person's data lately."""
        row = await self.row(me, conversation_id)
        if not access.access_looks(staff_of(me)):
            raise HandingError("not_yours")
        async with self._services.database.connect() as connection:
            return await handovers.looks(connection, row.recruit_id)

    async def reports(self, me: Colleague) -> list[handovers.Report]:
        """Reports of abuse that nobody has closed."""
        if me.role != Role.SUPERVISOR or not me.active:
            raise HandingError("not_yours")
        async with self._services.database.connect() as connection:
            return await handovers.reports(connection)

    async def close_report(self, me: Colleague, number: int) -> None:
        if me.role != Role.SUPERVISOR or not me.active:
            raise HandingError("not_yours")
        async with self._services.database.begin() as connection:
            now = self._services.now()
            if not await handovers.close_report(connection, number, now=now):
                raise HandingError("unknown")
            about = f"report:{number}"
            await audit.add(connection, staff_id=me.id, who=me.name, what="report.close", about=about, now=now)

    # --- inside -------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _step(self, me: Colleague, conversation_id: int) -> AsyncIterator[_Step]:
        """One step in one transaction; what it says is sent once it is through."""
        services = self._services
        async with services.database.begin() as connection:
            row = await handovers.hold(connection, conversation_id)
            if row is None:
                raise HandingError("unknown")
            if not me.active:
                raise HandingError("not_yours")
            step = _Step(connection, row, services.now())
            yield step
            await handovers.announce(connection, conversation_id, "row")
        services.step("handed")
        if row.channel in services.channels:
            await services.channels[row.channel].standing(row.address)
        if step.deliver:
            turns.handle_soon(services, conversation_id)
        await services.mirror(conversation_id)
        for who, what in step.to_tell:
            await services.tell(conversation_id, who, what)

    async def _write(
        self,
        me: Colleague,
        conversation_id: int,
        source: str,
        reply: Callable[[Turn], Reply],
        *,
        answers: bool,
    ) -> int:
        async with self._step(me, conversation_id) as step:
            if (known := await handovers.written(step.connection, source)) is not None:
                return known
            self._allow(access.access_reply, me, step.row)
            row, epoch = step.row, step.row.epoch
            woken: dict[str, Any] = {}
            if row.status == "snoozed":
                epoch = await handovers.change_owner(step.connection, conversation_id, "mentor")
                woken = {"status": "with_mentor", "snoozed_until": None}
            body = reply(await self._turn_of(step)).to_json()
            number, _ = await handovers.store_written(
                step.connection, conversation_id, body, epoch=epoch, mentor_id=me.id, source=source, now=step.now
            )
            await handovers.change(
                step.connection, row.id, answered_at=row.answered_at or step.now, unread=0, waiting_since=None,
                noticed_at=None, last_at=step.now, supervisors_at=None, **woken,
            )  # fmt: skip
            if row.answered_at is None:
                await self._event(step, me, "answered")
            await handovers.announce(step.connection, conversation_id, "said")
            step.deliver = True
        return number

    async def _to_queue(self, step: _Step, me: Colleague, note: str) -> None:
        """Somebody else, whoever: it waits again, and Velkommen answers meanwhile."""
        there = await desk.floor(self._services, step.connection)
        promised = promise(there.hours, there.load(await handovers.ahead(step.connection)), step.now)
        epoch = await handovers.change_owner(step.connection, step.row.conversation_id, "bot")
        await handovers.change(
            step.connection, step.row.id, status="waiting", mentor_id=None, promised_at=promised, apologised_at=None,
            round=0, offered_at=None, supervisors_at=None, snoozed_until=None, answered_at=None,
        )  # fmt: skip
        await handovers.decline(step.connection, step.row.id, me.id, note, now=step.now)
        await self._event(step, me, "to_queue", note=note)
        await self._tell_person(step, epoch, lambda turn: human.waits_again(promised, turn))

    async def _taker(self, connection: AsyncConnection, number: int) -> Colleague:
        colleague = await staff.by_id(connection, number)
        if colleague is None or not access.access_inbox(staff_of(colleague)):
            raise HandingError("unknown_colleague")
        return colleague

    async def _event(self, step: _Step, me: Colleague, kind: str, **data: Any) -> None:
        await handovers.event(step.connection, step.row.id, kind, now=step.now, staff_id=me.id, **data)
        await handovers.announce(step.connection, step.row.conversation_id, "said")
        log.info("handover", conversation=step.row.conversation_id, step=kind, staff=me.id)

    async def _tell_person(self, step: _Step, epoch: int, reply: Callable[[Turn], Reply]) -> None:
        """A notice of ours about the step, under the epoch that it made."""
        await tell_person(self._services, step.connection, step.row, epoch, reply)
        step.deliver = True

    async def _turn_of(self, step: _Step) -> Turn:
        return await turn_of(self._services, step.connection, step.row)

    async def _turn(self, row: Row, profile: dict[str, str]) -> Turn:
        return await _turn(self._services, row, profile)

    def _allow(self, allowed: Allowed, me: Colleague, row: Row) -> None:
        case, mine = case_of(row), staff_of(me)
        if allowed(mine, case):
            return
        if not row.is_open and access.access_conversation(mine, case):
            raise HandingError("closed")
        waited = replace(case, status="waiting", open=True)
        theirs = row.status in ("with_mentor", "snoozed") and row.mentor_id != me.id
        if theirs and access.access_conversation(mine, waited):
            raise HandingError("taken", name=row.mentor or "")
        if row.is_open and row.status == "waiting" and access.access_claim(mine, case):
            raise HandingError("not_claimed")
        raise HandingError("not_yours")

    async def _looked(self, me: Colleague, row: Row) -> None:
        """A page reads on by itself; that is one look an hour."""
        async with self._services.database.begin() as connection:
            await handovers.look_hourly(connection, me.id, row.recruit_id, "conversation", now=self._services.now())

    def _visible(self, me: Colleague, row: Row, said: list[Said]) -> list[Said]:
        """Of a conversation that only waits, and was offered to others: the last question alone."""
        if access.access_transcript_before(staff_of(me), case_of(row)):
            return said
        asked = [each for each in said if each.kind == "recruit" and each.text]
        return asked[-1:]


async def tell_person(
    services: Services, connection: AsyncConnection, row: Row, epoch: int, reply: Callable[[Turn], Reply]
) -> None:
    """A notice of ours, stored under the epoch that it belongs to; the caller has it delivered."""
    body = reply(await turn_of(services, connection, row)).to_json()
    await handovers.store_written(
        connection, row.conversation_id, body, epoch=epoch, mentor_id=None, source=None, now=services.now()
    )
    await handovers.announce(connection, row.conversation_id, "said")


async def turn_of(services: Services, connection: AsyncConnection, row: Row) -> Turn:
    """The person of a conversation as one who is answered: language, profile, time."""
    planned = await people.planned_with(connection, row.recruit_id)
    return await _turn(services, row, _filled(planned.profile) if planned else {})


async def _turn(services: Services, row: Row, profile: dict[str, str]) -> Turn:
    language = row.language if row.language in LANGUAGES else DEFAULT
    now = services.now()
    return Turn(
        text="",
        language=language,
        t=translator(language),
        library=await services.shelf.library(),
        day=danish_day(now),
        profile=profile,
        can_ask=False,
        now=now,
        consent=row.consent,
    )


def _tasks(
    library: Library, profile: dict[str, str], mine: lists.Mine, now: datetime, me: Colleague
) -> tuple[Task, ...]:
    """The person's list in the mentor's language: what is late first, then what is open."""
    language = next((each for each in me.languages if each in LANGUAGES), DEFAULT)
    stand = standing(library.tasks, profile, mine.done, mine.skipped, mine.reopened, today=danish_day(now))
    own = [planned for planned in stand.plan if planned.task.id.startswith("r-")]
    order = {State.OPEN: 1, State.BLOCKED: 2, State.DONE: 3}
    own.sort(key=lambda each: (not each.legally_late, not each.late, order.get(each.state, 4), str(each.due)))
    return tuple(
        Task(
            id=each.task.id,
            title=library.task_text(each.task.id, language).title,
            state=each.state.value,
            due=each.due.isoformat() if each.due else None,
            legal=each.legal.isoformat() if each.legal else None,
            late=each.late,
            legally_late=each.legally_late,
            topic=each.task.topic,
        )
        for each in own
    )


def _with_parts(names: Iterable[str]) -> list[str]:
    """Names and their words: somebody is called by one of them."""
    return list(dict.fromkeys(part for name in names for part in (name, *name.split()) if len(part) > SHORTEST_NAME))


def _filled(profile: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in profile.items() if value}


def _short(text: str) -> str:
    return storable(text)[:LONGEST_NOTE]
