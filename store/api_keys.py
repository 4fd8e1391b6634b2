"""Other systems' keys to the API: shown once, kept as their hash; which invitations and people they may see."""

import base64
import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import ApiKey

PREFIX = "vk_"
SCOPES = ("people:read", "progress:read", "invitations:read", "invitations:write", "topics:read")


@dataclass(frozen=True, slots=True)
class Key:
    """kommuner: only people of these; empty: of all."""

    id: int
    name: str
    scopes: tuple[str, ...]
    kommuner: tuple[str, ...]
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    expires_at: datetime | None


COLUMNS = (
    ApiKey.id, ApiKey.name, ApiKey.scopes, ApiKey.kommuner, ApiKey.created_at, ApiKey.used_at, ApiKey.revoked_at,
    ApiKey.expires_at,
)  # fmt: skip


async def make(
    connection: AsyncConnection,
    *,
    name: str,
    scopes: Sequence[str],
    kommuner: Sequence[str] = (),
    expires_at: datetime | None = None,
    staff_id: int | None,
    now: datetime,
) -> tuple[int, str]:
    """The number of a new key, and the key itself, which is not kept."""
    secret = PREFIX + secrets.token_urlsafe(32)
    values = {"scopes": list(scopes), "kommuner": list(kommuner), "expires_at": expires_at, "created_by": staff_id}
    row = insert(ApiKey).values(name=name, key_hash=hashed(secret), created_at=now, **values).returning(ApiKey.id)
    number: int = (await connection.execute(row)).scalar_one()
    return number, secret


async def every(connection: AsyncConnection) -> list[Key]:
    return [_key(row) for row in await connection.execute(select(*COLUMNS).order_by(ApiKey.id.desc()))]


async def revoke(connection: AsyncConnection, number: int, *, now: datetime) -> bool:
    row = update(ApiKey).where(ApiKey.id == number, ApiKey.revoked_at.is_(None)).values(revoked_at=now)
    return (await connection.execute(row)).rowcount == 1


USED = sql("""
    update api_keys set used_at = :now where id = :id and (used_at is null or used_at < :now - interval '1 minute')
""")


async def of_secret(connection: AsyncConnection, secret: str, *, now: datetime) -> Key | None:
    """The key with that secret, as long as it may be used; found by its hash, so that no time tells how much fits."""
    row = (await connection.execute(select(*COLUMNS).where(ApiKey.key_hash == hashed(secret)))).one_or_none()
    key = _key(row) if row else None
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        return None
    await connection.execute(USED, {"now": now, "id": key.id})
    return key


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _key(row: Sequence[Any]) -> Key:
    number, name, scopes, kommuner, *rest = row
    return Key(number, name, tuple(scopes), tuple(kommuner), *rest)


# --- people, as another system may see them ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody who has agreed that we keep anything. reference: of their invitation, unless another system made it. shares:
    also their progress.
    """

    id: uuid.UUID
    language: str | None
    kommune: str | None
    employer: str | None
    phase: str | None
    reference: str | None
    shares: bool
    updated_at: datetime
    done: int | None
    total: int | None
    next_due: date | None
    next_legal: date | None


PEOPLE = """
    select r.id, r.language, nullif(r.profile ->> 'kommune', ''), nullif(r.profile ->> 'employer', ''), p.phase,
           (select i.reference from invitations i where i.recruit_id = r.id
              and (i.api_key_id = :key or i.api_key_id is null) order by i.used_at desc limit 1),
           coalesce(r.profile ->> 'shares_progress', '') = 'yes', r.seen_at, p.done, p.total, p.next_due, p.next_legal
    from recruits r left join progress p on p.recruit_id = r.id
    where r.consent = 'given' and coalesce(r.profile ->> 'audience', '') <> 'employer'
      and (cast(:kommuner as text[]) = '{}' or r.profile ->> 'kommune' = any(:kommuner))
"""
ONE = sql(f"{PEOPLE} and r.id = :id")
MANY = sql(f"""{PEOPLE}
      and (cast(:kommune as text) = '' or r.profile ->> 'kommune' = :kommune)
      and (cast(:employer as text) = '' or r.profile ->> 'employer' = :employer)
      and (cast(:phase as text) = '' or p.phase = :phase)
      and (cast(:since as timestamptz) is null or r.seen_at >= :since)
      and (cast(:after as uuid) is null or r.id > :after)
    order by r.id limit :most
