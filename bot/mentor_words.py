"""What mentors' chats say: a conversation in short, what happened in it, why a step could not be done. Plain text."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from babel.dates import format_skeleton
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.profile import ELSEWHERE, ONE
from bot.handing import HandingError, Package
from bot.services import Services
from core.days import COPENHAGEN
from core.messages import Kind
from i18n import format as local
from i18n.languages import DEFAULT, LANGUAGES
from i18n.translator import Translator, msgid, translator
from knowledge import variants
from store import staff
from store.handovers import File, Row, Said
from store.staff import Colleague

SHORT, LONG = 300, 700  # characters of what a package quotes, and of a note
MOST_LATE, MOST_EARLIER, MOST_NOTES = 5, 3, 3

REASONS = {
    "asked": msgid("Asked for a human"),
    "danger": msgid("In danger"),
    "unsure": msgid("Not understood twice"),
    "rated_down": msgid("The answer did not help"),
    "not_solved": msgid("Came back: not solved"),
    "legal_limit": msgid("A legal limit has passed"),
    "error": msgid("Something went wrong here"),
}
DANGERS = {
    "suicide": msgid("Thoughts of suicide"),
    "emergency": msgid("Emergency"),
    "violence": msgid("Violence"),
    "threat": msgid("Threats"),
    "exploitation": msgid("Exploitation"),
}
OUTCOMES = {
    "solved": msgid("Solved"),
    "referred": msgid("Referred to somebody else"),
    "no_answer": msgid("No answer any more"),
    "not_ours": msgid("Not for us"),
}
# {name}: the colleague who did it, {to}: another one, {what}: of the event itself. `asked` stands in the package, and
# an answer is its own event.
EVENTS = {
    "urgent": msgid("It became urgent: {what}"),
    "offered": msgid("Offered to {to}"),
    "declined": msgid("{name} declined"),
    "claimed": msgid("{name} has taken the conversation"),
    "taken_over": msgid("{name} has taken the conversation over"),
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
SENT = {
    Kind.PHOTO: msgid("(a photo)"),
    Kind.VOICE: msgid("(a voice message)"),
    Kind.STICKER: msgid("(a sticker)"),
    Kind.FILE: msgid("(a file)"),
    Kind.LOCATION: msgid("(a place on the map)"),
    Kind.OTHER: msgid("(something that is not text)"),
}
FILES = {
    "too_big": msgid("too big"),
    "kind": msgid("a kind of file that we do not pass on"),
    "failed": msgid("it could not be read"),
    "pending": msgid("Is being fetched …"),
}
TROUBLES = {
    "failed": msgid("Not delivered. Write again, or try another way to reach them."),
    "unknown": msgid("Nobody knows whether this arrived. Ask before you send it again."),
    "pending": msgid("Not delivered yet. It is tried again."),
    "sending": msgid("Not delivered yet. It is tried again."),
}
REFUSALS = {
    "unknown": msgid("This is not here any more."),
    "taken": msgid("Somebody else has this conversation by now."),
    "newer": msgid("The person has written something that you have not seen yet. Read it first."),
    "closed": msgid("This conversation is over."),
    "not_claimed": msgid("Take the conversation first."),
    "not_passed_on": msgid(
        "The new text is kept, but it could not be shown to the person. They still see the old one."
    ),
    "too_long": msgid("This is too long. Please make two of it."),
    "empty": msgid("There is nothing in it yet."),
    "unknown_topic": msgid("There is no such topic."),
    "unknown_colleague": msgid("This colleague cannot take conversations."),
    "until": msgid("Choose a time that lies ahead, but not more than a few weeks."),
    "outcome": msgid("Say how it ended."),
    "not_yours": msgid("You may not do this with this conversation."),
}
TAKEN_BY = msgid("{name} has this conversation by now.")
OTHERWISE = msgid("That did not work. Look at the conversation again and try once more.")
WHAT = {
    "offered": msgid("Can you take this?"),
    "urgent": msgid("Urgent: somebody needs a human now"),
    "escalated": msgid("Nobody has taken this yet"),
    "passed": msgid("This was passed on to you"),
    "invited": msgid("You are invited to this conversation"),
    "reported": msgid("A colleague has reported this conversation"),
}
NOBODY = msgid("Somebody without a name")
PERSON = msgid("The person")
SOMEBODY = msgid("somebody")
EDITED = msgid("edited")
VELKOMMEN = "Velkommen"


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in one language. kommuner: names of municipalities; people: names of colleagues."""

    language: str
    t: Translator
    now: datetime
    kommuner: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it is shown: who, what, and the files with it. ours: the text is in the Markdown of our replies.

    loud: mentors are notified of it.
    """

    lead: str
    text: str = ""
    ours: bool = False
    loud: bool = False
    files: tuple[File, ...] = ()


def language_of(colleague: Colleague) -> str:
    return next((each for each in colleague.languages if each in LANGUAGES), DEFAULT)


def shared_language(colleagues: Iterable[Colleague]) -> str:
    """What most of them read first."""
    counted = Counter(language_of(each) for each in colleagues if each.role in ("mentor", "supervisor"))
    return counted.most_common(1)[0][0] if counted else DEFAULT


async def words_in(services: Services, connection: AsyncConnection, language: str = "") -> Words:
    """Words in a language; without one, in that of the colleagues."""
    colleagues = await staff.everybody(connection)
    language = language or shared_language(colleagues)
    library = await services.shelf.library()
    return Words(
        language,
        translator(language),
        services.now(),
        {slug: known.name for slug, known in library.municipalities.items()},
        {each.id: each.name for each in colleagues},
    )


# --- a conversation in short ------------------------------------------------------------------------------------------


def who(row: Row, words: Words) -> str:
    """The first name with consent, else the language."""
    return _first_name(row) or language_name(row, words) or words.t.gettext(NOBODY)


def speaker(row: Row, words: Words) -> str:
    """Who wrote a message of the person's."""
    return _first_name(row) or words.t.gettext(PERSON)


