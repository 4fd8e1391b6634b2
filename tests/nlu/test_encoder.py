"""Sentence vectors: the right weights, the right sums, and nothing computed twice."""

import numpy as np
import pytest

from nlu.components import encoder, vectors, weights
from nlu.components.wordpiece import encode, read_vocabulary
from tests.nlu.reference import vector

TEXTS = [
    "tax card",
    "how do i get a cpr number when the landlord refuses",
    "skattekort mitid borgerservice",
    "zażółć gęślą jaźń",
    "налог 👍",
    "a",
    "",
    "word " * 200,
]


@pytest.fixture(scope="module")
def minilm(tmp_path_factory):
    return encoder.load("minilm", tmp_path_factory.mktemp("data"))


def test_vectors_agree_with_the_reference(minilm):
    read = weights.read(encoder._wheel_folder() / "model.safetensors")

    found = minilm.vectors(TEXTS)

    for text, row in zip(TEXTS, found):
        ids = encode(text, minilm.vocabulary, longest=128)
        assert np.abs(row - vector(ids, read, layers=6, heads=12, epsilon=1e-12)).max() < 1e-4


def test_a_text_has_the_same_vector_alone_and_in_company(minilm):
    together = minilm.vectors(TEXTS)

    assert np.allclose(together[1], minilm.vectors(TEXTS[1:2])[0], atol=1e-5)


def test_like_is_near_like(minilm):
    card, same, football = minilm.vectors(
        ["how do i get a tax card", "where can i get the tax card", "football tonight"]
    )

    assert card @ same > 0.8 > 0.3 > card @ football


def test_other_weights_are_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"something else")

    with pytest.raises(weights.WrongWeights, match="reinstall"):
        weights.check(tmp_path / "model.safetensors", weights.MINILM_SHA256)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(encoder.NoEncoder, match=r"nlu/config\.yml"):
        encoder.load(str(tmp_path / "nowhere"), tmp_path)


def test_a_folder_of_ones_own_works(minilm, tmp_path):
    source = encoder._wheel_folder()
    encoder.write_graph(source, tmp_path / "model.onnx")
    (tmp_path / "vocab.txt").write_bytes((source / "vocab.txt").read_bytes())

    own = encoder.load(str(tmp_path), tmp_path)

    assert np.allclose(own.vectors(["tax"]), minilm.vectors(["tax"]))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Tax card!", ["[CLS]", "tax", "card", "!", "[SEP]"]),
        ("kommune", ["[CLS]", "ko", "##mm", "##une", "[SEP]"]),
        ("Résumé", ["[CLS]", "resume", "[SEP]"]),
        ("👍", ["[CLS]", "[UNK]", "[SEP]"]),
        ("x" * 101, ["[CLS]", "[UNK]", "[SEP]"]),
    ],
)
def test_word_pieces(text, pieces):
    vocabulary = read_vocabulary(encoder._wheel_folder() / "vocab.txt")
    assert encode(text, vocabulary, longest=128) == [vocabulary[piece] for piece in pieces]


class Counting:
    """Counts what it is asked to encode."""

    identity = "counting-encoder"

    def __init__(self):
        self.asked = []

    def vectors(self, texts):
        self.asked.extend(texts)
        return np.array([[float(len(text))] for text in texts])


def test_what_was_encoded_lately_is_remembered():
    inner = Counting()
    remembering = vectors.Remembering(inner, size=2)

    assert remembering.vectors(["a", "bb", "a"]).tolist() == [[1], [2], [1]]
    remembering.vectors(["bb"])
    remembering.vectors(["ccc"])
    remembering.vectors(["a"])

    assert inner.asked == ["a", "bb", "ccc", "a"]


def test_training_vectors_are_kept_on_disk_and_forgotten_when_not_needed(tmp_path):
    inner = Counting()

    vectors.cached(["a", "bb"], inner, tmp_path)
    assert vectors.cached(["bb", "ccc"], inner, tmp_path).tolist() == [[2], [3]]
    vectors.cached(["a"], inner, tmp_path)

    assert inner.asked == ["a", "bb", "ccc", "a"]
    assert len(list(tmp_path.iterdir())) == 1
