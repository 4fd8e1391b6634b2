"""What colleagues see of handovers and of what was said, as JSON for the page: plain text throughout, never mark-up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from actions.meet import DAYS, LABELS
from actions.profile import ELSEWHERE, ONE, country_name
from bot.handing import Task
from bot.mentor_words import DANGERS, OUTCOMES, REASONS
from core.messages import Kind
from handover import access
from handover.access import Case, Staff
from i18n import format as local
from i18n.translator import msgid
from knowledge import variants
from store.handovers import File, Looked, Row, Said
from web.doors import Translator

IMAGES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
EDITABLE = frozenset({"pending", "sending", "sent"})

THEMES = {
    "permits": msgid("Residence and work permits"),
    "authorisation": msgid("Authorisation and recognition"),
    "registration": msgid("CPR, MitID, registration"),
    "tax": msgid("Tax"),
    "bank": msgid("Bank and money"),
    "housing": msgid("Housing"),
    "danish": msgid("Danish classes"),
    "work": msgid("Work and pay"),
    "family": msgid("Family"),
    "health": msgid("Health"),
    "transport": msgid("Transport"),
    "community": msgid("Friends and free time"),
    "employer": msgid("For employers"),
    "reception": msgid("Reception"),
    "service": msgid("About Velkommen"),
    "local": msgid("In the municipality"),
}
CONSENTS = {
    "given": msgid("What is said here may be kept."),
    "declined": msgid("Nothing may be kept: profile and list are not shown."),
    "asked": msgid("Asked whether it may be kept; no answer yet."),
    "unasked": msgid("Not asked yet whether it may be kept."),
}
# {name}: the colleague who did it, {to}: another one, {what}: of the event itself.
EVENTS = {
    "asked": msgid("A human was asked for: {what}"),
    "urgent": msgid("It became urgent: {what}"),
    "offered": msgid("Offered to {to}"),
    "declined": msgid("{name} declined"),
    "claimed": msgid("{name} has taken the conversation"),
    "taken_over": msgid("{name} has taken the conversation over"),
    "answered": msgid("{name} has written the first answer"),
    "passed_on": msgid("{name} has passed the conversation on to {to}"),
    "to_queue": msgid("{name} has put the conversation back into the queue"),
    "invited": msgid("{name} has invited {to}"),
    "joined": msgid("{name} has joined"),
    "left": msgid("{name} has left"),
    "on_call": msgid("The colleagues on call were asked: {to}"),
    "escalated": msgid("The supervisors were asked: {to}"),
    "sorry": msgid("The promise was missed; the person got an apology and a new one"),
    "snoozed": msgid("{name} has snoozed the conversation"),
    "woken": msgid("The conversation is back"),
    "resolved": msgid("{name} has resolved the conversation: {what}"),
    "cancelled": msgid("The person does not need a human any more"),
    "meanwhile": msgid("The person asks the chat assistant meanwhile"),
    "rated": msgid("The person has rated the help: {what} of 5"),
    "rated_line": msgid("The person has added a line about the help"),
    "muted": msgid("{name} has muted the person"),
    "unmuted": msgid("{name} has lifted the mute"),
    "reported": msgid("{name} has reported the conversation"),
}
SOMEBODY = msgid("somebody")
# What of a person's a colleague has looked at.
LOOKS = {
    "conversation": msgid("the conversation"),
    "profile": msgid("the profile"),
    "attachment": msgid("a file"),
    "person": msgid("the page of the person"),
}
# What arrives without a text of its own.
SENT = {
    Kind.PHOTO: msgid("(a photo)"),
    Kind.VOICE: msgid("(a voice message)"),
    Kind.STICKER: msgid("(a sticker)"),
    Kind.FILE: msgid("(a file)"),
    Kind.LOCATION: msgid("(a place on the map)"),
    Kind.OTHER: msgid("(something that is not text)"),
}
KEYS = {"recruit": "i", "bot": "o", "mentor": "o", "event": "e", "note": "n"}


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in one language. kommuner: names of municipalities; people: names of colleagues."""

    language: str
    t: Translator
    kommuner: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """What a person's message said before it was corrected; text: None where it was not kept."""

    id: int
    text: str | None


