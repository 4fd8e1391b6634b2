"""Mentors at work in a messenger: what they write and press becomes a step of the desk, and what comes of it an answer.

Knows no messenger: the channel says who wrote what about which conversation, and shows the answer.
"""

import re
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.handing import OUTCOMES, QUEUE, HandingError, MentorDesk, Package, staff_of
from bot.mentor_words import Words, in_short, language_of, refusal, words_in
from bot.services import Services
from core.days import COPENHAGEN, danish_day, danish_moment
from core.messages import Button
from handover.access import access_inbox
from i18n.languages import DEFAULT
from i18n.translator import msgid
from store import forum, handovers, staff
from store.handovers import Row
from store.staff import Colleague

PRESS = "m:"  # in front of what our buttons in mentors' chats mean
MORNING = time(9)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SPAN = re.compile(r"(\d{1,3})\s*(m|min|h|d)")
UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}
MOST_CHOICES, MOST_LISTED = 6, 20
LONGEST_PAYLOAD = 64  # bytes
MOST_DIGITS = 18  # of a conversation's number

# The commands of a conversation, then those of a chat as a whole, as the menu and /help show them.
COMMANDS = {
    "claim": msgid("Take the conversation"),
    "decline": msgid("Not me: somebody else is asked"),
    "note": msgid("A note only for colleagues"),
    "snooze": msgid("Put it aside: 2h, tomorrow, monday, 2026-12-24 10:00"),
    "wake": msgid("Bring it back now"),
    "resolve": msgid("It is over: solved, referred, no_answer, not_ours"),
    "pass": msgid("Pass it on: a name and a note; without a name, back to the queue"),
    "topic": msgid("Send a topic: words of its title"),
    "canned": msgid("Send a canned reply: words of it"),
    "who": msgid("About the person"),
}
GENERAL = {"queue": msgid("Who is waiting"), "help": msgid("What I can do")}
PRIVATE = {
    "mine": msgid("My conversations"),
    "open": msgid("Go on with a conversation: its number"),
    "unlink": msgid("This chat is no longer a mentor's"),
}
SAME = {"take": "claim", "stop": "unlink", "start": "help"}

PICK = msgid("About which conversation? Open one, or answer one of my messages about it.")
NOBODY_WAITS = msgid("Nobody is waiting. Nice.")
NONE_OPEN = msgid("You have no conversation open. Take one from the queue.")
NOTHING_FITS = msgid("Nothing fits. Try another word.")
WHICH = msgid("Which one?")
WHO = msgid("Which colleague? I know: {names}")
YOURS = msgid("What you write here now goes to: {who}")
UNKNOWN = msgid("I do not know this command. /help shows all.")
UNREACHABLE = msgid("The person has stopped this chat and may not get it.")
ONLY_TEXT = msgid("Files can't be passed on yet. Please write it.")


