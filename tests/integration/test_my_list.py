"""The private address of a person's list: the page, the pack of one task and the calendar, over a real database."""

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import httpx
import pytest
from icalendar import Calendar
from itsdangerous import Signer
from sqlalchemy import insert, select, update
from structlog.testing import capture_logs

from bot.services import Services
from core.settings import Settings
from i18n.languages import LANGUAGES
from knowledge.library import Library
from knowledge.models import Task
from operations.assemble import open_services, web_doors
from store import journey, reminders
from store.journey import Change
from store.tables import Employer, PrivateLink, Recruit
from tests.support.fakes import Clock
from web import listed
from web.app import create_app
from web.feed import plain
from web.headers import loggable
from web.mylist import private_address, to_number, to_token

NURSE = {
    "name": "Maria",
    "origin": "non-eu",
    "occupation": "nurse",
    "household": "",
    "contract_signed": "2026-08-10",
    "arrival": "2026-11-12",
    "moved_in": "2026-11-12",
    "first_working_day": "2026-12-01",
    "zone": "",
}
HOME_PAGE = "https://velkommen.example.dk"


@dataclass
class Lists:
    """People with lists, and what their private addresses show."""

    services: Services
    http: httpx.AsyncClient
    addresses: dict[uuid.UUID, str] = field(default_factory=dict)

    async def of(
        self, *changes: Change, language: str | None = "en", consent: str = "given", **profile: str
    ) -> uuid.UUID:
        """A nurse from outside the EU, or as the profile says."""
        id_ = uuid.uuid4()
        now = self.services.now()
        async with self.services.database.begin() as connection:
            row = {"id": id_, "created_at": now, "seen_at": now, "language": language, "consent": consent}
            await connection.execute(insert(Recruit).values(**row, profile=NURSE | profile))
            await journey.change_tasks(connection, id_, changes, said_by="recruit", now=now)
            link = await journey.private_link(connection, id_, now=now)
        self.addresses[id_] = private_address(self.services.settings, link).removeprefix(BASE)
        return id_

    async def shows(self, whose: uuid.UUID, path: str = "/list") -> httpx.Response:
        return await self.http.get(self.addresses[whose] + path)

    async def feeds(self, whose: uuid.UUID) -> dict[str, Any]:
        """The events of the calendar by the name of their task, as a calendar reads them."""
        answer = await self.shows(whose, "/calendar.ics")
        assert answer.status_code == 200
        parsed = Calendar.from_ical(answer.content)
        return {str(event["uid"]).partition("@")[0]: event for event in parsed.walk("VEVENT")}

    async def reminds(self, whose: uuid.UUID, text: str, at: datetime) -> None:
        async with self.services.database.begin() as connection:
            await reminders.add_own(connection, whose, text, at, now=self.services.now())

    async def revokes(self, whose: uuid.UUID) -> None:
        async with self.services.database.begin() as connection:
            await journey.revoke_links(connection, whose, now=self.services.now())


BASE = "http://127.0.0.1:8000"


@pytest.fixture
async def lists(services: Services) -> AsyncIterator[Lists]:
    transport = httpx.ASGITransport(create_app(web_doors(services)))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
        yield Lists(services, http)


# --- the page -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_list_is_in_the_persons_language(lists: Lists, library: Library, language: str) -> None:
    maria = await lists.of(language=language)
    answer = await lists.shows(maria)

    page = answer.text
    assert answer.status_code == 200
    assert f'<html lang="{language}" dir="{LANGUAGES[language].text_direction}"' in page
    assert answer.headers["content-language"] == language
    assert library.task_text("r-tax-card", language).title in page
    danish = library.task_text("r-tax-card", "da").title
    assert (f'lang="da" dir="ltr">{danish}</span>' in page) == (language != "da")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_task_to_take_along_is_in_two_languages(lists: Lists, library: Library, language: str) -> None:
    maria = await lists.of(language=language)
    page = (await lists.shows(maria, "/list?task=r-tax-card")).text

    assert library.task_text("r-tax-card", language).title in page
    assert library.task_text("r-tax-card", "da").title in page
    papers = library.by_id["r-tax-card"].bring
    assert page.count('type="checkbox"') == len(papers) > 0
    assert page.count('<span class="danish"') == (0 if language == "da" else len(papers))
    assert library.by_id["r-tax-card"].link in page


