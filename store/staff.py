"""Colleagues and how they sign in. Secrets (of a session, of a one-time link) are kept as their hash only."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import RecoveryCode, Shift, Staff, StaffLink, StaffSession

SESSION_FOR = timedelta(hours=12)
HALF_FOR = timedelta(minutes=30)  # a session that still lacks its second factor
LONGEST_AGENT = 300
NEED_SECOND = frozenset({"admin"})
SEEN_EVERY = timedelta(minutes=1)
MOST_FAILURES, LOCKED_FOR = 10, timedelta(minutes=15)


type Lacks = Literal["", "code", "set_up"]


@dataclass(frozen=True, slots=True)
class Colleague:
    """Who works here. Empty tuples mean: any. has_code: they have a second factor of ours."""

    id: int
    email: str
    name: str
    role: str
    active: bool
    languages: tuple[str, ...] = ()
    kommuner: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    occupations: tuple[str, ...] = ()
    capacity: int = 15
    telegram_id: str | None = None
    translate: bool = True
    last_given_at: datetime | None = None
    has_code: bool = False
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """second: signed in with a second factor, too."""

    colleague: Colleague
    csrf: str
    number: int
    second: bool

    @property
    def lacks(self) -> Lacks:
        return lacking(self.colleague.role, second=self.second, has_code=self.colleague.has_code)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Of a list of somebody's sessions: which browser, since when, when last used."""

    number: int
    agent: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor: its secret, encrypted, and the last time step of which a code was taken."""

    secret: str | None
    used: int | None
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """What signing in needs to look at."""

    id: int
    password_hash: str | None
    locked_until: datetime | None
    active: bool


@dataclass(frozen=True, slots=True)
class Duties:
    """A row of the rota."""

    id: int
    staff_id: int
    kind: str
    weekday: int | None
    day: date | None
    start: time
    end: time
    valid_from: date | None
    valid_to: date | None


COLUMNS = (
    Staff.id, Staff.email, Staff.name, Staff.role, Staff.active, Staff.languages, Staff.kommuner, Staff.themes,
    Staff.occupations, Staff.capacity, Staff.telegram_id, Staff.translate, Staff.last_given_at,
    Staff.totp_secret.is_not(None), Staff.subject,
)  # fmt: skip


async def by_id(connection: AsyncConnection, staff_id: int) -> Colleague | None:
    return await _one(connection, Staff.id == staff_id)


async def by_email(connection: AsyncConnection, email: str) -> Colleague | None:
    return await _one(connection, Staff.email == plain(email))


async def by_telegram(connection: AsyncConnection, telegram_id: str) -> Colleague | None:
    """The active colleague whose Telegram account this is."""
    return await _one(connection, Staff.telegram_id == telegram_id, Staff.active)


async def everybody(connection: AsyncConnection, *, also_inactive: bool = False) -> list[Colleague]:
    found = select(*COLUMNS).order_by(Staff.name, Staff.id)
    rows = await connection.execute(found if also_inactive else found.where(Staff.active))
    return [_colleague(row) for row in rows]


async def add(
    connection: AsyncConnection,
    *,
    email: str,
    name: str,
    role: str,
    now: datetime,
    languages: tuple[str, ...] = (),
    kommuner: tuple[str, ...] = (),
    themes: tuple[str, ...] = (),
    occupations: tuple[str, ...] = (),
    capacity: int = 15,
) -> int:
    """A new colleague, who cannot sign in before choosing a password. IntegrityError if the address is taken."""
    lists = {"languages": languages, "kommuner": kommuner, "themes": themes, "occupations": occupations}
    values = {name_: list(value) for name_, value in lists.items()}
    row = insert(Staff).values(email=plain(email), name=name, role=role, capacity=capacity, created_at=now, **values)
    number: int = (await connection.execute(row.returning(Staff.id))).scalar_one()
    return number


async def change(connection: AsyncConnection, staff_id: int, **values: Any) -> None:
    """Set columns of a colleague: name, role, languages …"""
    lists = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    await connection.execute(update(Staff).where(Staff.id == staff_id).values(**lists))


async def switch(connection: AsyncConnection, staff_id: int, *, active: bool) -> None:
    """Switch an account on or off; off ends every session and link at once and lets go of Telegram."""
    values: dict[str, Any] = {"active": active}
    if not active:
        values |= {"telegram_id": None, "telegram_talk": None}
        for owned in (StaffSession, StaffLink):
            await connection.execute(delete(owned).where(owned.staff_id == staff_id))
    await connection.execute(update(Staff).where(Staff.id == staff_id).values(**values))


async def remove(connection: AsyncConnection, staff_id: int) -> None:
    """Delete a colleague with everything kept about them; what they wrote to people stays, without their number."""
    await connection.execute(delete(Staff).where(Staff.id == staff_id))


async def set_password(connection: AsyncConnection, staff_id: int, password_hash: str) -> None:
    """A new password ends every session that is open, and every link to choose one."""
    await connection.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id))
    await connection.execute(
        delete(StaffLink).where(
            StaffLink.staff_id == staff_id, StaffLink.purpose == "password", StaffLink.used_at.is_(None)
        )
    )
    await connection.execute(
        update(Staff).where(Staff.id == staff_id).values(password_hash=password_hash, failed=0, locked_until=None)
    )


async def make_link(
    connection: AsyncConnection, staff_id: int, purpose: str, *, now: datetime, hours: float = 48
) -> str:
    """A one-time secret; an earlier one for the same purpose is void."""
    token = secrets.token_urlsafe(24)
    await connection.execute(delete(StaffLink).where(StaffLink.staff_id == staff_id, StaffLink.purpose == purpose))
    await connection.execute(
        insert(StaffLink).values(
            token_hash=hashed(token), staff_id=staff_id, purpose=purpose, expires_at=now + timedelta(hours=hours)
        )
    )
    return token


async def peek_link(connection: AsyncConnection, token: str, purpose: str, *, now: datetime) -> int | None:
    """Whose link it is, as long as it can be used."""
    found = select(StaffLink.staff_id).join(Staff, Staff.id == StaffLink.staff_id)
    fits = (StaffLink.token_hash == hashed(token), StaffLink.purpose == purpose, Staff.active)
    row = await connection.execute(found.where(*fits, StaffLink.used_at.is_(None), StaffLink.expires_at > now))
    number: int | None = row.scalar()
    return number


async def use_link(connection: AsyncConnection, token: str, purpose: str, *, now: datetime) -> int | None:
    """Whose link it was; None if it is unknown, used or too old."""
    fits = (StaffLink.token_hash == hashed(token), StaffLink.purpose == purpose)
    active = StaffLink.staff_id.in_(select(Staff.id).where(Staff.active))
    row = await connection.execute(
        update(StaffLink)
        .where(*fits, active, StaffLink.used_at.is_(None), StaffLink.expires_at > now)
        .values(used_at=now)
        .returning(StaffLink.staff_id)
    )
    number: int | None = row.scalar()
    return number


async def link_telegram(connection: AsyncConnection, staff_id: int, telegram_id: str) -> None:
    """One account of Telegram belongs to one colleague: the last who linked it."""
    await connection.execute(update(Staff).where(Staff.telegram_id == telegram_id).values(telegram_id=None))
    await connection.execute(update(Staff).where(Staff.id == staff_id).values(telegram_id=telegram_id))


async def set_talk(connection: AsyncConnection, staff_id: int, conversation_id: int | None) -> None:
    """Which conversation a colleague's direct chat is about."""
    await connection.execute(update(Staff).where(Staff.id == staff_id).values(telegram_talk=conversation_id))


