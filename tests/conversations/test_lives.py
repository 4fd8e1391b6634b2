"""Three people live their first year with the bot, day by day, from the contract to the second year.

Everything runs: the conversation, the plan, the ledger, the clock; only the engine is told what a sentence means. What
was said stands in `lives/<name>.md`, to be read by people. After a change of a text or of the plan, write them anew with
`VELKOMMEN_WRITE_LIVES=1 pytest tests/conversations/test_lives.py`, and read what has changed.
"""

import os
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import reminding
from bot.services import Services
from core.acts import Journey, JourneyCommand
from core.messages import Reply
from journey.calendar import is_holiday
from knowledge.library import Library
from tests.support.talk import Chat

LIVES = Path(__file__).parent / "lives"
WRITE = "VELKOMMEN_WRITE_LIVES"
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
QUIET_FROM, QUIET_TO = 21, 8
AWAKE_AT_NIGHT = 2  # the hour of the person's night at which the clock is let tick as well


@dataclass(frozen=True, slots=True)
class Step:
    """What a person does at a local time: writes (and what the engine makes of it), presses, or sends a command.

    press: a pattern of the payload; the newest button shown that fits. ticks: the tasks that this changes, if it does.
    """

    at: str
    says: str = ""
    means: Journey | None = None
    press: str = ""
    command: str = ""
    ticks: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    name: str
    who: str
    language: str
    home: str
    arrival: str
    until: str
    steps: tuple[Step, ...]
    told: tuple[tuple[str, str], ...] = ()
    """On which day the person tells of which other day of arrival."""


SET, NEXT, DONE = Journey.SET_PROFILE, Journey.NEXT_TASK, Journey.COMPLETE_TASK
SKIP, UNDO, REMIND = Journey.SKIP_TASK, Journey.UNDO, Journey.SET_REMINDER

