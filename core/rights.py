"""Who may what in the admin backend: one table, read by every page and every step, and tested as a whole.

What may be seen of one conversation is said by `handover/access.py`, for that depends on the conversation.
"""

from collections.abc import Mapping

ROLES = ("mentor", "supervisor", "admin", "editor", "reviewer", "auditor")
ALL = frozenset(ROLES)
WRITE = frozenset({"editor", "admin"})
REVIEW = frozenset({"reviewer", "admin"})
LEAD = frozenset({"supervisor", "admin"})
ADMIN = frozenset({"admin"})
OVERSEE = frozenset({"admin", "auditor"})
OFFICE = ALL - {"mentor"}

RIGHTS: Mapping[str, frozenset[str]] = {
    "me": ALL,
    "answers.read": ALL,
    "answers.edit": WRITE,
    "answers.review": REVIEW,  # publish what somebody else wrote, or send it back
    "figures.read": ALL,
    "figures.edit": WRITE,
    "texts.read": ALL,
    "texts.edit": WRITE,
    "danger.edit": WRITE,
    "checklists.read": ALL,
    "checklists.edit": WRITE,
    "hours.read": ALL,
    "hours.edit": LEAD,
    "corrections.read": OFFICE,
    "corrections.send": LEAD,
    "gaps.read": OFFICE,
    "gaps.decide": WRITE,
    "training.read": OFFICE - {"supervisor"},
    "training.run": WRITE,
    "announcements.read": OFFICE,
    "announcements.write": WRITE | LEAD,
    "announcements.send": LEAD,
    "people.read": LEAD | OVERSEE,
    "people.invite": LEAD,
    "people.export": ADMIN,
    "people.delete": ADMIN,
    "numbers.read": OFFICE,
    "staff.read": LEAD | OVERSEE,
    "staff.edit": LEAD,
    "audit.read": OVERSEE,
    "keys.read": OVERSEE,
    "keys.edit": ADMIN,
}
# Roles whose account may name languages and themes that they keep to.
KEPT_TO = frozenset({"editor", "reviewer"})


def may(role: str, action: str) -> bool:
    """KeyError for an action that the table does not know."""
    return role in RIGHTS[action]
