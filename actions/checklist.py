"""The person's own list in the chat: what comes next, one task, done, not for me, taken back, progress, sharing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from uuid import UUID

from actions import mylist
from actions.turn import Outcome, Outcomes, Pending, Turn
from core.acts import Journey
from core.messages import Button, Reply, as_written
from i18n import when as moments
from i18n import words
from i18n.languages import DEFAULT
from journey.plan import Planned, State, next_steps, progress
from journey.standing import Standing
from knowledge.render import REFERENCE
from reminders.hours import zone_of
from store.journey import Change

SHOWN, SHOWN_WAITING, CHOICES = 8, 3, 6
BARE = 3  # words; a longer sentence that names no task we know speaks of something else


def act(command: Journey, replies: tuple[Reply, ...], **more: object) -> Outcome:
    return replace(Outcome(Outcomes.ACT, replies, act=command.value), **more)  # type: ignore[arg-type]


# --- looking --------------------------------------------------------------------------------------------------------


def show(turn: Turn, *, most: int = SHOWN) -> Outcome:
    """What is left: progress, the next ones, what others still have to do; never a wall of sixty."""
    if turn.profile.get("audience") == "employer":
        return show_recruits(turn)
    if not _knows_enough(turn):
        return _unknown(turn, Journey.SHOW_CHECKLIST)
    stand = mylist.list_of(turn)
    steps, waiting = next_steps(stand.plan, most=most), mylist.others_turn(stand)
    parts = [_progress_line(stand, turn)]
    if steps:
        parts += [turn.say("list_next"), "\n".join(mylist.line(step, turn) for step in steps)]
    if waiting:
        lines = [f"- {mylist.who(w.task.who, turn)}: {mylist.title(w.task.id, turn)}" for w in waiting[:SHOWN_WAITING]]
        parts += [turn.say("list_waiting"), "\n".join(lines)]
    if not steps:
        left = [p for p in mylist.own(stand) if p.state in (State.OPEN, State.BLOCKED)]
        parts.append(turn.say("list_nothing_now" if left else "list_all_done"))
    later = sum(p.state in (State.OPEN, State.BLOCKED) for p in mylist.own(stand)) - len(steps)
    if later > 0:
        parts.append(turn.t.ngettext("{count} more comes later.", "{count} more come later.", later, count=later))
    buttons = (
        *(mylist.task_button(step.task.id, turn) for step in (*steps, *waiting)[:3]),
        Button(turn.t.gettext("Print it or put it in my calendar"), payload="share"),
        Button(turn.t.gettext("Change what you know about me"), payload="meet:what"),
    )
    reply = Reply("\n\n".join(parts), turn.language, title=turn.t.gettext("My list"), buttons=buttons)
    return act(Journey.SHOW_CHECKLIST, (reply,), shown=tuple(step.task.id for step in steps[:3]))


def show_next(turn: Turn) -> Outcome:
    """The next step as a card, the two after it one tap away."""
    if turn.profile.get("audience") == "employer":
        return show_recruits(turn)
    if not _knows_enough(turn):
        return _unknown(turn, Journey.NEXT_TASK)
    stand = mylist.list_of(turn)
    steps = next_steps(stand.plan)
    if not steps:
        return show(turn)
    card = card_of(steps[0], stand, turn)
    others = tuple(mylist.task_button(step.task.id, turn) for step in steps[1:])
    shown = tuple(step.task.id for step in steps)
    return act(Journey.NEXT_TASK, (replace(card, buttons=(*card.buttons, *others)),), shown=shown)


def show_progress(turn: Turn) -> Outcome:
    if not _knows_enough(turn):
        return _unknown(turn, Journey.SHOW_PROGRESS)
    stand = mylist.list_of(turn)
    steps = next_steps(stand.plan)
    parts = [_progress_line(stand, turn)]
    if steps:
        parts += [turn.say("list_next"), "\n".join(mylist.line(step, turn) for step in steps)]
    buttons = (*(mylist.task_button(step.task.id, turn) for step in steps), mylist.list_button(turn))
    return act(Journey.SHOW_PROGRESS, (Reply("\n\n".join(parts), turn.language, buttons=buttons),))


def show_recruits(turn: Turn) -> Outcome:
    """An employer's contact: for each recruit what the employer has to do next."""
    if not turn.recruits:
        return act(Journey.SHOW_CHECKLIST, (turn.reply("list_no_recruits"),))
    replies = []
    for recruit in turn.recruits:
        theirs = replace(turn, profile=recruit.profile, mine=recruit.mine)
        steps = [p for p in mylist.list_of(theirs).plan if p.task.who == "employer" and p.state is State.OPEN]
        steps.sort(key=lambda p: p.due or date.max)
        lines = [mylist.line(step, turn) for step in steps[:3]] or [turn.say("list_nothing_now")]
        head = turn.say(
            "list_of_recruit", name=as_written(recruit.profile.get("name", "")) or turn.t.gettext("a recruit")
        )
        buttons = tuple(
            Button(mylist.title(step.task.id, turn), payload=f"etask:{step.task.id}:{number}")
            for step in steps[:3]
            for number in (turn.recruits.index(recruit),)
        )
        replies.append(Reply(f"{head}\n\n" + "\n".join(lines), turn.language, buttons=buttons))
    return act(Journey.SHOW_CHECKLIST, tuple(replies))


