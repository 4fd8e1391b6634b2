"""What must happen by itself while somebody waits for a human: offers, the next mentors, supervisors, an apology.

The clock asks which conversations to look at; each is looked at under the lock of its row, so of several workers one
takes a step and the others find it done.
"""

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from actions import human
from bot import desk, handing, turns
from bot.services import Services
from handover import escalation
from handover.escalation import AskOnCall, AskSupervisors, Offer, Sorry, Standing, Step
from handover.promise import promise
from store import handovers
from store.handovers import Row

log = structlog.get_logger()
UNFETCHED = timedelta(seconds=30)


async def tick(services: Services) -> int:
    """Look at every conversation in which a step may be due; how many had one."""
    async with services.database.connect() as connection:
        found = await handovers.to_look_at(connection, now=services.now())
        for conversation_id in await handovers.unfetched(connection, before=services.now() - UNFETCHED):
            turns.handle_soon(services, conversation_id)
    steps = 0
    for conversation_id in found:
        try:
            steps += await advance(services, conversation_id)
        except Exception:
            # The edge: one odd conversation must not hold up the others.
            log.exception("step failed", conversation=conversation_id)
    return steps


async def advance(services: Services, conversation_id: int) -> int:
    """Take the steps that are due in one conversation; how many."""
    told: list[tuple[tuple[int, ...], str]] = []
    says = False
    async with services.database.begin() as connection:
        row = await handovers.hold(connection, conversation_id)
        if row is None or not row.is_open:
            return 0
        steps: list[Step] = []
        changed = False
        if row.status != "waiting" and not await handovers.has_mentor(connection, row.id):
            await requeue(services, connection, row)
            changed = says = True
        elif row.status == "snoozed":
            changed = await _wake(services, connection, row)
        else:
            steps = await _due(services, connection, row)
        for step in steps:
            match step:
                case Offer(to):
                    await handovers.change(connection, row.id, round=row.round + 1, offered_at=services.now())
                    for ranked in to:
                        await handovers.offer(
                            connection, row.id, ranked.staff_id, round_=row.round + 1, reasons=ranked.reasons,
                            now=services.now(),
                        )  # fmt: skip
                    told.append((tuple(ranked.staff_id for ranked in to), "offered"))
                    await _event(services, connection, row, "offered", to=[ranked.staff_id for ranked in to])
                case AskOnCall(to):
                    await _offer_all(services, connection, row, to, "on_call")
                    told.append((to, "urgent"))
                    await _event(services, connection, row, "on_call", to=list(to))
                case AskSupervisors(to):
                    await handovers.change(connection, row.id, supervisors_at=services.now())
                    await _offer_all(services, connection, row, to, "supervisor")
                    told.append((to, "escalated"))
                    await _event(services, connection, row, "escalated", to=list(to))
                case Sorry(promised):
                    await handovers.change(connection, row.id, promised_at=promised, apologised_at=services.now())
                    await _event(services, connection, row, "sorry", promised=promised.isoformat())
                    await handing.tell_person(
                        services,
                        connection,
                        row,
                        row.epoch,
                        lambda turn, promised=promised: human.sorry(promised, turn),  # type: ignore[misc]
                    )
                    says = True
        if steps or changed:
            await handovers.announce(connection, conversation_id, "row")
    if says:
        turns.handle_soon(services, conversation_id)
    if steps or changed:
        await services.mirror(conversation_id)
    for who, what in told:
        await services.tell(conversation_id, who, what)
    return len(steps) + changed


async def requeue(services: Services, connection: AsyncConnection, row: Row) -> None:
    """It waits again, for whoever comes; we answer meanwhile, and the person hears before when somebody will write."""
    there = await desk.floor(services, connection)
    promised = promise(there.hours, there.load(await handovers.ahead(connection)), there.now)
    epoch = await handovers.change_owner(connection, row.conversation_id, "bot")
    await handovers.change(
        connection, row.id, status="waiting", mentor_id=None, promised_at=promised, apologised_at=None, round=0,
        offered_at=None, supervisors_at=None, snoozed_until=None, answered_at=None,
    )  # fmt: skip
    await _event(services, connection, row, "to_queue")
    await handing.tell_person(services, connection, row, epoch, lambda turn: human.waits_again(promised, turn))


async def _due(services: Services, connection: AsyncConnection, row: Row) -> list[Step]:
    there = await desk.floor(services, connection)
    need = await desk.need_of(connection, row)
    ahead = await handovers.ahead(connection, row.id if row.status == "waiting" else None)
    standing = Standing(
        created_at=row.created_at,
        promised_at=row.promised_at,
        answered_at=row.answered_at,
        claimed=row.status != "waiting",
        urgent=row.urgent,
        round=row.round,
        offered_at=row.offered_at,
        supervisors_at=row.supervisors_at,
        apologised_at=row.apologised_at,
        waiting_since=row.waiting_since,
    )
    return escalation.next_steps(
        standing, need, there.candidates(), there.on_call(), there.hours, there.load(ahead), services.now()
    )


async def _wake(services: Services, connection: AsyncConnection, row: Row) -> bool:
    if row.snoozed_until is None or row.snoozed_until > services.now():
        return False
    await handovers.change_owner(connection, row.conversation_id, "mentor")
    await handovers.change(connection, row.id, status="with_mentor", snoozed_until=None, unread=max(row.unread, 1))
    await _event(services, connection, row, "woken")
    return True


async def _offer_all(
    services: Services, connection: AsyncConnection, row: Row, to: tuple[int, ...], reason: str
) -> None:
    for number in to:
        await handovers.offer(connection, row.id, number, round_=row.round, reasons=(reason,), now=services.now())


async def _event(services: Services, connection: AsyncConnection, row: Row, kind: str, **data: Any) -> None:
    await handovers.event(connection, row.id, kind, now=services.now(), **data)
    await handovers.announce(connection, row.conversation_id, "said")
    log.info("handover", conversation=row.conversation_id, step=kind)
