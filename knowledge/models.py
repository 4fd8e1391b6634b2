"""The strict shape of everything that editors write. Unknown fields are refused, so a typing slip is seen."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

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
