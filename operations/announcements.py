"""`velkommen announce …`: look at a message to many before it is sent, keep it, schedule it, stop it, see what became of it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.days import COPENHAGEN, danish_day, danish_moment
from core.errors import VelkommenError
from core.settings import Settings
from i18n.languages import LANGUAGES
from knowledge.announcements import EVERYBODY, Announcement, read_announcement
from knowledge.shelf import Shelf
from reminders import announce
from store import announcements, database
from store import journey as lists
from store.announcements import Kept, Progress

SHOWN = 10  # recipients named in a dry run
ELSEWHERE = "other"  # the kommune of people in a municipality that has no lines of its own


class AnnouncementError(VelkommenError):
    """What was asked for cannot be done with this announcement; the message says what can."""


async def main(settings: Settings, action: str, what: str, *, at: str | None, as_json: bool, now: datetime) -> None:
    """One of check, draft, schedule, stop, report, list. what: a file or a name."""
    async with _opened(settings) as engine:
        match action:
            case "check":
                print(await check(engine, Path(what), now=now))
            case "draft":
                print(await draft(engine, Path(what), now=now))
            case "schedule":
                print(await schedule(engine, what, at, now=now))
            case "stop":
                print(await stop(engine, what, now=now))
            case "report":
                kept, progress = await report(engine, what)
                print(json.dumps(as_data(kept, progress), indent=2) if as_json else as_text(kept, progress))
            case _:
                print(await every(engine))


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[AsyncEngine]:
    engine = database.connect(settings.database_url)
    try:
        yield engine
    finally:
        await engine.dispose()


# --- before it is sent ----------------------------------------------------------------------------------------------


async def check(engine: AsyncEngine, path: Path, *, now: datetime) -> str:
    """What would become of a file; nothing is written."""
    announcement = await _read(engine, path, now)
    when = announcement.at or now
    async with engine.connect() as connection:
        people = await announcements.recipients(connection, announce.wanted(announcement.segment, danish_day(when)))
    seen = announce.foresee(people, announcement.texts, when)
    lines = [
        f"{announcement.name}, for {segment_in_words(announcement.segment)}, sent {local(when)}:",
        f"{count(seen.people, 'person', 'people')} meant, {seen.reached} of them would get it.",
    ]
    for (language, text), number in sorted(seen.languages.items(), key=lambda item: (-item[1], item[0])):
        own = "" if text == language else f" (there is no {LANGUAGES[language].english_name} text)"
        lines.append(f"  {number:6}  {LANGUAGES[language].english_name}: in {LANGUAGES[text].english_name}{own}")
    lines += [f"  {number:6}  not: {reason}" for reason, number in sorted(seen.skipped.items())]
    lines += [f"  {number:6}  later: {reason}" for reason, number in sorted(seen.postponed.items())]
    if people:
        lines.append(f"First of them: {', '.join(str(person.id) for person in people[:SHOWN])}")
    return "\n".join([*lines, "Nothing was written."])


async def draft(engine: AsyncEngine, path: Path, *, now: datetime) -> str:
    """Keep a file as a draft, in place of the draft of that name."""
    new = await _read(engine, path, now)
    async with engine.begin() as connection:
        fresh = await announcements.named(connection, new.name) is None
        kept = await announcements.keep_draft(
            connection, new.name, segment=new.segment, texts=new.texts, at=new.at, now=now
        )
    if not kept:
        raise AnnouncementError(f"{new.name} is scheduled or past, so it stays as it is. Give the file another name.")
    done = "Kept" if fresh else "Replaced"
    return f"{done} as a draft: {new.name}. It is sent only after `velkommen announce schedule {new.name}`."


async def schedule(engine: AsyncEngine, name: str, at: str | None, *, now: datetime) -> str:
    """Have a draft sent: at a Danish time, else at the one in its file, else now."""
    async with engine.begin() as connection:
        kept = await _named(connection, name)
        if kept.status != "draft":
            raise AnnouncementError(f"{name} is {kept.status} already; only a draft can be scheduled.")
        when = _moment(at) if at is not None else kept.scheduled_at or now
        if when < now:
            raise AnnouncementError(
                f"{local(when)} is past; in Denmark it is {local(now)}. Give a time to come with --at, such as "
                '--at "2026-12-01 10:00".'
            )
        await announcements.schedule(connection, name, when)
        people = await announcements.recipients(connection, announce.wanted_by(kept, danish_day(when)))
    told = f"{name} is sent {local(when)} to {count(len(people), 'person', 'people')}, as of now."
    silent = announce.silence(when)
    return f"{told}\nThat is in {silent}; whoever that holds for gets it afterwards." if silent else told


async def stop(engine: AsyncEngine, name: str, *, now: datetime) -> str:
    """Stop one that is scheduled or being sent."""
    async with engine.begin() as connection:
        kept = await _named(connection, name)
        spared = await announcements.stop(connection, name, now=now)
        if spared is None:
            raise AnnouncementError(f"{name} is {kept.status}; there is nothing to stop.")
        standing = (await announcements.progress(connection, kept.id)).by_status
    if not standing:
        return f"{name} is stopped; nobody got it."
    told = [f"{name} is stopped. {count(spared, 'person does', 'people do')} not get it any more"]
    told += [f"{standing['sent']} got it before"] if standing.get("sent") else []
    told += [f"{standing['sending']} are being sent it at this moment"] if standing.get("sending") else []
    return "; ".join(told) + "."


async def _read(engine: AsyncEngine, path: Path, now: datetime) -> Announcement:
    """The file, checked against the municipalities and employers that there are."""
    library = await Shelf(database.sessions(engine)).library()
    async with engine.connect() as connection:
        employers = [employer.code for employer in await lists.employers(connection)]
    known = {"kommune": [*library.municipalities, ELSEWHERE], "employer": employers}
    try:
        return read_announcement(path, now=now, known=known)
    except OSError as error:
        raise AnnouncementError(f"{path}: cannot be read ({error.strerror}). Give a YAML file.") from error


async def _named(connection: AsyncConnection, name: str) -> Kept:
    kept = await announcements.named(connection, name)
    if kept is None:
        raise AnnouncementError(f"There is no announcement {name!r}. `velkommen announce list` shows all.")
    return kept


def _moment(at: str) -> datetime:
    try:
        return danish_moment(at)
    except ValueError as error:
        raise AnnouncementError(
            f'--at: {at!r} is no Danish time ({error}). Write it as --at "2026-12-01 10:00".'
        ) from error


# --- what became of it ----------------------------------------------------------------------------------------------


async def report(engine: AsyncEngine, name: str) -> tuple[Kept, Progress]:
    async with engine.connect() as connection:
        kept = await _named(connection, name)
        return kept, await announcements.progress(connection, kept.id)


def as_data(kept: Kept, progress: Progress) -> dict[str, object]:
    """A report for a program; times in UTC."""
    return {
        "name": kept.name,
        "status": kept.status,
        "kind": kept.kind,
        "segment": kept.segment or (EVERYBODY if kept.kind == announcements.SEGMENT else {}),
        "languages": list(kept.texts),
        "scheduled_at": kept.scheduled_at and kept.scheduled_at.astimezone(UTC).isoformat(),
        "ended_at": kept.ended_at and kept.ended_at.astimezone(UTC).isoformat(),
        "people": progress.people,
        "by_status": progress.by_status,
        "by_language": progress.by_language,
        "reasons": progress.reasons,
    }


def as_text(kept: Kept, progress: Progress) -> str:
    whom = segment_in_words(kept.segment) if kept.kind == announcements.SEGMENT else "those whom it concerns"
    lines = [f"{kept.name}, for {whom}: {_standing(kept)}."]
    if not progress.people:
        return "\n".join([*lines, "Nobody has a row in the ledger."])
    lines.append(f"{count(progress.people, 'person', 'people')}: {_numbers(progress.by_status)}.")
    lines += [
        f"  {LANGUAGES[language].english_name if language in LANGUAGES else language}: {_numbers(numbers)}"
        for language, numbers in progress.by_language.items()
    ]
    lines += [
        f"  {status}, {reason}: {number}"
        for status, reasons in progress.reasons.items()
        for reason, number in reasons.items()
    ]
    return "\n".join(lines)


async def every(engine: AsyncEngine) -> str:
    """All announcements, a line each."""
    async with engine.connect() as connection:
        kept = await announcements.every(connection)
        rows = [(one, await announcements.progress(connection, one.id)) for one in kept]
    if not rows:
        return "There is no announcement. `velkommen announce draft FILE` keeps one."
    width = max(len(one.name) for one, _ in rows)
    return "\n".join(
        f"{one.name:{width}}  {_standing(one)}{f' ({_numbers(progress.by_status)})' if progress.people else ''}"
        for one, progress in rows
    )


def segment_in_words(segment: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{name} {' or '.join(values)}" for name, values in segment.items()) or EVERYBODY


def local(moment: datetime) -> str:
    return f"{moment.astimezone(COPENHAGEN):%Y-%m-%d %H:%M}"


def count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _standing(kept: Kept) -> str:
    if kept.ended_at is not None:
        return f"{kept.status} {local(kept.ended_at)}"
    if kept.scheduled_at is None:
        return kept.status
    return f"{kept.status}, {'meant for' if kept.status == 'draft' else 'for'} {local(kept.scheduled_at)}"


def _numbers(by_status: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {status}" for status, number in by_status.items())
