"""`python -m bench pages`: each page of the admin backend over 10,000 recruits, 200 topics and a million messages.

A real web process on loopback, an administrator's session; each page is asked for many times with varied filters, by one
client and by four. Beside it: a page that reads nothing (/healthz), as the measure of this machine.
"""

import asyncio
import itertools
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpx
from fastapi.routing import APIRoute
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bench.load import percentile
from bench.report import Aim, told
from core.settings import Settings
from knowledge.library import Library
from knowledge.shelf import Shelf
from operations.assemble import open_services
from operations.children import Child
from operations.run import own
from operations.stack import bring_knowledge, free_port, until_answers
from store import database, editing, staff
from web.app import ROOMS
from web.staff import COOKIE

QUICK_ENOUGH = 300.0  # milliseconds
DOWNLOADS = ("csv", ".xlsx", "/cards")  # whole lists as files, or to print: not what somebody waits for at each step
LIMITS = httpx.Limits(keepalive_expiry=2)  # sooner than the server's own


@dataclass(frozen=True, slots=True)
class Amounts:
    recruits: int = 10_000
    messages: int = 1_000_000
    topics: int = 200
    asked: int = 30
    clients: tuple[int, ...] = (1, 4)


QUICK = Amounts(recruits=1_000, messages=50_000, asked=6, clients=(1,))

LANGUAGES = "(array['en','pl','fil','ro','uk','de','hi','da'])"
KOMMUNER = "(array['aarhus','odense','koebenhavn','aalborg','esbjerg','vejle'])"
FILL = (
    "set session_replication_role = replica",
    """insert into employers (name, code, contact_code, created_at)
       select 'Workplace ' || g, 'WP' || g, 'CC' || g, now() from generate_series(1, 80) g""",
    f"""insert into recruits (id, created_at, seen_at, language, consent, consent_at, profile)
       select gen_random_uuid(), now() - g * interval '1 hour', now() - (g % 900) * interval '1 hour',
              {LANGUAGES}[1 + g % 8], case when g % 12 = 0 then 'declined' else 'given' end, now(),
              jsonb_build_object('name', 'Person ' || g, 'kommune', {KOMMUNER}[1 + g % 6], 'employer', 'WP' || (1 + g % 80),
                'origin', (array['eu','non-eu','nordic'])[1 + g % 3], 'occupation', (array['nurse','sosu','other'])[1 + g % 3],
                'arrival', (current_date - 400 + g % 500)::text, 'audience', 'recruit')
       from generate_series(1, :recruits) g""",  # noqa: S608 - constants
    """insert into addresses (recruit_id, channel, external_id)
       select id, (array['web','telegram'])[1 + (row_number() over ()) % 2], 'full-' || id from recruits""",
    "insert into conversations (address_id) select id from addresses",
    """insert into inbound (conversation_id, channel, update_id, kind, text, received_at, handled_at)
       select 1 + g % :recruits, 'web', 'full-' || g, 'text', repeat('a question ', 8),
              now() - (g % 700) * interval '1 day', now() from generate_series(1, :each) g""",
    """insert into outbound (conversation_id, inbound_id, epoch, body, status, created_at, due_at, sent_at, attempts)
       select 1 + g % :recruits, g, 0,
              jsonb_build_object('text', repeat(md5(g::text), 12), 'buttons', '[]'::jsonb, 'language', 'en', 'rate', true,
                                 'about', 'tax-card', 'revisions', jsonb_build_array(1 + g % 5000, 1 + (g * 7) % 5000)),
              'sent', now() - (g % 700) * interval '1 day', now(), now(), 1
       from generate_series(1, :each) g""",
    "insert into feedback select id, case when id % 4 = 0 then -1 else 1 end, '[\"tax-card\"]', created_at "
    "from outbound where id % 17 = 0",
    """insert into reminders (recruit_id, kind, task, occurrence, planned_for, due_at, status, reason, settled_at, created_at)
       select r.id, 'task', 'r-' || g, 'o' || g, now() + (g - 40) * interval '9 days', now() + (g - 40) * interval '9 days',
              case when g >= 40 then 'planned' when g % 5 = 0 then 'skipped' else 'sent' end,
              case when g < 40 and g % 5 = 0 then 'done meanwhile' end, case when g < 40 then now() end, now()
       from recruits r, generate_series(1, 60) g""",
    """insert into task_changes (recruit_id, task, status, day, said_by, batch, created_at)
       select r.id, 'r-' || g, 'done', current_date - g, 'recruit', gen_random_uuid(), now() - g * interval '1 day'
       from recruits r, generate_series(1, 15) g""",
    """insert into progress (recruit_id, phase, done, total, next_due, next_legal, late, computed_at)
       select id, (array['before-departure','arrival-week','first-month','first-3-months','first-year','staying'])
                  [1 + (row_number() over ())::int % 6], 10, 40, current_date + 5,
              current_date + ((row_number() over ())::int % 90) - 20, '[]', now() from recruits""",
    """insert into handovers (conversation_id, reason, status, theme, language, created_at, promised_at, first_promised_at,
                              answered_at, closed_at, last_at, outcome, rating)
       select 1 + g % :recruits, 'asked', 'resolved', 'tax', 'en', now() - (g % 300) * interval '1 day',
              now(), now() - (g % 300) * interval '1 day' + interval '1 hour',
              now() - (g % 300) * interval '1 day' + (g % 90) * interval '1 minute',
              now() - (g % 300) * interval '1 day' + interval '3 hours', now(), 'solved', 1 + g % 5
       from generate_series(1, :recruits) g""",
    """insert into handover_events (handover_id, at, kind, data)
       select id, answered_at, 'answered', '{}' from handovers""",
    "insert into gaps (status, created_at) select case when g % 5 = 0 then 'not_ours' else 'open' end, now() "
    "from generate_series(1, 1500) g",
    f"""insert into unanswered (conversation_id, language, text, candidates, created_at, kind, gap_id)
       select 1 + (g * 13) % :recruits, {LANGUAGES}[1 + g % 8], 'where can i leave my bicycle ' || g, '["tax-card"]',
              now() - (g % 60) * interval '1 day', 'unanswered', 1 + g % 1500 from generate_series(1, 5000) g""",  # noqa: S608 - constants
    """insert into counts select current_date - d, w, (array['en','pl','fil','ro','uk','de','hi','da'])[1 + t % 8], 'tax',
              'topic-' || t, 1 + (d * t) % 40
       from generate_series(0, 730) d, generate_series(1, 30) t,
            unnest(array['answered','answered','asked_back','unanswered','handed_over','thumb_up','thumb_down']) w
       on conflict do nothing""",
    """insert into counts (day, what, language, number) select current_date - d, 'conversation', l, 5 + d % 90
       from generate_series(0, 730) d, unnest(array['en','pl','fil','ro','uk','de','hi','da']) l""",
    """insert into counts (day, what, topic, number) select current_date - d, 'reminder', s, 1 + d % 300
       from generate_series(0, 730) d, unnest(array['sent','skipped','failed','planned']) s""",
    """insert into audit (at, staff_id, who, what, about) select now() - g * interval '5 minutes', 1, 'Ada', 'answers.edit',
              'text:tax-card' from generate_series(1, 100000) g""",
    """insert into looks (recruit_id, staff_id, what, at) select id, 1, 'profile', now() - interval '1 day' from recruits""",
    """insert into invitations (id, code, name, batch, created_at, expires_at, profile)
       select gen_random_uuid(), 'code' || g, 'Person ' || g, '00000000-0000-0000-0000-000000000001', now(),
              now() + interval '90 days', '{}' from generate_series(1, 10000) g""",
    "vacuum analyze",
)
# What stands in an address, by the name of the part; each in turn.
PARTS = {
    "part": ("en", "pl", "topic"),
    "slug": ("tax-card", "cpr-registration", "find-rental-home"),
    "language": ("pl", "en", "hi"),
    "kind": ("reply", "canned", "term", "document"),
}
QUERIES: dict[str, tuple[str, ...]] = {
    "/admin/people": (
        "",
        "kommune=odense",
        "late=1",
        "phase=first-month&kommune=aarhus",
        "page=120",
        "q=Person+77",
        "sort=seen",
    ),
    "/admin/answers": ("", "q=tax", "theme=housing", "language=pl&state=published", "page=3"),
    "/admin/figures": ("", "q=tax", "page=5", "show=unused"),
    "/admin/gaps": ("", "language=pl", "status=not_ours", "page=9"),
    "/admin/numbers": ("", "period=7", "period=year&compare=1", "since=2024-12-01"),
    "/admin/audit": ("", "what=answers.edit", "page=40", "about=text:tax-card"),
    "/admin/invitations": ("", "status=open", "page=90"),
}


