"""The shapes of what the API takes and gives."""

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
State = Literal["open", "used", "expired", "revoked"]
Phase = Literal["before-departure", "arrival-week", "first-month", "first-3-months", "first-year", "staying"]
Language = Literal["en", "da", "fil", "hi", "pl", "ro", "uk", "de"]


def _written[Value](value: Value) -> Value:
    """Pydantic would take a number for seconds since 1970."""
    if isinstance(value, str) and value[4:5] == "-":
        return value
    raise ValueError("write it as 2027-03-31, and a moment as 2027-03-31T08:00:00Z")


Day = Annotated[date, BeforeValidator(_written)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written)]


class Given(BaseModel):
    """What others send: fields that we don't know are refused, so that a slip is seen."""

    model_config = ConfigDict(extra="forbid")


class NewInvitation(Given):
    """Somebody to invite. All but the name may be left out; what is given need not be asked in the chat.

    Days are written 2027-03-31. `kommune`, `employer`, `origin` …: as in the list that the admin pages import.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\d]+$")] = Field(
        examples=["Joy"]
    )
    reference: Annotated[Text, StringConstraints(max_length=60)] = Field("", examples=["HR-1234"])
    language: Language | None = Field(None, examples=["fil"])
    kommune: Text = Field("", examples=["Odense"])
    employer: Text = Field("", examples=["OUH1"])
    occupation: Text = Field("", examples=["nurse"])
    origin: Text = Field("", examples=["PH"])
    household: Text = Field("", examples=["alone"])
    arrival: Day | None = Field(None, examples=["2027-01-15"])
    first_working_day: Day | None = None
    contract_signed: Day | None = None
    permit_granted: Day | None = None
    permit_expires: Day | None = None
    moved_in: Day | None = None


class NewInvitations(Given):
    people: Annotated[list[NewInvitation], Field(min_length=1, max_length=500)]


class Invitation(BaseModel):
    """person: the number of whoever opened the link, once they have agreed that anything is kept."""

    id: uuid.UUID
    name: str
    reference: str
    language: str | None
    state: State
    code: str = Field(examples=["bcdfghjkmnpqrstv"])
    web: str = Field(examples=["https://velkommen.example.dk/i/bcdfghjkmnpqrstv"])
    telegram: str | None = Field(examples=["https://t.me/velkommen_bot?start=i-bcdfghjkmnpqrstv"])
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    person: uuid.UUID | None


class Invitations(BaseModel):
    items: list[Invitation]
    next: str | None = Field(None, description="The address of the next page; none at the end.")


class Made(BaseModel):
    """already: references that had been invited before, and were left as they are."""

    items: list[Invitation]
    already: list[str]


class Person(BaseModel):
    """shares_progress: whether they have agreed that others see how far they are."""

    id: uuid.UUID
    language: str | None
    kommune: str | None
    employer: str | None
    phase: Phase | None
    reference: str | None
    shares_progress: bool
    last_heard_at: datetime


class People(BaseModel):
    items: list[Person]
    next: str | None = None


class TaskState(BaseModel):
    """legal: the last day that a law or an authority allows. estimated: counted from a day that we only guess."""

    id: str = Field(examples=["r-tax-card"])
    title: str
    state: Literal["open", "blocked", "done", "skipped"]
    due: date | None
    legal: date | None
    estimated: bool
    late: bool


class Progress(BaseModel):
    person: uuid.UUID
    phase: Phase | None
    done: int
    total: int
    tasks: list[TaskState]


class TopicTitle(BaseModel):
    slug: str = Field(examples=["tax-card"])
    theme: str = Field(examples=["tax"])
    title: str
    languages: list[str]
    as_of: date
    review_by: date


class Topics(BaseModel):
    items: list[TopicTitle]


class Source(BaseModel):
    name: str
    url: str


class Topic(BaseModel):
    """text: Markdown with today's amounts in it. language: of the text, which is English where there is none in the
    language asked for. doubtful: a review date has passed, or an amount is out of its period, or the translation is older
    than its source."""

    slug: str
    theme: str
    language: str
    title: str
    text: str
    doubtful: bool
    revision: int
    as_of: date
    review_by: date
    sources: list[Source]
    related: list[str]
