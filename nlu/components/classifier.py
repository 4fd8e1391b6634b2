"""Graph component: what a message means. Learns with `training`, decides with `decide`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components import calibration, encoder, features, keywords, linear, report, training, vectors
from nlu.components.decide import Heard, Understood, decide
from nlu.components.features import Example, Weights
from nlu.components.nearest import Nearest
from nlu.components.questions import EXAMPLES, ROLES, metadata
from nlu.components.ranking import NOT_COVERED, rank, unwritten
from nlu.components.scorer import Say, Scorer
from nlu.components.split import Role
from nlu.components.thresholds import Worth
from nlu.components.training import Labelled, Model, Plan
from nlu.components.wording import Wording
from nlu.importer import near
from nlu.places import data_dir, training_dir

_MODEL, _REPORT = "model.json", "report.json"
_ARRAYS = "model.npz"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class TopicClassifier(GraphComponent):
    """Intent, topics, alternatives and confidence of a message; the last three as entities."""

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._plan = plan(config)
        self._encoder: vectors.Remembering | None = None
        self._model: Model | None = None
        self._near: dict[str, list[str]] = {}

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"encoder": "minilm"}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TopicClassifier:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TopicClassifier:
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._model, component._near = read(folder)
        if config["encoder"] != "none":
            component._encoder = vectors.Remembering(encoder.load(config["encoder"], data_dir()))
        return component

    def train(self, training_data: TrainingData) -> Resource:
        given = [message for message in training_data.training_examples if message.get(TEXT)]
        examples = [labelled(message) for message in given]
        topics = frozenset(message.get("label") for message in given if message.get(INTENT) == "topic")
        self._near = near(training_dir())
        model, tried = training.learn(examples, self._training_vectors(examples), topics, self._near, self._plan)
        found = report.report(tried, topics, model.calibration.thresholds, self._near)
        with self._storage.write_to(self._resource) as folder:
            write(folder, model, self._near)
            text = json.dumps({**found, **model.calibration.as_dict()}, indent=1, ensure_ascii=False)
            (folder / _REPORT).write_text(text, encoding="utf-8")
        training_dir().mkdir(parents=True, exist_ok=True)
        (training_dir() / _REPORT).write_text(text, encoding="utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            pending = metadata(message).get("pending", "none")
            understood = self._understand(message.get(EXAMPLES), message.get(ROLES), pending)
            name = {"name": understood.intent, "confidence": understood.confidence}
            message.set(INTENT, name, add_to_output=True)
            message.set(ENTITIES, [*message.get(ENTITIES, []), *entities(understood)], add_to_output=True)
        return messages

    def _understand(self, examples: Sequence[Example], roles: Sequence[Role], pending: str) -> Understood:
        assert self._model is not None, "loaded before the first message"
        glosses = [one.gloss for one in examples]
        vectors = self._encoder.vectors(glosses) if self._encoder else None
        rows = [features.row(one, self._model.vocabulary, self._plan.weights) for one in examples]
        scored = self._model.scorer.few(rows, glosses, vectors)
        whole, *parts = [self._heard(self._model, *given) for given in zip(examples, roles, *scored)]
        if whole.ranked.length <= keywords.SHORT:
            whole = replace(whole, named=keywords.named(examples[0].gloss, self._model.keywords))
        return decide(whole, parts, self._model.calibration.thresholds, self._near, pending=pending)

    def _heard(self, model: Model, example: Example, role: Role, scores: np.ndarray, opinions: np.ndarray) -> Heard:
        ranked = rank(model.scorer.labels, scores, model.topics, training.length(example), opinions)
        signs = calibration.signs(ranked)
        return Heard(
            ranked,
            float(model.calibration.first.probability(signs)),
            float(model.calibration.among.probability(signs)),
            role,
        )

    def _training_vectors(self, examples: Sequence[Labelled]) -> np.ndarray | None:
        if self._config["encoder"] == "none":
            return None
        loaded = encoder.load(self._config["encoder"], data_dir(), threads=2)
        return vectors.cached([item.example.gloss for item in examples], loaded, data_dir() / "encoder")


def plan(config: dict[str, Any]) -> Plan:
    return Plan(
        weights=Weights(**config.get("weights", {})),
        linear=linear.Settings(**config.get("linear", {})),
        say=Say(**config.get("say", {})),
        worth=Worth(**config.get("worth", {})),
        trusted=config.get("trusted", Plan.trusted),
    )


def labelled(message: Message) -> Labelled:
    label = message.get("label")
    if label == NOT_COVERED:
        label = unwritten(message.get("topic"))
    return Labelled(message.get(EXAMPLES)[0], label, message.get("language"))


def entities(understood: Understood) -> list[dict[str, str]]:
    """Only what there is: an entity that isn't found leaves its slot unset."""
    values = {
        "topics": ",".join(understood.topics),
        "alternatives": ",".join(understood.alternatives),
        "confidence": f"{understood.confidence:.2f}",
    }
    return [{"entity": name, "value": value, "extractor": "TopicClassifier"} for name, value in values.items() if value]


def write(folder: Path, model: Model, near_topics: dict[str, list[str]]) -> None:
    scorer = model.scorer
    arrays = {name: getattr(scorer.linear, name) for name in ("sparse", "dense", "bias")}
    arrays |= {"words": scorer.wording.weights, "words_rarity": scorer.wording.rarity}
    if scorer.nearest is not None:
        arrays |= {"nearest": scorer.nearest.vectors.astype(np.float16), "starts": scorer.nearest.starts}
    np.savez(folder / _ARRAYS, rarity=model.vocabulary.rarity, **arrays)
    rest = {
        "terms": list(model.vocabulary.columns),
        "labels": scorer.labels,
        "words": list(scorer.wording.columns),
        "unseen": scorer.wording.unseen,
        "say": asdict(scorer.say),
        "encoder": scorer.encoder,
        "topics": sorted(model.topics),
        "near": near_topics,
        "calibration": model.calibration.as_dict(),
        "keywords": model.keywords,
    }
    (folder / _MODEL).write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")


def read(folder: Path) -> tuple[Model, dict[str, list[str]]]:
    rest = json.loads((folder / _MODEL).read_text(encoding="utf-8"))
    with np.load(folder / _ARRAYS) as arrays:
        columns = {term: column for column, term in enumerate(rest["terms"])}
        vocabulary = features.Vocabulary(columns, arrays["rarity"])
        learnt = linear.Linear(tuple(rest["labels"]), arrays["sparse"], arrays["dense"], arrays["bias"])
        words = {word: column for column, word in enumerate(rest["words"])}
        wording = Wording(words, arrays["words"], arrays["words_rarity"], rest["unseen"])
        near = Nearest(arrays["nearest"].astype(np.float32), arrays["starts"]) if "nearest" in arrays else None
        scorer = Scorer(learnt, near, wording, Say(**rest["say"]), rest["encoder"])
    calibrated = calibration.Calibration.from_dict(rest["calibration"])
    return Model(vocabulary, scorer, calibrated, frozenset(rest["topics"]), rest["keywords"]), rest["near"]
