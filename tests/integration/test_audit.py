"""The audit log: one list of acts and looks, its filters, its table; and that nobody can change it."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.services import Services
from operations.assemble import web_doors
from store import audit
from tests.support.fakes import Clock
from tests.support.inbox import Browser, add, comes_over, signed_in
from web.admin.audit import more, sought
from web.app import create_app


@pytest.fixture
async def app(services: Services) -> FastAPI:
    await services.background.drain()
    async with services.database.begin() as connection:
        # Only the tests' own way around the trigger; the role that owns the table could always take it away.
        await connection.execute(text("alter table audit disable trigger only_added"))
        await connection.execute(text("delete from audit"))
        await connection.execute(text("alter table audit enable trigger only_added"))
    return create_app(web_doors(services))


@pytest.fixture
async def auditor(services: Services, app: FastAPI) -> Browser:
    return await signed_in(services, app, await add(services, "Aud", "auditor"))


async def note(
    services: Services, what: str, about: str = "", *, at: str = "", by: int | None = None, **data: object
) -> None:
    now = datetime.fromisoformat(at) if at else services.now()
    async with services.database.begin() as connection:
        await audit.add(connection, staff_id=by, who="Anders" if by else "", what=what, about=about, now=now, **data)


async def look(services: Services, by: int) -> str:
    """Somebody was looked at; who."""
    await comes_over(services, "Hello")
    async with services.database.begin() as connection:
        number = (await connection.execute(text("select id from recruits limit 1"))).scalar_one()
        await connection.execute(
            text("insert into looks (recruit_id, staff_id, what, at) values (:who, :by, 'conversation', :at)"),
            {"who": number, "by": by, "at": services.now()},
        )
    return str(number)


def listed(page: str) -> list[str]:
    return re.findall(r'<td data-label="What">([^<]*?)\s*<', page)


async def test_acts_and_looks_are_one_list_the_newest_first(services: Services, auditor: Browser) -> None:
    anders = await add(services, "Anders", "admin")
    await note(services, "figures.edit", "figure:tax-card-wait", at="2026-11-20T10:00:00Z", by=anders.id)
    await note(services, "sign_in.locked", f"staff:{anders.id}", at="2026-11-21T10:00:00Z", by=None)
    recruit = await look(services, anders.id)
    page = await auditor.get("/admin/audit")

    assert listed(page.text) == [
        "looked at a conversation", "too many wrong attempts: locked for 15 minutes", "figures.edit",
    ]  # fmt: skip
    assert f"recruit:{recruit}" in page.text
    assert f'<a href="/admin/settings/{anders.id}"><bdi>Anders</bdi></a>' in page.text
    assert "nobody signed in" in page.text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"what": "figures."}, ["figures.edit"]),
        ({"what": "look"}, ["looked at a conversation"]),
        ({"what": "%"}, []),
        ({"about": "figure:"}, ["figures.edit"]),
        ({"since": "2026-11-21"}, ["looked at a conversation", "sessions.other"]),
        ({"until": "2026-11-20"}, ["figures.edit"]),
        ({"since": "2026-11-20", "until": "2026-11-20"}, ["figures.edit"]),
        ({"since": "soon", "until": "9999-12-31"}, ["looked at a conversation", "sessions.other", "figures.edit"]),
        ({"who": "nobody", "page": "-1"}, ["looked at a conversation", "sessions.other", "figures.edit"]),
        ({"who": "99999999"}, []),
    ],
)
async def test_filters_stand_in_the_address(
    services: Services, auditor: Browser, asked: dict[str, str], found: list[str]
) -> None:
    anders = await add(services, "Anders", "admin")
    await note(services, "figures.edit", "figure:a", at="2026-11-20T22:30:00Z", by=anders.id)  # 23:30 in Denmark
    await note(services, "sessions.other", "key:1", at="2026-11-20T23:30:00Z", by=anders.id)  # the 21st there
    await look(services, anders.id)
    page = await auditor.get("/admin/audit", **asked)

    assert page.status_code == 200
    assert listed(page.text) == found
    assert ("Nothing fits" in page.text) is (not found)


async def test_filtered_by_colleague_it_keeps_acts_and_looks(services: Services, auditor: Browser) -> None:
    anders, maria = await add(services, "Anders", "admin"), await add(services, "Maria")
    await note(services, "figures.edit", by=anders.id)
    await look(services, maria.id)

    assert listed((await auditor.get("/admin/audit", who=str(anders.id))).text) == ["figures.edit"]
    assert listed((await auditor.get("/admin/audit", who=str(maria.id))).text) == ["looked at a conversation"]


async def test_long_lists_come_in_pages(services: Services, auditor: Browser) -> None:
    for number in range(60):
        await note(services, "figures.edit", f"figure:{number:02}")
    first, second = [(await auditor.get("/admin/audit", what="figures", page=page)).text for page in ("1", "2")]
    found = re.findall(r"figure:(\d\d)<", first + second)

    assert found == [f"{number:02}" for number in reversed(range(60))]
    assert "Page 1 of 2" in first
    assert "what=figures&amp;page=1" in second


async def test_the_table_has_all_of_it_and_no_formula(services: Services, auditor: Browser) -> None:
    await note(services, "figures.edit", "=1+1", before=1, after=[2, 3], by=None)
    answer = await auditor.get("/admin/audit/csv", what="figures")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))

    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-2026-11-21.csv"'
    assert rows[1][3:] == ["figures.edit", "'=1+1", "after: 2 3, before: 1"]
    assert len(rows) == 2
    assert listed((await auditor.get("/admin/audit")).text)[0] == "exported the audit log"


@pytest.mark.parametrize("statement", ["update audit set what = 'x'", "delete from audit", "truncate audit"])
async def test_nobody_changes_it(services: Services, app: FastAPI, statement: str) -> None:
    await note(services, "figures.edit")
    with pytest.raises(DBAPIError, match="only ever added"):
        async with services.database.begin() as connection:
            await connection.execute(text(statement))


async def test_a_row_stays_when_the_colleague_goes(services: Services, auditor: Browser) -> None:
    anders = await add(services, "Anders", "admin")
    await note(services, "figures.edit", by=anders.id)
    async with services.database.begin() as connection:
        await connection.execute(text("delete from staff where id = :id"), {"id": anders.id})
    page = (await auditor.get("/admin/audit")).text

    assert listed(page) == ["figures.edit"]
    assert "<bdi>Anders</bdi>" in page


async def test_what_is_noted_cannot_break_the_page(services: Services, auditor: Browser) -> None:
    await note(services, "<script>", "<b>:x", before="<i>", staff="staff:1")
    page = (await auditor.get("/admin/audit")).text

    for tag in ("<script>", "<b>", "<i>"):
        assert tag not in page


async def test_signing_in_is_noted_with_how(services: Services, app: FastAPI, auditor: Browser) -> None:
    assert isinstance(services.now, Clock)
    await note(services, "sign_in", "staff:1", how="password")
    assert "password" in (await auditor.get("/admin/audit", what="sign_in")).text


def test_days_are_danish() -> None:
    found = sought({"since": "2026-07-01", "until": "2026-12-31"})
    assert found.since == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert found.until == datetime(2026, 12, 31, 23, tzinfo=UTC)


def test_more_leaves_out_what_says_nothing() -> None:
    assert more({"a": 1, "b": "", "c": None, "d": [], "e": ["x", "y"], "f": False}) == "a: 1, e: x y, f: False"