async def measure(settings: Settings, amounts: Amounts) -> dict[int, dict[str, list[float]]]:
    """Milliseconds of each page, by number of clients."""
    await bring_knowledge(settings)
    await _more_topics(settings, amounts.topics)
    await asyncio.to_thread(_fill, settings.database_url, amounts)
    token = await _administrator(settings)
    port = free_port()
    child: Child = own("web", replace(settings, port=port, rasa_url="http://127.0.0.1:9"))
    child.environment = {**child.environment, "VELKOMMEN_PORT": str(port), "VELKOMMEN_SECRET_KEY": settings.secret_key}
    keeping = asyncio.create_task(child.keep_running())
    found: dict[int, dict[str, list[float]]] = {}
    try:
        base = f"http://127.0.0.1:{port}"
        await until_answers(f"{base}/healthz", 60)
        pages = await _addresses(settings)
        async with httpx.AsyncClient(base_url=base, cookies={COOKIE: token}, timeout=60, limits=LIMITS) as http:
            for clients in amounts.clients:
                print(f"… {len(pages)} pages, {clients} client(s)", flush=True)
                found[clients] = {
                    path: times
                    for path, addresses in pages.items()
                    if (times := await _ask(http, path, addresses, amounts.asked, clients))
                }
    finally:
        await child.stop()
        await keeping
    return found


