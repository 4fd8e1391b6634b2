"""Days as Danish law counts them: in Copenhagen."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def danish_day(now: datetime) -> date:
    """The calendar day in Denmark at a moment that knows its zone."""
    return now.astimezone(COPENHAGEN).date()


def danish_moment(text: str) -> datetime:
    """The moment of a Danish wall clock, such as "2026-12-01 10:00"; the first one where the clock strikes twice.

    ValueError where it is none, or an hour that the clocks pass over in spring.
    """
    local = datetime.fromisoformat(text.strip())
    if local.tzinfo is not None or len(text.strip()) <= len("2026-12-01"):
        raise ValueError("a date and a time without a zone are expected")
    moment = local.replace(tzinfo=COPENHAGEN).astimezone(UTC)
    if moment.astimezone(COPENHAGEN).replace(tzinfo=None) != local:
        raise ValueError("the clocks are put forward at that hour")
    return moment


def danish_midnight(day: date) -> datetime:
    """The moment at which a day begins in Denmark."""
    return danish_moment(f"{day.isoformat()} 00:00")
