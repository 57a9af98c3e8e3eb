"""The knowledge an analyst may edit, as read from `knowledge/*.yaml`: a topic, a language, who held which office.

A term is written in its dictionary form; every word of it matches any inflected form (lemma or stem). Marks: a leading
"=" matches the folded text as written, a trailing "*" any ending. Concept ids are the same in every language: what
the models learn in one they know in all.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, model_validator

from monitor.model import ConfigError, Frozen, Language, Office, Policy

Terms = dict[Language, tuple[str, ...]]
"""Terms per language."""


class Group(StrEnum):
    """What a concept says of a stance, coarsely."""

    SUPPORT = "support"
    CONDITIONAL = "conditional"
    NEUTRAL = "neutral"
    OPPOSE = "oppose"
    SUSPEND = "suspend"
    SPEECH = "speech"
    GRAMMAR = "grammar"


class Concept(Frozen):
    """A meaning that cues carry: its coarse group and the words for it in explanations."""

    id: str
    group: Group
    words: str = Field(description="as in '… rejects': used in reasons")
    act: bool = Field(default=False, description="a deed rather than a word: resumes, suspends, signs")
    mutual: bool = Field(default=False, description="done with or toward another side: agrees, offers, meets")


class Institution(Frozen):
    """A part of an actor that speaks."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    role: str | None = Field(default=None, description="the general post it is for its actor: state is the US mfa")
    names: Terms = Field(default={}, description="the institution itself, metonyms too: Pentagon, Смоленская площадь")
    posts: Terms = Field(
        default={}, description="posts in it that name the actor or are unmistakable: US defense secretary"
    )


class Actor(Frozen):
    """Whose stance is followed: ISO 3166 alpha-3 or a named group."""

    id: str = Field(pattern=r"^[A-Z][A-Z-]+$")
    name: str
    names: Terms = Field(default={}, description="the country or group")
    adjectives: Terms = Field(default={}, description="American, российский, أميركي")
    people: Terms = Field(default={}, description="Americans, россияне, الروس")
    metonyms: Terms = Field(default={}, description="Washington, Москва: not where they are places of a dateline")
    excludes: Terms = Field(
        default={}, description="longer names that hold one of these and mean another: Washington Post"
    )
    institutions: tuple[Institution, ...] = ()


class Facet(Frozen):
    """A part of the topic that a relevant text must name somewhere."""

    id: str
    name: str
    actors: tuple[str, ...] = Field(default=(), description="any name of these actors satisfies it")
    terms: Terms = Field(default={})
    hints: Terms = Field(
        default={}, description="words that imply it unnamed: they pass the gate and count for nothing else"
    )


class Bond(StrEnum):
    """How close a theme is to the target."""

    CORE = "core"
    NEAR = "near"
    CONTEXT = "context"
    ELSEWHERE = "elsewhere"


class Theme(Frozen):
    """A named bundle of terms: one form the target takes (deconfliction), or another subject (Ukraine)."""

    id: str
    name: str
    bond: Bond = Field(
        default=Bond.CONTEXT,
        description="core: the target itself; near: talks and deals; elsewhere: the same with other partners",
    )
    terms: Terms = Field(default={})


class Post(Frozen):
    """A post that exists in many countries: 'foreign minister' and which institution of an actor holds it."""

    institution: str
    terms: Terms = Field(default={})


