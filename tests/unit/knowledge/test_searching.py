"""The search finds what nobody has trained, in every language."""

from pathlib import Path

import pytest

from actions import second_opinion
from core.acts import Act, AnswerTopics, AskWhich, Decline, DeclineIt, Say, Smalltalk, Unsure
from knowledge.files import Entry, read_folder
from knowledge.library import Library
from knowledge.search import Index, words

TOPIC = {
    "theme": "local", "audience": ["all"], "related": [], "near": [], "handover": False,
    "sources": [{"name": "x", "url": ""}], "as_of": "2026-01-01", "review_by": "2027-01-01",
}  # fmt: skip


def topic(
    slug: str, title: str, body: str, *questions: str, language: str = "en", near: tuple[str, ...] = ()
) -> list[Entry]:
    text = {"title": title, "revision": 1, "body": body, "questions": list(questions)}
    return [Entry("topic", slug, "", {**TOPIC, "near": list(near)}), Entry("text", slug, language, text)]


LIBRARY = Library.of(
    [
        *topic(
            "bulky-waste",
            "Where do I leave bulky waste?",
            "Take old furniture to the recycling site.",
            "old sofa where",
        ),
        *topic("library", "How do I borrow books?", "Show your card at the library.", near=("school",)),
        *topic("school", "When does school begin?", "Children begin at six. Books are free.", near=("library",)),
        *topic("swim", "Hvornår åbner svømmehallen?", "Svømmehallen åbner klokken syv.", language="da"),
        *topic("milk", "दूध कहाँ मिलता है?", "दुकान में", language="hi"),
    ],
    trained=["library", "school"],
)
INDEX = Index(LIBRARY)


@pytest.mark.parametrize(
    ("asked", "slug"),
    [
        ("where can I throw my old furniture", "bulky-waste"),
        ("svoemmehallen åbningstid", "swim"),
        ("SVØMMEHALLENS åbningstider??", "swim"),
        ("दूध", "milk"),
        ("borrow a book", "library"),
    ],
)
def test_it_finds_by_words_of_title_question_and_text(asked: str, slug: str) -> None:
    assert INDEX.search(asked)[0].slug == slug


def test_a_phrase_that_an_editor_wrote_is_found_as_such() -> None:
    assert INDEX.search("Old sofa, where?!")[0].exact
    assert not INDEX.search("old sofa")[0].exact


@pytest.mark.parametrize("asked", ["", "???", "zxqv", "🙂"])
def test_what_nobody_wrote_about_is_not_found(asked: str) -> None:
    assert INDEX.search(asked) == []


def test_scores_are_shares_and_fall() -> None:
    scores = [found.score for found in INDEX.search("books at school or at the library")]
    assert all(0 < score <= 1 for score in scores)
    assert scores == sorted(scores, reverse=True)


def test_only_what_changed_is_read_again() -> None:
    again = Index(LIBRARY, INDEX)
    assert all(again._documents[key] is INDEX._documents[key] for key in INDEX._documents)
    more = Library.of([*topic("swim", "Hvornår åbner stranden?", "Om sommeren.", language="da")])
    assert Index(more, INDEX).search("stranden")[0].slug == "swim"


def test_words_without_their_marks() -> None:
    assert words("Får jeg CPR-nummer?") == ["far", "jeg", "cpr", "nummer"]
    assert words("SVØMMEHALLENS") == words("svoemmehallens") == words("svommehallens")
    assert words("किराया") == words("किराया ")


SURE, UNSURE = AnswerTopics(("library",), (), 0.97), Unsure((), 0.1)


@pytest.mark.parametrize(
    ("act", "asked", "expected"),
    [
        (SURE, "old sofa where", SURE),
        (UNSURE, "old sofa where", AnswerTopics(("bulky-waste",), (), 0.1)),
        (DeclineIt(Decline.OUT_OF_SCOPE), "old sofa where", AnswerTopics(("bulky-waste",))),
        (Say(Smalltalk.SMALLTALK), "hvornår åbner svømmehallen", AnswerTopics(("swim",))),
        (Say(Smalltalk.THANKS), "old sofa where", Say(Smalltalk.THANKS)),
        (DeclineIt(Decline.ABUSE), "old sofa where", DeclineIt(Decline.ABUSE)),
        (DeclineIt(Decline.OUT_OF_SCOPE), "who wins the football", DeclineIt(Decline.OUT_OF_SCOPE)),
        (AskWhich(("library", "school"), 0.4), "zxqv", AskWhich(("library", "school"), 0.4)),
    ],
)
def test_the_second_opinion(act: Act, asked: str, expected: Act) -> None:
    assert second_opinion.reconsider(act, asked, LIBRARY, INDEX) == expected


def test_a_neighbour_that_fits_much_better_is_asked_about() -> None:
    doubtful = AnswerTopics(("library",), (), 0.7)
    said = second_opinion.reconsider(doubtful, "when does the school begin", LIBRARY, INDEX)
    assert said == AskWhich(("library", "school"), 0.7)


def test_a_new_topic_is_offered_beside_a_doubtful_answer() -> None:
    doubtful = AnswerTopics(("library",), ("school",), 0.7)
    said = second_opinion.reconsider(doubtful, "borrow books, take old furniture", LIBRARY, INDEX)
    assert isinstance(said, AnswerTopics)
    assert said.topics == ("library",)
    assert said.alternatives[0] == "bulky-waste"


def test_without_a_note_on_training_nothing_counts_as_new() -> None:
    assert Library.of(topic("x", "X?", "Text.")).new == frozenset()
    assert {"bulky-waste", "swim", "milk"} == LIBRARY.new


def test_the_real_knowledge_is_found_by_its_own_words() -> None:
    library = Library.of(read_folder(Path(__file__).parents[3] / "knowledge").entries)
    index = Index(library)
    titles = [(slug, language) for slug, language in library.texts if language in ("en", "hi", "uk")]
    right = sum(index.search(library.texts[key].title)[0].slug == key[0] for key in titles)
    assert right >= 0.95 * len(titles)
