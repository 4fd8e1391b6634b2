"""The two opinions beside the linear classifier: nearest examples, and shared words."""

import numpy as np
import pytest

from nlu.components import nearest, scorer, wording

NAMES = ("a", "b", "c")


def test_the_nearest_example_of_each_label_counts():
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8], [-1, 0]], dtype=np.float32)
    found = nearest.learn(vectors, ["b", "a", "a", "c"], NAMES).scores(np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert found == pytest.approx(np.array([[0.6, 1.0, -1.0], [1.0, 0.0, 0.0]]))


def test_many_messages_are_compared_in_portions(monkeypatch):
    monkeypatch.setattr(nearest, "_AT_ONCE", 2)
    model = nearest.learn(np.eye(3, dtype=np.float32), NAMES, NAMES)
    assert model.scores(np.eye(3)[[2, 0, 1, 1, 2]]) == pytest.approx(np.eye(3)[[2, 0, 1, 1, 2]])


@pytest.fixture(scope="module")
def words():
    glosses = ["tax card", "tax card lost", "cycle lane", "cycle light", "bank card", "bank account"]
    return wording.learn(glosses, ["a", "a", "b", "b", "c", "c"], NAMES)


def test_rare_words_say_more_than_common_ones(words):
    tax, card = words.scores("tax"), words.scores("card")
    assert tax[0] > card[0] > card[2] > 0
    assert tax[1] == tax[2] == 0


def test_what_nobody_has_said_before_makes_every_label_less_sure(words):
    assert words.scores("tax card")[0] > words.scores("tax card zebra quagga")[0] > 0


def test_a_message_of_unknown_words_or_none_speaks_for_nobody(words):
    assert words.scores("zebra").tolist() == [0, 0, 0]
    assert words.scores("").tolist() == [0, 0, 0]


def test_scores_are_shares(words):
    assert words.many(["tax card lost", "bank", "card card card"]).max() <= 1


def test_the_opinions_on_the_label_that_won():
    linear = np.array([[1.0, 3.0, 2.0]])
    worded = np.array([[0.2, 0.1, 0.6]])
    near = np.array([[0.1, 0.9, 0.4]])
    found = scorer.opinions(np.array([1]), linear, worded, near)
    assert found[0] == pytest.approx([3.0, 0.1, 0.9, 0.4, 0.5, 1, 0, 1])
