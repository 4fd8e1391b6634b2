"""Who is there to take a conversation over at this moment, and what may be promised."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.turn import Desk, Turn
from bot.services import Services
from handover import hours as opening
from handover import rota
from handover.hours import Hours, read_hours
from handover.promise import Load, promise
from handover.rota import Duty, Shift
from handover.routing import Candidate, Need
from store import handovers, staff
from store.conversations import Context
from store.handovers import Row
from store.staff import Colleague

TAKERS = ("mentor", "supervisor")
USUAL = read_hours({"weekly": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-16:00")})


@dataclass(frozen=True, slots=True)
class Floor:
    """Everybody who works here, the rota, the opening hours and how busy each one is."""

    colleagues: Sequence[Colleague]
    shifts: Sequence[Shift]
    counts: dict[int, int]
    hours: Hours
    now: datetime

    @property
    def takers(self) -> list[Colleague]:
        return [colleague for colleague in self.colleagues if colleague.role in TAKERS]

    def on_duty(self) -> frozenset[int]:
        """Whoever's shift it is; and, while it is open, whoever has no shifts at all."""
        if not opening.is_open(self.hours, self.now):
            return frozenset()
        planned = rota.has_shifts(self.shifts)
        anytime = {colleague.id for colleague in self.takers if colleague.id not in planned}
        return rota.on_duty(self.shifts, self.hours, self.now) | anytime

    def on_call(self) -> tuple[int, ...]:
        """Who is on call and hears of it at any hour: without a linked Telegram nothing reaches them at night."""
        known = {colleague.id for colleague in self.takers if colleague.telegram_id}
        return tuple(number for number in rota.on_call(self.shifts, self.now) if number in known)

    def candidates(self) -> list[Candidate]:
        there = self.on_duty()
        return [
            Candidate(
                staff_id=each.id,
                role=each.role,
                languages=frozenset(each.languages),
                kommuner=frozenset(each.kommuner),
                themes=frozenset(each.themes),
                occupations=frozenset(each.occupations),
                open_count=self.counts.get(each.id, 0),
                capacity=each.capacity,
                last_given_at=each.last_given_at,
                available=each.id in there,
            )
            for each in self.takers
        ]

    def load(self, ahead: int) -> Load:
        mentors = sum(1 for each in self.takers if each.id in self.on_duty() and each.role == "mentor")
        return Load(ahead=ahead, mentors=max(mentors, 1))


async def floor(services: Services, connection: AsyncConnection) -> Floor:
    library = await services.shelf.library()
    shifts = [
        Shift(
            each.staff_id, Duty(each.kind), each.start, each.end, each.weekday, each.day, each.valid_from, each.valid_to
        )
        for each in await staff.shifts(connection)
    ]
    return Floor(
        colleagues=await staff.everybody(connection),
        shifts=shifts,
        counts=await handovers.open_counts(connection),
        hours=read_hours(library.desk) if library.desk else USUAL,
        now=services.now(),
    )


async def need_of(connection: AsyncConnection, row: Row) -> Need:
    """What routing looks at."""
    named = await handovers.named_mentors(connection, row.recruit_id)
    return Need(
        language=row.language,
        kommune=row.kommune,
        theme=row.theme,
        occupation=row.occupation,
        named=tuple(number for number, _, _ in named),
        earlier=row.past,
        declined=frozenset(row.declined),
        offered=frozenset(row.offered) | frozenset(row.declined),
        urgent=row.urgent,
    )


async def with_desk(services: Services, context: Context, turn: Turn) -> Turn:
    """The turn with what is known of the human side."""
    async with services.database.connect() as connection:
        return replace(turn, desk=await desk_for(services, connection, context))


async def desk_for(services: Services, connection: AsyncConnection, context: Context) -> Desk:
    there = await floor(services, connection)
    if not there.takers:
        return Desk()
    row = await handovers.row(connection, context.conversation_id)
    is_open = row is not None and row.is_open
    ahead = await handovers.ahead(connection, row.id if row and row.status == "waiting" else None)
    load = there.load(ahead)
    now = there.now
    promised = promise(there.hours, load, now)
    if row and is_open and row.status == "waiting" and row.promised_at and row.promised_at > now:
        promised = row.promised_at
    if row and row.status in ("with_mentor", "snoozed"):
        promised = promise(there.hours, there.load(0), _back(there, row))
    return Desk(
        staffed=True,
        open=bool(there.on_duty()),
        opens=opening.next_opening(there.hours, now),
        promised=promised,
        urgently=promise(there.hours, load, now, urgent=True),
        known=await _known(connection, there, row, context),
        status=row.status if row and is_open else "",
        mentor=(row.mentor if row else None) or "",
        ahead=ahead,
        on_call=bool(there.on_call() or there.on_duty()),
    )


def _back(there: Floor, row: Row) -> datetime:
    """When the mentor who has it is on duty next."""
    if row.mentor_id is None or row.mentor_id not in rota.has_shifts(there.shifts):
        return there.now
    return rota.next_duty(there.shifts, row.mentor_id, there.now) or there.now


async def _known(connection: AsyncConnection, there: Floor, row: Row | None, context: Context) -> str:
    """The mentor whom the person knows and who is there now: named, else the one they had."""
    present = {each.id: each.name for each in there.takers if each.id in there.on_duty()}
    named = [number for number, _, _ in await handovers.named_mentors(connection, context.recruit_id)]
    earlier = [*([row.mentor_id] if row and row.mentor_id else []), *(row.past if row else ())]
    return next((present[number] for number in (*named, *earlier) if number in present), "")