async def talk_of(connection: AsyncConnection, staff_id: int) -> int | None:
    number: int | None = (await connection.execute(select(Staff.telegram_talk).where(Staff.id == staff_id))).scalar()
    return number


# --- signing in -------------------------------------------------------------------------------------------------------


async def sign_in_row(connection: AsyncConnection, email: str) -> SignIn | None:
    columns = (Staff.id, Staff.password_hash, Staff.locked_until, Staff.active)
    row = (await connection.execute(select(*columns).where(Staff.email == plain(email)))).one_or_none()
    return SignIn(*row) if row else None


async def failed_once(connection: AsyncConnection, staff_id: int, *, now: datetime) -> bool:
    """Count a wrong password or code; the tenth in a row locks the account for a quarter of an hour: True."""
    row = update(Staff).where(Staff.id == staff_id).values(failed=Staff.failed + 1).returning(Staff.failed)
    if ((await connection.execute(row)).scalar() or 0) < MOST_FAILURES:
        return False
    locked = update(Staff).where(Staff.id == staff_id)
    await connection.execute(locked.values(failed=0, locked_until=now + LOCKED_FOR))
    return True


def lacking(role: str, *, second: bool, has_code: bool) -> Lacks:
    """What a session still lacks before it may do anything: a code, or that one is set up at all."""
    if second:
        return ""
    if has_code:
        return "code"
    return "set_up" if role in NEED_SECOND else ""