JOY = Life(
    name="Joy",
    who="Joy, a nurse from Manila with husband and two children",
    language="fil",
    home="Asia/Manila",
    arrival="2027-03-03",
    told=(("2027-02-10", "2027-03-10"),),
    until="2028-04-15",
    steps=(
        Step("2026-11-24 19:02", command="start"),
        Step("2026-11-24 19:04", says="kumusta po nurse ako papunta denmark, ano po una kong gagawin?", means=NEXT),
        Step("2026-11-24 19:05", press="meet:start"),
        Step("2026-11-24 19:05", press="consent:yes"),
        Step("2026-11-24 19:06", says="Joy Reyes"),
        Step("2026-11-24 19:06", says="pilipinas po"),
        Step("2026-11-24 19:07", press="meet:set:occupation:nurse"),
        Step("2026-11-24 19:08", says="asawa ko tsaka dalawang anak"),
        Step("2026-11-24 19:09", says="march 3"),
        Step("2026-11-24 19:10", says="kahapon po pumirma"),
        Step("2026-11-24 19:10", says="hindi pa po"),
        Step("2026-11-24 19:11", says="april 1 2027"),
        Step("2026-11-24 19:12", press="meet:skip"),
        Step("2026-11-24 19:13", press="meet:set:mentor:yes"),
        Step("2026-11-24 19:14", press="next"),
        Step("2026-11-25 20:40", says="nabasa ko na po yung kontrata", means=DONE, ticks="r-read-contract"),
        Step("2026-12-01 20:15", says="nag apply na po ako ng work permit kahapon", means=DONE, ticks="r-apply-permit"),
        Step("2026-12-06 18:20", press="remind:*:later"),
        Step("2026-12-06 18:20", press="remind:*:7d"),
        Step("2026-12-08 21:10", says="paalala mo sa akin bukas ng 3 ng hapon tawagan ang embassy", means=REMIND),
        Step("2026-12-10 17:45", says="tapos na po yung fingerprint kanina", means=DONE, ticks="r-record-biometrics"),
        Step("2026-12-13 09:30", press="remind:*:more"),
        Step("2026-12-13 09:31", press="skip:r-apply-authorisation", ticks="r-apply-authorisation"),
        Step("2026-12-20 10:05", press="remind:*:done", ticks="r-family-plan"),
        Step("2026-12-23 20:00", says="nag duolingo na po ako", means=DONE, ticks="r-start-danish-early"),
        Step("2026-12-28 19:00", says="na-submit na po ang family permit", means=DONE, ticks="r-family-permit"),
        Step("2027-01-06 21:30", says="kumpleto na mga papeles ko", means=DONE, ticks="r-collect-documents"),
        Step("2027-01-15 09:20", press="remind:*:done", ticks="r-first-month-budget"),
        Step("2027-02-01 20:10", says="approved na permit ko kahapon!!", means=DONE, ticks="r-check-granted-permit"),
        Step("2027-02-10 19:30", says="march 10 na po pala dating ko, na move ang flight", means=SET),
        Step("2027-02-10 19:31", says="ano na po susunod?", means=NEXT),
        Step(
            "2027-02-14 11:00",
            says="ok na po unang bahay, pwede cpr",
            means=DONE,
            ticks="r-confirm-first-home r-register-cpr",
        ),
        Step(
            "2027-02-14 11:01",
            says="ay mali wala pa po cpr, bawiin mo",
            means=UNDO,
            ticks="r-confirm-first-home r-register-cpr",
        ),
        Step("2027-02-14 11:02", says="unang bahay lang po ang tapos na", means=DONE, ticks="r-confirm-first-home"),
        Step("2027-02-14 11:04", says="info sa school ok na rin", means=DONE, ticks="r-ask-daycare-school"),
        Step(
            "2027-02-19 20:00", says="nakausap ko na mentor ko sa video call", means=DONE, ticks="r-meet-mentor-online"
        ),
        Step(
            "2027-02-22 19:15", says="may ics appointment na po kami", means=DONE, ticks="r-book-authority-appointments"
        ),
        Step("2027-02-26 19:15", says="may travel insurance na", means=DONE, ticks="r-health-cover-until-cpr"),
        Step(
            "2027-03-10 22:10", says="dito na po kami! sinundo kami ng mentor", means=DONE, ticks="r-welcome-at-arrival"
        ),
        Step("2027-03-11 16:00", says="may danish number na", means=DONE, ticks="r-danish-sim"),
        Step("2027-03-15 15:30", says="nakuha ko na cpr ko kanina", means=DONE, ticks="r-register-cpr"),
        Step("2027-03-15 15:31", says="ano po susunod", means=NEXT),
        Step(
            "2027-03-16 18:00",
            says="wala po akong kotse, di para sa akin yung plaka",
            means=SKIP,
            ticks="r-register-car",
        ),
        Step("2027-03-17 18:00", says="may doktor na, tsaka mitid na rin", means=DONE, ticks="r-choose-gp r-mitid"),
        Step("2027-03-19 18:30", says="tax card ok na", means=DONE, ticks="r-tax-card"),
        Step(
            "2027-03-22 19:00", says="wala naman pong sira sa bahay, naireport ko", means=DONE, ticks="r-report-defects"
        ),
        Step("2027-03-25 19:00", says="digital post tapos na", means=DONE, ticks="r-digital-post"),
        Step("2027-03-31 17:00", says="may bank account na kami sa danske", means=DONE, ticks="r-bank-nemkonto"),
        Step("2027-04-02 12:00", says="naka enroll na sa school ng mga bata", means=DONE, ticks="r-school-enrol"),
        Step("2027-04-03 20:15", says="housing benefit di para sa amin", means=SKIP, ticks="r-housing-benefit"),
        Step("2027-04-10 18:15", says="natanggap na henvisning", means=DONE, ticks="r-danish-referral"),
        Step("2027-04-11 12:00", says="tsaka po yellow card", means=DONE, ticks="r-health-card-arrived"),
        Step("2027-04-16 18:15", press="remind:*:done", ticks="r-join-association"),
        Step("2027-05-06 18:00", says="nagsimula na ako sa danish class", means=DONE, ticks="r-danish-classes-start"),
        Step(
            "2027-05-20 17:00",
            says="lumipat na po kami kahapon sa sariling apartment",
            means=DONE,
            ticks="r-lasting-home",
        ),
        Step("2027-05-22 10:00", says="nareport na yung bagong address", means=DONE, ticks="r-report-move"),
        Step("2027-11-23 18:00", says="ok na yung tax sa susunod na taon", means=DONE, ticks="r-next-year-tax"),
    ),
)
MAREK = Life(
    name="Marek",
    who="Marek, an engineer from Poland, alone",
    language="pl",
    home="Europe/Warsaw",
    arrival="2027-01-11",
    until="2028-02-01",
    steps=(
        Step("2026-11-23 20:31", command="start"),
        Step("2026-11-23 20:32", says="cześć, przyjeżdżam do danii 11 stycznia", means=SET),
        Step("2026-11-23 20:32", press="consent:yes"),
        Step("2026-11-23 20:33", says="Marek"),
        Step("2026-11-23 20:33", says="Polska"),
        Step("2026-11-23 20:34", says="inżynier"),
        Step("2026-11-23 20:34", press="meet:set:household:single"),
        Step("2026-11-23 20:35", says="podpisałem 16 listopada"),
        Step("2026-11-23 20:36", says="18.01."),
        Step("2026-11-23 20:36", says="kopenhaga"),
        Step("2026-11-23 20:37", press="meet:skip"),
        Step("2026-11-23 20:38", says="co teraz?", means=NEXT),
        Step("2026-11-23 20:39", says="kontrakt przeczytany", means=DONE, ticks="r-read-contract"),
        Step("2026-11-29 12:10", says="budzet policzony", means=DONE, ticks="r-first-month-budget"),
        Step("2026-12-08 19:02", press="remind:*:later"),
        Step("2026-12-08 19:02", press="remind:*:choose"),
        Step("2026-12-08 19:03", says="w sobotę"),
        Step("2026-12-12 10:15", says="mieszkanie na start załatwione", means=DONE, ticks="r-confirm-first-home"),
        Step("2026-12-16 21:00", says="uczę się duńskiego na duolingo", means=DONE, ticks="r-start-danish-early"),
        Step("2026-12-20 14:00", press="remind:*:done", ticks="r-meet-mentor-online"),
        Step("2026-12-21 18:00", says="przypomnij mi jutro o 10 żeby zadzwonić do SIRI", means=REMIND),
        Step("2026-12-22 10:20", press="remind:*:done"),
        Step("2026-12-22 10:21", says="mam termin w ics", means=DONE, ticks="r-book-authority-appointments"),
        Step("2026-12-29 20:00", says="papiery przetłumaczone", means=DONE, ticks="r-collect-documents"),
        Step("2027-01-04 17:00", says="ekuz wyrobiony", means=DONE, ticks="r-health-cover-until-cpr"),
        Step(
            "2027-01-11 18:00",
            says="jestem w danii, odebrali mnie z lotniska",
            means=DONE,
            ticks="r-welcome-at-arrival",
        ),
        Step("2027-01-12 12:30", says="mam duński numer", means=DONE, ticks="r-danish-sim"),
        Step("2027-01-13 15:00", says="dokument unijny złożony", means=DONE, ticks="r-eu-residence-document"),
        Step("2027-01-20 16:10", says="dostałem dziś CPR", means=DONE, ticks="r-register-cpr"),
        Step("2027-01-20 16:11", says="co dalej", means=NEXT),
        Step("2027-01-20 16:12", says="mam kartę podatkową", means=DONE, ticks="r-tax-card"),
        Step("2027-01-20 16:12", says="sorry cofnij, to była karta miejska", means=UNDO, ticks="r-tax-card"),
        Step("2027-01-22 17:00", says="usterki zgłoszone dzisiaj rano", means=DONE, ticks="r-report-defects"),
        Step("2027-01-23 11:00", says="nie mam auta, to nie dla mnie", means=SKIP),
        Step("2027-01-23 11:01", says="samochodu nie mam", means=SKIP, ticks="r-register-car"),
        Step("2027-01-25 18:20", says="lekarz wybrany, mitid działa", means=DONE, ticks="r-choose-gp r-mitid"),
        Step("2027-01-26 12:00", says="karta podatkowa gotowa", means=DONE, ticks="r-tax-card"),
        Step(
            "2027-01-29 18:00",
            says="konto w banku otwarte, e-boks też",
            means=DONE,
            ticks="r-bank-nemkonto r-digital-post",
        ),
        Step("2027-02-06 09:40", press="remind:*:skip", ticks="r-housing-benefit"),
        Step("2027-02-15 18:00", says="za dużo tych wiadomości, pisz rzadziej", means=Journey.FEWER_REMINDERS),
        Step("2027-03-20 18:00", says="możesz znowu przypominać", means=Journey.RESUME_REMINDERS),
        Step("2027-11-22 18:00", press="remind:*:done", ticks="r-next-year-tax"),
    ),
)
AINO = Life(
    name="Aino",
    who="Aino, a care worker from Finland, with her partner",
    language="da",
    home="Europe/Helsinki",
    arrival="2027-08-01",
    until="2028-09-01",
    steps=(
        Step("2027-05-10 17:10", command="start"),
        Step("2027-05-10 17:11", says="hej jeg starter som sosu i august, hvad skal jeg gøre", means=NEXT),
        Step("2027-05-10 17:12", press="meet:start"),
        Step("2027-05-10 17:12", press="consent:yes"),
        Step("2027-05-10 17:13", says="Aino"),
        Step("2027-05-10 17:13", says="finland"),
        Step("2027-05-10 17:14", says="sosu assistent"),
        Step("2027-05-10 17:14", says="min kæreste og mig"),
        Step("2027-05-10 17:15", says="1. august"),
        Step("2027-05-10 17:16", says="3. maj"),
        Step("2027-05-10 17:16", says="16/8"),
        Step("2027-05-10 17:17", says="odense"),
        Step("2027-05-10 17:18", press="meet:skip"),
        Step("2027-05-10 17:18", press="list"),
        Step("2027-05-11 08:20", says="kontrakten har jeg læst", means=DONE, ticks="r-read-contract"),
        Step("2027-05-14 16:00", says="har søgt autorisation i dag", means=DONE, ticks="r-apply-authorisation"),
        Step("2027-05-30 10:00", press="remind:*:done", ticks="r-family-plan"),
        Step("2027-05-30 10:01", says="jeg taler dansk, så dansk app er ikke noget for mig", means=SKIP),
        Step("2027-06-14 19:00", says="papirer klar", means=DONE, ticks="r-collect-documents"),
        Step("2027-06-17 19:00", press="remind:*:done", ticks="r-first-month-budget"),
        Step("2027-06-29 18:00", says="husk mig på fredag kl 17 at ringe til udlejer", means=REMIND),
        Step("2027-07-03 12:00", says="første bolig er på plads", means=DONE, ticks="r-confirm-first-home"),
        Step("2027-07-08 18:00", says="videoopkald klaret i går", means=DONE, ticks="r-meet-mentor-online"),
        Step("2027-07-15 09:10", press="remind:*:done", ticks="r-health-cover-until-cpr"),
        Step("2027-07-16 15:00", says="har tid i borgerservice", means=DONE, ticks="r-book-authority-appointments"),
        Step("2027-08-01 20:00", says="vi er her nu, har fået nøgler", means=DONE, ticks="r-welcome-at-arrival"),
        Step("2027-08-02 12:00", says="simkort", means=DONE, ticks="r-danish-sim"),
        Step("2027-08-04 14:00", says="fik cpr i dag", means=DONE, ticks="r-register-cpr"),
        Step("2027-08-04 14:01", says="hvad så nu", means=NEXT),
        Step("2027-08-06 12:00", says="skattekort og mitid er på plads", means=DONE, ticks="r-tax-card r-mitid"),
        Step("2027-08-06 12:01", says="fortryd, det var kun mitid", means=UNDO, ticks="r-tax-card r-mitid"),
        Step("2027-08-06 12:01", says="mitid er klaret", means=DONE, ticks="r-mitid"),
        Step(
            "2027-08-10 17:00",
            says="læge valgt, indbo og strøm også",
            means=DONE,
            ticks="r-choose-gp r-contents-insurance",
        ),
        Step("2027-08-11 17:00", press="remind:*:done", ticks="r-tax-card"),
        Step("2027-08-14 10:00", says="har sendt mangelliste", means=DONE, ticks="r-report-defects"),
        Step("2027-08-17 19:00", says="vi har ingen bil", means=SKIP, ticks="r-register-car"),
        Step("2027-08-20 17:00", says="bank og e-boks er klar", means=DONE, ticks="r-bank-nemkonto r-digital-post"),
        Step("2027-08-25 17:00", says="boligstøtte er ikke for os", means=SKIP, ticks="r-housing-benefit"),
        Step("2027-10-10 20:00", says="ferie, ingen beskeder indtil 25. oktober", means=Journey.PAUSE_REMINDERS),
        Step("2027-10-27 19:00", says="er skrevet op på ventelisten", means=DONE, ticks="r-almen-waiting-list"),
        Step("2027-11-23 18:00", says="forskud for næste år er klaret", means=DONE, ticks="r-next-year-tax"),
    ),
)
PEOPLE = {"joy": JOY, "marek": MAREK, "aino": AINO}