def press_recruit(what: str, value: str, turn: Turn) -> Outcome:
    """`<task>:<number of the recruit>`: an employer's task for one recruit, shown (etask) or done (edone)."""
    task, _, number = value.partition(":")
    if task not in turn.library.by_id or not number.isdecimal() or int(number) >= len(turn.recruits):
        return show_recruits(turn)
    recruit = turn.recruits[int(number)]
    theirs = replace(turn, profile=recruit.profile, mine=recruit.mine)
    if what == "edone":
        return settle_for(Journey.COMPLETE_TASK, task, recruit.id, turn)
    stand = mylist.list_of(theirs)
    planned = stand.of(task)
    if planned is None:
        return show_recruits(turn)
    card = card_of(planned, stand, theirs)
    done = Button("✓ " + turn.t.gettext("Done"), payload=f"edone:{task}:{number}")
    more = tuple(button for button in card.buttons if button.payload.startswith("topic:"))
    return act(Journey.NEXT_TASK, (replace(card, buttons=(done, *more)),))


def settle_for(command: Journey, task: str, recruit: UUID, turn: Turn) -> Outcome:
    """An employer's contact says that a task for one recruit is done, or not for them; it stands on that one's list."""
    change = Change(task, STATUS[command], turn.day)
    key = "task_done" if change.status == "done" else "task_skipped"
    reply = turn.reply(key, what=mylist.title(task, turn), buttons=(mylist.list_button(turn),))
    return act(command, (reply,), tasks=(change,), about=recruit)


def show_task(task: str, turn: Turn) -> Outcome:
    stand = mylist.list_of(turn)
    planned = stand.of(task)
    if planned is None:
        return show(turn)
    return act(Journey.NEXT_TASK, (card_of(planned, stand, turn),), shown=(task,))


def card_of(planned: Planned, stand: Standing, turn: Turn) -> Reply:
    """One task: what to do, by when, what to take along, who must act first; the buttons do the rest."""
    task, text = planned.task, turn.library.task_text(planned.task.id, turn.language)
    filled = turn.library.fill(text.details, language=turn.language, day=turn.day)
    parts = [filled.text, *_days(planned, stand, turn)]
    if planned.blocked_by and planned.state is State.BLOCKED:
        parts.append(turn.say("task_waits", what=_blockers(planned, stand, turn)))
    if task.bring and planned.state is not State.DONE:
        papers = [f"- {turn.library.document(key, turn.language)}" for key in task.bring]
        parts += [turn.say("task_bring"), "\n".join(papers)]
    footer = f"[{task.link.split('/')[2]}]({task.link})"
    return Reply(
        "\n\n".join(parts),
        turn.language,
        title=text.title,
        footer=turn.t.gettext("Source: {name}", name=footer),
        buttons=tuple(_task_buttons(planned, turn)),
        revisions=_revisions(task.id, turn, text.details + (text.legal or "")),
    )


