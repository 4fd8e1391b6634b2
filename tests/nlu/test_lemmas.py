"""Of whole dictionaries only what leads into a lexicon is kept."""

from nlu.components import lemmas
from nlu.components.lexicon import from_lines

DICTIONARY = {"kartę": "karta", "karty": "karta", "Karta": "karta", "psy": "pies", "wiza": "wiz"}


def test_only_words_that_the_lexicon_lacks_and_lemmas_that_it_has():
    own = from_lines(["karta\tcard", "wiza\tvisa", "wiz\tvision"])

    assert lemmas.leading_into(own, DICTIONARY) == {"kartę": "karta", "karte": "karta", "karty": "karta"}


def test_they_are_written_once_and_older_ones_go(tmp_path, monkeypatch):
    monkeypatch.setenv("VELKOMMEN_DATA_DIR", str(tmp_path))
    lemmas.lemmas.cache_clear()
    (tmp_path / "lemmas").mkdir()
    (tmp_path / "lemmas" / "hi-000000000000.tsv").write_text("old\tolder\n")

    first = lemmas.lemmas("hi")
    lemmas.lemmas.cache_clear()

    assert first == lemmas.lemmas("hi") != {}
    assert len(list((tmp_path / "lemmas").iterdir())) == 1
    lemmas.lemmas.cache_clear()


def test_a_language_without_a_dictionary_has_none():
    assert lemmas.lemmas("fil") == lemmas.lemmas("xx") == {}
