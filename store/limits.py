"""A pace that several processes keep together: one row a bucket, one statement a message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket: `burst` at once, then one `every` so often."""

    bucket: str
    every: timedelta
    burst: float


# A bucket is known by one moment: when it is full again. Taking a token moves it by `every`; it holds one as long as
# it is full again within `burst` times that. A moment further ahead is a reservation, due when the token is there.
RESERVE = sql("""
    insert into send_limits as l (bucket, full_at) values (:bucket, cast(:now as timestamptz) + :every)
    on conflict (bucket) do update set full_at = greatest(least(l.full_at, :horizon), :now) + :every
    where greatest(least(l.full_at, :horizon), :now) <= :latest
    returning full_at
""")
FULL_AT = sql("select least(full_at, :horizon) from send_limits where bucket = :bucket")
# Nothing is reserved further ahead; what seems to be was written by a clock that is wrong.
HORIZON = timedelta(minutes=10)


async def reserve(connection: AsyncConnection, wanted: Sequence[Limit], *, patience: float, now: datetime) -> float:
    """Take one token of each bucket; the seconds until the last of them is there.

    If that is more than `patience`, nothing is taken. Always name the buckets in the same order, the busiest last:
    their rows stay locked until the transaction ends.
    """
    longest = 0.0
    async with connection.begin_nested() as savepoint:
        for limit in wanted:
            seconds, taken = await _reserve(connection, limit, patience, now)
            longest = max(longest, seconds)
            if not taken:
                await savepoint.rollback()
                return longest
    return longest


HOLD = sql("""
    insert into send_limits as l (bucket, full_at) values (:bucket, :until)
    on conflict (bucket) do update set full_at = greatest(l.full_at, :until)
""")


async def hold(connection: AsyncConnection, limit: Limit, *, until: datetime) -> None:
    """No token of a bucket before that moment."""
    await connection.execute(HOLD, {"bucket": limit.bucket, "until": until})


async def _reserve(connection: AsyncConnection, limit: Limit, patience: float, now: datetime) -> tuple[float, bool]:
    room = limit.every * (limit.burst - 1)
    latest = now + room + timedelta(seconds=patience)
    values = {"bucket": limit.bucket, "now": now, "every": limit.every, "latest": latest, "horizon": now + HORIZON}
    full_at: datetime | None = (await connection.execute(RESERVE, values)).scalar()
    if full_at is not None:
        return max((full_at - limit.every - room - now).total_seconds(), 0.0), True
    refused: datetime = (
        await connection.execute(FULL_AT, {"bucket": limit.bucket, "horizon": now + HORIZON})
    ).scalar_one()
    return (refused - room - now).total_seconds(), False