def _revisions(task: str, turn: Turn, words: str) -> tuple[int, ...]:
    """Of what a task's card was made of, so that a wrong one can be corrected later."""
    library = turn.library
    language = turn.language if (task, turn.language) in library.task_texts else DEFAULT
    figures = (("figure", match[1], "") for match in REFERENCE.finditer(words))
    return library.made_of(("task_text", task, language), ("task", task, ""), *figures)


def _days(planned: Planned, stand: Standing, turn: Turn) -> list[str]:
    task = planned.task.id
    if planned.state is State.DONE:
        done = turn.mine.done.get(task)
        return [turn.say("task_done_already", day=mylist.day(done, turn))] if done else []
    if planned.state is State.SKIPPED:
        return [turn.say("task_skipped_already")]
    lines = []
    if planned.due is not None:
        key = "task_late" if planned.late else "task_due_about" if planned.estimated else "task_due"
        lines.append(turn.say(key, day=mylist.day(planned.due, turn)))
    text = turn.library.task_text(task, turn.language)
    if planned.legal is not None and not planned.legal_estimated:
        key = "task_legal_past" if planned.legally_late else "task_legal"
        lines.append(turn.say(key, day=mylist.day(planned.legal, turn)))
    elif text.legal:
        lines.append(turn.library.fill(text.legal, language=turn.language, day=turn.day).text)
    return lines


def _blockers(planned: Planned, stand: Standing, turn: Turn) -> str:
    """What a task waits for, with who can do it where that is somebody else."""
    named = []
    for blocker in planned.blocked_by:
        by = stand.of(blocker)
        title = mylist.title(blocker, turn)
        named.append(f"{title} ({mylist.who(by.task.who, turn)})" if by and by.task.who in mylist.OTHERS else title)
    return "; ".join(named)


def _task_buttons(planned: Planned, turn: Turn) -> list[Button]:
    task = planned.task
    if planned.state in (State.DONE, State.SKIPPED):
        return [Button(turn.t.gettext("Not done after all"), payload=f"open:{task.id}"), mylist.list_button(turn)]
    buttons = [
        Button("✓ " + turn.t.gettext("Done"), payload=f"done:{task.id}"),
        Button(turn.t.gettext("Later"), payload=f"later:{task.id}"),
        Button(turn.t.gettext("Not for me"), payload=f"skip:{task.id}"),
        Button(turn.t.gettext("Why do I need this?"), payload=f"why:{task.id}"),
    ]
    if task.topic and task.topic in turn.library.topics:
        buttons.append(Button(turn.t.gettext("Tell me more"), payload=f"topic:{task.topic}"))
    for blocker in planned.blocked_by[:2]:
        buttons.append(mylist.task_button(blocker, turn))
    return buttons


def _progress_line(stand: Standing, turn: Turn) -> str:
    done, all_ = progress(mylist.own(stand))
    return turn.say("list_progress", bar=mylist.bar(done, all_), done=str(done), all=str(all_))


def _knows_enough(turn: Turn) -> bool:
    return bool(turn.profile.get("origin") or turn.profile.get("arrival") or turn.mine.tasks)


def _unknown(turn: Turn, command: Journey) -> Outcome:
    begin = Button(turn.t.gettext("Let's begin"), payload="meet:start")
    buttons = (begin, *(turn.topic_button(slug) for slug in turn.library.known(("first-steps-order",))))
    return act(command, (turn.reply("list_empty", buttons=buttons),))


# --- changing -------------------------------------------------------------------------------------------------------


def complete(turn: Turn) -> Outcome:
    """ "I got my CPR today": what is named is done, on the day that is named; several at once."""
    return _named(turn, Journey.COMPLETE_TASK)


def skip(turn: Turn) -> Outcome:
    return _named(turn, Journey.SKIP_TASK)


def explain(turn: Turn) -> Outcome:
    return _named(turn, Journey.EXPLAIN_TASK)


