"""Asking for a human, and what the person hears of it: who, when, how to call it off, and how it was."""

from dataclasses import replace
from datetime import datetime

from babel.dates import format_skeleton

from actions.turn import Handing, Outcome, Outcomes, Pending, Turn
from core.days import COPENHAGEN
from core.files import LARGEST
from core.messages import Button, Reply
from i18n.languages import LANGUAGES
from reminders.hours import zone_of

RATINGS = {"5": 5, "3": 3, "1": 1}
NOT_SOLVED = 1
LONGEST_LINE = 500  # characters


def when(moment: datetime, turn: Turn, *, form: str = "when") -> str:
    """ "today before 15:00" (form `when`) or "tomorrow at 9:00" (`opens`), where the person is and in their language."""
    zone = zone_of(turn.profile, turn.language, turn.now)
    there = moment.astimezone(zone)
    clock = f"{there:%H:%M}"
    danish = moment.astimezone(COPENHAGEN)
    if danish.utcoffset() != there.utcoffset():
        clock = turn.say("time_there", time=clock, danish=f"{danish:%H:%M}")
    days = (there.date() - turn.now.astimezone(zone).date()).days
    if days in (0, 1):
        return turn.say(f"{form}_{'today' if days == 0 else 'tomorrow'}", time=clock)
    day = format_skeleton("EEEEdMMMM", there, locale=LANGUAGES[turn.language].locale)
    return turn.say(f"{form}_day", day=day, time=clock)


def offer(turn: Turn) -> Outcome:
    """Would you like a human? Where one has been asked already, how that stands."""
    if turn.desk.status:
        return standing(turn)
    buttons = turn.yes_no("mentor", turn.t.gettext("Yes, please"), turn.t.gettext("No, thank you"))
    return Outcome(
        Outcomes.ACT, (turn.reply("mentor_offer", buttons=buttons),), pending=Pending.MENTOR, act="offer_mentor"
    )


def ask(turn: Turn) -> Outcome:
    """The conversation comes over: who will write, and when; what to do meanwhile; how to call it off."""
    reason = turn.why or "asked"
    if turn.desk.status:
        return standing(turn)
    if not turn.desk.staffed:
        return _nobody(turn, reason)
    reply = _with(turn, (_promise(turn), turn.say("mentor_until_then"), turn.say("urgent_note")), cancel(turn))
    return _asks(turn, reply, Handing("ask", reason, promised=turn.desk.promised))


def standing(turn: Turn) -> Outcome:
    """A mentor has been asked already."""
    parts = [turn.say("mentor_in_queue", when=when(turn.desk.promised, turn))]
    if turn.desk.status != "waiting":
        parts = [turn.say("mentor_away", name=turn.desk.mentor, when=when(turn.desk.promised, turn))]
        return Outcome(
            Outcomes.ACT, (_with(turn, (*parts, turn.say("urgent_note")), meanwhile(turn)),), act="message_mentor"
        )
    if turn.desk.ahead:
        parts.append(turn.say("mentor_ahead", count=str(turn.desk.ahead)))
    reply = _with(turn, (*parts, turn.say("urgent_note")), cancel(turn))
    return Outcome(Outcomes.ACT, (reply,), act="message_mentor")


def in_danger(turn: Turn, category: str) -> tuple[tuple[Reply, ...], Handing | None]:
    """Said behind a warning: a human has been told as well. Nothing where nobody could come."""
    if not turn.desk.staffed:
        return (), None
    key = "mentor_on_call" if turn.desk.on_call else "mentor_danger_told"
    text = turn.say(key) if turn.desk.on_call else turn.say(key, when=when(turn.desk.promised, turn))
    promised = turn.desk.urgently if turn.desk.on_call else turn.desk.promised
    handing = Handing("ask", f"danger:{category}", urgent=True, promised=promised)
    return (_with(turn, (text,), *(() if turn.desk.status else (cancel(turn),))),), handing