@dataclass(slots=True)
class Sent:
    """A message that the bot sent by itself, and the rows of the ledger that it is made of."""

    at: datetime
    reply: Reply
    rows: list[Any]
    settled: dict[str, str]


@dataclass(slots=True)
class Diary:
    life: Life
    sent: list[Sent] = field(default_factory=list)
    postponed: dict[int, set[str]] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    day: date | None = None

    def zone(self, now: datetime) -> ZoneInfo:
        """Where the person is, by what they have told so far; worked out apart from the code under test."""
        today = now.astimezone(COPENHAGEN).date().isoformat()
        arrival = next((day for told_on, day in self.life.told if told_on <= today), self.life.arrival)
        return COPENHAGEN if today >= arrival else ZoneInfo(self.life.home)

    def write(self, now: datetime, who: str, *lines: str) -> None:
        local = now.astimezone(self.zone(now))
        if local.date() != self.day:
            self.day = local.date()
            self.pages += [f"## {local:%A} {local.day} {local:%B %Y}", ""]
        self.pages += [f"**{local:%H:%M} {who}**", "", *lines, ""]

    def write_reply(self, now: datetime, who: str, reply: Reply) -> None:
        title = [f"**{reply.title}**", ""] if reply.title else []
        text = [f"> {line}".rstrip() for line in (*title, *reply.text.split("\n"))]
        buttons = " ".join(f"[{button.label}]" for button in reply.buttons)
        self.write(now, who, *text, *(["", buttons] if buttons else []))

    def text(self) -> str:
        head = [f"# {self.life.who}", "", f"Written by `test_lives.py`; to renew it: `{WRITE}=1 pytest {{}}`", ""]
        head[2] = head[2].format("tests/conversations/test_lives.py")
        return "\n".join([*head, *self.pages]).rstrip() + "\n"