""")


async def people(connection: AsyncConnection, key: Key, *, most: int, **asked: Any) -> list[Seen]:
    """asked: kommune, employer, phase (empty: any), since, after (the last one's number; None: from the beginning)."""
    values = {"key": key.id, "kommuner": list(key.kommuner), "most": most, **asked}
    return [Seen(*row) for row in await connection.execute(MANY, values)]


async def person(connection: AsyncConnection, key: Key, number: uuid.UUID) -> Seen | None:
    row = (await connection.execute(ONE, {"key": key.id, "kommuner": list(key.kommuner), "id": number})).one_or_none()
    return Seen(*row) if row else None


# --- invitations, as the key that made them may see them --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Invited:
    id: uuid.UUID
    code: str
    name: str
    reference: str
    language: str | None
    state: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    recruit_id: uuid.UUID | None


# A person's number only once they have agreed that anything is kept.
INVITATIONS = """
    select i.id, i.code, i.name, i.reference, i.language,
           case when i.used_at is not null then 'used' when i.revoked_at is not null then 'revoked'
                when i.expires_at <= :now then 'expired' else 'open' end as state,
           i.created_at, i.expires_at, i.used_at, case when r.consent = 'given' then i.recruit_id end
    from invitations i left join recruits r on r.id = i.recruit_id where i.api_key_id = :key
"""
OWN = sql(f"select * from ({INVITATIONS}) o where o.id = any(:ids) order by created_at, id")  # noqa: S608
LISTED = sql(f"""
    select * from ({INVITATIONS}) o
    where (cast(:state as text) = '' or o.state = :state) and (cast(:reference as text) = '' or o.reference = :reference)
      and (cast(:after as uuid) is null or o.id > :after)
    order by o.id limit :most
""")  # noqa: S608 - constants
REVOKE = sql("""
    update invitations set revoked_at = :now where id = :id and api_key_id = :key and used_at is null and revoked_at is null
""")


async def invitations(
    connection: AsyncConnection, key: Key, *, now: datetime, most: int, **asked: Any
) -> list[Invited]:
    """asked: state, reference (empty: any), after."""
    rows = await connection.execute(LISTED, {"key": key.id, "now": now, "most": most, **asked})
    return [Invited(*row) for row in rows]


async def invited(
    connection: AsyncConnection, key: Key, numbers: Sequence[uuid.UUID], *, now: datetime
) -> list[Invited]:
    rows = await connection.execute(OWN, {"key": key.id, "now": now, "ids": list(numbers)})
    return [Invited(*row) for row in rows]


async def of_batch(connection: AsyncConnection, key: Key, batch: uuid.UUID, *, now: datetime) -> list[Invited]:
    query = sql(f"select o.* from ({INVITATIONS} and i.batch = :batch) o order by o.reference, o.name, o.id")  # noqa: S608
    return [Invited(*row) for row in await connection.execute(query, {"key": key.id, "now": now, "batch": batch})]


REFERENCES = sql("""
    select reference from invitations where api_key_id = :key and reference = any(:references) and revoked_at is null
      and (used_at is not null or expires_at > :now)
""")


async def references_taken(
    connection: AsyncConnection, key: Key, references: Sequence[str], *, now: datetime
) -> set[str]:
    """Which of these the key has invited already, with an invitation that still stands."""
    values = {"key": key.id, "references": list(references), "now": now}
    return set((await connection.execute(REFERENCES, values)).scalars())


async def hold(connection: AsyncConnection, key: Key) -> None:
    """One who invites with that key at a time, so that the same reference is not invited twice at once."""
    await connection.execute(sql("select pg_advisory_xact_lock(7, :key)"), {"key": key.id % 2**31})


async def revoke_invitation(connection: AsyncConnection, key: Key, number: uuid.UUID, *, now: datetime) -> bool:
    return (await connection.execute(REVOKE, {"key": key.id, "id": number, "now": now})).rowcount == 1


# --- where a list was left --------------------------------------------------------------------------------------------


def cursor(number: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(number.bytes).decode().rstrip("=")


def read_cursor(text: str) -> uuid.UUID:
    """ValueError for what is no cursor of ours."""
    return uuid.UUID(bytes=base64.urlsafe_b64decode(text + "=="))
