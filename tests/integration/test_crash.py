"""The process is killed at every step of a turn; nothing is lost, and nothing known to be sent is sent again."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

STEPS = ("stored", "locked", "thought", "replied", "claimed", "sent", "marked")
QUESTION = "text=How do I get a tax card?"


def process(url: str, outbox: Path, step: str, *, repeatable: bool, updates: list[str]) -> int:
    arguments = [url, str(outbox), step, "yes" if repeatable else "no", *updates]
    return subprocess.run([sys.executable, "-m", "tests.support.crashing", *arguments], check=False).returncode


def arrived(outbox: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in outbox.read_text().splitlines()] if outbox.exists() else []


@pytest.mark.parametrize("step", STEPS)
def test_on_a_channel_that_shows_a_message_once(database_url: str, no_people: None, tmp_path: Path, step: str) -> None:
    outbox = tmp_path / "outbox"

    died = process(database_url, outbox, step, repeatable=True, updates=[QUESTION])
    assert died == -signal.SIGKILL, "the step was reached"
    # The channel delivers an update again that was not acknowledged; another process looks for what is unfinished.
    assert process(database_url, outbox, "none", repeatable=True, updates=[QUESTION]) == 0

    by_id = {message["id"]: message for message in arrived(outbox)}
    assert [message["title"] for message in by_id.values()] == ["How do I get a tax card (skattekort)?", ""]


@pytest.mark.parametrize("step", STEPS)
def test_on_a_channel_where_each_sending_shows(database_url: str, no_people: None, tmp_path: Path, step: str) -> None:
    outbox = tmp_path / "outbox"

    died = process(database_url, outbox, step, repeatable=False, updates=[QUESTION])
    assert died == -signal.SIGKILL, "the step was reached"
    assert process(database_url, outbox, "none", repeatable=False, updates=[QUESTION]) == 0

    messages = arrived(outbox)
    ids = [message["id"] for message in messages]
    assert len(ids) == len(set(ids)), "nothing was sent twice"
    if step in ("claimed", "sent"):  # nobody can know whether it arrived: it is said, and the person decides
        (again,) = [p for m in messages for p in m["payloads"] if str(p).startswith("again:")]  # type: ignore[attr-defined]
        updates = [f"button={again}"]
        assert process(database_url, outbox, "none", repeatable=False, updates=updates) == 0
        assert arrived(outbox)[-1]["title"].startswith("How do I get a tax card")  # type: ignore[attr-defined]
    else:
        assert [message["title"] for message in messages] == ["How do I get a tax card (skattekort)?", ""]
