"""From what a person told us to the day an anchor stands for."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple, get_args

from journey.calendar import add_months, working_day_before
from knowledge.models import Anchor

Dates = Mapping[str, date]
Done = Mapping[str, date | None]  # None: done, on a day that we do not know

ANCHORS: tuple[Anchor, ...] = get_args(Anchor)
DAYS_TO_CPR = 5
SHOWN_BY: Mapping[Anchor, str] = {
    "permit_applied": "r-apply-permit",
    "permit_granted": "r-check-granted-permit",
    "cpr_received": "r-register-cpr",
    "moved_again": "r-lasting-home",
}


class Day(NamedTuple):
    day: date
    estimated: bool = False


def resolve_all(anchors: Dates, done: Done) -> Mapping[Anchor, Day]:
    """The anchors whose day is known or follows, resolved once for all tasks of a person."""
    return {anchor: day for anchor in ANCHORS if (day := resolve(anchor, anchors, done))}


def resolve(anchor: Anchor, anchors: Dates, done: Done) -> Day | None:
    """The day that was given; else the one that follows from other anchors or from when a task was done; else None."""
    if anchor in anchors:
        return Day(anchors[anchor])
    if shown := done.get(SHOWN_BY.get(anchor, "")):
        return Day(shown)
    arrival, first_working_day = anchors.get("arrival"), anchors.get("first_working_day")
    in_tax_year = first_working_day or arrival
    match anchor:
        case "moved_in":
            return resolve("arrival", anchors, done)
        case "lease_start":
            return resolve("moved_in", anchors, done)
        case "cpr_received" if arrival:
            return Day(arrival + timedelta(days=DAYS_TO_CPR), estimated=True)
        case "first_salary" if first_working_day:
            next_month = add_months(first_working_day.replace(day=1), 1)
            return Day(working_day_before(next_month - timedelta(days=1)), estimated=True)
        case "tax_year" if in_tax_year:
            return Day(date(in_tax_year.year, 1, 1))
        case "next_tax_year" if "tax_year" in anchors:
            return Day(anchors["tax_year"])
        case "next_tax_year" if in_tax_year:
            return Day(date(in_tax_year.year + 1, 1, 1))
    return None
