"""One act, one outcome."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from actions import answer, checklist, human, meet, remind
from actions.turn import Outcome, Outcomes, Pending, Turn
from core import acts
from core.acts import Act, Decline, Journey
from core.messages import Button
from i18n.languages import LANGUAGES, named_language
from i18n.translator import translator


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
            return human.offer(turn)
        case acts.MessageMentor():
            return human.ask(turn)
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
            return _with_a_human(journey(command, turn), turn)
        case _:
            assert_never(act)


def _with_a_human(outcome: Outcome, turn: Turn) -> Outcome:
    """A mentor stands below what a sentence led to, too: it may have meant something else altogether."""
    if outcome.pending is not Pending.NONE or not outcome.replies or outcome.offers_mentor:
        return outcome
    last = outcome.replies[-1]
    shown = replace(last, buttons=(*last.buttons, turn.mentor_button()))
    return replace(outcome, replies=(*outcome.replies[:-1], shown))


def help_(turn: Turn) -> Outcome:
    about = turn.library.known(("what-can-you-do",))
    buttons = (*(turn.topic_button(slug) for slug in about), turn.mentor_button())
    return Outcome(Outcomes.ACT, (turn.reply("help", buttons=buttons),), act="help", alternatives=tuple(about))


def welcome(turn: Turn, suggestions: tuple[str, ...]) -> Outcome:
    topics = tuple(turn.topic_button(slug) for slug in turn.library.known(suggestions))
    buttons = (*topics, Button(turn.t.gettext("My list"), payload="list"))
    return Outcome(Outcomes.ACT, (turn.reply("welcome", buttons=buttons),), act="help")


def decline(reason: Decline, turn: Turn) -> Outcome:
    # What we took for none of our business may be a cry for help that we did not understand.
    human = (turn.mentor_button(),) if reason is Decline.OUT_OF_SCOPE else ()
    return Outcome(Outcomes.REFUSED, (turn.reply(f"decline_{reason.value}", buttons=human),), act="decline")


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
    """A command about the person's own list, reminders or profile."""
    match command:
        case Journey.SHOW_CHECKLIST:
            return checklist.show(turn)
        case Journey.NEXT_TASK:
            return checklist.show_next(turn)
        case Journey.SHOW_PROGRESS:
            return checklist.show_progress(turn)
        case Journey.COMPLETE_TASK:
            return checklist.complete(turn)
        case Journey.SKIP_TASK:
            return checklist.skip(turn)
        case Journey.EXPLAIN_TASK:
            return checklist.explain(turn)
        case Journey.UNDO:
            return checklist.undo(turn)
        case Journey.SHARE_CHECKLIST:
            return checklist.share(turn)
        case Journey.SET_REMINDER:
            return remind.set_one(turn)
        case Journey.LIST_REMINDERS:
            return remind.show(turn)
        case Journey.CANCEL_REMINDER:
            return remind.cancel(turn)
        case Journey.CHANGE_REMINDER:
            return remind.change(turn)
        case Journey.PAUSE_REMINDERS:
            return remind.pause(turn)
        case Journey.RESUME_REMINDERS:
            return remind.resume(turn)
        case Journey.FEWER_REMINDERS:
            return remind.fewer(turn)
        case Journey.SET_PROFILE:
            return meet.change(turn)
        case _:
            assert_never(command)


def journey_press(payload: str, turn: Turn) -> Outcome | None:
    """A button of the person's list; None if it is none of these."""
    name, _, value = payload.partition(":")
    match name:
        case "list":
            return checklist.show(turn)
        case "next":
            return checklist.show_next(turn)
        case "progress":
            return checklist.show_progress(turn)
        case "task":
            return checklist.show_task(value, turn)
        case "done":
            return checklist.press(Journey.COMPLETE_TASK, value, turn)
        case "skip":
            return checklist.press(Journey.SKIP_TASK, value, turn)
        case "open":
            return checklist.reopen(value, turn)
        case "later":
            return remind.about_task(value, turn)
        case "why":
            return checklist.apply(Journey.EXPLAIN_TASK, [value], turn)
        case "undo":
            return checklist.undo(turn)
        case "share" if value in ("yes", "no"):
            return checklist.share_progress(value == "yes", turn)
        case "share":
            return checklist.share(turn, renewed=value == "new")
        case "etask" | "edone":
            return checklist.press_recruit(name, value, turn)
        case "remind":
            return remind.press(value, turn)
        case "own":
            return remind.press_own(value, turn)
        case "reminders":
            return remind.show(turn)
        case "when":
            return remind.at_moment(value, turn)
        case "quiet":
            return remind.press_quiet(value, turn)
        case "meet":
            return meet.press(value, turn)
        case _:
            return None


def after_consent(then: Mapping[str, str], turn: Turn) -> Outcome:
    """Go on with what was wanted before the person agreed that it may be kept."""
    command, tasks = Journey(then["command"]), [task for task in then.get("tasks", "").split(",") if task]
    there = replace(turn, text="")
    match command:
        case Journey.SET_REMINDER:
            return remind.once_agreed(tasks, then.get("at", ""), there)
        case Journey.SET_PROFILE:
            return meet.start(there)
        case _:
            return checklist.apply(command, tasks, there) if tasks else journey(command, there)
