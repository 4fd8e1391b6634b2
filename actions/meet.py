"""Getting to know each other: a short conversation that can be left and taken up again, and changing one fact later."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import available_timezones

from babel.core import get_global

from actions import checklist, mylist, profile
from actions.turn import Outcome, Pending, Turn
from core.acts import Journey
from core.messages import Button, Reply, as_written
from i18n import when as moments
from i18n import words
from i18n.translator import msgid
from journey.anchors import ANCHORS
from knowledge import variants
from reminders.hours import zone_of
from store.journey import Change

STEPS = (
    "name", "origin", "occupation", "household", "arrival", "contract_signed", "permit_granted", "permit_expires",
    "first_working_day", "cpr_received", "kommune", "zone", "employer", "mentor",
)  # fmt: skip
LATER = ("moved_in", "quiet")  # changed on request, never asked
LABELS = {
    "name": msgid("Name"),
    "origin": msgid("Citizenship"),
    "occupation": msgid("Work"),
    "household": msgid("Household"),
    "arrival": msgid("Arrival"),
    "contract_signed": msgid("Contract signed"),
    "permit_granted": msgid("Permit granted"),
    "permit_expires": msgid("Permit runs out"),
    "first_working_day": msgid("First working day"),
    "cpr_received": msgid("CPR number since"),
    "moved_in": msgid("Moved in"),
    "kommune": msgid("Municipality"),
    "zone": msgid("Time zone"),
    "employer": msgid("Employer"),
    "mentor": msgid("A mentor may hear of it"),
    "quiet": msgid("Silent hours"),
}
DAYS = (*(step for step in STEPS if step in ANCHORS), "moved_in")
FREE = ("name", "kommune")  # almost any word could be an answer
NAME_WORDS, NAME_LENGTH = 4, 40
LONGEST_ANSWER = 80  # characters; what is longer is a message of its own
FURTHEST = timedelta(days=3 * 366)
HOURS = re.compile(r"(\d{1,2})(?:[.:]00)?\D+(\d{1,2})")
CPR_TASK = "r-register-cpr"


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says: facts of the profile, a task that is done with it; or why it can't be taken."""

    facts: Mapping[str, str] = field(default_factory=dict)
    tasks: tuple[Change, ...] = ()
    wrong: str = ""
    named: Mapping[str, str] = field(default_factory=dict)
    which: tuple[date, ...] = ()


# --- the conversation -------------------------------------------------------------------------------------------------


def start(turn: Turn) -> Outcome:
    """Begin, or go on where it was left."""
    if turn.consent != "given":
        return checklist.ask_to_keep(turn, Journey.SET_PROFILE)
    return _ask_next(turn, first=turn.say("meet_start"))


def invited(facts: Mapping[str, str], who: str, turn: Turn) -> Outcome:
    """Somebody came with an invitation: what was told of them beforehand, by whom, and whether it may be kept.

    facts: what they have not said themselves. who: the employer or the municipality; empty where neither is known.
    """
    after = replace(turn, profile={**turn.profile, **facts}, text="")
    name = as_written(after.profile.get("name", ""))
    hello = {"name": f", {name}" if name else ""}
    first = turn.say("invited_by", who=as_written(who), **hello) if who else turn.say("invited", **hello)
    parts = [first, known_facts(replace(turn, profile=facts or turn.profile))]
    if turn.consent == "given":
        buttons = (
            Button(turn.t.gettext("What comes next?"), payload="next"),
            mylist.list_button(turn),
            Button(turn.t.gettext("Change something"), payload="meet:what"),
        )
        reply = Reply("\n\n".join([*filter(None, parts), turn.say("invited_kept")]), turn.language, buttons=buttons)
        return checklist.act(Journey.SET_PROFILE, (reply,), profile=dict(facts))
    asked = checklist.ask_to_keep(after, Journey.SET_PROFILE, facts=facts)
    text = "\n\n".join([*filter(None, parts), turn.say("invited_keep")])
    reply = replace(asked.replies[0], text=text)
    return replace(asked, replies=(reply,), after_consent={**asked.after_consent, "invited": "yes"})


def press(value: str, turn: Turn) -> Outcome:
    """A button: `start`, `skip`, `stop`, `what`, `ask:<step>`, `set:<step>:<value>`."""
    what, _, rest = value.partition(":")
    at = str(turn.form.get("at", ""))
    match what:
        case "start":
            return start(turn)
        case "skip" if at:
            return _ask_next(_skipping(turn, at))
        case "stop":
            return _stop(turn)
        case "ask" if rest in LABELS:
            if turn.consent != "given":
                return checklist.ask_to_keep(turn, Journey.SET_PROFILE)
            return _question(rest, replace(turn, form={"single": True}))
        case "set":
            step, _, told = rest.partition(":")
            return _take(step, _by_button(step, told, turn), turn) if step in LABELS else summary(turn)
        case _:
            return summary(turn)