async def open_session(
    connection: AsyncConnection, staff_id: int, *, now: datetime, second: bool = False, agent: str = ""
) -> tuple[str, str]:
    """The session's secret, for the cookie, and its token against forged requests.

    As long as it lacks the second factor it is short, and forgives no wrong code: else a known password would do it.
    """
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    account = select(Staff.role, Staff.totp_secret.is_not(None)).where(Staff.id == staff_id)
    role, has_code = (await connection.execute(account)).one()
    half = bool(lacking(role, second=second, has_code=has_code))
    await connection.execute(delete(StaffSession).where(StaffSession.expires_at <= now))
    await connection.execute(
        insert(StaffSession).values(
            token_hash=hashed(token), staff_id=staff_id, csrf=csrf, created_at=now, seen_at=now, second=second,
            agent=agent[:LONGEST_AGENT], expires_at=now + (HALF_FOR if half else SESSION_FOR),
        )
    )  # fmt: skip
    forgiven: dict[str, Any] = {} if half else {"failed": 0, "locked_until": None}
    await connection.execute(update(Staff).where(Staff.id == staff_id).values(seen_at=now, **forgiven))
    return token, csrf


async def session(connection: AsyncConnection, token: str, *, now: datetime) -> Session | None:
    """Who is signed in with that secret; None when it is too old or the account is off."""
    own = (StaffSession.csrf, StaffSession.number, StaffSession.second, StaffSession.seen_at)
    found = select(*own, *COLUMNS).join(Staff, Staff.id == StaffSession.staff_id)
    fits = (StaffSession.token_hash == hashed(token), StaffSession.expires_at > now, Staff.active)
    row = (await connection.execute(found.where(*fits))).one_or_none()
    if row is None:
        return None
    csrf, number, second, seen_at, *columns = row
    who = _colleague(columns)
    found_session = Session(who, csrf, number, second)
    if now - seen_at >= SEEN_EVERY and not found_session.lacks:
        seen = update(StaffSession).where(StaffSession.token_hash == hashed(token))
        await connection.execute(seen.values(seen_at=now, expires_at=now + SESSION_FOR))
        await connection.execute(update(Staff).where(Staff.id == who.id).values(seen_at=now))
    return found_session


async def close_session(connection: AsyncConnection, token: str) -> None:
    await connection.execute(delete(StaffSession).where(StaffSession.token_hash == hashed(token)))


async def sessions_of(connection: AsyncConnection, staff_id: int, *, now: datetime) -> list[OpenSession]:
    """The newest first."""
    columns = (StaffSession.number, StaffSession.agent, StaffSession.created_at, StaffSession.seen_at)
    fits = (StaffSession.staff_id == staff_id, StaffSession.expires_at > now)
    rows = await connection.execute(select(*columns).where(*fits).order_by(StaffSession.number.desc()))
    return [OpenSession(*row) for row in rows]


async def end_session(connection: AsyncConnection, staff_id: int, number: int) -> bool:
    """End one of somebody's sessions; one of anybody else is none of theirs."""
    fits = (StaffSession.staff_id == staff_id, StaffSession.number == number)
    return (await connection.execute(delete(StaffSession).where(*fits))).rowcount == 1


async def end_sessions(connection: AsyncConnection, staff_id: int, *, but: int | None = None) -> int:
    """End all of somebody's sessions, except for one; how many those were."""
    fits = [StaffSession.staff_id == staff_id, *([StaffSession.number != but] if but is not None else [])]
    return (await connection.execute(delete(StaffSession).where(*fits))).rowcount


# --- the second factor ------------------------------------------------------------------------------------------------


async def factor(connection: AsyncConnection, staff_id: int) -> Factor:
    columns = (Staff.totp_secret, Staff.totp_used, Staff.locked_until)
    return Factor(*(await connection.execute(select(*columns).where(Staff.id == staff_id))).one())


async def set_factor(connection: AsyncConnection, staff_id: int, secret: str | None, *, used: int | None) -> None:
    """A new secret, encrypted, or none any more; the recovery codes of the one before are void."""
    await connection.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    await connection.execute(update(Staff).where(Staff.id == staff_id).values(totp_secret=secret, totp_used=used))