async def test_what_is_done_is_ticked_and_what_is_late_says_so(lists: Lists) -> None:
    maria = await lists.of(Change("r-register-cpr", "done", date(2026, 11, 18)))
    page = (await lists.shows(maria)).text

    assert "✓ Done on 18 November 2026." in page
    assert "was due 24 August 2026" in page
    assert "⚠ legal limit 26 November 2026" in page
    assert page.index('id="next"') < page.index("Before departure") < page.index("Arrival week")


async def test_the_done_ones_stand_at_the_end_of_their_phase(lists: Lists, library: Library) -> None:
    maria = await lists.of(Change("r-register-cpr", "done", date(2026, 11, 18)))
    _, _, week = (await lists.shows(maria)).text.partition("Arrival week")
    week = week.partition("</section>")[0]

    after = week[week.index(library.task_text("r-register-cpr", "en").title) :]
    assert 'class="step"' not in after


async def test_what_is_not_for_the_person_is_not_shown(lists: Lists, library: Library) -> None:
    maria = await lists.of(Change("r-tax-card", "skipped", date(2026, 11, 18)))

    assert library.task_text("r-tax-card", "en").title not in (await lists.shows(maria)).text


async def test_a_name_is_text(lists: Lists) -> None:
    maria = await lists.of(name="<script>alert(1)</script> {evil}")
    for path in ("/list", "/list?task=r-tax-card"):
        page = (await lists.shows(maria, path)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; {evil}" in page


async def test_as_long_as_too_little_is_known_the_page_says_so(lists: Lists) -> None:
    new = await lists.of(origin="", arrival="", name="")
    page = (await lists.shows(new)).text

    assert "Tell me a little about yourself first" in page
    assert not await lists.feeds(new)


async def test_without_a_language_the_browsers_one_is_taken(lists: Lists) -> None:
    maria = await lists.of(language=None)
    answer = await lists.http.get(lists.addresses[maria] + "/list", headers={"Accept-Language": "pl"})

    assert '<html lang="pl"' in answer.text


@pytest.mark.parametrize("path", ["/list", "/list?task=r-tax-card", "/calendar.ics", "/list?task=e-nothing"])
async def test_nothing_of_it_is_kept_indexed_or_passed_on(lists: Lists, path: str) -> None:
    headers = (await lists.shows(await lists.of(), path)).headers

    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == ("private, no-cache" if "ics" in path else "no-store")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


async def test_the_address_is_not_logged(lists: Lists) -> None:
    maria = await lists.of()
    with capture_logs() as lines:
        await lists.shows(maria)

    assert [line["path"] for line in lines if line["event"] == "request"] == ["/my/…/list"]
    assert loggable("/") == "/"
    assert loggable("/api/my/thing") == "/api/my/thing"


# --- who may see it -------------------------------------------------------------------------------------------------


async def test_whatever_does_not_open_a_list_looks_the_same(lists: Lists) -> None:
    maria, revoked = await lists.of(), await lists.of()
    undecided = await lists.of(consent="asked")
    await lists.revokes(revoked)
    key = lists.services.settings.secret_key
    token = lists.addresses[maria].removeprefix("/my/")
    number, _, signature = token.partition(".")
    others = lists.addresses[revoked].removeprefix("/my/").partition(".")[0]
    tokens = [
        lists.addresses[revoked].removeprefix("/my/"),
        lists.addresses[undecided].removeprefix("/my/"),
        to_token(key, uuid.uuid4()),
        to_token("y" * 48, to_number(key, token) or uuid.uuid4()),
        f"{others}.{signature}",
        f"{number}.{'A' + signature[1:] if signature[0] != 'A' else 'B' + signature[1:]}",
        number,
        "nonsense",
        "%00%ff",
        Signer(key, salt="my-list").sign("short").decode(),
        Signer(key, salt="velkommen.visitor").sign(number).decode(),
    ]
    answers = [await lists.http.get(f"/my/{each}{path}") for each in tokens for path in ("/list", "/calendar.ics")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    names = {tuple(sorted(answer.headers.keys())) for answer in answers}
    assert len(names) == 1
    assert (await lists.shows(maria)).status_code == 200


async def test_each_address_shows_its_own_list(lists: Lists) -> None:
    maria, boris = await lists.of(name="Maria"), await lists.of(name="Boris")

    assert "Boris" not in (await lists.shows(maria)).text
    assert "Maria" not in (await lists.shows(boris)).text


async def test_new_addresses_replace_the_old_one(lists: Lists) -> None:
    maria = await lists.of()
    await lists.revokes(maria)
    async with lists.services.database.begin() as connection:
        link = await journey.private_link(connection, maria, now=lists.services.now())
    new = private_address(lists.services.settings, link).removeprefix(BASE)

    assert (await lists.shows(maria)).status_code == 404
    assert (await lists.http.get(f"{new}/list")).status_code == 200


async def test_withdrawn_consent_closes_the_list(lists: Lists) -> None:
    maria = await lists.of()
    async with lists.services.database.begin() as connection:
        await connection.execute(update(Recruit).where(Recruit.id == maria).values(consent="declined"))

    assert (await lists.shows(maria)).status_code == 404
    assert (await lists.shows(maria, "/calendar.ics")).status_code == 404


async def test_use_is_noted(lists: Lists) -> None:
    maria = await lists.of()
    await lists.shows(maria)
    async with lists.services.database.connect() as connection:
        used = select(PrivateLink.used_at).where(PrivateLink.recruit_id == maria)
        assert (await connection.execute(used)).scalar() == lists.services.now()


@pytest.mark.parametrize("task", ["e-prepare-workplace", "r-nothing", "r-apply-permit'", "<b>"])
async def test_a_task_that_is_not_on_the_list_is_not_found(lists: Lists, task: str) -> None:
    nordic = await lists.of(origin="nordic")

    answer = await lists.http.get(lists.addresses[nordic] + "/list", params={"task": task})
    assert answer.status_code == 404


async def test_who_asks_too_often_has_to_wait(lists: Lists) -> None:
    maria = await lists.of()
    answers = [await lists.shows(maria, "/calendar.ics") for _ in range(25)]
    guesses = [await lists.http.get(f"/my/guess{number}/list") for number in range(25)]

    for tries in (answers, guesses):
        assert [each.status_code for each in tries][-1] == 429
        assert int(tries[-1].headers["retry-after"]) > 0
        assert tries[-1].headers["referrer-policy"] == "no-referrer"


def test_the_address_is_short_and_goes_by_the_settings() -> None:
    number = uuid.uuid4()
    settings = Settings(secret_key="x" * 48, port=8123)
    public = replace(settings, public_url=HOME_PAGE)

    token = private_address(settings, number).removeprefix("http://127.0.0.1:8123/my/")
    assert private_address(public, number) == f"{HOME_PAGE}/my/{token}"
    assert len(token) == 50
    assert to_number("x" * 48, token) == number
    assert number.hex not in token


async def test_a_process_gives_such_addresses(settings: Settings, settings_with: Callable[..., Settings]) -> None:
    async with open_services(settings_with(public_url=HOME_PAGE), channels={}, queue=False) as (services, _):
        assert services.private_address is not None
        number = uuid.uuid4()
        token = services.private_address(number).removeprefix(f"{HOME_PAGE}/my/")
    assert to_number(settings.secret_key, token) == number


# --- employers ------------------------------------------------------------------------------------------------------


async def of_an_employer(lists: Lists, *, recruits: int) -> uuid.UUID:
    contact = await lists.of(audience="employer", name="Hanne")
    code = uuid.uuid4().hex[:8]
    async with lists.services.database.begin() as connection:
        await connection.execute(
            insert(Employer).values(
                name="Plejehjem",
                code=code,
                contact_code=f"c{code}",
                contact_id=contact,
                created_at=lists.services.now(),
            )
        )
    for number in range(recruits):
        await lists.of(name=f"Recruit {number}", employer=code, first_working_day=f"2026-12-0{number + 1}")
    return contact


async def test_an_employer_sees_its_tasks_for_each_recruit(lists: Lists, library: Library) -> None:
    contact = await of_an_employer(lists, recruits=2)
    await lists.of(name="Stranger")
    page = (await lists.shows(contact)).text

    assert "Recruit 0" in page
    assert "Recruit 1" in page
    assert "Stranger" not in page
    shown = [task for task in library.tasks if library.task_text(task.id, "en").title in page]
    assert shown
    assert library.task_text("r-tax-card", "en").title not in page


async def test_an_employers_calendar_keeps_recruits_apart(lists: Lists) -> None:
    contact = await of_an_employer(lists, recruits=2)
    events = await lists.feeds(contact)

    one = [str(event["summary"]) for event in events.values() if "Recruit 0" in event["summary"]]
    assert len(one) == len(events) / 2 > 0
    assert (await lists.shows(contact, "/list?task=r-tax-card")).status_code == 404


async def test_an_employer_without_recruits_is_told_how_it_goes(lists: Lists) -> None:
    contact = await of_an_employer(lists, recruits=0)

    assert "No recruit has given your employer code yet" in (await lists.shows(contact)).text


# --- the calendar ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_calendar_is_in_the_persons_language(lists: Lists, library: Library, language: str) -> None:
    maria = await lists.of(language=language)
    answer = await lists.shows(maria, "/calendar.ics")

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    parsed = Calendar.from_ical(answer.content)
    assert str(parsed["x-wr-calname"]).startswith("Velkommen – ")
    assert parsed["refresh-interval"].dt == timedelta(hours=12)
    event = (await lists.feeds(maria))["r-tax-card"]
    assert event["summary"] == library.task_text("r-tax-card", language).title
    day = date(2026, 11, 21)
    details = library.fill(library.task_text("r-tax-card", language).details, language=language, day=day).text
    assert str(event["description"]).startswith(plain(details))
    assert "*" not in event["description"]
    assert str(event["description"]).endswith(library.by_id["r-tax-card"].link)


async def test_an_event_is_of_a_day_and_announced_the_morning_before(lists: Lists) -> None:
    maria = await lists.of()
    event = (await lists.feeds(maria))["r-tax-card"]

    assert event["dtstart"].dt == date(2026, 12, 1)
    assert event["dtend"].dt == date(2026, 12, 2)
    assert event["dtstamp"].dt == lists.services.now()
    (alarm,) = event.walk("VALARM")
    midnight = datetime(2026, 12, 1)
    assert midnight + alarm["trigger"].dt == datetime(2026, 11, 30, 9)


async def test_a_legal_limit_is_an_event_of_its_own(lists: Lists, library: Library) -> None:
    events = await lists.feeds(await lists.of())
    limits = {name: event for name, event in events.items() if name.endswith(".legal")}

    assert limits
    for name, event in limits.items():
        title = library.task_text(name.removesuffix(".legal"), "en").title
        assert event["summary"] == f"⚠ Legal limit: {title}"


async def test_what_is_done_guessed_or_not_for_the_person_is_not_in_it(lists: Lists, library: Library) -> None:
    changes = Change("r-tax-card", "done", date(2026, 11, 20)), Change("r-open-bank", "skipped", date(2026, 11, 20))
    maria = await lists.of(*changes)
    owner = listed.Owner(uuid.uuid4(), "en", NURSE, journey.Mine({change.task: change for change in changes}))
    stand = listed.stand_of(library, owner.profile, owner.mine, date(2026, 11, 21))
    guessed = {p.task.id for p in stand.plan if p.estimated}
    expected = {
        p.task.id for p in listed.of_recruit(stand) if p.state in listed.TO_DO and p.due and p.task.id not in guessed
    }
    events = {name for name in await lists.feeds(maria) if not name.endswith(".legal")}

    assert guessed
    assert "r-tax-card" not in events
    assert events == expected


async def test_uids_stay_as_long_as_the_address_does(lists: Lists) -> None:
    maria = await lists.of()
    before = (await lists.feeds(maria))["r-tax-card"]["uid"]
    async with lists.services.database.begin() as connection:
        moved = update(Recruit).where(Recruit.id == maria).values(profile=NURSE | {"first_working_day": "2026-12-08"})
        await connection.execute(moved)
    after = (await lists.feeds(maria))["r-tax-card"]

    assert after["uid"] == before
    assert after["dtstart"].dt > date(2026, 12, 1)
    async with lists.services.database.connect() as connection:
        query = select(PrivateLink.id).where(PrivateLink.recruit_id == maria)
        assert before == f"r-tax-card@{(await connection.execute(query)).scalar()}"


@pytest.mark.parametrize(
    ("at", "utc"),
    [
        (datetime.fromisoformat("2026-11-30T23:30:00-05:00"), "20261201T043000Z"),  # the month ends on the way
        (datetime.fromisoformat("2027-01-31T00:10:00+05:30"), "20270130T184000Z"),
        (datetime.fromisoformat("2027-03-28T03:30:00+02:00"), "20270328T013000Z"),  # the night of summer time
    ],
)
async def test_own_reminders_are_moments_in_utc(lists: Lists, at: datetime, utc: str) -> None:
    maria = await lists.of()
    await lists.reminds(maria, "Call the bank", at)
    event = next(each for name, each in (await lists.feeds(maria)).items() if name.startswith("reminder-"))

    assert f"DTSTART:{utc}".encode() in (await lists.shows(maria, "/calendar.ics")).content
    assert event["dtstart"].dt == at
    assert event["summary"] == "⏰ Call the bank"


async def test_what_a_person_wrote_stays_within_its_line(lists: Lists) -> None:
    maria = await lists.of()
    nasty = "Buy; milk, \\n\r\nEND:VEVENT\rBEGIN:VEVENT\x0b\u2028x\x85y " + "क्षि👩‍🔬" * 30
    await lists.reminds(maria, nasty, datetime(2026, 12, 1, 8, tzinfo=UTC))
    content = (await lists.shows(maria, "/calendar.ics")).content
    event = next(each for name, each in (await lists.feeds(maria)).items() if name.startswith("reminder-"))

    assert event["summary"] == "⏰ Buy; milk, \\n END:VEVENT BEGIN:VEVENT x y " + "क्षि👩‍🔬" * 30
    assert content.count(b"\r\nBEGIN:VEVENT") == len(await lists.feeds(maria))


async def test_the_calendar_is_sent_again_only_when_it_changed(lists: Lists) -> None:
    maria = await lists.of()
    url = f"{lists.addresses[maria]}/calendar.ics"
    etag = (await lists.http.get(url)).headers["etag"]
    assert isinstance(lists.services.now, Clock)
    lists.services.now.pass_(hours=1)

    same = await lists.http.get(url, headers={"If-None-Match": f'"other", {etag.removeprefix("W/")}'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)

    async with lists.services.database.begin() as connection:
        done = Change("r-tax-card", "done", date(2026, 11, 21))
        await journey.change_tasks(connection, maria, [done], said_by="recruit", now=lists.services.now())
    changed = await lists.http.get(url, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


@pytest.mark.parametrize("path", ["/calendar.ics", "/list"])
async def test_head_answers_like_get_without_a_body(lists: Lists, path: str) -> None:
    maria = await lists.of()
    head = await lists.http.head(lists.addresses[maria] + path)

    got = await lists.shows(maria, path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("Ask for a *sags-ID* and **pay**.", "Ask for a sags-ID and pay."),
        ("See [the page](https://skat.dk).", "See the page (https://skat.dk)."),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_marks_are_taken_off(markdown: str, text: str) -> None:
    assert plain(markdown) == text


def test_every_phase_has_a_title() -> None:
    assert set(listed.PHASES) == set(get_args(Task.model_fields["phase"].annotation))