def _first_name(row: Row) -> str:
    return next(iter((row.name or "").split()), "") if row.consent == "given" else ""


def language_name(row: Row, words: Words) -> str:
    return local.language(row.language, words.language) if row.language else ""


def reason(row_reason: str, words: Words) -> str:
    kind, _, more = row_reason.partition(":")
    if kind == "danger" and more in DANGERS:
        return words.t.gettext(DANGERS[more])
    return words.t.gettext(REASONS.get(kind, REASONS["asked"]))


def in_short(row: Row, words: Words, *, named: bool = True) -> str:
    """One line: who, where from, why, and what was promised. Without the name where nothing could delete it later."""
    known = row.consent == "given"
    kommune = row.kommune if known else None
    parts = [
        who(row, words) if named else "",
        language_name(row, words),
        words.kommuner.get(kommune, kommune) if kommune and kommune != ELSEWHERE else "",
        reason(row.reason, words),
        words.t.gettext("before {time}", time=clock(row.promised_at, words)) if row.promised_at else "",
    ]
    return " · ".join(dict.fromkeys(part for part in parts if part))


def package(found: Package, words: Words) -> list[Line]:
    """All at hand for whoever takes it: only what may be seen of it is in there."""
    row, t = found.row, words.t
    facts = [
        _fact(t.gettext("Municipality"), found.profile.get("kommune_name", "") if row.kommune == ELSEWHERE else ""),
        _fact(t.gettext("Work"), _occupation(found.profile.get("occupation"), words)),
        _fact(t.gettext("Named mentors"), ", ".join(name for _, name, _ in found.mentors)),
    ]
    lines = [
        Line(
            f"{'🔴 ' if row.urgent else ''}{in_short(row, words)}", "\n".join(fact for fact in facts if fact), loud=True
        )
    ]
    late = [task.title for task in found.tasks or () if task.late or task.legally_late][:MOST_LATE]
    if late:
        lines.append(Line(t.gettext("late"), "\n".join(f"• {title}" for title in late)))
    lines += _last_question(found.messages, words)
    earlier = [_earlier(each, words) for each in found.earlier[:MOST_EARLIER]]
    if earlier:
        lines.append(Line(t.gettext("Earlier conversations"), "\n".join(earlier)))
    notes = [said for said in found.messages if said.kind == "note"][-MOST_NOTES:]
    if notes:
        written = "\n".join(f"• {said.mentor or t.gettext(SOMEBODY)}: {_short(said.text, LONG)}" for said in notes)
        lines.append(Line(t.gettext("Notes"), written))
    return lines


def _last_question(said: Sequence[Said], words: Words) -> list[Line]:
    """What was asked last, and what the bot answered to it."""
    places = [place for place, each in enumerate(said) if each.kind == "recruit" and each.text and not each.payload]
    if not places:
        return []
    last = places[-1]
    answer = next((each for each in said[last:] if each.kind == "bot"), None)
    lines = [Line(words.t.gettext("Question"), _short(said[last].text, LONG))]
    if answer is not None:
        text = "\n\n".join(part for part in (f"**{answer.title}**" if answer.title else "", answer.text or "") if part)
        lines.append(Line(VELKOMMEN, text, ours=True))
    return lines


def _earlier(row: Row, words: Words) -> str:
    outcome = words.t.gettext(OUTCOMES[row.outcome]) if row.outcome in OUTCOMES else ""
    rated = words.t.gettext("rated {rating} of 5", rating=row.rating) if row.rating else ""
    parts = (clock(row.created_at, words), reason(row.reason, words), row.mentor or "", outcome, rated)
    return "• " + " · ".join(part for part in parts if part)