def typed(turn: Turn) -> Outcome | None:
    """A typed answer to the question that is open; None: it is a message of its own.

    After something else came in between, only what is plainly an answer counts as one.
    """
    step = str(turn.form.get("at", ""))
    if step not in LABELS or len(turn.text) > LONGEST_ANSWER:
        return None
    told = understand(step, turn)
    if told is None or (
        turn.pending != Pending.FORM and (step in FREE or not (told.facts or told.tasks or told.which))
    ):
        return None
    return _take(step, told, turn)


def _take(step: str, told: Told, turn: Turn) -> Outcome:
    """Check an answer at once: go on with it, ask which of two days, or say what is wrong with it."""
    if told.which:
        buttons = tuple(
            Button(mylist.day(day, turn), payload=f"meet:set:{step}:{day.isoformat()}") for day in told.which
        )
        return _asking(step, turn.say("meet_which_day"), buttons, turn)
    if told.wrong:
        return _question(step, turn, first=turn.say(told.wrong, **told.named))
    facts = {**told.facts}
    if turn.consent != "given":
        return checklist.ask_to_keep(turn, Journey.SET_PROFILE, [c.task for c in told.tasks], facts=facts)
    after = replace(turn, profile={**turn.profile, **facts}, text="")
    if told.tasks:
        tasks = {**turn.mine.tasks, **{change.task: change for change in told.tasks}}
        after = replace(after, mine=replace(turn.mine, tasks=tasks))
    if turn.form.get("single") and not facts and not told.tasks:
        return summary(turn)
    if turn.form.get("single") or not turn.form.get("at"):
        return replace(changed(facts, told.tasks, after), profile=facts, tasks=told.tasks)
    return replace(_ask_next(_skipping(after, step), first=_doubt(after, facts)), profile=facts, tasks=told.tasks)


def _doubt(turn: Turn, facts: Mapping[str, str]) -> str:
    arrival, begins = turn.profile.get("arrival"), turn.profile.get("first_working_day")
    if {"arrival", "first_working_day"} & facts.keys() and arrival and begins and begins < arrival:
        return turn.say("meet_before_arrival", day=mylist.day(date.fromisoformat(arrival), turn))
    return ""


def _skipping(turn: Turn, step: str) -> Turn:
    return replace(turn, form={**turn.form, "skipped": [*turn.form.get("skipped", ()), step]})


def _ask_next(turn: Turn, *, first: str = "") -> Outcome:
    skipped = turn.form.get("skipped", ())
    step = next((step for step in STEPS if step not in skipped and _is_open(step, turn)), None)
    if step is None:
        return _finished(turn, first)
    return _question(step, turn, first=first)


def _is_open(step: str, turn: Turn) -> bool:
    """Whether a question is worth asking: not known yet, and of use for this person."""
    known = turn.profile
    if known.get(step):
        return False
    arrival = known.get("arrival", "")
    here = bool(arrival) and arrival <= turn.day.isoformat()
    match step:
        case "contract_signed":
            return not here
        case "permit_granted":
            return not here and known.get("origin") == "non-eu"
        case "permit_expires":
            return here and known.get("origin") == "non-eu"
        case "cpr_received":
            return here and CPR_TASK not in turn.mine.done
        case "zone":
            return bool(arrival) and not here and not known.get("country")
        case "employer":
            return bool(turn.employers)
        case _:
            return True


def _question(step: str, turn: Turn, *, first: str = "") -> Outcome:
    return _asking(step, turn.say(f"meet_{step}"), _choices(step, turn), turn, first=first)


def _asking(step: str, question: str, choices: tuple[Button, ...], turn: Turn, *, first: str = "") -> Outcome:
    text = "\n\n".join(part for part in (first, question) if part)
    skip = Button(turn.t.gettext("Skip"), payload="meet:skip")
    enough = Button(turn.t.gettext("Enough for now"), payload="meet:stop")
    leave = (enough,) if turn.form.get("single") else (skip, enough)
    reply = Reply(text, turn.language, buttons=(*choices, *leave))
    outcome = checklist.act(Journey.SET_PROFILE, (reply,), form={**turn.form, "at": step})
    return replace(outcome, pending=Pending.FORM)