@pytest.mark.parametrize("name", PEOPLE)
async def test_a_first_year(services: Services, library: Library, name: str) -> None:
    life = PEOPLE[name]
    chat = Chat(services, address=name)
    chat.hint = life.language
    diary = Diary(life)
    await _live(chat, diary)

    written = diary.text()
    path = LIVES / f"{name}.md"
    if os.environ.get(WRITE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(written, encoding="utf-8")
    for sent in diary.sent:
        _check(sent, diary, library)
    hours = Counter(sent.at.replace(minute=0) for sent in diary.sent)
    assert max(hours.values()) == 1, "one message an hour is enough"
    await _check_ledger(chat)
    assert path.read_text(encoding="utf-8") == written, f"the life of {name} has changed; {WRITE}=1 writes it anew"


# --- living -----------------------------------------------------------------------------------------------------------


async def _live(chat: Chat, diary: Diary) -> None:
    """Go from one moment at which something happens to the next: a step, a reminder that is due, a look at night."""
    end = datetime.fromisoformat(diary.life.until).replace(tzinfo=UTC)
    steps = iter(diary.life.steps)
    step = next(steps)
    chat.clock.now = _moment(step, diary)
    nights = _nights(chat.clock.now, diary)
    night = next(nights)
    while chat.clock.now < end:
        due = await _next_due(chat)
        moments = [night, *([due] if due else []), *([_moment(step, diary)] if step else [])]
        chat.clock.now = max(min(moments), chat.clock.now)
        if step and chat.clock.now == _moment(step, diary):
            await _play(step, chat, diary)
            step = next(steps, None)
            assert step is None or _moment(step, diary) >= chat.clock.now, f"{step} comes before the one in front of it"
        await _tick(chat, diary)
        if chat.clock.now == night:
            night = next(nights)
    assert step is None, f"never reached {step}"


def _moment(step: Step, diary: Diary) -> datetime:
    """The local time of a step as a moment; the zone is that of noon on that day."""
    local = datetime.fromisoformat(step.at)
    noon = local.replace(hour=12, tzinfo=COPENHAGEN)
    return local.replace(tzinfo=diary.zone(noon)).astimezone(UTC)


def _nights(now: datetime, diary: Diary) -> Iterator[datetime]:
    day = now.date()
    while True:
        day += timedelta(days=1)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=COPENHAGEN)
        yield noon.replace(hour=AWAKE_AT_NIGHT, minute=30, tzinfo=diary.zone(noon)).astimezone(UTC)