async def _ask(http: httpx.AsyncClient, path: str, addresses: list[str], asked: int, clients: int) -> list[float]:
    """Nothing where the page is not there with these addresses."""
    wanted: Iterator[str] = itertools.islice(itertools.cycle(addresses), asked)
    times: list[float] = []

    async def client() -> None:
        for address in wanted:
            began = time.perf_counter()
            try:
                answer = await http.get(address)
            except httpx.TransportError as error:
                print(f"  {address}: {type(error).__name__}", flush=True)
                continue
            if answer.status_code != 200:
                if answer.status_code >= 500:
                    print(f"  {address}: {answer.status_code}", flush=True)
                continue
            times.append((time.perf_counter() - began) * 1000)

    with suppress(httpx.TransportError):
        await http.get(addresses[0])  # the first builds what the others share
    await asyncio.gather(*(client() for _ in range(clients)))
    if not times:
        print(f"  not measured: {path}", flush=True)
    return times


async def _addresses(settings: Settings) -> dict[str, list[str]]:
    """The pages of the admin backend, each with the addresses at which it is asked for."""
    async with open_services(settings, channels={}, queue=False) as (services, _):
        library = await services.shelf.library()
        async with services.database.connect() as connection:
            row = (
                await connection.execute(text("select (select id from recruits limit 1), (select max(id) from gaps)"))
            ).one()
    samples = {**PARTS, "uuid": (str(row[0]),), "person": (str(row[0]),), "gap": (str(row[1]),)}
    pages = {"/healthz": ["/healthz"]}
    for route in (route for rooms in ROOMS for route in rooms.routes):
        assert isinstance(route, APIRoute)
        if "GET" in (route.methods or ()):
            pages[route.path] = list(_filled(route.path, samples, library, str(row[0])))
    return pages


def _filled(path: str, samples: dict[str, tuple[str, ...]], library: Library, person: str) -> Iterator[str]:
    named = re.findall(r"\{(\w+)(?::\w+)?\}", path)
    if not named:
        yield from (f"{path}?{query}" if query else path for query in QUERIES.get(path, ("",)))
        return
    own = {
        "/admin/figures": list(library.figures)[::60],
        "/admin/checklists": list(library.by_id)[::12],
        "/admin/people": [person],
        "/admin/municipalities": list(library.municipalities),
        "/admin/texts": ["greeting", "mentor_offer"],
    }
    choices: list[tuple[str, ...]] = []
    for name in named:
        area = next((values for begin, values in own.items() if path.startswith(begin)), None)
        if name == "block":
            choices.append(("ends", "themes"))
        elif name in samples and not (name == "kind" and "key" in named):
            choices.append(samples[name])
        elif name == "kind":
            choices.append(("reply",))
        else:
            choices.append(tuple(area or ("1",)))
    for values in itertools.product(*choices):
        yield re.sub(r"\{\w+(?::\w+)?\}", "{}", path).format(*values)


async def _more_topics(settings: Settings, wanted: int) -> None:
    """Copies under other names, until there are so many."""
    engine = database.connect(settings.database_url)
    sessions = database.sessions(engine)
    try:
        library = await Shelf(sessions).library()
        async with sessions.begin() as session:
            connection = await session.connection()
            for number, slug in zip(range(len(library.topics), wanted), itertools.cycle(library.topics)):
                changes = {}
                for name in library.revisions:
                    if name[0] in ("topic", "text") and name[1] == slug:
                        entry = await editing.published(connection, name)
                        assert entry is not None
                        changes[name[0], f"{slug[:40]}-{number}", name[2]] = entry.data
                await editing.publish(connection, changes, staff_id=None, now=datetime.now(UTC))
    finally:
        await engine.dispose()


def _fill(url: str, amounts: Amounts) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    values = {"recruits": amounts.recruits, "each": amounts.messages // 2}
    with engine.connect() as connection:
        for statement in FILL:
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), used)
    engine.dispose()


async def _administrator(settings: Settings) -> str:
    engine = database.connect(settings.database_url)
    now = datetime.now(UTC)
    try:
        async with engine.begin() as connection:
            number = await staff.add(connection, email="ada@example.org", name="Ada", role="admin", now=now)
            token, _ = await staff.open_session(connection, number, now=now, second=True)
    finally:
        await engine.dispose()
    return token


def lines(found: dict[int, dict[str, list[float]]]) -> list[str]:
    said = ["The admin backend's pages, milliseconds (ratio: p95 beside /healthz of the same round)"]
    slowest = 0.0
    for clients, pages in found.items():
        bare = percentile(pages["/healthz"], 95)
        said.append(f"{clients} client(s)".ljust(52) + f"{'p50':>8}{'p95':>8}{'most':>8}{'ratio':>8}")
        for path, times in sorted(pages.items(), key=lambda item: -percentile(item[1], 95)):
            p50, p95 = percentile(times, 50), percentile(times, 95)
            slowest = slowest if path.endswith(DOWNLOADS) else max(slowest, p95)
            said.append(f"  {path:<50}{p50:>8.1f}{p95:>8.1f}{max(times):>8.1f}{p95 / bare:>8.1f}")
    return [*said, told(Aim("slowest page (downloads apart), p95, ms", slowest, QUICK_ENOUGH, at_least=False))]