def _choices(step: str, turn: Turn) -> tuple[Button, ...]:
    def button(label: str, value: str) -> Button:
        return Button(label, payload=f"meet:set:{step}:{value}")

    match step:
        case "origin" | "occupation" | "household":
            return tuple(button(profile.label_of_one(mark, turn.t), mark) for mark in variants.DIMENSIONS[step])
        case "kommune":
            places = sorted(turn.library.municipalities.items(), key=lambda item: item[1].name)
            return tuple(button(place.name, key) for key, place in places)
        case "mentor":
            return button(turn.t.gettext("Yes"), "yes"), button(turn.t.gettext("No"), "no")
        case "cpr_received":
            return (button(turn.t.gettext("Yes, since today"), turn.day.isoformat()),)
        case "arrival":
            return (button(turn.t.gettext("I arrived today"), turn.day.isoformat()),)
        case _:
            return ()


def _finished(turn: Turn, first: str) -> Outcome:
    name = as_written(turn.profile.get("name", ""))
    parts = [first, turn.say("meet_done", name=f", {name}" if name else ""), known_facts(turn)]
    presumed = len([task for task in mylist.list_of(turn).presumed if task.startswith("r-")])
    if presumed:
        parts.append(turn.say("profile_presumed", count=str(presumed)))
    buttons = (
        Button(turn.t.gettext("What comes next?"), payload="next"),
        mylist.list_button(turn),
        Button(turn.t.gettext("Change something"), payload="meet:what"),
    )
    reply = Reply("\n\n".join(part for part in parts if part), turn.language, buttons=buttons)
    return checklist.act(Journey.SET_PROFILE, (reply,))


def _stop(turn: Turn) -> Outcome:
    buttons = (mylist.list_button(turn), Button(turn.t.gettext("Go on"), payload="meet:start"))
    return checklist.act(Journey.SET_PROFILE, (turn.reply("meet_stopped", buttons=buttons),))


# --- what is known, and changing it -------------------------------------------------------------------------------------


def known_facts(turn: Turn) -> str:
    here = turn.profile.get("arrival", "9") <= turn.day.isoformat()
    known = [step for step in LABELS if turn.profile.get(step) and not (step == "zone" and here)]
    lines = [f"- {turn.t.gettext(LABELS[step])}: {_shown(step, turn)}" for step in known]
    return "\n".join(lines)


def _shown(step: str, turn: Turn) -> str:
    value = turn.profile[step]
    if step in DAYS:
        return mylist.day(date.fromisoformat(value), turn)
    match step:
        case "origin" if turn.profile.get("country"):
            return profile.country_name(turn.profile["country"], turn.language)
        case "origin" | "occupation" | "household":
            marks = [mark for mark, (name, known) in variants.MARKS.items() if (name, known) == (step, value)]
            return profile.label_of_one(marks[0], turn.t) if marks else value
        case "kommune" if value in turn.library.municipalities:
            return turn.library.municipalities[value].name
        case "kommune":
            return as_written(turn.profile.get("kommune_name", "")) or turn.t.gettext("Another municipality")
        case "employer":
            return turn.employers.get(value, value)
        case "mentor":
            return turn.t.gettext("Yes") if value == "yes" else turn.t.gettext("No")
        case "zone":
            return value.rsplit("/", 1)[-1].replace("_", " ")
        case _:
            return as_written(value)


def summary(turn: Turn) -> Outcome:
    """What is known, each fact one tap away from being changed."""
    facts = known_facts(turn)
    if not facts:
        return start(turn)
    steps = [step for step in LABELS if turn.profile.get(step)]
    buttons = [Button(turn.t.gettext(LABELS[step]), payload=f"meet:ask:{step}") for step in steps]
    buttons.append(Button(turn.t.gettext("Something else"), payload="meet:start"))
    reply = Reply(f"{turn.say('profile_what')}\n\n{facts}", turn.language, buttons=tuple(buttons))
    return checklist.act(Journey.SET_PROFILE, (reply,))


def change(turn: Turn) -> Outcome:
    """ "My arrival is now 3 March": find which facts the sentence tells, else show what is known."""
    told = _facts_in(turn)
    if told is None:
        return summary(turn)
    step, answer = told
    if answer.facts or answer.tasks or answer.which or answer.wrong:
        return _take(step, answer, replace(turn, form={"single": True, "at": step}))
    return summary(turn)