async def take_step(connection: AsyncConnection, staff_id: int, step: int) -> bool:
    """Whether a code of that time step is taken now: not if one of it, or of a later one, was taken already."""
    fresh = (Staff.id == staff_id, or_(Staff.totp_used.is_(None), Staff.totp_used < step))
    return (await connection.execute(update(Staff).where(*fresh).values(totp_used=step))).rowcount == 1


async def set_recovery(connection: AsyncConnection, staff_id: int, codes: Iterable[str]) -> None:
    """These, and none that were given before."""
    await connection.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    rows = [{"code_hash": hashed(f"{staff_id} {code}"), "staff_id": staff_id} for code in codes]
    await connection.execute(insert(RecoveryCode), rows)


async def use_recovery(connection: AsyncConnection, staff_id: int, code: str, *, now: datetime) -> bool:
    """Whether it is one that was not used before; it is from now on."""
    fits = (RecoveryCode.code_hash == hashed(f"{staff_id} {code}"), RecoveryCode.staff_id == staff_id)
    used = update(RecoveryCode).where(*fits, RecoveryCode.used_at.is_(None)).values(used_at=now)
    return (await connection.execute(used)).rowcount == 1


async def recovery_left(connection: AsyncConnection, staff_id: int) -> int:
    left = select(func.count()).where(RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None))
    number: int = (await connection.execute(left)).scalar_one()
    return number


# --- the municipality's own sign-in -----------------------------------------------------------------------------------


async def by_subject(connection: AsyncConnection, subject: str) -> Colleague | None:
    return await _one(connection, Staff.subject == subject)


async def link_subject(connection: AsyncConnection, staff_id: int, subject: str) -> bool:
    """From now on they are known by that subject; False where the account has one already."""
    fits = (Staff.id == staff_id, Staff.subject.is_(None), Staff.active)
    return (await connection.execute(update(Staff).where(*fits).values(subject=subject))).rowcount == 1


# --- the rota ---------------------------------------------------------------------------------------------------------


async def shifts(connection: AsyncConnection) -> list[Duties]:
    """The rota of those who work here."""
    columns = (
        Shift.id, Shift.staff_id, Shift.kind, Shift.weekday, Shift.day, Shift.start, Shift.end, Shift.valid_from,
        Shift.valid_to,
    )  # fmt: skip
    rows = await connection.execute(
        select(*columns).join(Staff, Staff.id == Shift.staff_id).where(Staff.active).order_by(Shift.id)
    )
    return [Duties(*row) for row in rows]


async def add_shift(
    connection: AsyncConnection,
    staff_id: int,
    kind: str,
    start: time,
    end: time,
    *,
    weekday: int | None = None,
    day: date | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> int:
    """Exactly one of weekday (0 is Monday) and day."""
    values = {"weekday": weekday, "day": day, "valid_from": valid_from, "valid_to": valid_to}
    row = insert(Shift).values(staff_id=staff_id, kind=kind, start=start, end=end, **values).returning(Shift.id)
    number: int = (await connection.execute(row)).scalar_one()
    return number


async def remove_shift(connection: AsyncConnection, shift_id: int) -> bool:
    return (await connection.execute(delete(Shift).where(Shift.id == shift_id))).rowcount == 1


async def forget_old(connection: AsyncConnection, *, now: datetime) -> None:
    """Delete sessions and links that are over."""
    await connection.execute(delete(StaffSession).where(StaffSession.expires_at <= now))
    await connection.execute(delete(StaffLink).where(or_(StaffLink.expires_at <= now, StaffLink.used_at.is_not(None))))


async def any_mentor(connection: AsyncConnection) -> bool:
    """Whether anybody has an account that can take a conversation over."""
    mentors = select(func.count()).where(Staff.active, Staff.role.in_(("mentor", "supervisor")))
    return bool((await connection.execute(mentors)).scalar())


def plain(email: str) -> str:
    """Addresses are told apart by letters only, not by their case."""
    return email.strip().casefold()


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def _one(connection: AsyncConnection, *fits: Any) -> Colleague | None:
    row = (await connection.execute(select(*COLUMNS).where(*fits))).one_or_none()
    return _colleague(row) if row else None


def _colleague(row: Iterable[Any]) -> Colleague:
    number, email, name, role, active, languages, kommuner, themes, occupations, *rest = list(row)
    return Colleague(
        number, email, name, role, active, tuple(languages), tuple(kommuner), tuple(themes), tuple(occupations), *rest
    )
