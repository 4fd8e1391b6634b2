"""The strict shape of everything that editors write. Unknown fields are refused, so a typing slip is seen."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from i18n.languages import LANGUAGES

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=48)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Link = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
Theme = Literal[
    "permits", "authorisation", "registration", "tax", "bank", "housing", "danish", "work", "family",
    "health", "transport", "community", "employer", "reception", "service", "local",
]  # fmt: skip


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    name: Line
    url: Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$")]  # empty for a page that says no address


class Topic(Strict):
    """`topic.yml`: all that holds in every language.

    as_of: the day for which the main fact was confirmed; review_by: when somebody must look again.
    near: what the question is often mixed up with; each language says what to ask then.
    """

    theme: Theme
    audience: list[Line] = Field(min_length=1)
    related: list[Slug] = Field(max_length=4)
    near: list[Slug]
    handover: bool
    sources: list[Source] = Field(min_length=1)
    as_of: date
    review_by: date
    caution: str | None = None


class TopicText(Strict):
    """`<language>.md`: title, answer and example questions in one language; `more` is searched but not shown.

    English carries `revision`; every other language says from which revision it was made.
    """

    title: Annotated[Line, StringConstraints(max_length=80)]
    revision: int | None = Field(default=None, ge=1)
    from_revision: int | None = Field(default=None, ge=1)
    near: dict[Slug, Line] = {}
    body: Line
    questions: list[Line]
    more: str | None = None

    @model_validator(mode="after")
    def _one_revision(self) -> "TopicText":
        if (self.revision is None) == (self.from_revision is None):
            raise ValueError("either `revision` (English) or `from_revision` (every other language) must be set")
        return self


def _day_as_text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


class FigureValue(Strict):
    """One value in its period of validity; null means open or not known. A day may stand without quotes."""

    value: Annotated[int | float | str, BeforeValidator(_day_as_text)]
    unit: Line
    valid_from: date | None
    valid_to: date | None
    source_name: Line
    source_url: Link
    confidence: Literal["high", "medium", "low"]


class Figure(Strict):
    id: Slug
    meaning: Line
    values: list[FigureValue] = Field(min_length=1)
    next_review: date
    note: str | None = None

    def on(self, day: date) -> tuple[FigureValue, bool]:
        """The value valid on the day and True; else the newest that began before it (or the first), and False."""
        for value in self.values:
            if (value.valid_from or date.min) <= day <= (value.valid_to or date.max):
                return value, True
        begun = [value for value in self.values if (value.valid_from or date.min) <= day]
        return max(begun or self.values[:1], key=lambda value: value.valid_from or date.min), False


class Term(Strict):
    """A Danish word that an office will use, and how to say it."""

    term: Line
    say: Line
    en: Line
    explain: Line
    fil: str = ""
    hi: str = ""
    pl: str = ""
    ro: str = ""
    uk: str = ""
    de: str = ""


class LocalLine(Strict):
    """What one municipality adds to some topics: a sentence by language (English at least), and where it says so."""

    topics: list[Slug] = Field(min_length=1)
    text: dict[str, Line]
    link: Link
    as_of: date

    @model_validator(mode="after")
    def _in_english(self) -> "LocalLine":
        if "en" not in self.text or not LANGUAGES.keys() >= self.text.keys():
            raise ValueError(f"texts by language are needed: `en` at least, and none but {', '.join(LANGUAGES)}")
        return self


class Municipality(Strict):
    """A kommune and its own lines, shown to its people only. `called`: what else people type for its name."""

    name: Line
    called: list[Line] = []
    lines: list[LocalLine]


class ReplyText(Strict):
    """A sentence of the bot itself (greeting, offer of a mentor, help in danger) in one language."""

    text: Line


CANNED_NAMES = ("name", "mentor", "kommune")
PLACEHOLDER = re.compile(r"(?P<before>,? ?)\[\[(?P<name>[^\[\]]*)\]\]")


class Canned(Strict):
    """A sentence that mentors use often, in one language. `[[name]]`, `[[mentor]]`, `[[kommune]]` may be empty."""

    title: Annotated[Line, StringConstraints(max_length=60)]
    text: Line

    @field_validator("text")
    @classmethod
    def _known_names(cls, text: str) -> str:
        for unknown in {match["name"] for match in PLACEHOLDER.finditer(text)} - {*CANNED_NAMES}:
            raise ValueError(f"[[{unknown}]] is not filled in, only {', '.join(CANNED_NAMES)}")
        return text

    def filled(self, **named: str) -> "Canned":
        """With its names in it; an empty one goes with the blank or comma before it ("Hi [[name]]." → "Hi.")."""

        def put(match: re.Match[str]) -> str:
            value = named.get(match["name"], "").strip()
            return f"{match['before']}{value}" if value else ""

        return self.model_copy(update={"text": PLACEHOLDER.sub(put, self.text).strip()})


class Desk(BaseModel):
    """`desk.yml`: when mentors answer. Only its shape; `handover.hours` knows what its fields mean."""

    model_config = ConfigDict(extra="allow", frozen=True)

    weekly: dict[str, Any] = Field(min_length=1)


Anchor = Literal[
    "contract_signed", "permit_applied", "permit_granted", "permit_expires", "education_assessed", "arrival",
    "moved_in", "lease_start", "moved_again", "first_working_day", "first_salary", "adaptation_start",
    "cpr_received", "exam_term", "tax_year", "next_tax_year",
]  # fmt: skip
Origin = Literal["nordic", "eu", "non-eu"]
Occupation = Literal["nurse", "sosu", "other"]
Household = Literal["single", "couple", "family"]
Phase = Literal["before-departure", "arrival-week", "first-month", "first-3-months", "first-year", "staying"]
TaskId = Annotated[str, StringConstraints(pattern=r"^[re](-[a-z0-9]+)+$", max_length=40)]


class DayRule(Strict):
    """A day counted from an anchor: so many days, working days or months after it (negative: before)."""

    anchor: Anchor
    days: int = 0
    working_days: int = 0
    months: int = 0


class Legal(DayRule):
    """A limit set by law or an authority: the last day. On a weekend it stays, unless the rule moves it on."""

    weekend: Literal["stays", "next-working-day"] = "stays"


class Task(Strict):
    """One task of `checklists/recruit.yml` or `checklists/employer.yml`; all that holds in every language.

    id: `r-…` on the recruit's list, `e-…` on the employer's. origin, occupation, household: for whom; empty: everybody.
    due: the first rule whose anchor is known counts. reminders: days relative to the due day. behind: once one of these
    anchors lies in the past, the task must have been settled. yearly: it comes back each year. optional: only for those whom it
    concerns, so nobody is warned when its limit has passed. bring: documents to take along.
    """

    id: TaskId
    phase: Phase
    who: Literal["recruit", "employer", "municipality", "mentor", "family"]
    origin: list[Origin] = []
    occupation: list[Occupation] = []
    household: list[Household] = []
    prerequisites: list[TaskId] = []
    due: list[DayRule] = Field(min_length=1)
    legal: Legal | None = None
    reminders: list[int]
    link: Link
    topic: Slug | None = None
    behind: list[Anchor] = []
    yearly: bool = False
    optional: bool = False
    bring: list[Slug] = []
    facts: list[Line] = []
    sources: list[Source] = []
    # Between two others there is always room, so that moving one changes no other.
    place: int | float = Field(
        default=0, allow_inf_nan=False, description="in its list; in files where it isn't the next"
    )


class TaskText(Strict):
    """A task in one language. why: what it is good for, or what happens when it is late. legal: the limit in words.

    called: how people name it when they say that it is done ("cpr", "my tax card").
    """

    title: Annotated[Line, StringConstraints(max_length=80)]
    details: Line
    why: Line
    legal: Line | None = None
    called: list[Line] = Field(min_length=2)
    revision: int | None = Field(default=None, ge=1)
    from_revision: int | None = Field(default=None, ge=1)


class DocumentText(Strict):
    """A paper to take along, in one language, the Danish word beside it where an office uses one."""

    text: Line
