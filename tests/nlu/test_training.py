"""Learning from a handful of examples: it fits, it knows how sure it is, and it says so in a report."""

import numpy as np
import pytest

from nlu.components import calibration, features, keywords, report, training
from nlu.components.calibration import Calibration
from nlu.components.classifier import entities, read, write
from nlu.components.decide import Understood
from nlu.components.features import Example, Weights
from nlu.components.ranking import NOT_COVERED, rank, unwritten
from nlu.components.scorer import Say
from nlu.components.thresholds import Outcome, Worth, fit
from nlu.components.training import Labelled

WORDS = {
    "tax-card": "tax card skattekort order employer income payroll deduction",
    "cpr-registration": "cpr number register municipality address move passport",
    "daycare": "day care child place price nursery waiting list",
    "greeting": "hello hi good morning day hey there",
    unwritten("cycling"): "bicycle bike helmet lane light ride lock",
}
TOPICS = frozenset({"tax-card", "cpr-registration", "daycare"})


@pytest.fixture(scope="module")
def examples():
    """Two telling words and one of any topic; every fifth says nothing of its own, so that some must be missed."""
    rng = np.random.default_rng(1)
    anything = " ".join(WORDS.values()).split()
    own = {label: words.split() for label, words in WORDS.items()}
    texts = [
        (label, [*rng.choice(own[label] if number % 5 else anything, size=2), rng.choice(anything)])
        for label in WORDS
        for number in range(25)
    ]
    return [Labelled(Example(" ".join(words), " ".join(words)), label, "en") for label, words in texts]


@pytest.fixture(scope="module")
def learnt(examples):
    return training.learn(examples, None, TOPICS, {"tax-card": ["daycare"]}, training.Plan(say=Say(wording=0.5)))


def ranked(model, text):
    columns, values = features.row(Example(text, text), model.vocabulary, Weights())
    scored = model.scorer.few([(columns, values)], [text], None)
    return rank(model.scorer.labels, scored.scores[0], model.topics, len(text.split()), scored.opinions[0])


@pytest.mark.parametrize(
    ("text", "label"),
    [("skattekort for payroll", "tax-card"), ("register address", "cpr-registration"), ("bike helmet", NOT_COVERED)],
)
def test_it_finds_the_label(learnt, text, label):
    assert ranked(learnt[0], text).first == label


def test_every_example_was_judged_by_a_model_that_had_not_seen_it(learnt, examples):
    assert len(learnt[1]) == len(examples)
    assert all(0 <= outcome.sure <= 1 for _, outcome in learnt[1])


def test_it_is_surer_of_what_it_knows(learnt):
    model, _ = learnt

    def sure(text):
        return float(model.calibration.first.probability(calibration.signs(ranked(model, text))))

    assert sure("order skattekort employer") > sure("zzz")


def test_a_model_reads_back_as_it_was_written(learnt, tmp_path):
    model, _ = learnt
    write(tmp_path, model, {"a": ["b"]})

    again, near = read(tmp_path)

    assert near == {"a": ["b"]}
    assert again.calibration == model.calibration
    assert ranked(again, "order skattekort") == ranked(model, "order skattekort")


def test_the_report_counts_every_language_and_the_whole(learnt):
    model, tried = learnt
    found = report.report(tried, TOPICS, model.calibration.thresholds, {})

    assert found["examples"] == len(tried)
    assert set(found["languages"]) == {"en"}
    assert found["all"]["first_right"] > 0.6
    assert sum(row["count"] for row in found["calibration"]) == len(tried)


def test_a_curve_over_one_outcome_says_that_outcome():
    always = calibration.curve([np.zeros(3)] * 2, [True, True])
    never = calibration.curve([np.zeros(3)] * 2, [False, False])

    assert always.probability(np.zeros(3)) > 0.99
    assert never.probability(np.zeros(3)) < 0.01


def test_calibration_survives_json(learnt):
    calibrated = learnt[0].calibration
    assert Calibration.from_dict(calibrated.as_dict()) == calibrated


def outcome(sure, right, *, among=0.5):
    one = rank(("tax-card", "daycare", "greeting"), np.array([1.0, 0.5, 0.0]), TOPICS, 3)
    return Outcome(one, "tax-card" if right else "greeting", sure, among, near=False)


def test_thresholds_follow_what_a_mistake_costs():
    tried = [outcome(sure / 100, sure > 60) for sure in range(20, 100)]

    careful = fit(tried, TOPICS, Worth(), trusted=0.9)
    careless = fit(tried, TOPICS, Worth(wrong=0.9, rightly_unsure=0.0, asked_in_vain=-0.9), trusted=0.1)

    assert 0.56 <= careful.answer <= 0.64
    assert careless.answer < careful.answer
    assert careful.part >= careless.part


def test_keywords_are_words_that_few_topics_use_often():
    asked = [("tax", "tax card"), ("tax", "pay tax"), ("pay", "pay how"), ("pay", "salary how")]
    everywhere = [(f"topic {number}", "how") for number in range(keywords.FEW)]

    found = keywords.learn(asked + everywhere)

    assert keywords.named("tax", found) == ("tax",)
    assert keywords.named("pay", found) == ("tax", "pay")
    assert keywords.named("how", found) == ()
    assert keywords.named("something else", found) == ()


def test_unwritten_topics_count_as_one_label():
    labels = (unwritten("a"), unwritten("b"), "tax-card", "greeting")

    found = rank(labels, np.array([0.9, 0.8, 0.1, 0.0]), TOPICS, 2)

    assert found.labels == (NOT_COVERED, "tax-card", "greeting")
    assert found.topics == ("tax-card",)
    assert not found.is_topic


def test_only_what_there_is_becomes_an_entity():
    assert [found["entity"] for found in entities(Understood("greeting", 0.9))] == ["confidence"]

    both = entities(Understood("topic", 0.934, ("a", "b"), ("c",)))
    assert {found["entity"]: found["value"] for found in both} == {
        "topics": "a,b",
        "alternatives": "c",
        "confidence": "0.93",
    }


def test_blocks_have_length_one_before_their_weight():
    example = Example("tax card please", "tax card please")
    vocabulary = features.learn([example], seen_at_least=1)

    _, values = features.row(example, vocabulary, Weights(letters=0.5, words=0.5, gloss=1.0))

    assert np.linalg.norm(values) == pytest.approx(np.sqrt(0.25 + 0.25 + 1.0), rel=1e-5)
    assert features.row(Example("", ""), vocabulary, Weights())[0].size == 0