def called_off(turn: Turn) -> Outcome:
    if turn.desk.status != "waiting":
        return Outcome(Outcomes.ACT, (turn.reply("mentor_declined"),), act="offer_mentor")
    return Outcome(Outcomes.ACT, (turn.reply("mentor_cancelled"),), act="offer_mentor", handing=Handing("cancel"))


def back_for_now(turn: Turn) -> Outcome:
    """The mentor is away: Velkommen answers until they go on."""
    if turn.desk.status not in ("with_mentor", "snoozed"):
        return offer(turn)
    reply = turn.reply("mentor_meanwhile", name=turn.desk.mentor, when=when(turn.desk.promised, turn))
    return Outcome(
        Outcomes.ACT, (reply,), act="offer_mentor", handing=Handing("meanwhile", promised=turn.desk.promised)
    )


def away(turn: Turn) -> Reply:
    """Nobody is there to read what was just written to a mentor."""
    text = turn.say("mentor_away", name=turn.desk.mentor, when=when(turn.desk.promised, turn))
    return _with(turn, (text, turn.say("urgent_note")), meanwhile(turn))


def press(value: str, turn: Turn) -> Outcome:
    """`mentor`, `mentor:yes`, `mentor:no`, `mentor:cancel`, `mentor:meanwhile`, `mentor:rate:5`, `mentor:line`."""
    name, _, rest = value.partition(":")
    match name:
        case "yes":
            return ask(turn)
        case "no":
            return Outcome(Outcomes.ACT, (turn.reply("mentor_declined"),), act="offer_mentor")
        case "cancel":
            return called_off(turn)
        case "meanwhile":
            return back_for_now(turn)
        case "rate" if rest in RATINGS:
            return rated(RATINGS[rest], turn)
        case "line":
            return Outcome(Outcomes.ACT, (turn.reply("mentor_line_ask"),), pending=Pending.LINE, act="rate")
        case _:
            return offer(turn)


def rated(value: int, turn: Turn) -> Outcome:
    """How it was. What is not solved goes back, to the same mentor first."""
    if value == NOT_SOLVED and turn.desk.staffed and not turn.desk.status:
        promised = when(turn.desk.promised, turn)
        said = (
            turn.say("mentor_reopened", name=turn.desk.known, when=promised)
            if turn.desk.known
            else turn.say("mentor_reopened_any", when=promised)
        )
        handing = Handing("reopen", "not_solved", promised=turn.desk.promised, rating=value)
        return _asks(turn, _with(turn, (said, turn.say("mentor_until_then")), cancel(turn)), handing)
    line = Button(turn.t.gettext("Write a line"), payload="mentor:line")
    reply = _with(turn, (turn.say("mentor_rated"), turn.say("mentor_rate_line")), line)
    return Outcome(Outcomes.ACT, (reply,), act="rate", handing=Handing("rate", rating=value))


def line(turn: Turn) -> Outcome:
    kept = Handing("line", text=turn.text[:LONGEST_LINE])
    return Outcome(Outcomes.ACT, (turn.reply("mentor_line_kept"),), act="rate", handing=kept)


def rated_answer(value: str, turn: Turn) -> Outcome:
    """A thumb on an answer; below one that did not help stands a human."""
    if value != "-1":
        return Outcome(Outcomes.ACT, (turn.reply("rated"),), act="rate")
    buttons = turn.yes_no("mentor", turn.t.gettext("Yes, please"), turn.t.gettext("No, thank you"))
    reply = turn.reply("mentor_rated_down", buttons=buttons)
    return Outcome(Outcomes.ACT, (reply,), pending=Pending.MENTOR, act="rate", why="rated_down")


