"""A turn and the person's journey: what it needs is read before, what it changes is written with it."""

from dataclasses import replace

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from actions import checklist
from actions.turn import AboutRecruit, Outcome, Turn
from bot.progress import place
from bot.services import Services
from core.acts import Journey
from core.days import danish_day
from journey.standing import standing
from reminders import planning
from store import invitations, people, progress, reminders, replanning
from store import journey as lists
from store.conversations import Context

log = structlog.get_logger()
CONTACT = "employer-"  # `/start employer-<code>`: the contact of an employer
PRESSES = {
    "list", "next", "progress", "task", "done", "skip", "open", "why", "later", "undo", "share", "etask", "edone", "remind",
    "own", "reminders", "when", "quiet", "meet",
}  # fmt: skip
AT_A_TIME = 100  # people planned anew before it is noted how far that has come


def concerns(payload: str) -> bool:
    return payload.partition(":")[0] in PRESSES


async def with_journey(services: Services, context: Context, turn: Turn) -> Turn:
    """The turn with what is known of the person's list, reminders and employers."""
    async with services.database.connect() as connection:
        mine = await lists.mine(connection, context.recruit_id)
        codes = {row.code: row.name for row in await lists.employers(connection)}
        theirs = await lists.recruits_of(connection, context.recruit_id)
    recruits = tuple(AboutRecruit(number, _known(profile), found) for number, profile, found in theirs)
    turn = replace(turn, mine=mine, employers=codes, recruits=recruits)
    return await with_address(services, context, turn)


async def with_address(services: Services, context: Context, turn: Turn, *, renew: bool = False) -> Turn:
    """The turn with the private address of the person's list, where there is one to give."""
    if turn.consent != "given" or services.private_address is None:
        return turn
    async with services.database.begin() as connection:
        if renew:
            await lists.revoke_links(connection, context.recruit_id, now=services.now())
        number = await lists.private_link(connection, context.recruit_id, now=services.now())
    return replace(turn, address=services.private_address(number))


async def for_press(services: Services, context: Context, payload: str, turn: Turn) -> Turn:
    turn = await with_journey(services, context, turn)
    name, _, value = payload.partition(":")
    number = value.partition(":")[0]
    if name == "remind" and number.isdecimal():
        async with services.database.connect() as connection:
            turn = replace(turn, ledger=await reminders.one_of(connection, context.recruit_id, int(number)))
    if payload == "share:new":
        turn = await with_address(services, context, turn, renew=True)
    return turn


async def join_employer(services: Services, context: Context, code: str, turn: Turn) -> Outcome:
    """The contact of an employer opens the chat with the link that only they have."""
    async with services.database.connect() as connection:
        name = await lists.employer_of_contact(connection, code)
    if name is None:
        return checklist.act(Journey.SET_PROFILE, (turn.reply("meet_no_such_code"),))
    if turn.consent != "given":
        wanted = checklist.ask_to_keep(replace(turn, text=""), Journey.SET_PROFILE)
        return replace(wanted, after_consent={**wanted.after_consent, "contact": code})
    return joined(code, name, turn)


def joined(code: str, name: str, turn: Turn) -> Outcome:
    reply = turn.reply("employer_joined", employer=name)
    return checklist.act(Journey.SET_PROFILE, (reply,), profile={"audience": "employer"}, contact_of=code)


def _known(profile: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in profile.items() if value}


async def apply(services: Services, connection: AsyncConnection, context: Context, outcome: Outcome) -> None:
    """Write what a turn changes on the list and in the ledger, and plan anew; in the turn's own transaction.

    Without consent nothing of it is kept.
    """
    now = services.now()
    if context.consent != "given" and not outcome.consent:
        return
    whose = outcome.about or context.recruit_id
    if whose != context.recruit_id and not await lists.is_contact_of(connection, context.recruit_id, whose):
        return
    if outcome.undo:
        await lists.take_back(connection, whose)
    if outcome.tasks:
        said_by = "recruit" if whose == context.recruit_id else "employer"
        await lists.change_tasks(connection, whose, outcome.tasks, said_by=said_by, now=now)
    if outcome.contact_of:
        await lists.join_as_contact(connection, context.recruit_id, outcome.contact_of)
    for change in outcome.reminders:
        match change.what:
            case "add" if change.at:
                await reminders.add_own(connection, context.recruit_id, change.text, change.at, now=now)
            case "move" if change.at:
                await reminders.move_own(connection, context.recruit_id, change.id, change.at)
            case "snooze" if change.at:
                await reminders.snooze(connection, context.recruit_id, change.id, change.at, now=now)
            case "cancel":
                await reminders.cancel_own(connection, context.recruit_id, change.id, now=now)
    if outcome.profile or outcome.consent:
        await invitations.settle(connection, context.recruit_id)
    if outcome.tasks or outcome.undo or outcome.profile or outcome.consent or outcome.contact_of:
        await replan(services, connection, whose)
    if outcome.contact_of:  # whoever gave the employer's code before its contact came
        for recruit in await lists.recruits_given(connection, outcome.contact_of):
            await replan(services, connection, recruit)


async def replan(services: Services, connection: AsyncConnection, recruit_id: object) -> None:
    """Make the ledger hold what the person's plan asks for now, for the person and for the employer's contact; and keep
    where the list stands.
    """
    found = await people.planned_with(connection, recruit_id)
    if found is None or found.consent != "given":
        return
    now = services.now()
    library = await services.shelf.library()
    known = _known(found.profile)
    mine = await lists.mine(connection, found.id)
    stand = standing(library.tasks, known, mine.done, mine.skipped, mine.reopened, today=danish_day(now))
    own = [planned for planned in stand.plan if planned.task.id.startswith("r-")]
    if known.get("audience") != "employer":
        wanted = planning.wanted(own, known, found.language, now=now)
        await reminders.plan(connection, found.id, wanted, settled=planning.settled(own), now=now)
        await progress.keep(connection, {found.id: place(stand, known, danish_day(now))}, now=now)
    if found.contact_id is not None and found.contact_id != found.id:
        theirs = [planned for planned in stand.plan if planned.task.who == "employer"]
        # The contact is in Denmark, whatever zone the recruit is in.
        wanted = planning.wanted(theirs, {}, None, now=now)
        settled = planning.settled(theirs)
        await reminders.plan(connection, found.contact_id, wanted, settled=settled, now=now, about_id=found.id)


async def follow_tasks(services: Services) -> int:
    """Plan everybody anew where tasks were published since; the number of people. Kill it anywhere, call it again."""
    done = 0
    while (batch := await _follow(services)) is not None:
        done += batch
        services.step("people planned anew")
    if done:
        log.info("reminders follow the tasks", people=done)
    return done


async def _follow(services: Services) -> int | None:
    """Plan the next people anew; None: there is nothing to follow, or another worker does."""
    async with services.database.begin() as connection:
        behind = await replanning.hold(connection)
        if behind is None:
            return None
        await services.shelf.fresh()  # planned by older tasks, they would be taken for done
        found = await replanning.people(connection, behind.after, most=AT_A_TIME)
        for recruit_id in found:
            try:
                # Each on their own: a turn waits for one person at most, and sees what was planned.
                async with services.database.begin() as own:
                    await replanning.lock_person(own, recruit_id)
                    await replan(services, own, recruit_id)
            except OperationalError:  # the database's, so it will go next time
                raise
            except Exception:
                # The edge: one person's odd data must not hold up the others.
                log.exception("not planned anew", recruit=str(recruit_id))
        if found:
            await replanning.come_to(connection, behind.revision, found[-1])
        else:
            await replanning.finish(connection, behind.revision)
        return len(found)
