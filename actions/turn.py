"""The values that a turn is thought with."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from core.messages import Button, Reply
from i18n.translator import Translator
from knowledge.library import Library
from store.journey import NOTHING, Change, Mine
from store.reminders import Claimed

LONG_AGO = datetime.min.replace(tzinfo=UTC)


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
    FORM = "form"
    WHEN = "when"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class AboutRecruit:
    """One recruit of an employer's contact: what the contact may know, which is the name and the employer's own tasks."""

    id: uuid.UUID
    profile: Mapping[str, str]
    mine: Mine


@dataclass(frozen=True, slots=True)
class ReminderChange:
    """What becomes of a reminder: add, move, cancel (own ones), snooze (any row of the ledger)."""

    what: str
    id: int = 0
    text: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """The human side, as a turn sees it.

    staffed: whether anybody has an account to take a conversation over. open: whether somebody is there now; opens:
    when, otherwise. promised: before when a human will write: as told already, or as it would be told now; urgently:
    the same where it cannot wait. known: the mentor whom the person knows. status, mentor: of a handover that is open.
    ahead: how many wait in front. on_call: whether there is somebody for what cannot wait.
    """

    staffed: bool = False
    open: bool = False
    opens: datetime | None = None
    promised: datetime = LONG_AGO
    urgently: datetime = LONG_AGO
    known: str = ""
    status: str = ""
    mentor: str = ""
    ahead: int = 0
    on_call: bool = False


@dataclass(frozen=True, slots=True)
class Handing:
    """What becomes of a handover: ask (reason, urgent), cancel, meanwhile (back to us for now), rate, line, reopen."""

    what: str
    reason: str = ""
    urgent: bool = False
    promised: datetime | None = None
    rating: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """All that a reply may depend on.

    text: masked. language: to answer in. offered: topics still one tap away from the reply before.
    profile: what is known of the person. can_ask: whether there is somebody to press a button.
    pending: what our last reply left open. shown: the tasks that our last reply showed. form: how far getting to know
    each other has come. waiting: what a question about a moment was about.
    mine, employers, recruits, ledger, address: of the person's journey; only there where a turn needs them. desk: too.
    why: what our last reply offered a human for, where it was not asked for.
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
    now: datetime = LONG_AGO
    consent: str = "unasked"
    shown: tuple[str, ...] = ()
    form: Mapping[str, Any] = field(default_factory=dict)
    waiting: Mapping[str, Any] = field(default_factory=dict)
    mine: Mine = NOTHING
    employers: Mapping[str, str] = field(default_factory=dict)
    recruits: tuple[AboutRecruit, ...] = ()
    ledger: Claimed | None = None
    address: str = ""
    desk: Desk = Desk()
    why: str = ""

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
    tasks, undo, reminders: what changes on the person's list and in the ledger; about: whose list, where it is a
    recruit's of an employer. shown, form, waiting: see Turn. after_consent: what to go on with
    once the person has agreed.
    """

    kind: Outcomes
    replies: tuple[Reply, ...]
    pending: Pending = Pending.NONE
    topics: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    confidence: float | None = None
    act: str | None = None
    unanswered: bool = False
    handing: Handing | None = None
    why: str = ""
    set_language: str | None = None
    consent: bool | None = None
    erase: bool = False
    asks: str | None = None
    profile: Mapping[str, str] = field(default_factory=dict)
    tasks: tuple[Change, ...] = ()
    undo: bool = False
    reminders: tuple[ReminderChange, ...] = ()
    about: uuid.UUID | None = None
    shown: tuple[str, ...] = ()
    form: Mapping[str, Any] = field(default_factory=dict)
    waiting: Mapping[str, Any] = field(default_factory=dict)
    after_consent: Mapping[str, str] = field(default_factory=dict)
    contact_of: str = ""

    @property
    def changes_journey(self) -> bool:
        """Whether more is written than the conversation and the profile."""
        return bool(self.tasks or self.undo or self.reminders or self.profile or self.contact_of)

    @property
    def offers_mentor(self) -> bool:
        payloads = {button.payload for reply in self.replies for button in reply.buttons}
        return self.pending is Pending.MENTOR or not payloads.isdisjoint({"mentor", "mentor:yes"})