def changed(facts: Mapping[str, str], tasks: tuple[Change, ...], turn: Turn) -> Outcome:
    """What was noted, and that the list follows."""
    shown = [f"{turn.t.gettext(LABELS[step])}: {_shown(step, turn)}" for step in LABELS if facts.get(step)]
    shown += [mylist.title(change.task, turn) for change in tasks]
    parts = [turn.say("profile_changed", what="; ".join(shown))]
    if tasks or any(step in DAYS or step in variants.DIMENSIONS for step in facts):
        parts.append(turn.say("profile_replanned"))
    if doubt := _doubt(turn, facts):
        parts.append(doubt)
    buttons = (
        Button(turn.t.gettext("What comes next?"), payload="next"),
        mylist.list_button(turn),
        Button(turn.t.gettext("Change something"), payload="meet:what"),
    )
    return checklist.act(Journey.SET_PROFILE, (Reply("\n\n".join(parts), turn.language, buttons=buttons),))


def _facts_in(turn: Turn) -> tuple[str, Told] | None:
    """The facts that a free sentence tells; where several are named, all that can be read."""
    fields = words.named("fields", turn.text, turn.language)
    facts: dict[str, str] = {}
    first = ""
    for step in fields:
        if step in DAYS and not first:
            told = understand(step, turn)
            if told is not None and (told.facts or told.which or told.tasks):
                if told.which or told.tasks:
                    return step, told
                facts |= told.facts
                first = first or step
        elif step in ("name", "quiet", "zone", "employer") and not first:
            told = understand(step, turn)
            if told is not None and told.facts:
                facts |= told.facts
                first = first or step
    for value in words.told("values", turn.text, turn.language):
        dimension, known = variants.MARKS[value]
        if dimension not in facts:
            facts[dimension] = known
            first = first or dimension
    if kommune := profile.municipality_told(turn.text, turn):
        facts |= {"kommune": kommune, "kommune_name": ""}
        first = first or "kommune"
    if "origin" in fields and (mark := profile.told("origin", turn.text, turn)):
        facts |= _origin(mark, turn)
        first = first or "origin"
    return (first, Told(facts)) if first else None


# --- understanding one answer -------------------------------------------------------------------------------------------


def understand(step: str, turn: Turn) -> Told | None:
    """What a typed answer to a question says; None where it is no answer to it."""
    text = turn.text.strip()
    if step in DAYS:
        return _day_told(step, turn)
    match step:
        case "name":
            return _name_told(text, turn)
        case "origin":
            mark = profile.told("origin", text, turn)
            return Told(_origin(mark, turn)) if mark else _asked_back(text, turn)
        case "occupation" | "household":
            mark = profile.told(step, text, turn) or _value_told(step, text, turn)
            return Told(profile.known({}, mark)) if mark else _asked_back(text, turn)
        case "kommune":
            return _kommune_told(text, turn)
        case "zone":
            zone = zone_named(text, turn.language)
            return Told({"zone": zone}) if zone else _asked_back(text, turn)
        case "quiet":
            hours = HOURS.search(text)
            if hours and all(int(hour) < 24 for hour in hours.groups()):
                return Told({"quiet": f"{int(hours[1])}-{int(hours[2])}"})
            return _asked_back(text, turn)
        case "employer":
            return _employer_told(text, turn)
        case "mentor":
            return _yes_or_no("mentor", text, turn)
        case _:
            return None


def _by_button(step: str, value: str, turn: Turn) -> Told:
    if step in DAYS:
        try:
            return _dated(step, date.fromisoformat(value), turn)
        except ValueError:
            return Told(wrong="meet_not_a_day")
    match step:
        case "origin" | "occupation" | "household" if value in variants.DIMENSIONS[step]:
            return Told(profile.known({}, value))
        case "kommune" if value in turn.library.municipalities:
            return Told({"kommune": value, "kommune_name": ""})
        case "mentor" if value in ("yes", "no"):
            return Told({"mentor": value})
        case _:
            return Told(wrong="meet_not_understood")


def _day_told(step: str, turn: Turn) -> Told | None:
    zone = zone_of(turn.profile, turn.language, turn.now)
    found = moments.when(turn.text, language=turn.language, now=turn.now, zone=zone, past=None)
    if isinstance(found, moments.Ambiguous):
        return Told(which=(found.first, found.second))
    if found is not None:
        return _dated(step, found.day, turn)
    if "not_known" in words.named("say", turn.text, turn.language) or _says_no(turn.text, turn):
        return Told()
    return _asked_back(turn.text, turn, key="meet_not_a_day")


def _dated(step: str, day: date, turn: Turn) -> Told:
    if abs(day - turn.day) > FURTHEST and step != "permit_expires":
        return Told(wrong="meet_too_far", named={"day": mylist.day(day, turn)})
    if step == "cpr_received":
        # Not kept beside the task: the day on which it was done is the day of the number.
        return Told(tasks=(Change(CPR_TASK, "done", min(day, turn.day)),))
    return Told({step: day.isoformat()})


