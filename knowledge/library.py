"""What is published at one moment, held in memory and immutable."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from i18n.languages import DEFAULT, LANGUAGES
from knowledge.danger import DangerRules
from knowledge.files import Entry
from knowledge.models import Canned, Figure, LocalLine, Municipality, Task, TaskText, Term, Topic, TopicText
from knowledge.render import Filled, danish_terms, fill

SHIPPED = Path(__file__).parent / "danger.yml"
WORD = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Library:
    """Everything published at one moment. Texts are found by (slug, language), replies by (key, language).

    rules: what is danger, as it is written. revisions: by kind, key and language, which revision of it this is.

    trained: the topics that the model in use has learnt; None: nobody has said, so all of them.
    """

    topics: Mapping[str, Topic]
    texts: Mapping[tuple[str, str], TopicText]
    figures: Mapping[str, Figure]
    terms: Mapping[str, Term]
    replies: Mapping[tuple[str, str], str]
    municipalities: Mapping[str, Municipality] = field(default_factory=dict)
    trained: frozenset[str] | None = None
    tasks: tuple[Task, ...] = ()
    task_texts: Mapping[tuple[str, str], TaskText] = field(default_factory=dict)
    documents: Mapping[tuple[str, str], str] = field(default_factory=dict)
    canned: Mapping[tuple[str, str], Canned] = field(default_factory=dict)
    desk: Mapping[str, Any] = field(default_factory=dict)
    rules: str = ""
    revisions: Mapping[tuple[str, str, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry], *, trained: Iterable[str] | None = None) -> "Library":
        kinds: dict[str, list[Entry]] = {}
        revisions = {}
        for entry in entries:
            kinds.setdefault(entry.kind, []).append(entry)
            revisions[entry.name] = entry.revision
        return cls(
            trained=None if trained is None else frozenset(trained),
            topics={entry.key: Topic.model_validate(entry.data) for entry in kinds.get("topic", [])},
            texts={
                (entry.key, entry.language): TopicText.model_validate(entry.data) for entry in kinds.get("text", [])
            },
            figures={entry.key: Figure.model_validate(entry.data) for entry in kinds.get("figure", [])},
            terms={entry.key.casefold(): Term.model_validate(entry.data) for entry in kinds.get("term", [])},
            municipalities={
                entry.key: Municipality.model_validate(entry.data) for entry in kinds.get("municipality", [])
            },
            replies={(entry.key, entry.language): entry.data["text"] for entry in kinds.get("reply", [])},
            tasks=tuple(
                sorted(
                    (Task.model_validate(entry.data) for entry in kinds.get("task", [])),
                    key=lambda task: (not task.id.startswith("r-"), task.place),
                )
            ),
            task_texts={
                (entry.key, entry.language): TaskText.model_validate(entry.data) for entry in kinds.get("task_text", [])
            },
            documents={(entry.key, entry.language): entry.data["text"] for entry in kinds.get("document", [])},
            canned={
                (entry.key, entry.language): Canned.model_validate(entry.data) for entry in kinds.get("canned", [])
            },
            desk=next((entry.data for entry in kinds.get("desk", []) if entry.key == "hours"), {}),
            rules=next((entry.data["yaml"] for entry in kinds.get("danger", [])), ""),
            revisions=revisions,
        )

    def text(self, slug: str, language: str) -> tuple[TopicText, str]:
        """The topic's text and the language it is in: the one asked for, else English, else any."""
        for code in (language, DEFAULT, *LANGUAGES):
            if found := self.texts.get((slug, code)):
                return found, code
        raise KeyError(slug)

    def title(self, slug: str, language: str) -> str:
        return self.text(slug, language)[0].title

    @cached_property
    def danger(self) -> DangerRules:
        """What cannot wait; the rules that come with Velkommen where none are published, never none at all."""
        return DangerRules.read(self.rules) if self.rules else DangerRules.load(SHIPPED)

    def ready(self) -> None:
        """Do now what takes a while, so that no message has to wait for it."""
        _ = self.danger

    def made_of(self, *names: tuple[str, str, str]) -> tuple[int, ...]:
        """The revisions of these pieces, for whoever must know later what an answer said."""
        return tuple(dict.fromkeys(number for name in names if (number := self.revisions.get(name, 0))))

    @cached_property
    def new(self) -> frozenset[str]:
        """Topics that the model in use has not learnt, so that only the search can find them."""
        return frozenset() if self.trained is None else frozenset(self.topics.keys() - self.trained)

    def known(self, slugs: Iterable[str]) -> list[str]:
        """Those that are published, in order, each once."""
        return [slug for slug in dict.fromkeys(slugs) if slug in self.topics]

    def outdated(self, slug: str, language: str) -> bool:
        """Whether the translation was made from an older English revision than the published one."""
        text, source = self.texts[slug, language], self.texts.get((slug, DEFAULT))
        return text.from_revision is not None and source is not None and text.from_revision < (source.revision or 1)

    @cached_property
    def by_id(self) -> Mapping[str, Task]:
        return {task.id: task for task in self.tasks}

    def task_text(self, task: str, language: str) -> TaskText:
        """A task in a language, else in English."""
        return self.task_texts.get((task, language)) or self.task_texts[task, DEFAULT]

    def document(self, key: str, language: str) -> str:
        return self.documents.get((key, language)) or self.documents[key, DEFAULT]

    def fill(self, text: str, *, language: str, day: date) -> Filled:
        return fill(text, self.figures, language=language, day=day)

    def reply(self, key: str, language: str, day: date, /, **named: str) -> str:
        """One of the bot's own sentences with its figures; falls back to English."""
        text = self.replies.get((key, language)) or self.replies[key, DEFAULT]
        filled = self.fill(text, language=language, day=day).text
        for name, value in named.items():
            filled = filled.replace(f"[[{name}]]", value)
        return filled

    def canned_reply(self, key: str, language: str, day: date, /, **named: str) -> Canned:
        """What mentors say often, with its figures and names; falls back to English."""
        found = self.canned.get((key, language)) or self.canned[key, DEFAULT]
        text = self.fill(found.text, language=language, day=day).text
        return found.model_copy(update={"text": text}).filled(**named)

    def local_lines(self, slug: str, kommune: str) -> list[LocalLine]:
        """What a municipality adds to a topic; nothing for one that we know nothing of."""
        found = self.municipalities.get(kommune)
        return [line for line in found.lines if slug in line.topics] if found else []

    @cached_property
    def differs_by_municipality(self) -> frozenset[str]:
        """Topics to which at least one municipality adds something."""
        return frozenset(slug for place in self.municipalities.values() for line in place.lines for slug in line.topics)

    def pronunciations(self, text: str, *, most: int = 2) -> list[tuple[str, str]]:
        """The Danish terms in a text with how to say them, for at most `most` of them."""
        found = (self.terms.get(term.casefold()) for term in danish_terms(text))
        return [(term.term, term.say) for term in found if term][:most]

    def mentioned(self, text: str, *, most: int = 2) -> list[Term]:
        """Danish terms of the glossary that stand in a text as whole words."""
        words = f" {' '.join(WORD.findall(text.casefold()))} "
        return [term for name, term in self.terms.items() if f" {name} " in words][:most]

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Languages in which at least one topic is written."""
        return tuple(sorted({language for _, language in self.texts}))