async def _next_due(chat: Chat) -> datetime | None:
    ((due,),) = await chat.rows("select min(due_at) from reminders where status in ('planned', 'postponed')")
    return due.astimezone(UTC) if due else None


async def _play(step: Step, chat: Chat, diary: Diary) -> None:
    before = await _changes(chat)
    if step.means:
        chat.engine.will(JourneyCommand(step.means))
    if step.command:
        diary.write(chat.clock.now, diary.life.name, f"/{step.command}")
        replies = await chat.commands(step.command)
    elif step.press:
        shown = [button for reply in chat.all for button in reply.buttons]
        button = next((b for b in reversed(shown) if fnmatch(b.payload, step.press)), None)
        assert button, f"{step.at}: no button {step.press} was shown"
        diary.write(chat.clock.now, diary.life.name, f"[{button.label}]")
        replies = await chat.presses(button.payload)
    else:
        diary.write(chat.clock.now, diary.life.name, step.says)
        replies = await chat.says(step.says)
    for reply in replies:
        diary.write_reply(chat.clock.now, "Velkommen", reply)
    assert replies, f"{step.at}: no answer"
    assert {reply.language for reply in replies} == {diary.life.language}, f"{step.at}: in another language"
    assert not chat.engine.script, f"{step.at}: nobody asked the engine what {step.says!r} means"
    changed = {task for task, _ in before.items() ^ (await _changes(chat)).items()}
    assert not step.ticks or changed == {*step.ticks.split()}, f"{step.at}: {changed}, {replies[-1].text}"