def _asked_back(text: str, turn: Turn, *, key: str = "meet_not_understood") -> Told | None:
    """A short answer that doesn't fit is asked about again; a question is a message of its own."""
    if "?" in text or len(words.fold(text)) > NAME_WORDS:
        return None
    return Told(wrong=key)


def _name_told(text: str, turn: Turn) -> Told | None:
    said, begun = _without_phrase(text.strip(" .!,\"'"), turn.language)
    kept = said.split()
    if not kept or "?" in text or len(said) > NAME_LENGTH or any(c.isdigit() for c in said):
        return None
    if len(kept) > (NAME_WORDS if begun else 2):
        return None
    return Told({"name": said})


def _without_phrase(said: str, language: str) -> tuple[str, bool]:
    """The words behind "call me" and its like, and whether there was one; "spune-mi" is two words."""
    for phrase in sorted(words.phrases("fields", "name", language), key=len, reverse=True):
        size = len(words.fold(phrase))
        for parts in (said.split(), said.replace("-", " ", 1).split()):
            for at in range(len(parts) - size + 1):
                if words.found(phrase, words.fold(" ".join(parts[at : at + size]))):
                    return " ".join(parts[at + size :]), True
    return said, False


def _value_told(step: str, text: str, turn: Turn) -> str | None:
    marks = [m for m in words.told("values", text, turn.language) if m in variants.DIMENSIONS[step]]
    if step == "household" and "family" in marks:
        return "family"
    return marks[0] if marks else None


def _origin(mark: str, turn: Turn) -> dict[str, str]:
    facts = profile.known({}, mark)
    country = profile.country_named(turn.text, turn.language)
    zone = zone_of_country(country) if country else None
    return {**facts, **({"country": country} if country else {}), **({"zone": zone} if zone else {})}


def _kommune_told(text: str, turn: Turn) -> Told | None:
    if kommune := profile.municipality_told(text, turn):
        return Told({"kommune": kommune, "kommune_name": ""})
    if "?" in text or len(words.fold(text)) > 3:
        return None
    return Told({"kommune": profile.ELSEWHERE, "kommune_name": text.strip()[:NAME_LENGTH]})


def _employer_told(text: str, turn: Turn) -> Told | None:
    said = {word.upper() for word in re.findall(r"[A-Za-z0-9-]+", text)}
    code = next((code for code in turn.employers if code.upper() in said), None)
    if code:
        return Told({"employer": code})
    if _says_no(text, turn):
        return Told()
    return _asked_back(text, turn, key="meet_no_such_code")


def _yes_or_no(step: str, text: str, turn: Turn) -> Told | None:
    if _says_no(text, turn):
        return Told({step: "no"})
    yes = {"yes", *words.fold(turn.t.gettext("Yes")), *words.fold(turn.t.gettext("Yes, please"))[:1], "ok"}
    return Told({step: "yes"}) if set(words.fold(text)) & yes else _asked_back(text, turn)


def _says_no(text: str, turn: Turn) -> bool:
    said = words.fold(text)
    return len(said) <= 3 and any(words.found(phrase, said) for phrase in words.phrases("say", "none", turn.language))


# --- places and their clocks ----------------------------------------------------------------------------------------------


# Where most people of a country with several zones live.
MOST_LIVE = {
    "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "CA": "America/Toronto",
    "CD": "Africa/Kinshasa", "CL": "America/Santiago", "CN": "Asia/Shanghai", "DE": "Europe/Berlin", "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta", "KZ": "Asia/Almaty", "MX": "America/Mexico_City", "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland", "PT": "Europe/Lisbon", "RU": "Europe/Moscow", "UA": "Europe/Kyiv", "US": "America/New_York",
    "UZ": "Asia/Tashkent", "VN": "Asia/Ho_Chi_Minh",
}  # fmt: skip


def zone_of_country(country: str) -> str | None:
    """The zone in which most people of a country live."""
    zones = get_global("territory_zones").get(country) or [None]
    return MOST_LIVE.get(country) or zones[0]


def zone_named(text: str, language: str) -> str | None:
    """The zone of a country or of a city of the tz database ("Dubai", "Manila")."""
    if country := profile.country_named(text, language):
        return zone_of_country(country)
    said = set(words.fold(text))
    for zone in _cities():
        if {*words.fold(zone.rsplit("/", 1)[-1].replace("_", " "))} <= said:
            return zone
    return None


@lru_cache
def _cities() -> tuple[str, ...]:
    return tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))
