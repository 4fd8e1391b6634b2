"""Pages and topics that come while Velkommen runs are found within seconds, without training."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core import acts
from knowledge import shelf
from knowledge.publish import import_folder, import_pages
from knowledge.shelf import Shelf
from store import knowledge as stored
from tests.support.fakes import FixedShelf
from tests.support.talk import Chat

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
REAL = Path(__file__).parents[2] / "knowledge"
QUESTION = "where do i put my christmas tree after the holidays"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trees.md").write_text(
        "---\ntitle: Christmas trees\nurl: https://example.org/trees\ndate: 2026-01-02\n---\n"
        "Put your christmas tree on the pavement after the holidays. We fetch it in January.\n"
    )
    (tmp_path / "sne.md").write_text(
        "# Snerydning\n\nDu skal rydde sne på fortovet ud for dit hus inden klokken otte.\n"
    )
    (tmp_path / "tom.md").write_text("---\ntitle: Tom\n---\n")
    return tmp_path


@pytest.fixture(autouse=True)
async def as_before(chat: Chat):  # type: ignore[no-untyped-def]
    """The trained topics are noted, as after a training; what a test imports goes away again."""
    sessions = chat.services.sessions
    async with sessions.begin() as session:
        await stored.note_trained(session, sorted((await Shelf(sessions).library()).topics), now=NOW)
    yield
    async with sessions.begin() as session:
        rows = await stored.all_entries(session)
        pages = [(row.kind, row.key, row.language) for row in rows if row.origin == "pages"]
        await stored.remove(session, pages, now=NOW, origin="pages")


async def bring(chat: Chat, folder: Path):  # type: ignore[no-untyped-def]
    async with chat.services.sessions.begin() as session:
        return await import_pages(session, folder, now=NOW)


async def test_a_page_is_found_while_velkommen_runs(chat: Chat, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "FRESH", 0.0)
    chat.engine.will(acts.DeclineIt(acts.Decline.OUT_OF_SCOPE))
    (before, *_) = await chat.says(QUESTION)
    assert not before.rate

    outcome = await bring(chat, folder)
    assert len(outcome.problems) == 1

    chat.engine.will(acts.DeclineIt(acts.Decline.OUT_OF_SCOPE))
    card = next(reply for reply in await chat.says(QUESTION) if reply.rate)
    assert card.title == "Christmas trees"
    assert "https://example.org/trees" in card.footer
    assert "2 January 2026" in card.footer


async def test_a_page_in_another_language_says_so(chat: Chat, folder: Path) -> None:
    await bring(chat, folder)
    card, *_ = await chat.presses("topic:sne")
    assert card.language == "da"
    assert "one language only: Danish" in card.text
    assert "Snerydning" in card.footer


async def test_a_sure_answer_is_not_contradicted_by_a_page(chat: Chat, folder: Path) -> None:
    await bring(chat, folder)
    chat.engine.will(acts.AnswerTopics(("nemkonto",), (), 0.95))
    card, *_ = await chat.says(QUESTION)
    assert "NemKonto" in card.title


async def test_importing_again_brings_changes_and_takes_away(chat: Chat, folder: Path) -> None:
    await bring(chat, folder)
    assert (await bring(chat, folder)).changed == []
    (folder / "sne.md").unlink()
    (folder / "trees.md").write_text("# Christmas trees\n\nWe do not fetch christmas trees any more, sorry.\n")
    outcome = await bring(chat, folder)
    assert set(outcome.removed) == {("topic", "sne", ""), ("text", "sne", "da")}
    assert ("text", "trees", "en") in outcome.changed


async def test_pages_and_topics_leave_each_other_alone(chat: Chat, folder: Path) -> None:
    await bring(chat, folder)
    async with chat.services.sessions.begin() as session:
        outcome = await import_folder(session, REAL, now=NOW)
    assert outcome.removed == []

    (folder / "tax-card.md").write_text("# Tax card\n\nA page of ours that has the name of a topic, by chance.\n")
    problems = [str(problem) for problem in (await bring(chat, folder)).problems]
    assert any("tax-card" in problem and "exists already" in problem for problem in problems)
    library = await Shelf(chat.services.sessions).library()
    assert "skattekort" in library.text("tax-card", "en")[0].body


async def test_a_phrase_added_to_a_topic_is_found_at_once(chat: Chat) -> None:
    library = await chat.services.shelf.library()
    text = library.texts["nemkonto", "en"]
    more = text.model_copy(update={"questions": [*text.questions, "zebra money box"]})
    chat.services.shelf = FixedShelf(replace(library, texts={**library.texts, ("nemkonto", "en"): more}))
    chat.engine.will(acts.Unsure((), 0.1))
    card = next(reply for reply in await chat.says("Zebra money box??") if reply.rate)
    assert "NemKonto" in card.title
