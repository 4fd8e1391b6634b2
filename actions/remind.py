"""Reminders in the chat: the person's own ones, what becomes of one that came, and pause, stop, fewer, again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from actions import checklist, mylist
from actions.turn import Outcome, Pending, ReminderChange, Turn
from core.acts import Journey
from core.messages import Button, Reply, as_written
from i18n import when as moments
from i18n import words
from i18n.languages import LANGUAGES
from reminders.decide import STOPPED
from reminders.hours import MORNING, at, zone_of
from store.journey import OwnReminder

MOST_OWN = 50
SUBJECT = 200  # characters kept of what a reminder is about
SHOWN = 6
PAUSES = {"1w": timedelta(days=7), "1m": timedelta(days=30)}
SNOOZES = {"1d": timedelta(days=1), "7d": timedelta(days=7)}


def moment(when: datetime, turn: Turn) -> str:
    """A moment with weekday, day, time and zone, where the person is then."""
    zone = zone_of(turn.profile, turn.language, when)
    there = when.astimezone(zone)
    day = format_date(there, "full", LANGUAGES[turn.language].locale)
    return f"{day}, {there:%H:%M} ({zone.key.rsplit('/', 1)[-1].replace('_', ' ')})"


# --- own reminders --------------------------------------------------------------------------------------------------


def set_one(turn: Turn) -> Outcome:
    """ "Remind me tomorrow at 9 about the bank": kept and confirmed with day, time and zone; else the moment is asked."""
    if turn.consent != "given":
        found = moments.when(turn.text, language=turn.language, now=turn.now, zone=_zone(turn))
        exact = moments.moment(found, zone=_zone(turn), default=MORNING) if isinstance(found, moments.When) else None
        tasks = [some[0] for some in mylist.named_tasks(turn.text, turn, mylist.list_of(turn)) if len(some) == 1]
        return checklist.ask_to_keep(turn, Journey.SET_REMINDER, tasks[:1], at=exact.isoformat() if exact else "")
    if len(turn.mine.reminders) >= MOST_OWN:
        return _listed(turn, turn.say("remind_too_many", count=str(len(turn.mine.reminders))))
    return _at(turn, {"do": "add", "text": _subject(turn)})


def _subject(turn: Turn) -> str:
    """What it is about: the sentence without its words of time, or what we have just spoken of."""
    said = moments.without_when(turn.text, language=turn.language)
    said = words.without("say", "lead", said, turn.language).strip(" .,!?;:-")
    if not words.fold(said) and turn.shown and turn.shown[0] in turn.library.by_id:
        return mylist.title(turn.shown[0], turn)
    return said[:SUBJECT]


def once_agreed(tasks: list[str], at_: str, turn: Turn) -> Outcome:
    """What was wished before the person agreed: the moment and the task are known, other words are not kept."""
    wish = {"do": "add", "text": mylist.title(tasks[0], turn) if tasks else ""}
    chosen = datetime.fromisoformat(at_) if at_ else None
    return _do(turn, wish, chosen) if chosen and chosen > turn.now else _at(replace(turn, text=""), wish)


def about_task(task: str, turn: Turn) -> Outcome:
    """ "Later" under a task: when shall it come back?"""
    if turn.consent != "given":
        return checklist.ask_to_keep(turn, Journey.SET_REMINDER, [task])
    text = mylist.title(task, turn) if task in turn.library.by_id else ""
    return _at(replace(turn, text=""), {"do": "add", "text": text})


def typed(turn: Turn) -> Outcome | None:
    """A typed answer to "when?"; None: a message of its own."""
    if not turn.waiting or len(turn.text) > 80:
        return None
    found = moments.when(turn.text, language=turn.language, now=turn.now, zone=_zone(turn))
    if found is None and ("?" in turn.text or len(words.fold(turn.text)) > 4):
        return None
    return _at(turn, turn.waiting)


def at_moment(value: str, turn: Turn) -> Outcome:
    """A button with one of two days."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return show(turn)
    return _do(turn, turn.waiting, at(day, MORNING, _zone(turn))) if turn.waiting else show(turn)