def after_two(outcome: Outcome, turn: Turn) -> Outcome:
    """Not understood twice in a row: no third try without the offer of a human, in front of what else was found."""
    yes = Button(turn.t.gettext("Ask a mentor"), payload="mentor:yes")
    last = outcome.replies[-1]
    kept = tuple(button for button in last.buttons if button.payload != "mentor")
    reply = replace(last, text=turn.say("mentor_unsure_twice"), buttons=(yes, *kept))
    return replace(outcome, replies=(*outcome.replies[:-1], reply), pending=Pending.MENTOR, why="unsure")


# --- what mentors' steps say to the person ----------------------------------------------------------------------------


def here(name: str, turn: Turn, *, key: str = "mentor_here") -> Reply:
    return turn.reply(key, name=name)


def sorry(moment: datetime, turn: Turn) -> Reply:
    return _with(turn, (turn.say("mentor_sorry", when=when(moment, turn)), turn.say("urgent_note")))


def back(name: str, turn: Turn) -> Reply:
    """The bot is back, visibly; and was it solved?"""
    solved = Button(turn.t.gettext("Yes, solved"), payload="mentor:rate:5")
    partly = Button(turn.t.gettext("Partly"), payload="mentor:rate:3")
    no = Button(turn.t.gettext("No, not solved"), payload="mentor:rate:1")
    return _with(turn, (turn.say("mentor_back", name=name), turn.say("mentor_back_ask")), solved, partly, no)


def waits_again(moment: datetime, turn: Turn) -> Reply:
    """The mentor has given it back to the queue; we answer meanwhile."""
    return _with(
        turn, (turn.say("mentor_in_queue", when=when(moment, turn)), turn.say("mentor_until_then")), cancel(turn)
    )


def legal(title: str, turn: Turn) -> Reply:
    """A legal limit has passed: a mentor has been told, as agreed."""
    return _with(turn, (turn.say("mentor_legal", title=title, when=when(turn.desk.promised, turn)),), cancel(turn))


def muted(until: datetime, turn: Turn) -> Reply:
    return turn.reply("mentor_muted", when=when(until, turn, form="opens"))


def file_refused(reason: str, turn: Turn) -> Reply:
    """reason: too_big, too_many, kind or failed."""
    keys = {"too_big": "mentor_file_too_big", "too_many": "mentor_file_too_many", "kind": "mentor_file_kind"}
    return turn.reply(keys.get(reason, "mentor_file_failed"), size=str(LARGEST // 2**20))


def zone(turn: Turn) -> str:
    """Where the person is, as a name of a time zone."""
    return zone_of(turn.profile, turn.language, turn.now).key


def cancel(turn: Turn) -> Button:
    return Button(turn.t.gettext("Not needed any more"), payload="mentor:cancel")


def meanwhile(turn: Turn) -> Button:
    return Button(turn.t.gettext("Ask Velkommen meanwhile"), payload="mentor:meanwhile")


def _promise(turn: Turn) -> str:
    promised = when(turn.desk.promised, turn)
    if not turn.desk.open and turn.desk.opens is not None:
        return turn.say("mentor_asked_closed", opens=when(turn.desk.opens, turn, form="opens"), when=promised)
    if turn.desk.known:
        return turn.say("mentor_asked_name", name=turn.desk.known, when=promised)
    return turn.say("mentor_asked", when=promised)


def _nobody(turn: Turn, reason: str) -> Outcome:
    """No mentor has an account: the wish is kept, and where a person can be reached meanwhile is said openly."""
    if turn.mentor_contact:
        reply = turn.reply("mentor_noted", "mentor_contact", "urgent_note", contact=turn.mentor_contact)
    else:
        reply = turn.reply("mentor_noted", "mentor_nobody", "urgent_note")
    return _asks(turn, reply, Handing("ask", reason))


def _asks(turn: Turn, reply: Reply, handing: Handing) -> Outcome:
    return Outcome(Outcomes.ACT, (reply,), act="message_mentor", handing=handing)


def _with(turn: Turn, parts: tuple[str, ...], *buttons: Button) -> Reply:
    return Reply("\n\n".join(parts), turn.language, buttons=buttons)