type Versions = Mapping[str, Sequence[Version]]  # by the reference of the message, oldest first


@dataclass(frozen=True, slots=True)
class Rights:
    """What one colleague may do with one conversation, and how they stand to it: all that a row depends on."""

    see: bool
    claim: bool
    decline: bool
    reply: bool
    pass_on: bool
    join: bool
    leave: bool
    note: bool
    resolve: bool
    snooze: bool
    transcript: bool
    mute: bool
    suggest: bool
    mine: bool
    member: bool
    offered: bool
    invited: bool


def rights(me: Staff, case: Case) -> Rights:
    reply = access.access_reply(me, case)
    return Rights(
        see=access.access_conversation(me, case),
        claim=access.access_claim(me, case) and case.mentor_id != me.id,
        decline=access.access_decline(me, case),
        reply=reply,
        pass_on=access.access_pass_on(me, case),
        join=access.access_join(me, case) and not reply,
        leave=case.open and me.id in case.members | case.invited,
        note=access.access_note(me, case),
        resolve=access.access_resolve(me, case),
        snooze=reply,
        transcript=access.access_transcript_before(me, case),
        mute=access.access_mute(me, case),
        suggest=access.access_suggest(me, case),
        mine=case.mentor_id == me.id,
        member=me.id in case.members,
        offered=case.open and case.status == access.WAITING and me.id in case.offered,
        invited=case.open and me.id in case.invited,
    )


def row_view(row: Row, may: Rights, words: Words) -> dict[str, Any]:
    """One line of the inbox."""
    return {
        "id": row.id,
        "conversationId": row.conversation_id,
        "epoch": row.epoch,
        "status": row.status,
        "reason": row.reason,
        "reasonLabel": reason_label(row.reason, words),
        "urgent": row.urgent,
        "theme": row.theme,
        "themeLabel": theme_label(row.theme, words),
        "language": row.language,
        "languageName": local.language(row.language, words.language) if row.language else None,
        "createdAt": moment(row.created_at),
        "promisedAt": moment(row.promised_at),
        "firstPromisedAt": moment(row.first_promised_at),
        "apologised": row.apologised_at is not None,
        "snoozedUntil": moment(row.snoozed_until),
        "mentorId": row.mentor_id,
        "mentor": row.mentor,
        "unread": row.unread,
        "waitingSince": moment(row.waiting_since),
        "lastAt": moment(row.last_at),
        "closedAt": moment(row.closed_at),
        "answeredAt": moment(row.answered_at),
        "outcome": row.outcome,
        "outcomeLabel": words.t.gettext(OUTCOMES[row.outcome]) if row.outcome in OUTCOMES else None,
        "rating": row.rating,
        "ratingText": row.rating_text if may.transcript else None,
        "channel": row.channel,
        "name": row.name,
        "kommune": kommune_name(row.kommune, "", words),
        "occupation": _group("occupation", row.occupation, words),
        "offeredToMe": may.offered,
        "mine": may.mine,
        "member": may.member,
        "invited": may.invited,
        "lastText": row.last_text,
        "muted": moment(row.muted_until),
        "reachable": row.reachable,
        "can": {
            "claim": may.claim,
            "decline": may.decline,
            "reply": may.reply,
            "passOn": may.pass_on,
            "join": may.join,
            "leave": may.leave,
            "note": may.note,
            "resolve": may.resolve,
            "snooze": may.snooze,
            "transcript": may.transcript,
            "mute": may.mute,
            "suggest": may.suggest,
        },
    }


# --- what was said ----------------------------------------------------------------------------------------------------


