"""Somebody opens the link that they were invited with: what was told of them beforehand becomes theirs, if they agree.

What they have said themselves stays. Until they have agreed, it waits where the invitation is kept, and in the open
conversation like anything else that they tell.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from actions import meet, perform
from actions.turn import Outcome, Turn
from bot import journeys
from bot.services import Services
from i18n.languages import LANGUAGES
from i18n.translator import translator
from store import invitations
from store.conversations import Context

LINK = "i-"  # `/start i-<code>`
PRESSED = "invited:"  # the button of the page that the link leads to on the web
MOST_TRIES = 30  # commands an hour, of which each may have been a guess

log = structlog.get_logger()


async def opened(services: Services, context: Context, code: str, turn: Turn) -> Outcome | None:
    """None: the code opens nothing here. Opening twice is harmless: whoever has an invitation gets the same again."""
    now = services.now()
    async with services.database.begin() as connection:
        tried = await invitations.tries_since(connection, context.conversation_id, now - timedelta(hours=1))
        found = None if tried > MOST_TRIES else await invitations.claim(connection, code, context.recruit_id, now=now)
    log.info("invitation", conversation=context.conversation_id, opened=found is not None)
    if found is None:
        return None
    if found.language in LANGUAGES and not context.language_chosen:
        turn = replace(turn, language=found.language, t=translator(found.language))
    turn = await journeys.with_journey(services, context, turn)
    return meet.invited(_new(found.profile, turn), _inviting(found.profile, turn), turn)


async def agreed(services: Services, context: Context, then: Mapping[str, str], turn: Turn) -> Outcome:
    """The person lets it be kept: it stands in their profile from now on, and our questions go on from there."""
    async with services.database.connect() as connection:
        facts = _new(await invitations.told(connection, context.recruit_id), turn)
    outcome = perform.after_consent(then, replace(turn, profile={**turn.profile, **facts}))
    return replace(outcome, consent=True, profile={**facts, **outcome.profile})


def _new(profile: Mapping[str, str], turn: Turn) -> dict[str, str]:
    """What the person has not said themselves. Whoever named a country has said where its clocks are, and so on."""
    facts = {name: value for name, value in profile.items() if value and not turn.profile.get(name)}
    for said, follows in (("origin", "country"), ("origin", "zone"), ("kommune", "kommune_name")):
        if turn.profile.get(said):
            facts.pop(follows, None)
    return facts


def _inviting(profile: Mapping[str, str], turn: Turn) -> str:
    if employer := turn.employers.get(profile.get("employer", "")):
        return employer
    kommune = turn.library.municipalities.get(profile.get("kommune", ""))
    return kommune.name if kommune else ""
