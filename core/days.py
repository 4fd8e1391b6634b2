"""Days as Danish law counts them: in Copenhagen."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def danish_day(now: datetime) -> date:
    """The calendar day in Denmark at a moment that knows its zone."""
    return now.astimezone(COPENHAGEN).date()