@dataclass(frozen=True, slots=True)
class Heard:
    """What a colleague wrote or pressed. source: as a message of this chat is known; private: in their own chat.

    conversation_id: what it is about, None where that is not chosen. seen: the person's newest message that stands in
    that chat, if that is known.
    """

    me: Colleague
    conversation_id: int | None
    source: str
    seen: int | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of it. done: a sign suffices. opens: the conversation that a private chat is about from now on.

    ends: the one that it is not about any more. outbound_id: what was written to the person. package: all at hand is to be
    shown. unlink: this chat is nobody's now.
    """

    text: str = ""
    buttons: tuple[Button, ...] = ()
    done: bool = False
    opens: int | None = None
    ends: int | None = None
    outbound_id: int | None = None
    package: Package | None = None
    unlink: bool = False


DONE = Answer(done=True)


class MentorChat:
    """One for all chats of a process. where: the address at which a colleague finds a conversation."""

    def __init__(self, services: Services, where: Callable[[int], Awaitable[str]]) -> None:
        self._services, self._where = services, where
        self.desk = MentorDesk(services)

    async def says(self, heard: Heard, text: str) -> Answer:
        """A text is a message to the person, a command a step. What is refused is said to the mentor alone."""
        name, rest = command(text)
        return await self._refusing(heard, self._command(heard, name, rest) if name else self._write(heard, text))

    async def edits(self, heard: Heard, outbound_id: int, text: str) -> Answer:
        async def edit() -> Answer:
            await self.desk.edit(heard.me, outbound_id, text)
            return DONE

        return await self._refusing(heard, edit())

    async def presses(self, heard: Heard, payload: str) -> Answer:
        """`m:<verb>:<conversation>`, and what the verb needs behind it."""
        verb, _, rest = payload.removeprefix(PRESS).partition(":")
        digits, _, more = rest.partition(":")
        if (number := number_in(digits)) is None:
            return Answer()
        heard = replace(heard, conversation_id=number)
        return await self._refusing(heard, self._press(heard, verb, more))

    async def words(self, me: Colleague) -> Words:
        async with self._services.database.connect() as connection:
            return await words_in(self._services, connection, language_of(me))

    # --- steps --------------------------------------------------------------------------------------------------------

    async def _refusing(self, heard: Heard, step: "Step") -> Answer:
        try:
            return await step
        except HandingError as error:
            return Answer(refusal(error, await self.words(heard.me)))

    async def _write(self, heard: Heard, text: str) -> Answer:
        if heard.conversation_id is None:
            return await self._choose(heard)
        number = await self._known(heard.source)
        if number is None:
            try:
                row = await self.desk.row(heard.me, heard.conversation_id)
            except HandingError as error:
                return await self._instead(heard, heard.conversation_id, error)
            if (why := await self._not_theirs(heard.me, row)) is not None:
                return await self._instead(heard, row.conversation_id, why)
            await self._come_in(heard, row)
            number = await self.desk.write(heard.me, heard.conversation_id, text, source=heard.source)
            if not row.reachable:
                words = await self.words(heard.me)
                return Answer(words.t.gettext(UNREACHABLE), outbound_id=number)
        return replace(DONE, outbound_id=number)

    async def _not_theirs(self, me: Colleague, row: Row) -> HandingError | None:
        """Why a text does not go to the person: it is over, or this colleague has given it away. Only a step of their own
        brings it back, lest somebody gets what was meant for another.
        """
        if not row.is_open:
            return HandingError("closed")
        if me.id in (row.mentor_id, *row.members, *row.invited, *row.offered):
            return None
        async with self._services.database.connect() as connection:
            if not await forum.gave_away(connection, row.id, me.id):
                return None
        return HandingError("not_claimed") if row.status == "waiting" else HandingError("taken", name=row.mentor)

    async def _instead(self, heard: Heard, conversation_id: int, error: HandingError) -> Answer:
        """Why not; and in a chat of their own, what else there is."""
        why = refusal(error, await self.words(heard.me))
        if not heard.private:
            return Answer(why)
        others = await self._choose(heard)
        return Answer(f"{why}\n\n{others.text}", others.buttons, ends=conversation_id)

    async def _come_in(self, heard: Heard, row: Row) -> None:
        """Whoever answers what waits takes it, and whoever is invited joins."""
        if row.is_open and row.status == "waiting":
            await self.desk.claim(heard.me, row.conversation_id)
        elif row.is_open and heard.me.id in row.invited and row.mentor_id != heard.me.id:
            await self.desk.join(heard.me, row.conversation_id)

    async def _command(self, heard: Heard, name: str, rest: str) -> Answer:
        match name:
            case "help":
                return await self._help(heard)
            case "queue":
                return await self._list(heard, "queue", NOBODY_WAITS)
            case "mine" if heard.private:
                return await self._list(heard, "mine", NONE_OPEN)
            case "open" if heard.private and (number := number_in(rest)) is not None:
                return await self._open(heard.me, number)
            case "unlink" if heard.private:
                return Answer(unlink=True)
            case _ if name not in COMMANDS:
                return Answer((await self.words(heard.me)).t.gettext(UNKNOWN))
        if heard.conversation_id is None:
            return await self._choose(heard)
        return await self._about(heard, heard.conversation_id, name, rest)

    async def _about(self, heard: Heard, conversation_id: int, name: str, rest: str) -> Answer:
        me, desk = heard.me, self.desk
        match name:
            case "claim":
                await desk.claim(me, conversation_id)
                return replace(DONE, opens=conversation_id)
            case "decline":
                await desk.decline(me, conversation_id, rest)
                return replace(DONE, ends=conversation_id)
            case "note":
                await desk.note(me, conversation_id, rest)
            case "snooze":
                await desk.snooze(me, conversation_id, until(rest, self._services.now()))
            case "wake":
                await desk.wake(me, conversation_id)
            case "resolve":
                await desk.resolve(me, conversation_id, outcome=rest.lower() or OUTCOMES[0], seen=heard.seen)
                return replace(DONE, ends=conversation_id)
            case "pass":
                return await self._pass_on(heard, conversation_id, rest)
            case "topic":
                return await self._topic(heard, conversation_id, rest)
            case "canned":
                return await self._canned(heard, conversation_id, rest)
            case _:
                return Answer(package=await desk.package(me, conversation_id))
        return DONE

    async def _press(self, heard: Heard, verb: str, more: str) -> Answer:
        number = heard.conversation_id
        assert number is not None
        match verb:
            case "open":
                return await self._open(heard.me, number)
            case "join":
                await self.desk.join(heard.me, number)
                return replace(DONE, opens=number)
            case "queue":
                return await self._about(heard, number, "pass", "")
            case "snooze":
                return await self._about(heard, number, "snooze", "1h")
            case "claim" | "decline" | "resolve":
                return await self._about(heard, number, verb, "")
            case "topic":
                await self.desk.send_topic(heard.me, number, more, source=heard.source)
                return DONE
            case "canned":
                return await self._send_canned(heard, number, more)
            case _:
                return Answer()

    async def _pass_on(self, heard: Heard, conversation_id: int, rest: str) -> Answer:
        if not rest:
            await self.desk.pass_on(heard.me, conversation_id, QUEUE)
            return replace(DONE, ends=conversation_id)
        others = [each for each, _ in await self.desk.colleagues(heard.me) if each.id != heard.me.id]
        found, note = named(rest, others)
        if found is None:
            names = ", ".join(each.name for each in others) or "–"
            return Answer((await self.words(heard.me)).t.gettext(WHO, names=names))
        await self.desk.pass_on(heard.me, conversation_id, found.id, note)
        return replace(DONE, ends=conversation_id)

    async def _topic(self, heard: Heard, conversation_id: int, query: str) -> Answer:
        row = await self.desk.row(heard.me, conversation_id)
        found = await self.desk.topics(heard.me, query, row.language or DEFAULT) if query else []
        exact = [(slug, title) for slug, title in found if query.casefold() in (slug, title.casefold())]
        found = exact or found
        if len(found) == 1:
            await self.desk.send_topic(heard.me, conversation_id, found[0][0], source=f"{heard.source}:topic")
            return Answer(f"✓ {found[0][1]}")
        return await self._which(heard, [(f"topic:{conversation_id}:{slug}", title) for slug, title in found])

    async def _canned(self, heard: Heard, conversation_id: int, query: str) -> Answer:
        row = await self.desk.row(heard.me, conversation_id)
        found = await self.desk.canned(heard.me, row.language or DEFAULT, query, conversation_id)
        if len(found) == 1:
            return await self._send_canned(heard, conversation_id, found[0].key)
        return await self._which(heard, [(f"canned:{conversation_id}:{each.key}", each.title) for each in found])

    async def _send_canned(self, heard: Heard, conversation_id: int, key: str) -> Answer:
        row = await self.desk.row(heard.me, conversation_id)
        found = await self.desk.canned(heard.me, row.language or DEFAULT, "", conversation_id)
        text = next((each.text for each in found if each.key == key), "")
        await self.desk.write(heard.me, conversation_id, text, source=f"{heard.source}:canned")
        return DONE

    async def _which(self, heard: Heard, choices: list[tuple[str, str]]) -> Answer:
        words = await self.words(heard.me)
        fit = [
            Button(title, payload=f"{PRESS}{what}")
            for what, title in choices
            if len(f"{PRESS}{what}".encode()) <= LONGEST_PAYLOAD
        ]
        if not fit:
            return Answer(words.t.gettext(NOTHING_FITS))
        return Answer(words.t.gettext(WHICH), tuple(fit[:MOST_CHOICES]))

    async def _open(self, me: Colleague, conversation_id: int) -> Answer:
        found = await self.desk.package(me, conversation_id)
        words = await self.words(me)
        return Answer(words.t.gettext(YOURS, who=in_short(found.row, words)), opens=conversation_id, package=found)

    async def _choose(self, heard: Heard) -> Answer:
        words = await self.words(heard.me)
        listed = await self._list(heard, "mine", NONE_OPEN)
        return replace(listed, text=f"{words.t.gettext(PICK)}\n\n{listed.text}")

    async def _list(self, heard: Heard, box: str, empty: str) -> Answer:
        words = await self.words(heard.me)
        found = (await self.desk.box(heard.me, box))[:MOST_LISTED]
        if not found:
            return Answer(words.t.gettext(empty))
        return Answer("\n".join([await self._listed(heard, row, words) for row in found]))

    async def _listed(self, heard: Heard, row: Row, words: Words) -> str:
        sign = "🔴" if row.urgent else "•"
        where = f"/open {row.conversation_id}" if heard.private else await self._where(row.conversation_id)
        return f"{sign} {in_short(row, words, named=False)}\n   {where}"

    async def _help(self, heard: Heard) -> Answer:
        words = await self.words(heard.me)
        shown = {**COMMANDS, **GENERAL, **(PRIVATE if heard.private else {})}
        return Answer("\n".join(f"/{name} – {words.t.gettext(text)}" for name, text in shown.items()))

    async def _known(self, source: str) -> int | None:
        async with self._services.database.connect() as connection:
            return await handovers.written(connection, source)


type Step = Coroutine[object, object, Answer]


async def colleague_behind(connection: AsyncConnection, telegram_id: str) -> Colleague | None:
    """Whoever may work with conversations and has this account."""
    found = await staff.by_telegram(connection, telegram_id)
    return found if found is not None and access_inbox(staff_of(found)) else None


def inbox_address(public_url: str, conversation_id: int) -> str:
    """Where the inbox shows a conversation."""
    return f"{public_url}/inbox?open={conversation_id}" if public_url else f"inbox: {conversation_id}"


def package_buttons(conversation_id: int, words: Words) -> tuple[Button, ...]:
    """Below all at hand, in a group."""
    labels = {
        "claim": words.t.gettext("Take it"),
        "resolve": words.t.gettext("Resolve"),
        "snooze": words.t.gettext("Snooze 1 hour"),
        "queue": words.t.gettext("Back to the queue"),
    }
    return tuple(Button(label, payload=f"{PRESS}{verb}:{conversation_id}") for verb, label in labels.items())


def offer_buttons(conversation_id: int, what: str, words: Words, address: str) -> tuple[Button, ...]:
    """Below what a colleague is told in their own chat."""
    steps = {
        "invited": {"join": words.t.gettext("Join")},
        "passed": {"open": words.t.gettext("Open it here")},
        "reported": {},
    }
    offered = {"claim": words.t.gettext("Take it"), "decline": words.t.gettext("Not me")}
    verbs = steps.get(what, offered)
    buttons = [Button(label, payload=f"{PRESS}{verb}:{conversation_id}") for verb, label in verbs.items()]
    if address.startswith("https://"):
        buttons.append(Button(words.t.gettext("Open in the inbox"), url=address))
    return tuple(buttons)


def command(text: str) -> tuple[str, str]:
    """The command and what follows it; an empty one for any other text."""
    found = re.fullmatch(r"/([A-Za-z_]{1,32})(?:@\w+)?(?:\s+(.*))?", text.strip(), re.DOTALL)
    if found is None:
        return "", text
    name = found[1].lower()
    return SAME.get(name, name), (found[2] or "").strip()


def number_in(text: str) -> int | None:
    """The number of a conversation, as somebody writes it or a button holds it; None for anything that is none."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def until(text: str, now: datetime) -> datetime:
    """ "2h", "tomorrow", "monday", "2026-12-24 10:00" on the Danish clock; in an hour without anything."""
    wanted = text.strip().lower() or "1h"
    if span := SPAN.fullmatch(wanted):
        return now + timedelta(**{UNITS[span[2]]: int(span[1])})
    today = danish_day(now)
    if wanted in DAYS or wanted == "tomorrow":
        days = 1 if wanted == "tomorrow" else (DAYS.index(wanted) - today.weekday() - 1) % 7 + 1
        return datetime.combine(today + timedelta(days=days), MORNING, COPENHAGEN)
    try:
        return danish_moment(wanted)
    except (ValueError, OverflowError) as error:
        raise HandingError("until") from error


def named(text: str, colleagues: list[Colleague]) -> tuple[Colleague | None, str]:
    """The one colleague whose address, name or first name a text begins with, and the rest of it."""
    wanted = text.casefold()
    known = [each for each in colleagues if each.name.strip()]
    for names in (
        [(each, each.email) for each in known],
        [(each, each.name) for each in known],
        [(each, each.name.split(maxsplit=1)[0]) for each in known],
    ):
        fit = [(each, name) for each, name in names if _begins_with(wanted, name.casefold())]
        if len(fit) == 1:
            found, name = fit[0]
            return found, text[len(name) :].strip(" ,:")
    return None, text


def _begins_with(text: str, name: str) -> bool:
    return text.startswith(name) and not text[len(name) : len(name) + 1].isalnum()
