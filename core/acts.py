"""What the dialogue engine may decide: acts, free of language.

`parse_act` turns the engine's payload into one of them or raises ActError. The names are those of
`dialogues/domain.yml`; a test keeps both in step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.errors import ActError


class Decline(StrEnum):
    OUT_OF_SCOPE = "out_of_scope"
    FORGERY = "forgery"
    OTHER_PERSON = "other_person"
    INSTRUCTIONS = "instructions"
    ABUSE = "abuse"


class Smalltalk(StrEnum):
    GREETING = "greeting"
    GOODBYE = "goodbye"
    THANKS = "thanks"
    HOW_ARE_YOU = "how_are_you"
    WHO_ARE_YOU = "who_are_you"
    SORRY_TO_HEAR = "sorry_to_hear"
    SMALLTALK = "smalltalk"
    ACKNOWLEDGED = "acknowledged"


class Journey(StrEnum):
    """Commands about the checklist, reminders and the profile."""

    SHOW_CHECKLIST = "show_checklist"
    NEXT_TASK = "next_task"
    COMPLETE_TASK = "complete_task"
    SKIP_TASK = "skip_task"
    UNDO = "undo"
    SHOW_PROGRESS = "show_progress"
    SET_REMINDER = "set_reminder"
    LIST_REMINDERS = "list_reminders"
    CANCEL_REMINDER = "cancel_reminder"
    PAUSE_REMINDERS = "pause_reminders"
    SET_PROFILE = "set_profile"
    EXPLAIN_TASK = "explain_task"
    CHANGE_REMINDER = "change_reminder"
    RESUME_REMINDERS = "resume_reminders"
    FEWER_REMINDERS = "fewer_reminders"
    SHARE_CHECKLIST = "share_checklist"


@dataclass(frozen=True, slots=True)
class AnswerTopics:
    """Answer these topics in order (at most three); the alternatives stay one tap away."""

    topics: tuple[str, ...]
    alternatives: tuple[str, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class AskWhich:
    """Two or three candidates are close: ask one question with buttons."""

    alternatives: tuple[str, ...]
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Unsure:
    """Nothing is likely enough: say so, suggest, offer a mentor, keep the question for the editors."""

    alternatives: tuple[str, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class DeclineIt:
    reason: Decline


@dataclass(frozen=True, slots=True)
class Say:
    reply: Smalltalk


@dataclass(frozen=True, slots=True)
class Help:
    pass


@dataclass(frozen=True, slots=True)
class OfferMentor:
    pass


@dataclass(frozen=True, slots=True)
class MessageMentor:
    """The person wants a mentor now (said yes to the offer, or dictated a message)."""


@dataclass(frozen=True, slots=True)
class NotThat:
    """What we answered was not what was meant."""


@dataclass(frozen=True, slots=True)
class SetLanguage:
    pass


@dataclass(frozen=True, slots=True)
class ExportData:
    pass


@dataclass(frozen=True, slots=True)
class DeleteData:
    """Ask for confirmation before anything is deleted."""


@dataclass(frozen=True, slots=True)
class DeleteDataConfirmed:
    pass


@dataclass(frozen=True, slots=True)
class DeleteDataKept:
    pass


@dataclass(frozen=True, slots=True)
class Consent:
    given: bool


@dataclass(frozen=True, slots=True)
class JourneyCommand:
    command: Journey


type Act = (
    AnswerTopics
    | AskWhich
    | Unsure
    | DeclineIt
    | Say
    | Help
    | OfferMentor
    | MessageMentor
    | NotThat
    | SetLanguage
    | ExportData
    | DeleteData
    | DeleteDataConfirmed
    | DeleteDataKept
    | Consent
    | JourneyCommand
)

PLAIN: dict[str, Act] = {
    "help": Help(),
    "offer_mentor": OfferMentor(),
    "message_mentor": MessageMentor(),
    "not_that": NotThat(),
    "set_language": SetLanguage(),
    "export_data": ExportData(),
    "delete_data": DeleteData(),
    "delete_data_confirmed": DeleteDataConfirmed(),
    "delete_data_kept": DeleteDataKept(),
    **{command.value: JourneyCommand(command) for command in Journey},
}
NAMES = {*PLAIN, "answer_topics", "ask_which", "unsure", "decline", "say", "consent"}


def act_name(act: Act) -> str:
    """The name under which an act is known in `dialogues/domain.yml`."""
    match act:
        case AnswerTopics():
            return "answer_topics"
        case AskWhich():
            return "ask_which"
        case Unsure():
            return "unsure"
        case DeclineIt():
            return "decline"
        case Say():
            return "say"
        case Consent():
            return "consent"
        case _:
            return next(name for name, plain in PLAIN.items() if plain == act)


def parse_act(payload: object) -> Act:
    """An engine's `custom` payload as an act; ActError names the field that is wrong."""
    if not isinstance(payload, Mapping):
        raise ActError(f"an act must be an object, not {type(payload).__name__}")
    name = payload.get("act")
    if isinstance(name, str) and name in PLAIN:
        return PLAIN[name]
    match name:
        case "answer_topics":
            topics = _slugs(payload, "topics")
            if not 1 <= len(topics) <= 3:
                raise ActError("answer_topics needs one to three topics")
            return AnswerTopics(topics, _slugs(payload, "alternatives"), _confidence(payload))
        case "ask_which":
            return AskWhich(_slugs(payload, "alternatives"), _confidence(payload))
        case "unsure":
            return Unsure(_slugs(payload, "alternatives"), _confidence(payload))
        case "decline":
            return DeclineIt(_one_of(Decline, payload, "reason"))
        case "say":
            return Say(_one_of(Smalltalk, payload, "reply"))
        case "consent":
            return Consent(_text(payload, "given") == "yes")
        case _:
            raise ActError(f"unknown act {name!r}; known are {', '.join(sorted(NAMES))}")


def _text(payload: Mapping[str, object], field: str) -> str:
    value = payload.get(field)
    # Rasa fills an unset slot in as the text "None".
    if not isinstance(value, str) or value in ("", "None"):
        raise ActError(f"{payload.get('act')} lacks {field!r}")
    return value


def _slugs(payload: Mapping[str, object], field: str) -> tuple[str, ...]:
    value = payload.get(field)
    if value in (None, "", "None"):
        return ()
    if not isinstance(value, str):
        raise ActError(f"{payload.get('act')}: {field!r} must be slugs with commas between them")
    return tuple(slug.strip() for slug in value.split(",") if slug.strip())


def _confidence(payload: Mapping[str, object]) -> float | None:
    value = payload.get("confidence")
    if value in (None, "", "None"):
        return None
    try:
        number = float(str(value))
    except ValueError as error:
        raise ActError(f"{payload.get('act')}: 'confidence' is not a number") from error
    if not 0 <= number <= 1:
        raise ActError(f"{payload.get('act')}: 'confidence' is not between 0 and 1")
    return number


def _one_of[E: StrEnum](kind: type[E], payload: Mapping[str, object], field: str) -> E:
    value = _text(payload, field)
    try:
        return kind(value)
    except ValueError as error:
        raise ActError(f"{payload.get('act')}: {field} {value!r} is none of {', '.join(kind)}") from error
