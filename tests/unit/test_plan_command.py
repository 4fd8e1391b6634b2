"""`velkommen plan`: from a profile file to an answer, and what it says of a file that is wrong."""

import json
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.days import COPENHAGEN
from core.errors import VelkommenError
from operations import cli
from operations import plan as command
from operations.plan import CHECKLISTS, ProfileError, parse_now, read_case, read_checklists

TASKS = {task.id: task for task in read_checklists(CHECKLISTS)}
PROFILE = """\
origin: non-eu
occupation: nurse
household: single
arrival: 2027-03-01
anchors: {contract_signed: 2027-01-04, first_working_day: 2027-03-15}
done: {e-ethical-check: 2026-11-01, e-realistic-info: 2026-11-10, r-read-contract: null}
skipped: [r-register-car]
"""


class Command:
    """The command as it is typed; what it prints, and its exit code."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.file = folder / "profile.yml"
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def run(self, profile: str | None, *options: str) -> tuple[int, str, str]:
        if profile is not None:
            self.file.write_text(profile, encoding="utf-8")
        self.monkeypatch.setattr("sys.argv", ["velkommen", "plan", "--profile", str(self.file), *options])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = self.capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, printed.out, printed.err

    def answer(self, profile: str, now: str = "2027-01-04") -> dict[str, Any]:
        code, out, err = self.run(profile, "--now", now, "--json")
        assert (code, err) == (0, "")
        answer: dict[str, Any] = json.loads(out)
        return answer

    def tasks(self, profile: str, now: str = "2027-01-04") -> dict[str, dict[str, Any]]:
        return {task["id"]: task for task in self.answer(profile, now)["tasks"]}

    def refused(self, profile: str | None, *options: str) -> str:
        code, out, err = self.run(profile, "--json", *options)
        assert (code, out) == (2, "")
        return err


@pytest.fixture
def velkommen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("VELKOMMEN_DATA_DIR", str(tmp_path / "var"))
    return Command(tmp_path, monkeypatch, capsys)


# --- the answer -----------------------------------------------------------------------------------------------------


def test_every_task_of_both_lists_is_told_with_its_state(velkommen: Command) -> None:
    answer = velkommen.answer(PROFILE)
    tasks = {task["id"]: task for task in answer["tasks"]}

    assert list(tasks) == list(TASKS)
    assert answer["now"] == "2027-01-04T00:00:00+01:00"
    assert answer["profile"] == {
        "origin": "non-eu",
        "occupation": "nurse",
        "household": "single",
        "anchors": {"arrival": "2027-03-01", "contract_signed": "2027-01-04", "first_working_day": "2027-03-15"},
        "done": {"e-ethical-check": "2026-11-01", "e-realistic-info": "2026-11-10", "r-read-contract": None},
        "skipped": ["r-register-car"],
        "presume": False,
    }
    assert tasks["r-read-contract"]["state"] == "done"
    assert tasks["r-register-car"]["state"] == "skipped"
    assert tasks["r-mitid"]["state"] == "blocked"
    assert tasks["r-mitid"]["blocked_by"] == ["r-register-cpr"]
    assert tasks["r-mitid"]["unblocked_by"] == ["recruit"]
    assert (tasks["r-mitid"]["due"], tasks["r-mitid"]["estimated"]) == ("2027-03-12", True)
    assert tasks["r-register-cpr"]["legal_deadline"] == "2027-03-06"


def test_a_task_for_others_is_told_without_a_plan(velkommen: Command) -> None:
    task = velkommen.tasks(PROFILE)["r-eu-residence-document"]

    assert task == {
        "id": "r-eu-residence-document",
        "applies": False,
        "due": None,
        "estimated": False,
        "legal_deadline": None,
        "legal_estimated": False,
        "state": None,
        "late": False,
        "legally_late": False,
        "blocked_by": [],
        "unblocked_by": [],
        "next_reminder": None,
    }


def test_the_next_reminder_is_at_nine_in_copenhagen_and_after_now(velkommen: Command) -> None:
    task = TASKS["r-mitid"]
    due = datetime(2027, 3, 12, 9, tzinfo=COPENHAGEN)
    moments = sorted(due + timedelta(days=offset) for offset in task.reminders)

    for moment, later in zip(moments, [*moments[1:], None]):
        before = velkommen.tasks(PROFILE, (moment - timedelta(minutes=1)).isoformat())[task.id]
        after = velkommen.tasks(PROFILE, moment.isoformat())[task.id]
        assert before["next_reminder"] == moment.isoformat()
        assert after["next_reminder"] == (later.isoformat() if later else None)


def test_summer_time_and_the_day_in_copenhagen_count(velkommen: Command) -> None:
    profile = "origin: eu\narrival: 2027-06-14\n"
    task = velkommen.tasks(profile, "2027-06-01")["r-register-cpr"]
    assert task["next_reminder"].endswith("T09:00:00+02:00")

    due = task["due"]
    assert not velkommen.tasks(profile, f"{due}T21:59:00Z")["r-register-cpr"]["late"]
    assert velkommen.tasks(profile, f"{due}T22:00:00Z")["r-register-cpr"]["late"]


def test_nothing_is_to_be_reminded_of_once_done_or_skipped(velkommen: Command) -> None:
    tasks = velkommen.tasks(PROFILE)
    settled = [task for task in tasks.values() if task["state"] in ("done", "skipped", None)]

    assert settled
    assert {task["next_reminder"] for task in settled} == {None}


def test_a_file_may_be_json_and_a_list_of_what_is_done_is_enough(velkommen: Command) -> None:
    profile = json.dumps(
        {"origin": "eu", "anchors": {"arrival": "2027-03-01"}, "done": ["r-confirm-first-home"]}, indent="\t"
    )
    tasks = velkommen.tasks(profile)

    assert tasks["r-confirm-first-home"]["state"] == "done"
    assert tasks["r-contents-insurance"]["state"] == "open"


def test_who_tells_us_nothing_still_gets_the_tasks_for_everybody(velkommen: Command) -> None:
    tasks = velkommen.tasks("")

    assert tasks["e-prepare-workplace"]["state"] == "open"
    assert not tasks["r-apply-permit"]["applies"]
    assert {task["due"] for task in tasks.values()} == {None}


def test_who_joins_late_is_not_asked_for_what_lies_behind(velkommen: Command) -> None:
    behind = {id_ for id_, task in TASKS.items() if task.behind == ["arrival"]}
    assert behind

    tasks = velkommen.tasks(PROFILE + "presume: true\n", "2027-04-01")
    assert {tasks[id_]["state"] for id_ in behind if tasks[id_]["applies"]} == {"done"}
    tasks = velkommen.tasks(PROFILE, "2027-04-01")
    assert "done" not in {tasks[id_]["state"] for id_ in behind if id_ not in PROFILE}


def test_without_json_it_is_a_table(velkommen: Command) -> None:
    code, out, _ = velkommen.run(PROFILE, "--now", "2027-04-01")

    assert code == 0
    assert "r-apply-permit" in out
    assert "r-eu-residence-document" not in out
    assert "legally late" in out
    assert "waits for r-register-cpr" in out


def test_without_a_moment_it_is_now(velkommen: Command) -> None:
    code, out, _ = velkommen.run(PROFILE, "--json")

    assert code == 0
    assert abs(datetime.fromisoformat(json.loads(out)["now"]) - datetime.now(COPENHAGEN)) < timedelta(minutes=5)


# --- a file that is wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("orign: eu", ("orign", "is not a field", "origin", "first_working_day")),
        ("origin: mars", ("origin: 'mars'", "nordic, eu, non-eu")),
        ("occupation: [nurse]", ("occupation", "nurse, sosu, other")),
        ("household: true", ("household", "single, couple, family")),
        ("anchors: {landed: 2027-03-01}", ("anchors.landed", "is not an anchor", "arrival")),
        ("anchors: [arrival]", ("anchors", "names with their days")),
        ("arrival: 2027-02-31", ("arrival: '2027-02-31'", "2027-03-01")),
        ("arrival: 2027", ("arrival: 2027", "is not a day")),
        ("anchors: {arrival: soon}", ("anchors.arrival: 'soon'", "is not a day")),
        ("anchors: {arrival: 9999-12-31}", ("anchors.arrival", "2000 to 2100")),
        ("arrival: 2027-03-01\nanchors: {arrival: 2027-03-02}", ("anchors.arrival", "keep one")),
        ("done: [r-mitd]", ("done: 'r-mitd'", "did you mean r-mitid", "recruit.yml")),
        ("done: {r-mitid: later}", ("done.r-mitid: 'later'", "is not a day")),
        ("done: r-mitid", ("done", "list of task ids")),
        ("skipped: {r-mitid: 2027-03-01}", ("skipped", "list of task ids")),
        ("skipped: [7]", ("skipped: 7", "is not a task")),
        ("presume: perhaps", ("presume: 'perhaps'", "true and false")),
        ("- origin", ("must hold fields", "origin")),
        ("origin: [eu", ("neither YAML nor JSON",)),
        ("1: eu", ("1: is not a field",)),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_what_is_allowed(
    velkommen: Command, profile: str, told: tuple[str, ...]
) -> None:
    error = velkommen.refused(profile)

    assert error.startswith(str(velkommen.file))
    for words in told:
        assert words in error


def test_every_fault_is_told_at_once(velkommen: Command) -> None:
    assert len(velkommen.refused("orign: eu\nhousehold: big\ndone: [r-x]\n").splitlines()) == 3


def test_a_missing_file_is_named(velkommen: Command) -> None:
    error = velkommen.refused(None)

    assert str(velkommen.file) in error
    assert "YAML or JSON" in error


@pytest.mark.parametrize("now", ["tomorrow", "2027-02-31", "", "9999-12-31", "2027-03-01T25:00"])
def test_a_moment_that_is_none_is_refused(velkommen: Command, now: str) -> None:
    error = velkommen.refused(PROFILE, "--now", now)

    assert "--now" in error
    assert "2026-11-22T09:00" in error


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-03-10", "2027-03-10T00:00:00+01:00"),
        ("2027-07-10T08:30", "2027-07-10T08:30:00+02:00"),
        ("2027-03-10T08:30:00Z", "2027-03-10T08:30:00+00:00"),
        ("2027-03-10T08:30+08:00", "2027-03-10T08:30:00+08:00"),
    ],
)
def test_a_moment_without_a_zone_is_copenhagens(text: str, moment: str) -> None:
    assert parse_now(text).isoformat() == moment


def test_lists_that_are_missing_are_no_fault_of_the_profile(tmp_path: Path) -> None:
    (tmp_path / "profile.yml").write_text(PROFILE, encoding="utf-8")
    with pytest.raises(VelkommenError, match=r"recruit\.yml"):
        command.main(tmp_path / "profile.yml", None, as_json=True, checklists=tmp_path)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from(["arrival", "r-mitid", "eu"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*command.FIELDS, *command.ANCHORS]) | st.text(max_size=12), ANYTHING, max_size=6)
)
def test_any_content_is_understood_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with suppress(ProfileError):
        read_case(path, set(TASKS))