def _at(turn: Turn, wish: Mapping[str, Any]) -> Outcome:
    """Carry out a wish at the moment that the text names; ask where it names none, two, or one that has passed."""
    waiting = dict(wish)
    found = moments.when(turn.text, language=turn.language, now=turn.now, zone=_zone(turn)) if turn.text else None
    if isinstance(found, moments.Ambiguous):
        days = (found.first, found.second)
        buttons = tuple(Button(mylist.day(day, turn), payload=f"when:{day.isoformat()}") for day in days)
        return _asking_when(turn, turn.say("meet_which_day"), waiting, buttons)
    if found is None:
        return _asking_when(turn, turn.say("remind_when"), waiting, _usual(turn))
    chosen = moments.moment(found, zone=_zone(turn), default=MORNING)
    if chosen <= turn.now:
        return _asking_when(turn, turn.say("remind_past"), waiting, _usual(turn))
    return _do(turn, waiting, chosen)


def _usual(turn: Turn) -> tuple[Button, ...]:
    today = turn.now.astimezone(_zone(turn)).date()
    return (
        Button(turn.t.gettext("Tomorrow"), payload=f"when:{today + timedelta(days=1)}"),
        Button(turn.t.gettext("In a week"), payload=f"when:{today + timedelta(days=7)}"),
    )


def _asking_when(turn: Turn, question: str, waiting: Mapping[str, Any], buttons: tuple[Button, ...]) -> Outcome:
    reply = Reply(question, turn.language, buttons=buttons)
    return replace(checklist.act(Journey.SET_REMINDER, (reply,), waiting=waiting), pending=Pending.WHEN)


def _do(turn: Turn, wish: Mapping[str, Any], chosen: datetime) -> Outcome:
    text, number = str(wish.get("text", "")), int(wish.get("id", 0))
    match wish.get("do"):
        case "move":
            reply = turn.reply("remind_moved", when=moment(chosen, turn), what=as_written(text) or "⏰")
            change = ReminderChange("move", id=number, at=chosen)
            return checklist.act(Journey.CHANGE_REMINDER, (reply,), reminders=(change,))
        case "snooze":
            change = ReminderChange("snooze", id=number, at=chosen)
            return checklist.act(
                Journey.SET_REMINDER, (turn.reply("snoozed", when=moment(chosen, turn)),), reminders=(change,)
            )
        case _:
            key = "remind_set" if text else "remind_set_plain"
            named = {"when": moment(chosen, turn), **({"what": as_written(text)} if text else {})}
            reply = turn.reply(key, buttons=(Button(turn.t.gettext("My reminders"), payload="reminders"),), **named)
            change = ReminderChange("add", text=text, at=chosen)
            return checklist.act(Journey.SET_REMINDER, (reply,), reminders=(change,))


def show(turn: Turn) -> Outcome:
    return _listed(turn)


def _listed(turn: Turn, first: str = "") -> Outcome:
    """Own reminders, each one tap from being moved or deleted, and what comes from the list."""
    own = turn.mine.reminders
    parts = [first] if first else []
    if own:
        lines = [
            f"{n}. {moment(r.due_at, turn)}: {as_written(r.text) or '⏰'}" for n, r in enumerate(own[:SHOWN], start=1)
        ]
        parts += [turn.say("remind_yours"), "\n".join(lines)]
    elif not first:
        parts.append(turn.say("remind_none"))
    coming = [p for p in mylist.own(mylist.list_of(turn)) if p.due and p.due >= turn.day and p.state.value == "open"]
    coming.sort(key=lambda p: p.due or date.max)
    if coming and turn.profile.get("paused") != STOPPED:
        parts += [turn.say("remind_coming"), "\n".join(mylist.line(p, turn) for p in coming[:3])]
    buttons = [Button(f"✕ {_short(r)}", payload=f"own:cancel:{r.id}") for r in own[:SHOWN]]
    if turn.profile.get("paused"):
        buttons.append(Button(turn.t.gettext("Turn reminders on again"), payload="quiet:resume"))
    return checklist.act(Journey.LIST_REMINDERS, (Reply("\n\n".join(parts), turn.language, buttons=tuple(buttons)),))