def _named(turn: Turn, command: Journey) -> Outcome:
    stand = mylist.list_of(turn)
    found = mylist.named_tasks(turn.text, turn, stand)
    sure = [candidates[0] for candidates in found if len(candidates) == 1]
    if not found and len(words.fold(moments.without_when(turn.text, language=turn.language))) <= BARE:
        sure = list(turn.shown[:1])  # "done": what we have just spoken of
    if sure and len(sure) == len(found or sure):
        return apply(command, sure, turn, stand)
    choices = [task for candidates in found for task in candidates]
    choices = choices or [*dict.fromkeys((*turn.shown, *(p.task.id for p in mylist.can_be_ticked(stand))))]
    if not choices:
        return _unknown(turn, command) if not _knows_enough(turn) else show(turn)
    verb = {Journey.COMPLETE_TASK: "done", Journey.SKIP_TASK: "skip"}.get(command, "why")
    key = {"done": "task_which_done", "skip": "task_which_skip", "why": "task_which_explain"}[verb]
    buttons = tuple(Button(mylist.title(task, turn), payload=f"{verb}:{task}") for task in choices[:CHOICES])
    outcome = act(command, (turn.reply(key, buttons=buttons),), shown=turn.shown)
    return replace(outcome, tasks=tuple(_change(task, command, turn) for task in sure)) if sure else outcome


def apply(command: Journey, tasks: list[str], turn: Turn, stand: Standing | None = None) -> Outcome:
    """Done, not for me, open again or why, for tasks that are known."""
    stand = stand or mylist.list_of(turn)
    tasks = [task for task in tasks if task in turn.library.by_id]
    if not tasks:
        return show(turn)
    if command is Journey.EXPLAIN_TASK:
        return act(command, tuple(_why(task, turn) for task in tasks[:3]), shown=tuple(tasks))
    if turn.consent != "given":
        return ask_to_keep(turn, command, tasks)
    changes = tuple(_change(task, command, turn) for task in tasks)
    after = replace(turn, mine=replace(turn.mine, tasks={**turn.mine.tasks, **{c.task: c for c in changes}}))
    then = mylist.list_of(after)
    titles = "; ".join(mylist.title(task, turn) for task in tasks)
    key, named = {"done": "task_done", "skipped": "task_skipped", "open": "task_reopened"}[changes[0].status], {}
    if key == "task_done" and changes[0].day != turn.day:
        key, named = "task_done_on", {"day": mylist.day(changes[0].day, turn)}
    parts = [turn.say(key, what=titles, **named)]
    blocked = any((planned := stand.of(task)) and planned.state is State.BLOCKED for task in tasks)
    if changes[0].status == "done" and blocked:
        parts.append(turn.say("ahead_of_others"))
    steps = next_steps(then.plan)
    parts.append(_progress_line(then, turn))
    if steps:
        parts += [turn.say("list_next"), "\n".join(mylist.line(step, turn) for step in steps)]
    buttons = (
        *(mylist.task_button(step.task.id, turn) for step in steps),
        Button(turn.t.gettext("Take it back"), payload="undo"),
        mylist.list_button(turn),
    )
    reply = Reply("\n\n".join(parts), turn.language, buttons=buttons)
    return act(command, (reply,), tasks=changes, shown=tuple(step.task.id for step in steps))


def press(command: Journey, task: str, turn: Turn) -> Outcome:
    """Done or not for me by a button, which may be an old one: the day on which something was done stays."""
    planned = mylist.list_of(turn).of(task)
    if planned is not None and planned.state is State.DONE and task in turn.mine.done:
        return show_task(task, turn)
    return apply(command, [task], turn)


def reopen(task: str, turn: Turn) -> Outcome:
    outcome = apply(Journey.UNDO, [task], turn)
    return replace(outcome, shown=(task,)) if outcome.tasks else outcome


STATUS = {Journey.COMPLETE_TASK: "done", Journey.SKIP_TASK: "skipped", Journey.UNDO: "open"}


def _change(task: str, command: Journey, turn: Turn) -> Change:
    """The day on which it was done: one that stands in the sentence and is past, else today."""
    day = turn.day
    if command is Journey.COMPLETE_TASK and turn.text:
        zone = zone_of(turn.profile, turn.language, turn.now)
        found = moments.when(turn.text, language=turn.language, now=turn.now, zone=zone, past=True)
        if isinstance(found, moments.When) and found.day <= turn.day:
            day = found.day
    return Change(task, STATUS[command], day)