async def _changes(chat: Chat) -> dict[str, str]:
    rows = await chat.rows("select distinct on (task) task, status from task_changes order by task, id desc")
    return {row.task: row.status for row in rows}


async def _tick(chat: Chat, diary: Diary) -> None:
    """Let the clock tick as the worker does, and note what was sent and what was put off."""
    batches: list[uuid.UUID] = []

    async def defer(batch: uuid.UUID) -> None:
        batches.append(batch)

    before = len(chat.channel.sent)
    await reminding.tick(chat.services, defer)
    for batch in batches:
        await reminding.send_batch(chat.services, batch)
    await reminding.sweep(chat.services, defer)
    chat.new()
    if not batches:
        return
    settled = await _changes(chat)
    for _, number, reply, _ in chat.channel.sent[before:]:
        rows = await chat.rows("select * from reminders where outbound_id = :number order by id", number=number)
        diary.sent.append(Sent(chat.clock.now, reply, rows, settled))
        diary.write_reply(chat.clock.now, "Velkommen, by itself", reply)
    for row in await chat.rows("select id, reason from reminders where status = 'postponed'"):
        diary.postponed.setdefault(row.id, set()).add(row.reason)


# --- checking ---------------------------------------------------------------------------------------------------------


def _check(sent: Sent, diary: Diary, library: Library) -> None:
    zone = diary.zone(sent.at)
    local = sent.at.astimezone(zone)
    when = f"{local:%Y-%m-%d %H:%M}: {sent.reply.text[:80]!r}"
    assert sent.rows, f"{when}: not in the ledger"
    assert QUIET_TO <= local.hour < QUIET_FROM, f"{when}: at night"
    assert sent.reply.language == diary.life.language, f"{when}: in another language"
    assert sent.reply.bulk, when
    for row in sent.rows:
        assert row.status == "sent", f"{when}: {row.status}"
        planned = row.planned_for.astimezone(zone)
        reasons = diary.postponed.get(row.id, set())
        if reasons:
            assert planned.date() < local.date() or reasons & {"quiet hours", "in the middle of our questions"}, when
            assert "a Danish holiday" not in reasons or is_holiday(planned.date()), f"{when}: {reasons}"
        else:
            assert planned == local, f"{when}: planned for {planned}"
        if row.kind == "task":
            assert sent.settled.get(row.task) not in ("done", "skipped"), f"{when}: {row.task} was settled"
            title = library.task_text(row.task, diary.life.language).title
            assert title in sent.reply.text, f"{when}: doesn't name {row.task}"


async def _check_ledger(chat: Chat) -> None:
    """Nothing is left behind: sent, or settled with a reason, or still to come."""
    for row in await chat.rows("select * from reminders order by id"):
        what = f"{row.task} {row.occurrence}: {row.status}, {row.reason}, due {row.due_at}"
        match row.status:
            case "sent":
                assert row.settled_at, what
            case "skipped" | "failed":
                assert row.reason, what
            case "planned" | "postponed":
                assert row.due_at > chat.clock.now, what
            case _:
                pytest.fail(what)
