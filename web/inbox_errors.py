"""Why a step with a conversation could not be done: what the page gets, and the sentence for the colleague."""

from typing import Any

from fastapi import Request
from fastapi.responses import Response

from bot.handing import HandingError
from i18n.translator import msgid
from web.errors import Refused, refused

NOT_YOURS = msgid("You may not do this with this conversation.")
GONE = msgid("This is not here any more.")
# By the code of a HandingError: the status, the sentence, and the same where a name is known.
SENTENCES: dict[str, tuple[int, str, str]] = {
    "not_yours": (403, NOT_YOURS, NOT_YOURS),
    "unknown": (404, GONE, ""),
    "taken": (
        409,
        msgid("Somebody else has this conversation by now."),
        msgid("{name} has this conversation by now."),
    ),
    "stale": (
        409,
        msgid("This conversation has changed hands. Look at it again before you go on."),
        msgid("This conversation has changed hands: {name} has it. Look at it again before you go on."),
    ),
    "newer": (409, msgid("The person has written something that you have not seen yet. Read it first."), ""),
    "closed": (409, msgid("This conversation is over."), ""),
    "not_claimed": (409, msgid("Take the conversation first."), ""),
    "full": (409, msgid("This colleague has as many conversations as they can take."), ""),
    "not_passed_on": (
        409,
        msgid("The new text is kept, but it could not be shown to the person. They still see the old one."),
        "",
    ),
    "too_long": (413, msgid("This is too long. Please make two of it."), ""),
    "empty": (422, msgid("There is nothing in it yet."), ""),
    "unknown_topic": (422, msgid("There is no such topic."), ""),
    "unknown_colleague": (422, msgid("This colleague cannot take conversations."), ""),
    "until": (422, msgid("Choose a time that lies ahead, but not more than a few weeks."), ""),
    "outcome": (422, msgid("Say how it ended."), ""),
    "kind": (422, msgid("Say what it is: an answer or a question."), ""),
    "no_translator": (422, msgid("There is no machine translation here."), ""),
    "translator_away": (503, msgid("The machine translation does not answer. Your text is unchanged."), ""),
}
OTHERWISE = (409, msgid("That did not work. Look at the conversation again and try once more."), "")
FIELDS = {"until": "until", "outcome": "outcome", "kind": "kind", "unknown_topic": "topic", "unknown_colleague": "to"}


def as_refused(error: HandingError) -> Refused:
    status, sentence, with_name = SENTENCES.get(error.code, OTHERWISE)
    name = str(error.named.get("name") or "")
    named: dict[str, Any] = {"field": FIELDS[error.code]} if error.code in FIELDS else {}
    if name and with_name:
        return Refused(status, error.code, with_name, **named, name=name)
    return Refused(status, error.code, sentence, **named)


async def not_done(request: Request, error: Exception) -> Response:
    """Whoever only wants to look at what somebody else has may not; for a step it is a conflict."""
    assert isinstance(error, HandingError)
    if error.code == "taken" and request.method == "GET":
        return await refused(request, Refused(403, "not_yours", SENTENCES["taken"][1]))
    return await refused(request, as_refused(error))