def _short(reminder: OwnReminder) -> str:
    return (reminder.text or "⏰")[:40]


def cancel(turn: Turn) -> Outcome:
    """Delete one; which one is asked where that isn't clear, and "all" is all."""
    own = turn.mine.reminders
    if own and "all" in words.named("say", turn.text, turn.language):
        return _cancelled(turn, own)
    meant = _meant(turn)
    if len(meant) == 1:
        return _cancelled(turn, tuple(meant))
    return _which(turn, meant, "cancel", Journey.CANCEL_REMINDER)


def _cancelled(turn: Turn, some: tuple[OwnReminder, ...]) -> Outcome:
    changes = tuple(ReminderChange("cancel", id=reminder.id) for reminder in some)
    reply = turn.reply("remind_cancelled", what="; ".join(as_written(r.text) or moment(r.due_at, turn) for r in some))
    return checklist.act(Journey.CANCEL_REMINDER, (reply,), reminders=changes)


def change(turn: Turn) -> Outcome:
    """Move one to another moment; asks which one and when, where that isn't said."""
    meant = _meant(turn)
    if len(meant) != 1:
        return _which(turn, meant, "move", Journey.CHANGE_REMINDER)
    wish = {"do": "move", "id": meant[0].id, "text": meant[0].text}
    return _at(turn, wish)


def press_own(value: str, turn: Turn) -> Outcome:
    """`cancel:<id>` or `move:<id>` of one's own reminder."""
    what, _, number = value.partition(":")
    found = next((r for r in turn.mine.reminders if str(r.id) == number), None)
    if found is None:
        return show(turn)
    if what == "cancel":
        return _cancelled(turn, (found,))
    return _at(replace(turn, text=""), {"do": "move", "id": found.id, "text": found.text})


def _meant(turn: Turn) -> list[OwnReminder]:
    """The own reminders that a sentence speaks of: those that share its rarer words, or the only one."""
    own = list(turn.mine.reminders)
    if len(own) < 2:
        return own
    said = {word for word in words.fold(turn.text) if len(word) > 2}
    shared = {r.id: sum(map(len, said & set(words.fold(r.text)))) for r in own}
    best = max(shared.values())
    return [r for r in own if best and shared[r.id] == best] or own


def _which(turn: Turn, some: list[OwnReminder], verb: str, command: Journey) -> Outcome:
    if not some:
        return checklist.act(command, (turn.reply("remind_none"),))
    buttons = tuple(
        Button(f"{_short(r)} · {moment(r.due_at, turn)}", payload=f"own:{verb}:{r.id}") for r in some[:SHOWN]
    )
    return checklist.act(command, (turn.reply("remind_which", buttons=buttons),))


# --- a reminder that came --------------------------------------------------------------------------------------------


