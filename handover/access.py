"""Who of the staff may see or do what with a handover; an inactive account may nothing, anywhere.

Whoever is asked in sees the conversation, and writes in it after joining.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    MENTOR = "mentor"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Staff:
    """An account; without any `kommuner` it is there for all of them."""

    id: int
    role: Role
    active: bool
    languages: frozenset[str]
    kommuner: frozenset[str]


@dataclass(frozen=True, slots=True)
class Case:
    """What must be known of a handover to say who may what; `past_mentors` had this conversation earlier."""

    status: str
    mentor_id: int | None
    members: frozenset[int]
    offered: frozenset[int]
    kommune: str | None
    urgent: bool
    past_mentors: frozenset[int]
    open: bool
    invited: frozenset[int] = frozenset()


WAITING, RESOLVED = "waiting", "resolved"
CLAIMED = frozenset({"with_mentor", "snoozed"})


# --- one conversation -------------------------------------------------------------------------------------------------


def access_conversation(staff: Staff, case: Case) -> bool:
    """A supervisor: every one that came over. A mentor: theirs, what is offered to them, what waits where they help.

    A mentor of an earlier handover sees it as long as it is open, and once it is resolved.
    """
    if not access_inbox(staff):
        return False
    return (
        staff.role is Role.SUPERVISOR
        or _is_known(staff, case)
        or (_is_waiting(case) and (staff.id in case.offered or _helps_there(staff, case)))
    )


def access_transcript_before(staff: Staff, case: Case) -> bool:
    """What was said before it came over.

    Of one that only waits, neither offered to them nor urgent, a mentor sees the row and the last question alone.
    """
    if not access_conversation(staff, case):
        return False
    if staff.role is Role.SUPERVISOR or not _is_waiting(case):
        return True
    return _is_known(staff, case) or staff.id in case.offered or case.urgent


def access_profile(staff: Staff, case: Case) -> bool:
    return access_transcript_before(staff, case)


def access_attachment(staff: Staff, case: Case) -> bool:
    return access_transcript_before(staff, case)


def access_reply(staff: Staff, case: Case) -> bool:
    return access_inbox(staff) and _is_claimed(case) and _takes_part(staff, case)


def access_claim(staff: Staff, case: Case) -> bool:
    """Take one that waits; a supervisor may also take over what another mentor has."""
    if not access_conversation(staff, case):
        return False
    return _is_waiting(case) or (staff.role is Role.SUPERVISOR and _is_claimed(case))


def access_decline(staff: Staff, case: Case) -> bool:
    return access_inbox(staff) and _is_waiting(case) and staff.id in case.offered


def access_pass_on(staff: Staff, case: Case) -> bool:
    return _is_claimed(case) and _answers_for(staff, case)


def access_join(staff: Staff, case: Case) -> bool:
    return access_inbox(staff) and _is_claimed(case) and (_is_supervisor(staff) or staff.id in case.invited)


def access_note(staff: Staff, case: Case) -> bool:
    return access_reply(staff, case) or _is_supervisor(staff)


def access_mute(staff: Staff, case: Case) -> bool:
    return access_reply(staff, case) or _is_supervisor(staff)


def access_resolve(staff: Staff, case: Case) -> bool:
    return _is_claimed(case) and (access_reply(staff, case) or _is_supervisor(staff))


def access_suggest(staff: Staff, case: Case) -> bool:
    """Make a suggested answer or an example question of it."""
    return (_is_claimed(case) or case.status == RESOLVED) and _answers_for(staff, case)


def _is_waiting(case: Case) -> bool:
    return case.open and case.status == WAITING


def _is_claimed(case: Case) -> bool:
    return case.open and case.status in CLAIMED


def _takes_part(staff: Staff, case: Case) -> bool:
    return staff.id == case.mentor_id or staff.id in case.members


def _is_known(staff: Staff, case: Case) -> bool:
    """In it now, asked in, or in an earlier handover of it; the latter does not open one that was cancelled."""
    asked_in = staff.id in case.invited and case.open
    return (
        _takes_part(staff, case)
        or asked_in
        or (staff.id in case.past_mentors and (case.open or case.status == RESOLVED))
    )


def _answers_for(staff: Staff, case: Case) -> bool:
    return access_inbox(staff) and (_is_supervisor(staff) or staff.id == case.mentor_id)


def _helps_there(staff: Staff, case: Case) -> bool:
    return not staff.kommuner or case.kommune is None or case.kommune in staff.kommuner


# --- everything else --------------------------------------------------------------------------------------------------


def access_inbox(staff: Staff) -> bool:
    return _is(staff, Role.MENTOR, Role.SUPERVISOR)


def access_search(staff: Staff) -> bool:
    """Search at all; what is found still passes `access_conversation`, one by one."""
    return access_inbox(staff)


def access_measures(staff: Staff) -> bool:
    return _is(staff, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)


def access_staff(staff: Staff) -> bool:
    """The accounts."""
    return _is(staff, Role.SUPERVISOR, Role.ADMIN)


def access_looks(staff: Staff) -> bool:
    """Who looked at whom."""
    return _is(staff, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)


def _is_supervisor(staff: Staff) -> bool:
    return _is(staff, Role.SUPERVISOR)


def _is(staff: Staff, *roles: Role) -> bool:
    return staff.active and staff.role in roles
