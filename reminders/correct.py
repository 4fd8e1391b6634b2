"""Corrections: which revisions said the same wrong thing, who of those told can be reached, what to say to them. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from i18n.languages import DEFAULT, LANGUAGES
from knowledge.library import Library
from knowledge.models import Figure
from knowledge.render import fill
from reminders import announce
from store.announcements import Recipient
from store.corrections import Told
from store.editing import Published, Revision

MOST_TOPICS = 3  # named in the text, and led to by buttons
NO_CONSENT = "no consent"
SAID = {"text": ("title", "body"), "figure": ("values",), "municipality": ("lines",)}


def same(chosen: Revision, history: Iterable[Revision]) -> list[Revision]:
    """The revisions that told people the same as the chosen one, that one among them; the oldest first.

    Looking at a figure again, or a new source, makes a revision too, so that what was wrong may stand in several.
    """
    wrong = said(chosen)
    return sorted((each for each in history if each.data is not None and said(each) == wrong), key=lambda one: one.id)


def said(revision: Revision) -> Any:
    """Of a revision what reaches people; None where there was nothing."""
    kind, data = revision.name[0], revision.data
    if data is None:
        return None
    if kind == "figure":
        return [{name: value[name] for name in ("value", "unit", "valid_from", "valid_to")} for value in data["values"]]
    return {name: data.get(name) for name in SAID.get(kind, data)}


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when it was told; until None: it still is."""

    at: datetime
    until: datetime | None


def spans(revisions: Sequence[Revision], history: Iterable[Revision]) -> list[Span]:
    """When each of these was published; those that follow each other are one span."""
    order = sorted(history, key=lambda one: one.id)
    nexts = {one.id: later.at for one, later in pairwise(order)}
    found: list[Span] = []
    for one in revisions:
        until = nexts.get(one.id)
        if found and found[-1].until == one.at:
            found[-1] = Span(found[-1].at, until)
        else:
            found.append(Span(one.at, until))
    return found


@dataclass(frozen=True, slots=True)
class Reach:
    """Numbers only, so that nobody is named. reached: who would get the correction; others by the reason why not."""

    people: int
    languages: Mapping[str, int]
    channels: Mapping[str, int]
    first_at: datetime | None
    last_at: datetime | None
    reached: int
    unreached: Mapping[str, int]
    later: Mapping[str, int]


def reach(people: Sequence[Told], texts: Mapping[str, str], at: datetime) -> Reach:
    """What would become of a correction for these people, as far as that can be known before."""
    consenting = [
        Recipient(one.id, one.language, one.profile, one.reachable) for one in people if one.consent == "given"
    ]
    seen = announce.foresee(consenting, texts, at)
    refused = len(people) - len(consenting)
    return Reach(
        people=len(people),
        languages=Counter(one.language or DEFAULT for one in people),
        channels=Counter(channel for one in people for channel in one.channels),
        first_at=min((one.first_at for one in people), default=None),
        last_at=max((one.last_at for one in people), default=None),
        reached=seen.reached,
        unreached={**({NO_CONSENT: refused} if refused else {}), **seen.skipped},
        later=seen.postponed,
    )


def topics(people: Iterable[Told], library: Library) -> list[str]:
    """The topics in answers to which it was told, the most frequent first."""
    counts = Counter(slug for one in people for slug in one.topics)
    return library.known(slug for slug, _ in counts.most_common())[:MOST_TOPICS]


def proposed(
    wrong: Revision, right: Published | None, library: Library, slugs: Sequence[str], *, day: date
) -> dict[str, str]:
    """What to say in each language, for an editor to change. right: what is told now; day: the last one of the wrong."""
    kind, key, _ = wrong.name
    before = Figure.model_validate(wrong.data) if kind == "figure" and wrong.data else None
    now = Figure.model_validate(right.data) if before and right else None
    when = _differing_day(before, now, day) if before and now else None
    texts = {}
    for language in LANGUAGES:
        title = _titles(library, slugs, language) or (before.meaning if before else key)
        if before and now and when:
            old, new = (_value(figure, language, when) for figure in (before, now))
            texts[language] = library.reply("correction", language, day, title=title, old=old, new=new)
        else:
            texts[language] = library.reply("correction_text", language, day, title=title)
    return texts


def _differing_day(before: Figure, now: Figure, day: date) -> date | None:
    """The day itself if the value of that day has changed, else the first beginning of a period that differs."""
    begins = sorted({value.valid_from for figure in (before, now) for value in figure.values if value.valid_from})
    return next((each for each in (day, *begins) if _told(before, each) != _told(now, each)), None)


def _told(figure: Figure, day: date) -> tuple[Any, str]:
    value, _ = figure.on(day)
    return value.value, value.unit


def _value(figure: Figure, language: str, day: date) -> str:
    return fill(f"{{{figure.id}}}", {figure.id: figure}, language=language, day=day).text


def _titles(library: Library, slugs: Sequence[str], language: str) -> str:
    return ", ".join(library.title(slug, language) for slug in slugs)
