"""Further databases in the same PostgreSQL: one with a million stored messages, and an empty one made the same way."""

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from store import database

PEOPLE = 20_000
FILL = (
    # No row can point to nowhere here, and checking each costs minutes.
    "set session_replication_role = replica",
    """insert into recruits (id, created_at, seen_at, language, consent, consent_at)
       select gen_random_uuid(), now() - interval '90 days', now() - interval '1 day', 'en', 'given', now()
       from generate_series(1, :people)""",
    "insert into addresses (recruit_id, channel, external_id) select id, 'bulk', 'full-' || id from recruits",
    "insert into conversations (address_id) select id from addresses",
    """insert into inbound (conversation_id, channel, update_id, kind, text, received_at, handled_at)
       select 1 + g % :people, 'bulk', 'full-' || g, 'text', repeat('a question ', 8), now(), now()
       from generate_series(1, :each) g""",
    """insert into outbound (conversation_id, inbound_id, epoch, body, status, created_at, due_at, sent_at, attempts)
       select 1 + g % :people, g, 0, jsonb_build_object('text', repeat(md5(g::text), 12), 'buttons', '[]'::jsonb),
              'sent', now(), now(), now(), 1
       from generate_series(1, :each) g""",
    "vacuum analyze",
)


def make(url: str, name: str, *, messages: int) -> str:
    """A migrated, vacuumed database of that name beside the one at `url`, holding so many messages; its URL."""
    made = make_url(url).set(database=name).render_as_string(hide_password=False)
    _run(url, [f"create database {name}"])
    database.migrate(made)
    _run(made, FILL, people=PEOPLE if messages else 0, each=messages // 2)
    return made


def _run(url: str, statements: list[str] | tuple[str, ...], **values: int) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            _execute(connection, statement, values)
    engine.dispose()


def _execute(connection: Connection, statement: str, values: dict[str, int]) -> None:
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    connection.execute(text(statement), used)
