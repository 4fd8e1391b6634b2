"""Numbers that a head of department understands: what was asked, how it ended, what came of it. Nobody is in them."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from fastapi.responses import Response
from markupsafe import Markup

from bot.mentor_words import OUTCOMES
from core.days import danish_day, danish_midnight
from i18n import format as local
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import msgid
from knowledge.library import Library
from store import numbers as stored
from store.measures import Measures, measures
from store.numbers import Counted
from web.admin import charts, hidden
from web.admin.room import Room, Rooms
from web.inbox_views import THEMES
from web.listed import PHASES

MOST_DAYS, USUAL_DAYS = 1100, 30
DAYS_APART = 92  # more days than that are shown by the week
TOPICS = 15
ENDS = ("answered", "asked_back", "unanswered", "handed_over")
ENDED = {
    "answered": msgid("Answered"),
    "asked_back": msgid("Asked back"),
    "unanswered": msgid("No sure answer"),
    "handed_over": msgid("Handed over to a mentor"),
}
STATUSES = {
    "sent": msgid("Sent"),
    "planned": msgid("Still to come"),
    "postponed": msgid("Postponed"),
    "skipped": msgid("Not sent, with a reason"),
    "failed": msgid("Could not be delivered"),
}
# Why a reminder was not sent, by how the ledger begins its reason; the last holds for all else.
WHY = {
    "done meanwhile": msgid("The task was done already"),
    "not for this person": msgid("The person said: not for me"),
    "fewer": msgid("The person wants fewer reminders"),
    "stopped": msgid("The person has stopped reminders"),
    "consent": msgid("No consent (any more)"),
    "unreachable": msgid("Not reachable"),
    "too late": msgid("It would have come too late"),
    "waits": msgid("It waits for something else"),
    "": msgid("No longer needed"),
}
PRESETS = (
    ("7", msgid("Last 7 days")),
    ("30", msgid("Last 30 days")),
    ("90", msgid("Last 90 days")),
    ("month", msgid("Last month")),
    ("year", msgid("This year")),
)
STALE = {
    "review": msgid("Answers past their review date"),
    "outdated": msgid("Translations made from an older text"),
    "missing": msgid("Texts that are not written in a language"),
    "figures": msgid("Amounts and deadlines past their review date"),
    "no_value": msgid("Amounts without a value for today"),
    "unlearnt": msgid("Answers that the model in use has not learnt"),
}
HIDDEN = msgid("fewer than 5")

rooms = Rooms(prefix="/admin/numbers")


@dataclass(frozen=True, slots=True)
class Table:
    """A row is a label and its cells; None: hidden, as too few or to keep those hidden."""

    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int | str | None]]]


@dataclass(frozen=True, slots=True)
class Block:
    """id: in the address of its CSV. sentence: what it means, in words."""

    id: str
    title: str
    sentence: str
    picture: Markup | None
    table: Table
    links: Sequence[tuple[str, str]] = field(default=())


@dataclass(frozen=True, slots=True)
class Period:
    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def before(self) -> "Period":
        """As many days, right before."""
        return Period(self.since - timedelta(days=self.days), self.since - timedelta(days=1))


@rooms.see("", "numbers.read")
async def numbers(room: Room) -> Response:
    asked = period(room.query, danish_day(room.now))
    blocks = await _blocks(room, asked)
    return room.page(
        "admin/numbers.html",
        blocks=blocks,
        period=asked,
        presets=[(value, room.t.gettext(label)) for value, label in PRESETS],
        preset=room.query("period"),
        compare=bool(room.query("compare")),
        patterns=charts.DEFINED,
    )


@rooms.see("/{block}.csv", "numbers.read")
async def as_csv(room: Room) -> Response:
    """The table of one block."""
    asked = period(room.query, danish_day(room.now))
    block = next((each for each in await _blocks(room, asked) if each.id == room.param("block")), None)
    if block is None:
        room.gone()
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow([block.title, *block.table.columns])
    few = room.t.gettext(HIDDEN)
    for label, cells in block.table.rows:
        rows.writerow([_harmless(label), *(few if cell is None else cell for cell in cells)])
    name = f"{block.id}-{asked.since}-{asked.until}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def period(query: Callable[[str], str], today: date) -> Period:
    """What the address asks for: a preset, or two days; what makes no sense is the last thirty days."""
    match query("period"):
        case "7" | "30" | "90" as days:
            return Period(today - timedelta(days=int(days) - 1), today)
        case "month":
            last = today.replace(day=1) - timedelta(days=1)
            return Period(last.replace(day=1), last)
        case "year":
            return Period(today.replace(month=1, day=1), today)
        case _:
            since, until = _day(query("since")), _day(query("until"))
    until = until if until is not None and date(2020, 1, 1) <= until <= today else today
    if since is None or since > until:
        since = until - timedelta(days=USUAL_DAYS - 1)
    return Period(max(since, until - timedelta(days=MOST_DAYS - 1)), until)


@dataclass(frozen=True, slots=True)
class Found:
    """What the database says of a period, and of the time before where that is compared."""

    counted: Mapping[str, Sequence[Counted]]
    earlier: Sequence[Counted] | None
    handed: Measures
    told: stored.Reminded
    phases: Sequence[stored.InPhase]


async def _blocks(room: Room, asked: Period) -> list[Block]:
    compare = bool(room.query("compare"))
    found: Found = await room.frame.kept.get(("numbers", asked, compare), lambda: _find(room, asked, compare))
    library = await room.library()
    by = found.counted
    return [
        _conversations(room, asked, by["day"], found.earlier),
        _ends(room, by["language"], found.earlier),
        _by(room, "themes", msgid("Questions by theme"), by["theme"], lambda theme: _theme(room, theme)),
        _by(room, "languages", msgid("Questions by language"), by["language"], lambda code: _language(room, code)),
        _topics(room, by["topic"], library),
        _ratings(room, by["language"], found.handed),
        _waits(room, found.handed),
        _reminders(room, found.told),
        _progress(room, found.phases),
        _stale(room, library),
    ]


async def _find(room: Room, asked: Period, compare: bool) -> Found:
    span = {"since": danish_midnight(asked.since), "until": danish_midnight(asked.until + timedelta(days=1))}
    async with room.reading() as connection:
        counted = await stored.counted(connection, since=asked.since, until=asked.until)
        earlier = None
        if compare:
            before = asked.before()
            earlier = (await stored.counted(connection, since=before.since, until=before.until))["language"]
        return Found(
            counted,
            earlier,
            await measures(connection, **span, now=room.now, groups=("language",)),
            await stored.reminded(connection, since=asked.since, until=asked.until),
            await stored.phases(connection, today=danish_day(room.now)),
        )


# --- blocks -----------------------------------------------------------------------------------------------------------


def _conversations(room: Room, asked: Period, days: Sequence[Counted], earlier: Sequence[Counted] | None) -> Block:
    by_day = {each.label: each.number for each in days if each.what == "conversation"}
    weekly = asked.days > DAYS_APART
    sums: dict[date, int] = {}
    for place in range(asked.days):
        day = asked.since + timedelta(days=place)
        begin = max(day - timedelta(days=day.weekday()), asked.since) if weekly else day
        sums[begin] = sums.get(begin, 0) + by_day.get(day.isoformat(), 0)
    whole = sum(sums.values())
    title = room.t.gettext(msgid("Conversations"))
    shown = hidden.line(list(sums.values()))
    rows = [(local.day(day, room.language), (number,)) for day, number in zip(sums, shown, strict=True)]
    drawn = [(label, cells[0] or 0) for label, cells in rows]
    sentence = room.t.gettext(
        msgid("{number} conversations. Somebody who writes on a day counts once on that day."),
        number=_told(room, whole),
    )
    if earlier is not None:
        before = sum(each.number for each in earlier if each.what == "conversation")
        sentence += " " + _compared(room, before)
    column = room.t.gettext(msgid("Conversations in the week from that day") if weekly else msgid("Conversations"))
    return Block("conversations", title, sentence, charts.columns(drawn, title=title), Table((column,), rows))


def _ends(room: Room, counted: Sequence[Counted], earlier: Sequence[Counted] | None) -> Block:
    ends = _sums(counted)
    whole = sum(ends[what] for what in ENDS)
    title = room.t.gettext(msgid("How questions ended"))
    shown = hidden.line([ends[what] for what in ENDS])
    labels = [room.t.gettext(ENDED[what]) for what in ENDS]
    rows = [(label, (number,)) for label, number in zip(labels, shown, strict=True)]
    sentence = ""
    if shown[0] is not None:  # of a hidden number, the share would tell it
        share = _percent(ends["answered"], whole)
        told = msgid("{number} questions, {share} % of them answered at once.")
        sentence = room.t.gettext(told, number=_told(room, whole), share=share)
    before = _sums(earlier or ())
    if earlier is not None and hidden.line([before[what] for what in ENDS])[0] is not None:
        share = _percent(before["answered"], sum(before[what] for what in ENDS))
        sentence += " " + room.t.gettext(msgid("In the time before: {share} %."), share=share)
    parts = [(label, number) for label, number in zip(labels, shown, strict=True) if number]
    picture = charts.shares(parts, title=title) if parts else None
    return Block("ends", title, sentence, picture, Table((room.t.gettext(msgid("Questions")),), rows))


def _by(room: Room, id_: str, title: str, counted: Sequence[Counted], label: Callable[[str], str]) -> Block:
    """Questions in groups, and how they ended."""
    groups: dict[str, dict[str, int]] = {}
    for each in counted:
        if each.what in ENDS:
            groups.setdefault(each.label, dict.fromkeys(ENDS, 0))[each.what] += each.number
    largest = sorted(groups, key=lambda group: (-sum(groups[group].values()), group))
    cells = hidden.table([[groups[group][what] for what in ENDS] for group in largest])
    sums = hidden.line([sum(groups[group].values()) for group in largest])
    rows = [(label(group), (sums[at], *cells[at])) for at, group in enumerate(largest)]
    named = room.t.gettext(title)
    columns = (room.t.gettext(msgid("Questions")), *(room.t.gettext(ENDED[what]) for what in ENDS))
    picture = charts.bars([(row[0], row[1][0]) for row in rows], title=named, hidden=room.t.gettext(HIDDEN))
    sentence = room.t.gettext(msgid("Most came in: {what}."), what=rows[0][0]) if rows and sums[0] else ""
    return Block(id_, named, sentence, picture if rows else None, Table(columns, rows))


def _topics(room: Room, counted: Sequence[Counted], library: Library) -> Block:
    found = sorted(
        (each for each in counted if each.what == "answered" and each.label),
        key=lambda each: (-each.number, each.label),
    )
    shown = hidden.line([each.number for each in found])
    kept = [(each, number) for each, number in zip(found, shown, strict=True) if number is not None][:TOPICS]
    thumbs = {(each.what, each.label): each.number for each in counted}
    rows = [
        (_title(library, each.label, room.language), (number, *_thumbs(thumbs, each.label))) for each, number in kept
    ]
    title = room.t.gettext(msgid("Answers that were given most"))
    columns = tuple(room.t.gettext(each) for each in (msgid("Given"), msgid("Thumbs up"), msgid("Thumbs down")))
    picture = charts.bars([(row[0], row[1][0]) for row in rows], title=title, hidden="") if rows else None
    return Block("topics", title, "", picture, Table(columns, rows))


def _ratings(room: Room, counted: Sequence[Counted], handed: Measures) -> Block:
    sums = _sums(counted)
    up, down = hidden.line([max(sums["thumb_up"], 0), max(sums["thumb_down"], 0)])
    title = room.t.gettext(msgid("Was it helpful?"))
    rows: list[tuple[str, Sequence[int | str | None]]] = [
        (room.t.gettext(msgid("Thumbs up")), (up,)),
        (room.t.gettext(msgid("Thumbs down")), (down,)),
    ]
    ratings = handed.total["ratings"]
    if ratings >= hidden.FEWEST:
        rows.append((room.t.gettext(msgid("Mentors, from 1 to 5")), (f"{handed.total['rating']:.1f}",)))
    sentence = ""
    if up is not None and down is not None and up + down:
        sentence = room.t.gettext(msgid("{share} % of the thumbs point up."), share=_percent(up, up + down))
    parts = [(row[0], row[1][0]) for row in rows[:2] if isinstance(row[1][0], int) and row[1][0]]
    picture = charts.shares(parts, title=title) if parts else None
    return Block("ratings", title, sentence, picture, Table((room.t.gettext(msgid("How often")),), rows))


def _waits(room: Room, handed: Measures) -> Block:
    """Time to a human, promises, and how it ended."""
    title = room.t.gettext(msgid("From bot to mentor"))
    columns = tuple(
        room.t.gettext(each)
        for each in (
            msgid("Handovers"), msgid("First answer, median"), msgid("First answer, nine of ten within"),
            msgid("Promise kept"), msgid("Solved for good"),
        )
    )  # fmt: skip
    groups = [(room.t.gettext(msgid("All")), handed.total)]
    groups += [(_language(room, row["label"] or ""), row) for row in handed.by_language]
    sums = hidden.line([row["count"] for _, row in groups[1:]])
    rows: list[tuple[str, Sequence[int | str | None]]] = []
    for (label, row), number in zip(groups, (handed.total["count"], *sums), strict=True):
        small = number is None or 0 < row["count"] < hidden.FEWEST
        figures = (
            _minutes(room, row["median_minutes"]), _minutes(room, row["p90_minutes"]),
            _share(row["kept_percent"]), _share(row["durable_percent"]),
        )  # fmt: skip
        rows.append((label, (None,) * 5 if small else (number, *figures)))
    sentence = ""
    if handed.total["count"] >= hidden.FEWEST and handed.total["median_minutes"] is not None:
        sentence = room.t.gettext(
            msgid(
                "Half of those who asked for a human had an answer within {time}. {share} of the promises were kept."
            ),
            time=_minutes(room, handed.total["median_minutes"]),
            share=_share(handed.total["kept_percent"]),
        )
    ended = [(room.t.gettext(OUTCOMES.get(what, what)), number) for what, number in handed.total["outcomes"].items()]
    shown = hidden.line([number for _, number in ended])
    bars = [(label, number) for (label, _), number in zip(ended, shown, strict=True)]
    picture = charts.bars(bars, title=title, hidden=room.t.gettext(HIDDEN)) if bars else None
    return Block("handovers", title, sentence, picture, Table(columns, rows))


def _reminders(room: Room, told: stored.Reminded) -> Block:
    title = room.t.gettext(msgid("Reminders and what came of them"))
    by_status = {**told.by_status}
    by_status["planned"] = sum(by_status.pop(name, 0) for name in ("planned", "claimed", "sending"))
    in_order = [status for status in STATUSES if by_status.get(status)]
    shown = hidden.line([by_status[status] for status in in_order])
    rows: list[tuple[str, Sequence[int | str | None]]] = [
        (room.t.gettext(STATUSES[status]), (number,)) for status, number in zip(in_order, shown, strict=True)
    ]
    bars = [(label, cells[0]) for label, cells in rows if not isinstance(cells[0], str)]
    sent = by_status.get("sent", 0)
    sentence = ""
    if sent >= hidden.FEWEST and (told.done >= hidden.FEWEST or told.done == 0):
        rows.append((room.t.gettext(msgid("Done within 7 days after it was sent")), (told.done,)))
        sentence = room.t.gettext(
            msgid("{share} % of what people were reminded of was done within 7 days."), share=_percent(told.done, sent)
        )
    why: dict[str, int] = {}
    for reason, number in told.skipped.items():
        begins = next(each for each in WHY if reason.startswith(each))
        why[begins] = why.get(begins, 0) + number
    largest = sorted(why, key=lambda each: -why[each])
    for each, count in zip(largest, hidden.line([why[each] for each in largest]), strict=True):
        rows.append((f"{room.t.gettext(STATUSES['skipped'])}: {room.t.gettext(WHY[each])}", (count,)))
    picture = charts.bars(bars, title=title, hidden=room.t.gettext(HIDDEN)) if bars else None
    return Block("reminders", title, sentence, picture, Table((room.t.gettext(msgid("Reminders")),), rows))


def _progress(room: Room, phases: Sequence[stored.InPhase]) -> Block:
    title = room.t.gettext(msgid("How far people have come"))
    in_order = sorted(phases, key=lambda each: list(PHASES).index(each.phase) if each.phase in PHASES else len(PHASES))
    people = hidden.line([each.people for each in in_order])
    late = hidden.line([each.late for each in in_order])
    rows: list[tuple[str, Sequence[int | str | None]]] = []
    for each, number, passed in zip(in_order, people, late, strict=True):
        label = room.t.gettext(PHASES.get(each.phase, msgid("Phase not known")))
        done = None if number is None else f"{_percent(each.done, each.total)} %"
        rows.append((label, (number, done, None if number is None else passed)))
    columns = tuple(
        room.t.gettext(each) for each in (msgid("People"), msgid("Tasks done"), msgid("With a legal limit passed"))
    )
    bars = [(row[0], number) for row, number in zip(rows, people, strict=True)]
    picture = charts.bars(bars, title=title, hidden=room.t.gettext(HIDDEN)) if rows else None
    sentence = room.t.gettext(msgid("As it stands today, of those who agreed that their list is kept."))
    return Block("progress", title, sentence, picture, Table(columns, rows))


def _stale(room: Room, library: Library) -> Block:
    found = stale(library, danish_day(room.now))
    rows = [(room.t.gettext(STALE[what]), (number,)) for what, number in found.items()]
    title = room.t.gettext(msgid("What needs a look"))
    whole = sum(found.values())
    sentence = (
        room.t.ngettext(
            "{count} thing waits for an editor today.", "{count} things wait for an editor today.", whole, count=whole
        )
        if whole
        else room.t.gettext(msgid("Everything is up to date."))
    )
    links = [
        (room.t.gettext(msgid("Answers")), "/admin/answers"),
        (room.t.gettext(msgid("Figures")), "/admin/figures"),
    ]
    return Block("stale", title, sentence, None, Table((room.t.gettext(msgid("How many")),), rows), links)


def stale(library: Library, today: date) -> dict[str, int]:
    """What editors should look at, by kind (a word of STALE)."""
    others = [language for language in LANGUAGES if language != DEFAULT]
    written = [(slug, language) for slug in library.topics for language in others]
    return {
        "review": sum(topic.review_by < today for topic in library.topics.values()),
        "outdated": sum(name in library.texts and library.outdated(*name) for name in written),
        "missing": sum(name not in library.texts for name in written),
        "figures": sum(figure.next_review < today for figure in library.figures.values()),
        "no_value": sum(not figure.on(today)[1] for figure in library.figures.values()),
        "unlearnt": len(library.new),
    }


# --- words and sums ---------------------------------------------------------------------------------------------------


def _sums(counted: Sequence[Counted]) -> Mapping[str, int]:
    sums = dict.fromkeys((*ENDS, "conversation", "thumb_up", "thumb_down", "danger"), 0)
    for each in counted:
        sums[each.what] = sums.get(each.what, 0) + each.number
    return sums


def _thumbs(thumbs: Mapping[tuple[str, str], int], topic: str) -> list[int | None]:
    return hidden.line([max(thumbs.get((what, topic), 0), 0) for what in ("thumb_up", "thumb_down")])


def _compared(room: Room, before: int) -> str:
    return room.t.gettext(msgid("In the time before: {number}."), number=_told(room, before))


def _told(room: Room, number: int) -> str:
    return room.t.gettext(HIDDEN) if 0 < number < hidden.FEWEST else local.number(number, room.language)


def _theme(room: Room, theme: str) -> str:
    return room.t.gettext(THEMES[theme]) if theme in THEMES else room.t.gettext(msgid("Not known"))


def _language(room: Room, code: str) -> str:
    return local.language(code, room.language) if code in LANGUAGES else room.t.gettext(msgid("Another language"))


def _title(library: Library, slug: str, language: str) -> str:
    return library.title(slug, language) if slug in library.topics else slug


def _minutes(room: Room, minutes: float | None) -> str:
    if minutes is None:
        return "–"
    if minutes < 90:
        return room.t.gettext(msgid("{count} min"), count=round(minutes))
    return room.t.gettext(msgid("{count} h"), count=round(minutes / 60, 1))


def _share(percent: float | None) -> str:
    return "–" if percent is None else f"{round(percent)} %"


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula is marked as text."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
