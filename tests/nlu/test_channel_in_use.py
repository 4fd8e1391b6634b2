"""Which model answers: a process that was started with the link follows it, and never lets go of one that works."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from nlu import in_use
from nlu.in_use import InUse, target


@pytest.fixture
def link(tmp_path):
    return tmp_path / "active.tar.gz"


def turn(link: Path, name: str) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(f"{name}.tar.gz")


def app(path):
    """What of Rasa's process matters here: its agent, with the file that it was started with."""
    return SimpleNamespace(ctx=SimpleNamespace(agent=SimpleNamespace(processor=SimpleNamespace(model_path=path))))


def started(link: Path, path: Path) -> tuple[InUse, SimpleNamespace]:
    found, rasa = InUse(link), app(path)
    found.begin()
    found.begun(rasa)
    return found, rasa


@pytest.fixture
def loaded(monkeypatch):
    """Loading, told by a name; one that begins with `bad` can't be."""

    def load(model: Path):
        if model.name.startswith("bad"):
            raise ValueError("no model")
        return f"agent of {model.name}"

    monkeypatch.setattr(in_use, "load", load)


async def test_the_model_behind_the_link_is_put_in_the_place_of_the_old_one(link, loaded):
    turn(link, "one")
    found, rasa = started(link, link)
    assert found.told() == {"status": "ok", "model": "one"}

    turn(link, "two")
    assert found.told()["model"] == "one", "not before it is loaded"
    await found.look(rasa)
    assert rasa.ctx.agent == "agent of two.tar.gz"
    assert found.told() == {"status": "ok", "model": "two"}


async def test_a_model_that_cannot_be_loaded_leaves_the_old_one_and_is_told(link, loaded):
    turn(link, "one")
    found, rasa = started(link, link)
    before = rasa.ctx.agent
    turn(link, "bad")
    await found.look(rasa)
    await found.look(rasa)
    assert rasa.ctx.agent is before
    assert found.told() == {"status": "ok", "model": "one", "refused": "bad"}

    turn(link, "one")
    await found.look(rasa)
    assert found.told() == {"status": "ok", "model": "one"}
    turn(link, "two")
    await found.look(rasa)
    assert found.told() == {"status": "ok", "model": "two"}


async def test_a_link_that_is_turned_while_rasa_starts_is_seen_as_turned(link, loaded):
    turn(link, "one")
    found, rasa = InUse(link), app(link)
    found.begin()
    turn(link, "two")
    found.begun(rasa)
    await found.look(rasa)
    assert found.told()["model"] == "two"


def test_who_was_started_with_another_file_stays_with_it(link, tmp_path):
    turn(link, "one")
    found, _ = started(link, tmp_path / "candidate.tar.gz")
    assert not found.follows
    assert found.told() == {"status": "ok", "model": "candidate"}


def test_without_a_link_nothing_is_followed(link, tmp_path):
    found, _ = started(link, tmp_path / "candidate.tar.gz")
    assert target(link) is None
    assert not found.follows
