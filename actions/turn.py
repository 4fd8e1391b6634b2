"""The values that a turn is thought with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from core.messages import Button, Reply
from i18n.translator import Translator
from knowledge.library import Library


class Outcomes(StrEnum):
    """What kind of reply a turn led to."""

    ANSWER = "answer"
    ASK_BACK = "ask_back"
    ACT = "act"
    FALLBACK = "fallback"
    DANGER = "danger"
    SMALLTALK = "smalltalk"
    REFUSED = "refused"


class Pending(StrEnum):
    """What our last reply left open; the dialogue engine reads a bare yes or no in its light."""

    NONE = "none"
    MENTOR = "mentor"
    WHICH = "which"
    FORGET = "forget"
    CONSENT = "consent"
    ANSWERED = "answered"
    PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class Turn:
    """All that a reply may depend on.

    text: masked. language: to answer in. offered: topics still one tap away from the reply before.
    profile: what is known of the person. can_ask: whether there is somebody to press a button.
    pending: what our last reply left open.
    """

    text: str
    language: str
    t: Translator
    library: Library
    day: date
    offered: tuple[str, ...] = ()
    mentor_contact: str = ""
    profile: Mapping[str, str] = field(default_factory=dict)
    can_ask: bool = True
    pending: str = "none"

    def say(self, key: str, /, **named: str) -> str:
        """One of the bot's own sentences in the person's language."""
        return self.library.reply(key, self.language, self.day, **named)

    def reply(self, *keys: str, buttons: tuple[Button, ...] = (), **named: str) -> Reply:
        return Reply("\n\n".join(self.say(key, **named) for key in keys), self.language, buttons=buttons)

    def topic_button(self, slug: str) -> Button:
        return Button(self.library.title(slug, self.language), payload=f"topic:{slug}")

    def mentor_button(self) -> Button:
        return Button(self.t.gettext("Ask a mentor"), payload="mentor")

    def yes_no(self, payload: str, yes: str, no: str) -> tuple[Button, Button]:
        return Button(yes, payload=f"{payload}:yes"), Button(no, payload=f"{payload}:no")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn leads to: replies, and what changes with them.

    asks: what our question wants to know of the person; profile: what the person has told by a button or in words.
    """

    kind: Outcomes
    replies: tuple[Reply, ...]
    pending: Pending = Pending.NONE
    topics: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    confidence: float | None = None
    act: str | None = None
    unanswered: bool = False
    mentor_reason: str | None = None
    set_language: str | None = None
    consent: bool | None = None
    erase: bool = False
    asks: str | None = None
    profile: Mapping[str, str] = field(default_factory=dict)

    @property
    def offers_mentor(self) -> bool:
        payloads = {button.payload for reply in self.replies for button in reply.buttons}
        return self.pending is Pending.MENTOR or not payloads.isdisjoint({"mentor", "mentor:yes"})