def messages_view(
    said: Iterable[Said],
    me: int,
    may: Rights,
    words: Words,
    known: Mapping[str, str] | None = None,
    versions: Versions | None = None,
) -> list[dict[str, Any]]:
    """A transcript, oldest first. A pressed button reads as it did; a person's corrected message stands once, in the
    place of the first version; `replaces` is the key that the version before it has on a page that shows that one.

    known: what buttons say that were shown before. versions: of corrected messages, those that are not in `said`.
    """
    shown: list[dict[str, Any]] = []
    labels = dict(known or {})
    by_reference: dict[str, dict[str, Any]] = {}
    for each in said:
        labels |= {payload: label for payload, label in each.buttons if payload}
        view = message_view(each, me, may, words, labels)
        before = by_reference.get(each.edits) if each.edits else None
        if before is not None:
            view["at"], view["replaces"] = before["at"], before["replaces"] or before["key"]
            view["earlier"] = [*before["earlier"], *([before["text"]] if before["text"] else [])]
            shown[shown.index(before)] = view
        else:
            _put_after(view, (versions or {}).get(each.edits or "", ()))
            shown.append(view)
        reference = each.edits or each.reference
        if each.kind == "recruit" and reference:
            by_reference[reference] = view
    return shown


def _put_after(view: dict[str, Any], versions: Iterable[Version]) -> None:
    """Of a message whose earlier versions stand elsewhere."""
    before = [version for version in versions if version.id < view["id"]]
    if before:
        view["replaces"] = f"{KEYS['recruit']}{before[-1].id}"
        view["earlier"] = [version.text for version in before if version.text]


def message_view(said: Said, me: int, may: Rights, words: Words, labels: Mapping[str, str]) -> dict[str, Any]:
    mine = said.mentor_id == me
    pressed = said.kind == "recruit" and bool(said.payload)
    return {
        "key": f"{KEYS[said.kind]}{said.id}",
        "kind": said.kind,
        "id": said.id,
        "at": moment(said.at),
        "text": _text(said, words),
        "title": said.title,
        "buttons": [label for _, label in said.buttons],
        "pressed": (labels.get(said.payload) or said.text or "…") if pressed else "",
        "mentor": said.mentor,
        "mine": mine,
        "status": said.status,
        "language": said.language,
        "earlier": list(said.edited),
        "replaces": None,
        "attachments": [attachment_view(file) for file in said.attachments],
        "event": said.event,
        "eventText": event_text(said, words) if said.kind == "event" else "",
        "canEdit": said.kind == "mentor" and mine and may.reply and said.status in EDITABLE,
    }


def _text(said: Said, words: Words) -> str | None:
    """None where it was not kept."""
    if said.kind != "recruit" or said.text:
        return "" if said.payload and said.kind == "recruit" else said.text
    if said.payload or said.attachments:
        return ""
    known = Kind(said.said) if said.said in set(Kind) else Kind.TEXT
    return words.t.gettext(SENT[known]) if known in SENT else said.text


def attachment_view(file: File) -> dict[str, Any]:
    return {
        "id": str(file.id),
        "name": file.name,
        "kind": file.kind,
        "size": file.size,
        "status": file.status,
        "reason": file.reason,
        "image": file.status == "stored" and file.kind in IMAGES,
    }


def event_text(said: Said, words: Words) -> str:
    """A step in a sentence, with the note that came along; one that nobody has put into words yet, by its name."""
    if said.event not in EVENTS:
        return said.event.replace("_", " ")
    somebody, data = words.t.gettext(SOMEBODY), said.data
    named = {"name": said.mentor or somebody, "to": _others(data, words) or somebody, "what": _what(data, words)}
    sentence = words.t.gettext(EVENTS[said.event], **named)
    return " · ".join(part for part in (sentence, str(data.get("note") or "")) if part)


def _others(data: Mapping[str, Any], words: Words) -> str:
    """The colleagues whom a step concerns: by the name that was kept, else by their numbers."""
    if data.get("name"):
        return str(data["name"])
    to = data.get("to", data.get("who", ()))
    numbers = to if isinstance(to, list) else [to]
    return ", ".join(words.people[each] for each in numbers if isinstance(each, int) and each in words.people)