def _occupation(value: str | None, words: Words) -> str:
    mark = next((mark for mark, known in variants.MARKS.items() if known == ("occupation", value)), None)
    return words.t.gettext(ONE[mark]) if mark in ONE else value or ""


def _fact(name: str, value: str) -> str:
    return f"{name}: {value}" if value else ""


# --- what happened ----------------------------------------------------------------------------------------------------


def line(said: Said, row: Row, words: Words, labels: Mapping[str, str]) -> Line | None:
    """One entry of a transcript; None for what is not told. labels: what buttons say, by their payload."""
    match said.kind:
        case "recruit":
            return _of_person(said, row, words, labels)
        case "bot" | "mentor" if said.status == "dropped":
            return None
        case "bot":
            text = "\n\n".join(part for part in (f"**{said.title}**" if said.title else "", said.text or "") if part)
            return Line(f"🤖 {VELKOMMEN}", text, ours=True)
        case "mentor":
            text = "\n".join(part for part in (said.text or "", trouble(said, words)) if part)
            return Line(f"👤 {said.mentor or words.t.gettext(SOMEBODY)}", text)
        case "note":
            return Line(f"📝 {said.mentor or words.t.gettext(SOMEBODY)}", said.text or "")
        case _:
            return Line(f"— {event(said, words)}") if said.event in EVENTS else None


def trouble(said: Said, words: Words) -> str:
    """What a mentor should know of a message that did not simply arrive."""
    return f"⚠ {words.t.gettext(TROUBLES[said.status])}" if said.status in TROUBLES else ""


def _of_person(said: Said, row: Row, words: Words, labels: Mapping[str, str]) -> Line | None:
    name = speaker(row, words)
    if said.payload:
        return Line(name, f"▸ {labels.get(said.payload) or said.text or '…'}")
    stored = tuple(file for file in said.attachments if file.status == "stored")
    rest = [_not_stored(file, words) for file in said.attachments if file.status != "stored"]
    texts = [f"/{said.text}" if said.text and said.said == Kind.COMMAND else said.text or "", *rest]
    if not any(texts) and not stored:
        known = Kind(said.said) if said.said in set(Kind) else Kind.TEXT
        texts = [words.t.gettext(SENT[known])] if known in SENT else []
    if not texts and not stored:
        return None
    lead = f"✎ {name} ({words.t.gettext(EDITED)})" if said.edits else name
    return Line(lead, "\n".join(text for text in texts if text), loud=True, files=stored)


def _not_stored(file: File, words: Words) -> str:
    why = FILES["pending"] if file.status == "pending" else FILES.get(file.reason or "", FILES["failed"])
    return f"📎 {file.name}: {words.t.gettext(why)}"


def event(said: Said, words: Words) -> str:
    """A step in a sentence, with the note that came along."""
    somebody, data = words.t.gettext(SOMEBODY), said.data
    named = {"name": said.mentor or somebody, "to": _others(data, words) or somebody, "what": _what(data, words)}
    parts = [words.t.gettext(EVENTS[said.event], **named), str(data.get("note") or "")]
    return " · ".join(part for part in parts if part)


def _others(data: Mapping[str, Any], words: Words) -> str:
    if data.get("name"):
        return str(data["name"])
    to = data.get("to", data.get("who", ()))
    numbers = to if isinstance(to, list) else [to]
    return ", ".join(words.people[each] for each in numbers if isinstance(each, int) and each in words.people)


def _what(data: Mapping[str, Any], words: Words) -> str:
    match data:
        case {"reason": str(given)}:
            return reason(given, words)
        case {"outcome": outcome} if outcome in OUTCOMES:
            return words.t.gettext(OUTCOMES[outcome])
        case {"rating": rating}:
            return str(rating)
        case _:
            return "–"


# --- small things -----------------------------------------------------------------------------------------------------


def refusal(error: HandingError, words: Words) -> str:
    name = str(error.named.get("name") or "")
    if name and error.code in ("taken", "stale"):
        return words.t.gettext(TAKEN_BY, name=name)
    return words.t.gettext(REFUSALS.get(error.code, OTHERWISE))


def clock(moment: datetime, words: Words) -> str:
    """A moment on the Danish clock: "15:00", with its day unless that is today."""
    there, today = moment.astimezone(COPENHAGEN), words.now.astimezone(COPENHAGEN).date()
    if there.date() == today:
        return f"{there:%H:%M}"
    return f"{format_skeleton('MMMEd', there, locale=LANGUAGES[words.language].locale)} {there:%H:%M}"


def _short(text: str | None, most: int = SHORT) -> str:
    text = text or ""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
