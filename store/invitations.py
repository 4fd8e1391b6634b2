"""Invitations: who is invited before they write, what is known of them, and the code of their link.

A code is good once, for `GOOD_FOR`. What was told of somebody stands in the row until they have agreed that it is kept,
or said no; of a row that nobody used nothing is left `FORGOTTEN_AFTER` its end.
"""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import Invitation

GOOD_FOR = timedelta(days=90)
FORGOTTEN_AFTER = timedelta(days=30)
# Letters only, and none that is mistaken for another: digits in a row might be masked on their way in. 16 are 68 bits.
LETTERS, LENGTH = "bcdfghjkmnpqrstvwxz", 16
STATES = ("open", "used", "expired", "revoked")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody to invite. profile: what they need not be asked, under the names that the bot uses, with `name`."""

    name: str
    reference: str = ""
    language: str | None = None
    profile: Mapping[str, str] = field(default_factory=dict)

    @property
    def same(self) -> tuple[str, str, str]:
        """Who agrees in this is most likely the same person."""
        return self.name.casefold(), self.profile.get("kommune", ""), self.profile.get("employer", "")


@dataclass(frozen=True, slots=True)
class Kept:
    """An invitation as it stands. state: open, used, expired or revoked. recruit_id: of whoever came with it and has agreed
    that anything is kept; a name would else stand beside the number of somebody who has not.
    """

    id: uuid.UUID
    code: str
    name: str
    reference: str
    language: str | None
    profile: dict[str, str]
    batch: uuid.UUID
    created_at: datetime
    by: str | None
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    recruit_id: uuid.UUID | None
    state: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What was imported at once."""

    id: uuid.UUID
    at: datetime
    people: int


def new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


async def make(
    connection: AsyncConnection,
    people: Sequence[Wanted],
    *,
    staff_id: int | None = None,
    api_key_id: int | None = None,
    now: datetime,
) -> uuid.UUID:
    """Invite these people, all of them or none; the number of the batch."""
    batch = uuid.uuid4()
    rows = [
        {
            "id": uuid.uuid4(),
            "code": new_code(),
            "name": person.name,
            "reference": person.reference,
            "language": person.language,
            "profile": dict(person.profile),
            "batch": batch,
            "created_at": now,
            "created_by": staff_id,
            "api_key_id": api_key_id,
            "expires_at": now + GOOD_FOR,
        }
        for person in people
    ]
    if rows:
        await connection.execute(insert(Invitation), rows)
    return batch


KNOWN = sql("""
    select i.reference, i.name, coalesce(nullif(i.profile ->> 'kommune', ''), r.profile ->> 'kommune', ''),
           coalesce(nullif(i.profile ->> 'employer', ''), r.profile ->> 'employer', '')
    from invitations i left join recruits r on r.id = i.recruit_id
    where i.revoked_at is null and (i.used_at is not null or i.expires_at > :now)
      and (i.reference = any(:references) or lower(i.name) = any(:names))
""")


async def known(connection: AsyncConnection, people: Sequence[Wanted], *, now: datetime) -> list[bool]:
    """For each of them whether they were invited before: under the same reference, or as the same person."""
    values = {
        "now": now,
        "references": [person.reference for person in people if person.reference],
        "names": [person.name.lower() for person in people],
    }
    references, same = set[str](), set[tuple[str, str, str]]()
    for reference, name, kommune, employer in await connection.execute(KNOWN, values):
        references.add(reference)
        same.add((name.casefold(), kommune, employer))
    references.discard("")
    return [person.reference in references or person.same in same for person in people]


# --- opening the link -------------------------------------------------------------------------------------------------

CLAIM = sql("""
    update invitations set used_at = :now, recruit_id = :recruit
    where code = :code and used_at is null and revoked_at is null and expires_at > :now returning language
""")
SPEAK = sql("update recruits set language = :language where id = :recruit and not language_chosen")
CLAIMED = sql("""
    select name, language, profile from invitations where code = :code and recruit_id = :recruit and revoked_at is null
""")


async def claim(connection: AsyncConnection, code: str, recruit_id: uuid.UUID, *, now: datetime) -> Wanted | None:
    """Whoever opens the link first has it; opening it again gives the same. None: used by another, over, or no code.

    The first time it sets the language in which the person is spoken to, unless they have chosen one.
    """
    values = {"code": code.lower(), "recruit": recruit_id}
    first = (await connection.execute(CLAIM, {**values, "now": now})).one_or_none()
    if first is not None and first.language:
        await connection.execute(SPEAK, {"language": first.language, "recruit": recruit_id})
    row = (await connection.execute(CLAIMED, values)).one_or_none()
    return Wanted(row.name, "", row.language, row.profile) if row else None


GUESSES = sql("""
    select count(*) from inbound
    where conversation_id = :conversation and received_at > :since and (kind = 'command' or payload like 'invited:%')
""")


async def tries_since(connection: AsyncConnection, conversation_id: int, since: datetime) -> int:
    """How many commands came from a conversation since then; each of them may have been a guess."""
    return int((await connection.execute(GUESSES, {"conversation": conversation_id, "since": since})).scalar_one())