def _what(data: Mapping[str, Any], words: Words) -> str:
    match data:
        case {"reason": str(reason)}:
            return reason_label(reason, words)
        case {"outcome": outcome} if outcome in OUTCOMES:
            return words.t.gettext(OUTCOMES[outcome])
        case {"rating": rating}:
            return str(rating)
        case _:
            return "–"


# --- the person -------------------------------------------------------------------------------------------------------


def person_view(
    row: Row,
    profile: Mapping[str, str],
    mentors: Iterable[tuple[int, str, str]],
    zone: str,
    words: Words,
    now: datetime,
) -> dict[str, Any]:
    return {
        "name": row.name,
        "profile": profile_view(profile, words),
        "consent": row.consent,
        "consentLabel": words.t.gettext(CONSENTS[row.consent]) if row.consent in CONSENTS else row.consent,
        "language": row.language,
        "languageName": local.language(row.language, words.language) if row.language else None,
        "localTime": f"{now.astimezone(ZoneInfo(zone)):%H:%M}",
        "zone": zone,
        "mentors": [{"id": number, "name": name, "kind": kind} for number, name, kind in mentors],
    }


def profile_view(profile: Mapping[str, str], words: Words) -> list[dict[str, str]]:
    """What the person told of themselves, each fact with its name, in words."""
    return [
        {"label": words.t.gettext(LABELS[step]), "value": _fact(step, profile, words)}
        for step in LABELS
        if profile.get(step)
    ]


def _fact(step: str, profile: Mapping[str, str], words: Words) -> str:
    value = profile[step]
    if step in DAYS:
        return _day(value, words)
    match step:
        case "origin" if profile.get("country"):
            return country_name(profile["country"], words.language)
        case "origin" | "occupation" | "household":
            return _group(step, value, words) or value
        case "kommune":
            return kommune_name(value, profile.get("kommune_name", ""), words) or value
        case "mentor":
            return words.t.gettext("Yes") if value == "yes" else words.t.gettext("No")
        case "zone":
            return value.rsplit("/", 1)[-1].replace("_", " ")
        case _:
            return value


def looks_view(looks: Iterable[Looked], words: Words) -> list[dict[str, Any]]:
    """Who looked at a person's data, the latest first."""
    return [
        {
            "name": look.name or words.t.gettext(SOMEBODY),
            "what": words.t.gettext(LOOKS[look.what]) if look.what in LOOKS else look.what,
            "at": moment(look.at),
        }
        for look in looks
    ]


def task_view(task: Task) -> dict[str, Any]:
    """A task of the person's list."""
    return {
        "id": task.id,
        "title": task.title,
        "state": task.state,
        "due": task.due,
        "legal": task.legal,
        "late": task.late or task.legally_late,
        "legallyLate": task.legally_late,
        "topic": task.topic,
    }


# --- labels -----------------------------------------------------------------------------------------------------------


def reason_label(reason: str, words: Words) -> str:
    kind, _, more = reason.partition(":")
    if kind == "danger" and more in DANGERS:
        return words.t.gettext(DANGERS[more])
    return words.t.gettext(REASONS.get(kind, REASONS["asked"]))


def theme_label(theme: str | None, words: Words) -> str | None:
    return words.t.gettext(THEMES[theme]) if theme in THEMES else theme


def kommune_name(kommune: str | None, as_told: str, words: Words) -> str | None:
    if kommune == ELSEWHERE:
        return as_told or words.t.gettext("Another municipality")
    return words.kommuner.get(kommune, kommune) if kommune else None


def choices(labels: Mapping[str, str], words: Words) -> list[dict[str, str]]:
    return [{"id": value, "label": words.t.gettext(label)} for value, label in labels.items()]


def moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def _group(dimension: str, value: str | None, words: Words) -> str | None:
    marks = [mark for mark, known in variants.MARKS.items() if known == (dimension, value)]
    return words.t.gettext(ONE[marks[0]]) if marks and marks[0] in ONE else value


def _day(value: str, words: Words) -> str:
    try:
        return local.day(date.fromisoformat(value), words.language)
    except ValueError:
        return value
