"""What a reminder says, in the language of now. Several that are due together are one message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.messages import Button, Reply, as_written
from i18n import format as local
from i18n.translator import translator
from journey.plan import RECRUITS, Planned, State
from knowledge.library import Library
from reminders.decide import LEGAL

MOST_BUTTONS, MOST_BLOCKERS = 6, 2


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to be reminded of. id: its row in the ledger; about: the recruit's name, for an employer's contact.

    topics: whose answers, as they are now, a correction leads to.
    """

    id: int
    kind: str
    occurrence: str
    text: str
    planned: Planned | None
    about: str = ""
    topics: Sequence[str] = ()


def compose(lines: Sequence[Line], library: Library, language: str, day: date, *, late: bool) -> Reply:
    """One message, with an apology in front where it comes late through our fault."""
    speak = _Speaker(library, language, day)
    reply = speak.one(lines[0]) if len(lines) == 1 else speak.several(lines)
    if late:
        reply = Reply(f"{speak.say('remind_sorry')}\n\n{reply.text}", language, buttons=reply.buttons)
    return Reply(reply.text, language, buttons=reply.buttons, bulk=True)


class _Speaker:
    def __init__(self, library: Library, language: str, day: date) -> None:
        self.library, self.language, self.day = library, language, day
        self.t = translator(language)

    def say(self, key: str, /, **named: str) -> str:
        return self.library.reply(key, self.language, self.day, **named)

    def one(self, line: Line) -> Reply:
        text = self._line(line)
        if line.planned is None:
            later = Button(self.t.gettext("Later"), payload=f"remind:{line.id}:later")
            done = Button("✓ " + self.t.gettext("Done"), payload=f"remind:{line.id}:done")
            if line.kind == "own":
                return Reply(text, self.language, buttons=(done, later))
            return Reply(f"{text}\n\n{self.say('announcement_footer')}", self.language, buttons=self._topics([line]))
        details = self.library.fill(
            self.library.task_text(line.planned.task.id, self.language).details, language=self.language, day=self.day
        ).text
        buttons = [
            Button("✓ " + self.t.gettext("Done"), payload=f"remind:{line.id}:done"),
            Button(self.t.gettext("Later"), payload=f"remind:{line.id}:later"),
            Button(self.t.gettext("Not for me"), payload=f"remind:{line.id}:skip"),
            Button(self.t.gettext("Tell me more"), payload=f"remind:{line.id}:more"),
        ]
        if line.planned.state is State.BLOCKED:
            buttons += [
                Button(self.library.task_text(task, self.language).title, payload=f"task:{task}")
                for task in line.planned.blocked_by[:MOST_BLOCKERS]
                if task.startswith("r-")
            ]
        if line.occurrence.startswith(LEGAL):
            buttons.append(Button(self.t.gettext("Ask a mentor"), payload="mentor"))
        return Reply(f"{text}\n\n{details}", self.language, buttons=tuple(buttons))

    def several(self, lines: Sequence[Line]) -> Reply:
        footer = [self.say("announcement_footer")] if any(line.kind == "announcement" for line in lines) else []
        text = "\n\n".join([self.say("remind_many"), *(self._line(line, short=True) for line in lines), *footer])
        buttons = [
            Button(self._title(line.planned), payload=f"remind:{line.id}:more")
            for line in lines[:MOST_BUTTONS]
            if line.planned is not None
        ]
        buttons.append(Button(self.t.gettext("My list"), payload="list"))
        return Reply(text, self.language, buttons=(*self._topics(lines), *buttons))

    def _topics(self, lines: Sequence[Line]) -> tuple[Button, ...]:
        known = self.library.known(slug for line in lines for slug in line.topics)
        return tuple(Button(self.library.title(slug, self.language), payload=f"topic:{slug}") for slug in known)

    def _line(self, line: Line, *, short: bool = False) -> str:
        if line.planned is None:
            if line.kind == "announcement":
                return line.text
            return self.say("remind_own", what=as_written(line.text)) if line.text else self.say("remind_own_plain")
        title = self._title(line.planned)
        passed = line.planned.legal if line.occurrence.startswith(LEGAL) else None
        if passed:
            text = self.say("remind_legal_passed", title=title, day=self._day(passed))
        elif short:
            text = f"- **{title}**"
        else:
            text = self.say("remind_one", title=title)
        parts = [
            text if not line.about else f"{text} ({as_written(line.about)})",
            self._due(line),
            self._waits(line.planned),
        ]
        head, rest = parts[0], " ".join(part for part in parts[1:] if part)
        # A title ends without a stop, so what follows it stands apart.
        apart = " " if passed else " – " if short else "\n\n"
        return f"{head}{apart}{rest}" if rest else head

    def _title(self, planned: Planned) -> str:
        return self.library.task_text(planned.task.id, self.language).title

    def _due(self, line: Line) -> str:
        planned = line.planned
        if planned is None or planned.due is None or line.occurrence.startswith(LEGAL):
            return ""
        if planned.legally_late and planned.legal and not planned.legal_estimated:
            return self.say("task_legal_past", day=self._day(planned.legal))
        if planned.legal and not planned.legal_estimated and (planned.legal_soon or planned.late):
            return self.say("task_legal", day=self._day(planned.legal))
        return self.say("task_late" if planned.late else "task_due", day=self._day(planned.due))

    def _waits(self, planned: Planned) -> str:
        if planned.state is not State.BLOCKED:
            return ""
        named = "; ".join(self.library.task_text(task, self.language).title for task in planned.blocked_by)
        others = [who for who in planned.unblocked_by if who not in RECRUITS]
        if others and len(others) == len(planned.unblocked_by):
            return self.say("remind_still_waits", who=self.say(f"who_{others[0]}"), what=named)
        return self.say("task_waits", what=named)

    def _day(self, when: date) -> str:
        return local.day(when, self.language)