async def told(connection: AsyncConnection, recruit_id: uuid.UUID) -> dict[str, str]:
    """What was told of a person by invitations, and is not settled yet."""
    found = select(Invitation.profile).where(Invitation.recruit_id == recruit_id, Invitation.revoked_at.is_(None))
    facts: dict[str, str] = {}
    for profile in (await connection.execute(found.order_by(Invitation.used_at))).scalars():
        facts |= profile
    return facts


async def settle(connection: AsyncConnection, recruit_id: uuid.UUID) -> None:
    """What was told of a person stands in the person's own profile now."""
    theirs = update(Invitation).where(Invitation.recruit_id == recruit_id, Invitation.profile != {})
    await connection.execute(theirs.values(profile={}))


async def forget_told(connection: AsyncConnection, recruit_id: Any) -> None:
    """The person does not want it kept: only that an invitation was used is left."""
    theirs = update(Invitation).where(Invitation.recruit_id == recruit_id)
    await connection.execute(theirs.values(name="", reference="", profile={}))


# --- looking after them -----------------------------------------------------------------------------------------------

STATE = """case when i.used_at is not null then 'used' when i.revoked_at is not null then 'revoked'
                when i.expires_at <= :now then 'expired' else 'open' end"""
SELECT = f"""
    select i.id, i.code, i.name, i.reference, i.language, i.profile, i.batch, i.created_at, coalesce(s.name, k.name),
           i.expires_at, i.used_at, i.revoked_at, case when r.consent = 'given' then i.recruit_id end, {STATE}
    from invitations i left join staff s on s.id = i.created_by left join api_keys k on k.id = i.api_key_id
    left join recruits r on r.id = i.recruit_id
"""  # noqa: S608 - a constant
MATCHING = f"""
    (cast(:state as text) = '' or {STATE} = :state) and (cast(:batch as uuid) is null or i.batch = :batch)
    and (cast(:like as text) = '' or i.name ilike :like or i.reference ilike :like)
"""
COUNT = sql(f"select count(*) from invitations i where {MATCHING}")  # noqa: S608 - constants
PAGE = sql(f"{SELECT} where {MATCHING} order by i.created_at desc, i.name, i.id offset :offset limit :most")


async def page(
    connection: AsyncConnection,
    *,
    now: datetime,
    state: str = "",
    batch: uuid.UUID | None = None,
    query: str = "",
    offset: int = 0,
    most: int = 50,
) -> tuple[list[Kept], int]:
    """The invitations that match, the newest first, and how many there are."""
    values = {"now": now, "state": state, "batch": batch, "like": like(query)}
    number = (await connection.execute(COUNT, values)).scalar_one()
    rows = await connection.execute(PAGE, {**values, "offset": offset, "most": most})
    return [Kept(*row) for row in rows], int(number)


def like(query: str) -> str:
    """The pattern of what contains these words; empty for none."""
    plain = query.strip().replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{plain}%" if plain else ""


async def one(connection: AsyncConnection, number: uuid.UUID, *, now: datetime) -> Kept | None:
    row = (await connection.execute(sql(f"{SELECT} where i.id = :id"), {"id": number, "now": now})).one_or_none()
    return Kept(*row) if row else None


async def of_recruit(connection: AsyncConnection, recruit_id: uuid.UUID, *, now: datetime) -> list[Kept]:
    """With which invitations somebody came, the newest first."""
    query = sql(f"{SELECT} where i.recruit_id = :recruit order by i.used_at desc")
    return [Kept(*row) for row in await connection.execute(query, {"recruit": recruit_id, "now": now})]


BATCHES = sql("select batch, min(created_at), count(*) from invitations group by batch order by 2 desc limit 100")


async def batches(connection: AsyncConnection) -> list[Batch]:
    """The last imports, the newest first."""
    return [Batch(*row) for row in await connection.execute(BATCHES)]


async def revoke(connection: AsyncConnection, number: uuid.UUID, *, now: datetime) -> bool:
    """Have a link open nothing any more; False if it was used, or revoked already."""
    unused = update(Invitation).where(
        Invitation.id == number, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None)
    )
    return (await connection.execute(unused.values(revoked_at=now))).rowcount == 1


async def renew(connection: AsyncConnection, number: uuid.UUID, *, now: datetime) -> bool:
    """A new code, good for the whole time again; the old one opens nothing any more. False if it was used."""
    unused = update(Invitation).where(Invitation.id == number, Invitation.used_at.is_(None))
    renewed = unused.values(code=new_code(), expires_at=now + GOOD_FOR, revoked_at=None)
    return (await connection.execute(renewed)).rowcount == 1


async def retain(connection: AsyncConnection, *, now: datetime) -> int:
    """Delete what nobody used in time; and of those that were used, what the person has not agreed to by then."""
    before = now - FORGOTTEN_AFTER
    over = or_(Invitation.expires_at < before, Invitation.revoked_at < before)
    gone = await connection.execute(delete(Invitation).where(Invitation.used_at.is_(None), over))
    await connection.execute(SETTLE_OLD, {"before": before})
    return gone.rowcount


SETTLE_OLD = sql("""
    update invitations i set profile = '{}', name = '', reference = '' from recruits r
    where r.id = i.recruit_id and r.consent <> 'given' and i.used_at < :before and (i.profile <> '{}' or i.name <> '')
""")