def _why(task: str, turn: Turn) -> Reply:
    text = turn.library.task_text(task, turn.language)
    parts = [text.why, *([text.legal] if text.legal else [])]
    filled = [turn.library.fill(part, language=turn.language, day=turn.day).text for part in parts]
    planned = turn.library.by_id[task]
    buttons = [mylist.task_button(task, turn)]
    if planned.topic and planned.topic in turn.library.topics:
        buttons.append(Button(turn.t.gettext("Tell me more"), payload=f"topic:{planned.topic}"))
    made_of = _revisions(task, turn, " ".join(parts))
    return Reply("\n\n".join(filled), turn.language, title=text.title, buttons=tuple(buttons), revisions=made_of)


def undo(turn: Turn) -> Outcome:
    """Take back what was said last about tasks."""
    if not turn.mine.last:
        return act(Journey.UNDO, (turn.reply("undo_nothing", buttons=(mylist.list_button(turn),)),))
    titles = "; ".join(mylist.title(c.task, turn) for c in turn.mine.last if c.task in turn.library.by_id)
    reply = turn.reply("task_reopened", what=titles, buttons=(mylist.list_button(turn),))
    return act(Journey.UNDO, (reply,), undo=True, shown=tuple(c.task for c in turn.mine.last))


def ask_to_keep(
    turn: Turn,
    command: Journey,
    tasks: list[str] | None = None,
    *,
    facts: Mapping[str, str] | None = None,
    at: str = "",
) -> Outcome:
    """Nothing can be kept yet: ask, and go on with what was wanted once the answer is yes.

    Of what was written nothing is kept meanwhile but what it means: tasks, facts of the profile, a moment (ISO).
    """
    buttons = turn.yes_no("consent", turn.t.gettext("Yes"), turn.t.gettext("No"))
    then = {"command": command.value, "tasks": ",".join(tasks or ()), "at": at}
    outcome = act(command, (turn.reply("keep_ask", buttons=buttons),), after_consent=then, profile=dict(facts or {}))
    return replace(outcome, pending=Pending.CONSENT)


# --- sharing --------------------------------------------------------------------------------------------------------


def share(turn: Turn, *, renewed: bool = False) -> Outcome:
    """The private address of the list: to print, and for a calendar."""
    if turn.consent != "given" or not turn.address:
        return (
            act(Journey.SHARE_CHECKLIST, (turn.reply("share_none"),))
            if turn.consent == "given"
            else ask_to_keep(turn, Journey.SHARE_CHECKLIST)
        )
    text = turn.say("share_links", page=f"{turn.address}/list", calendar=f"{turn.address}/calendar.ics")
    parts = [*([turn.say("share_revoked")] if renewed else []), text]
    buttons = (
        Button(turn.t.gettext("Open my list"), url=f"{turn.address}/list"),
        Button(turn.t.gettext("Make new addresses"), payload="share:new"),
        *_progress_buttons(turn),
    )
    return act(Journey.SHARE_CHECKLIST, (Reply("\n\n".join(parts), turn.language, buttons=buttons),))


def share_progress(agreed: bool, turn: Turn) -> Outcome:
    """Whether the municipality's and the employer's systems may be told what is done and what is open."""
    if turn.consent != "given":
        return ask_to_keep(turn, Journey.SHARE_CHECKLIST)
    facts = {"shares_progress": "yes" if agreed else ""}
    after = replace(turn, profile={**turn.profile, **facts})
    buttons = (*_progress_buttons(after), mylist.list_button(turn))
    reply = turn.reply("share_progress_on" if agreed else "share_progress_off", buttons=buttons)
    return act(Journey.SHARE_CHECKLIST, (reply,), profile=facts)


def _progress_buttons(turn: Turn) -> tuple[Button, ...]:
    if turn.profile.get("audience") == "employer":
        return ()
    if turn.profile.get("shares_progress") == "yes":
        return (Button(turn.t.gettext("Do not share how far I am any more"), payload="share:no"),)
    return (Button(turn.t.gettext("Let my municipality and my employer see how far I am"), payload="share:yes"),)