def press(value: str, turn: Turn) -> Outcome:
    """`<id>:done|skip|more|later|1d|7d|choose` under a reminder; it must be the person's own."""
    number, _, what = value.partition(":")
    row = turn.ledger
    if row is None or str(row.id) != number:
        return checklist.show(turn)
    text = row.text or (mylist.title(row.task, turn) if row.task in turn.library.by_id else "")
    match what:
        case "done" | "skip" if row.task in turn.library.by_id:
            command = Journey.COMPLETE_TASK if what == "done" else Journey.SKIP_TASK
            if row.about_id is None:
                return checklist.press(command, row.task, turn)
            return checklist.settle_for(command, row.task, row.about_id, turn)
        case "more" if row.task in turn.library.by_id:
            if row.about_id is None:
                return checklist.show_task(row.task, turn)
            places = [place for place, recruit in enumerate(turn.recruits) if recruit.id == row.about_id]
            return checklist.press_recruit("etask", f"{row.task}:{places[0]}" if places else "", turn)
        case "done":
            return checklist.act(Journey.COMPLETE_TASK, (turn.reply("acknowledged"),))
        case "later":
            buttons = (
                Button(turn.t.gettext("1 day"), payload=f"remind:{row.id}:1d"),
                Button(turn.t.gettext("1 week"), payload=f"remind:{row.id}:7d"),
                Button(turn.t.gettext("Choose a day"), payload=f"remind:{row.id}:choose"),
            )
            return checklist.act(Journey.SET_REMINDER, (turn.reply("snooze_when", buttons=buttons),))
        case "choose":
            return _at(replace(turn, text=""), {"do": "snooze", "id": row.id, "text": text})
        case _ if what in SNOOZES:
            zone = _zone(turn)
            day = turn.now.astimezone(zone).date() + SNOOZES[what]
            return _do(turn, {"do": "snooze", "id": row.id, "text": text}, at(day, MORNING, zone))
        case _:
            return checklist.show(turn)


# --- pause, stop, fewer, again -----------------------------------------------------------------------------------------


def pause(turn: Turn) -> Outcome:
    """Obeyed at once: until the day that is named, else until the person wants them again."""
    zone = _zone(turn)
    found = moments.when(turn.text, language=turn.language, now=turn.now, zone=zone)
    if isinstance(found, moments.When) and found.day > turn.now.astimezone(zone).date():
        return _paused(turn, found.day)
    if until := moments.lasting(turn.text, language=turn.language, now=turn.now, zone=zone):
        return _paused(turn, until)
    if "announcements" in words.named("say", turn.text, turn.language):
        return checklist.act(
            Journey.PAUSE_REMINDERS, (turn.reply("announcements_stopped"),), profile={"announcements": "no"}
        )
    buttons = (
        Button(turn.t.gettext("Only for a week"), payload="quiet:1w"),
        Button(turn.t.gettext("Only for a month"), payload="quiet:1m"),
        Button(turn.t.gettext("Turn reminders on again"), payload="quiet:resume"),
    )
    reply = turn.reply("remind_stopped", buttons=buttons)
    return checklist.act(Journey.PAUSE_REMINDERS, (reply,), profile={"paused": STOPPED})


def _paused(turn: Turn, until: date) -> Outcome:
    again = Button(turn.t.gettext("Turn reminders on again"), payload="quiet:resume")
    reply = turn.reply("remind_paused", day=mylist.day(until, turn), buttons=(again,))
    return checklist.act(Journey.PAUSE_REMINDERS, (reply,), profile={"paused": until.isoformat()})


def resume(turn: Turn) -> Outcome:
    if turn.consent != "given":  # nothing is kept, so nothing is sent
        return checklist.act(Journey.RESUME_REMINDERS, (turn.reply("remind_none"),))
    return checklist.act(Journey.RESUME_REMINDERS, (turn.reply("remind_resumed"),), profile={"paused": "", "pace": ""})


def fewer(turn: Turn) -> Outcome:
    if turn.consent != "given":
        return checklist.act(Journey.FEWER_REMINDERS, (turn.reply("remind_none"),))
    again = Button(turn.t.gettext("Turn reminders on again"), payload="quiet:resume")
    reply = turn.reply("remind_fewer", buttons=(again,))
    return checklist.act(Journey.FEWER_REMINDERS, (reply,), profile={"pace": "fewer"})


def press_quiet(value: str, turn: Turn) -> Outcome:
    if value in PAUSES:
        return _paused(turn, turn.now.astimezone(_zone(turn)).date() + PAUSES[value])
    return {"resume": resume, "fewer": fewer}.get(value, pause)(replace(turn, text=""))


def _zone(turn: Turn) -> ZoneInfo:
    return zone_of(turn.profile, turn.language, turn.now)