class Topic(Frozen):
    """What is watched: the proposition stances are about, and how texts speak of it."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    target: str = Field(description="the proposition a stance is about, as a sentence")
    principals: tuple[str, ...] = Field(default=(), description="the actors the target is about")
    peripheral: tuple[str, ...] = Field(
        default=(),
        description="actors whom the subject brings into any sentence: no third party between the principals",
    )
    facets: tuple[Facet, ...] = Field(min_length=1)
    themes: tuple[Theme, ...] = Field(default=(), description="the forms the target takes")
    other_subjects: tuple[Theme, ...] = Field(default=(), description="what else the same actors are in the news for")
    posts: tuple[Post, ...] = Field(default=(), description="posts any actor may have: foreign minister -> mfa")
    actors: tuple[Actor, ...] = ()
    policy: Policy = Policy()

    @model_validator(mode="after")
    def _actors_are_known(self) -> Self:
        known = {actor.id for actor in self.actors}
        named = {*self.principals, *self.peripheral, *(actor for facet in self.facets for actor in facet.actors)}
        if unknown := sorted(named - known):
            raise ValueError(
                f"actor {unknown[0]} is named by a facet, as principal or as peripheral but not listed under actors"
            )
        return self

    def actor(self, actor_id: str) -> Actor | None:
        return next((actor for actor in self.actors if actor.id == actor_id), None)


class Lexicon(Frozen):
    """How one language says things: cues of stance and speech, and the words that bind clauses."""

    language: Language
    name: str = ""
    verb_first: bool = Field(default=False, description="the verb usually stands before its subject (Arabic)")
    endings: tuple[str, ...] = Field(default=(), description="inflections that may follow a name's stem at the gate")
    proclitics: tuple[str, ...] = Field(
        default=(), description="what may be glued before a word: و ف ب ل ك ال and stacks"
    )
    concepts: dict[str, tuple[str, ...]] = Field(default={})
    wires: tuple[str, ...] = Field(default=(), description="names of news agencies as credited in texts")
    quotation_marks: tuple[str, ...] = Field(default=(), description="pairs, in the order they are usual")
    clitics: tuple[str, ...] = Field(default=(), description="single particles written onto a word")
    clause_boundaries: tuple[str, ...] = Field(default=(), description="words and marks at which a clause may end")
    abbreviations: tuple[str, ...] = Field(default=(), description="whose full stop ends no sentence")
    months: tuple[str, ...] = ()


class LinearModel(Frozen):
    """A logistic regression as data: a weight per class and feature, an intercept per class."""

    name: str
    classes: tuple[str, ...]
    intercepts: tuple[float, ...]
    weights: dict[str, tuple[float, ...]]
    fitted_by: str = Field(description="the command that reproduces it")
    fitted_on: str = ""
    threshold: float = 0.5


class Knowledge(Frozen):
    """Everything the analyzers know, loaded once."""

    topics: dict[str, Topic]
    languages: dict[Language, Lexicon]
    concepts: tuple[Concept, ...] = ()
    offices: tuple[Office, ...] = ()
    models: dict[str, LinearModel] = Field(default={})

    def topic(self, topic_id: str) -> Topic:
        if topic_id not in self.topics:
            known = ", ".join(sorted(self.topics)) or "none"
            raise ConfigError(f"no topic {topic_id!r}; known topics: {known}")
        return self.topics[topic_id]

    def held_on(self, day: date | None) -> tuple[Office, ...]:
        """The offices held on `day`; all of them when the day is unknown."""
        if day is None:
            return self.offices
        return tuple(office for office in self.offices if office.held_on(day))

    def gaps(self) -> tuple[str, ...]:
        """Sentences on what lacks terms in which language, for `monitor check`."""
        return (*self._concept_gaps(), *self._topic_gaps())

    def _concept_gaps(self) -> tuple[str, ...]:
        return tuple(
            f"languages/{language.value}.yaml: no terms for concept {concept.id!r}"
            for language, lexicon in sorted(self.languages.items())
            for concept in self.concepts
            if not lexicon.concepts.get(concept.id)
        )

    def _topic_gaps(self) -> tuple[str, ...]:
        return tuple(
            f"topics/{topic.id}.yaml: {place} has no terms in {language.value}"
            for topic in self.topics.values()
            for place, terms in _places(topic)
            for language in sorted(self.languages)
            if not terms.get(language)
        )


def _places(topic: Topic) -> tuple[tuple[str, Terms], ...]:
    facets = tuple((f"facet {facet.id!r}", facet.terms) for facet in topic.facets if not facet.actors)
    themes = tuple((f"theme {theme.id!r}", theme.terms) for theme in (*topic.themes, *topic.other_subjects))
    actors = tuple((f"actor {actor.id}", actor.names) for actor in topic.actors)
    parts = tuple(
        (f"institution {actor.id}/{part.id}", part.names or part.posts)
        for actor in topic.actors
        for part in actor.institutions
    )
    return (*facets, *themes, *actors, *parts)


class OfficesFile(Frozen):
    """`knowledge/offices.yaml`."""

    offices: tuple[Office, ...]


class ConceptsFile(Frozen):
    """`knowledge/concepts.yaml`."""

    concepts: tuple[Concept, ...]


def knowledge_from(
    *,
    topics: tuple[Topic, ...],
    lexicons: tuple[Lexicon, ...],
    offices: OfficesFile | None = None,
    concepts: ConceptsFile | None = None,
    models: tuple[dict[str, Any], ...] = (),
) -> Knowledge:
    """Knowledge of its parts, as `settings.load_knowledge` reads them from a folder."""
    fitted = [LinearModel.model_validate(model) for model in models]
    return Knowledge(
        topics={topic.id: topic for topic in topics},
        languages={lexicon.language: lexicon for lexicon in lexicons},
        offices=offices.offices if offices else (),
        concepts=concepts.concepts if concepts else (),
        models={model.name: model for model in fitted},
    )
