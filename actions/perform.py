"""One act, one outcome."""

from dataclasses import replace
from typing import assert_never

from actions import answer
from actions.turn import Outcome, Outcomes, Pending, Turn
from core import acts
from core.acts import Act, Decline, Journey
from core.messages import Button
from i18n.languages import LANGUAGES, named_language
from i18n.translator import translator

LATER = {
    Journey.SHOW_CHECKLIST: "later_checklist",
    Journey.NEXT_TASK: "later_checklist",
    Journey.COMPLETE_TASK: "later_checklist",
    Journey.SKIP_TASK: "later_checklist",
    Journey.UNDO: "later_checklist",
    Journey.SHOW_PROGRESS: "later_checklist",
    Journey.SET_REMINDER: "later_reminders",
    Journey.LIST_REMINDERS: "later_reminders",
    Journey.CANCEL_REMINDER: "later_reminders",
    Journey.PAUSE_REMINDERS: "later_reminders",
    Journey.SET_PROFILE: "later_profile",
}
FIRST_STEPS = ("first-steps-order",)


def perform(act: Act, turn: Turn) -> Outcome:
    match act:
        case acts.AnswerTopics(slugs, alternatives, confidence):
            return answer.topics(slugs, turn, alternatives=alternatives, confidence=confidence)
        case acts.AskWhich(alternatives, confidence):
            return answer.ask_which(alternatives, turn, confidence=confidence)
        case acts.Unsure(alternatives, confidence):
            return answer.unsure(alternatives, turn, confidence=confidence)
        case acts.DeclineIt(reason):
            return decline(reason, turn)
        case acts.Say(reply):
            return Outcome(Outcomes.SMALLTALK, (turn.reply(reply.value),))
        case acts.Help():
            return help_(turn)
        case acts.OfferMentor():
            return offer_mentor(turn)
        case acts.MessageMentor():
            return note_mentor(turn, reason="asked")
        case acts.NotThat():
            return answer.not_that(turn)
        case acts.SetLanguage():
            return set_language(named_language(turn.text), turn)
        case acts.ExportData():
            return export_data(turn)
        case acts.DeleteData():
            return ask_forget(turn)
        case acts.DeleteDataConfirmed():
            return forget(turn)
        case acts.DeleteDataKept():
            return Outcome(Outcomes.ACT, (turn.reply("forget_kept"),), act="delete_data")
        case acts.Consent(given):
            return consent(given, turn)
        case acts.JourneyCommand(command):
            return journey(command, turn)
        case _:
            assert_never(act)


def help_(turn: Turn) -> Outcome:
    about = turn.library.known(("what-can-you-do",))
    buttons = (*(turn.topic_button(slug) for slug in about), turn.mentor_button())
    return Outcome(Outcomes.ACT, (turn.reply("help", buttons=buttons),), act="help", alternatives=tuple(about))


def welcome(turn: Turn, suggestions: tuple[str, ...]) -> Outcome:
    buttons = tuple(turn.topic_button(slug) for slug in turn.library.known(suggestions))
    return Outcome(Outcomes.ACT, (turn.reply("welcome", buttons=buttons),), act="help")


def decline(reason: Decline, turn: Turn) -> Outcome:
    return Outcome(Outcomes.REFUSED, (turn.reply(f"decline_{reason.value}"),), act="decline")


def offer_mentor(turn: Turn) -> Outcome:
    buttons = turn.yes_no("mentor", turn.t.gettext("Yes, please"), turn.t.gettext("No, thank you"))
    reply = turn.reply("mentor_offer", buttons=buttons)
    return Outcome(Outcomes.ACT, (reply,), pending=Pending.MENTOR, act="offer_mentor")


def note_mentor(turn: Turn, *, reason: str) -> Outcome:
    """The wish is kept for the mentors; where a person can be reached meanwhile is said openly."""
    if turn.mentor_contact:
        reply = turn.reply("mentor_noted", "mentor_contact", "urgent_note", contact=turn.mentor_contact)
    else:
        reply = turn.reply("mentor_noted", "mentor_nobody", "urgent_note")
    return Outcome(Outcomes.ACT, (reply,), act="message_mentor", mentor_reason=reason)


def set_language(code: str | None, turn: Turn) -> Outcome:
    if code is None:
        buttons = tuple(Button(lang.own_name, payload=f"language:{lang.code}") for lang in LANGUAGES.values())
        return Outcome(Outcomes.ACT, (turn.reply("language_which", buttons=buttons),), act="set_language")
    there = replace(turn, language=code, t=translator(code))
    reply = there.reply("language_set", language=LANGUAGES[code].own_name)
    return Outcome(Outcomes.ACT, (reply,), act="set_language", set_language=code)


def export_data(turn: Turn) -> Outcome:
    about = turn.library.known(("privacy-and-your-data",))
    buttons = tuple(turn.topic_button(slug) for slug in about)
    reply = replace(turn.reply("data_export", buttons=buttons), attach=True)
    return Outcome(Outcomes.ACT, (reply,), act="export_data", alternatives=tuple(about))


def ask_forget(turn: Turn) -> Outcome:
    buttons = turn.yes_no("forget", turn.t.gettext("Delete everything"), turn.t.gettext("Keep my data"))
    reply = turn.reply("forget_ask", buttons=buttons)
    return Outcome(Outcomes.ACT, (reply,), pending=Pending.FORGET, act="delete_data")


def forget(turn: Turn) -> Outcome:
    return Outcome(Outcomes.ACT, (turn.reply("forget_done"),), act="delete_data", erase=True)


def consent(given: bool, turn: Turn) -> Outcome:
    key = "consent_given" if given else "consent_declined"
    return Outcome(Outcomes.ACT, (turn.reply(key),), act="consent", consent=given)


def ask_consent(turn: Turn) -> Outcome:
    buttons = turn.yes_no("consent", turn.t.gettext("Yes"), turn.t.gettext("No"))
    return Outcome(Outcomes.ACT, (turn.reply("consent_ask", buttons=buttons),), pending=Pending.CONSENT, act="consent")


def journey(command: Journey, turn: Turn) -> Outcome:
    """Understood, and said openly that it can't be done yet."""
    slugs = FIRST_STEPS if LATER[command] == "later_checklist" else ()
    buttons = (*(turn.topic_button(slug) for slug in turn.library.known(slugs)), turn.mentor_button())
    return Outcome(Outcomes.ACT, (turn.reply(LATER[command], buttons=buttons),), act=command.value, alternatives=slugs)
