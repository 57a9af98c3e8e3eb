"""The default analyzer: rules take the text apart, small fitted models decide, and every decision keeps its reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from monitor.analysis.candidates import Candidate, Context, candidates
from monitor.analysis.decide import decide, score
from monitor.analysis.events import event_of
from monitor.analysis.headline import headline_notes
from monitor.analysis.joint import joint_mentions
from monitor.analysis.knowledge import Knowledge, Theme, Topic
from monitor.analysis.linear import contributions, probability
from monitor.analysis.mentions import Mention, Names
from monitor.analysis.reading import Reading, Vocabulary, read
from monitor.analysis.references import references
from monitor.analysis.relevance import Features, Gate, relevance_features, verdict_features
from monitor.analysis.roles import Scene, scenes
from monitor.analysis.terms import TermIndex
from monitor.model import Article, Contribution, Event, Finding, Language
from monitor.model import Gate as Passed
from monitor.text.language import detect

NAME = "rules-1"


@dataclass(frozen=True, slots=True)
class Extracted:
    """What the rules make of a text before any model decides."""

    reading: Reading
    scenes: list[Scene]
    mentions: list[Mention]
    features: Features


class _Reader:
    """One language of one topic, compiled on first use: most runs meet one language only."""

    def __init__(self, topic: Topic, knowledge: Knowledge, language: Language) -> None:
        lexicon = knowledge.languages[language]
        self._topic = topic
        self._vocabulary = Vocabulary.of(lexicon, topic.themes, knowledge.concepts)
        self._names = Names(topic, knowledge, language)
        self._others = _index(topic.other_subjects, language)
        self._places = _index(
            tuple(Theme(id=facet.id, name=facet.name, terms=facet.terms) for facet in topic.facets if facet.terms),
            language,
        )

    def extract(self, article: Article) -> Extracted:
        reading = read(article.text, title=article.title, vocabulary=self._vocabulary)
        day = article.published_at.date() if article.published_at else None
        named = self._names.find(reading, day)
        meant = [*references(reading, named), *joint_mentions(reading, named, self._topic)]
        mentions = sorted([*named, *meant], key=lambda each: each.first)
        found = scenes(reading, mentions, verb_first=self._vocabulary.verb_first)
        others = Counter(hit.label for hit in self._others.find(reading.folded, reading.keys))
        places = sorted({reading.sentence_of(hit.first) for hit in self._places.find(reading.folded, reading.keys)})
        features = relevance_features(reading, found, self._topic, others, places)
        return Extracted(reading, found, mentions, features)


def _notes(events: Sequence[Event], extracted: Extracted) -> tuple[str, ...]:
    """What a reader should know beside the events."""
    notes: list[str] = []
    for actor in dict.fromkeys(event.actor for event in events):
        own = [event for event in events if event.actor == actor]
        if len({event.stance.side for event in own}) > 1:
            said = ", ".join(f"{event.institution or 'no institution'} {event.stance.value}" for event in own)
            notes.append(f"split inside {actor}: {said}")
    former = dict.fromkeys(each.person for each in extracted.mentions if each.former and each.person)
    notes.extend(f"{person} holds no office on that day and speaks for himself or herself" for person in former)
    concepts = {owned.cue.concept for scene in extracted.scenes for owned in scene.cues}
    if "denies_report" in concepts:
        notes.append("the text tells of a denial")
    return tuple(notes[:6])


def _because(words: Sequence[Contribution]) -> str:
    return ", ".join(each.words for each in words[:4]) or "nothing weighs either way"


def _index(themes: Sequence[Theme], language: Language) -> TermIndex[str]:
    return TermIndex(
        ((theme.id, term) for theme in themes for term in theme.terms.get(language, ())), language=language
    )


_BROKEN = re.compile("[\ud800-\udfff]")  # half a surrogate pair: no character, and no JSON or database takes it


def _is_whole(text: str) -> bool:
    try:
        text.encode()  # a tenth of the time of looking with the expression
    except UnicodeEncodeError:
        return False
    return True


def _exact(event: Event, text: str) -> Event | None:
    """The event with the longest part of its evidence that holds no broken character; None where nothing is left."""
    part = max(re.finditer("[^\ufffd]+", event.quote), key=lambda each: len(each.group()), default=None)
    if part is None:
        return None
    start = event.start + part.start()
    whole = {"start": start, "end": start + len(part.group()), "quote": part.group()}
    conditions = tuple(each for each in event.conditions if each.holds_in(text))
    return event.model_copy(update={**whole, "conditions": conditions})


class Rules:
    """Reads an article for one topic. Pure and deterministic."""

    name = NAME

    def __init__(self, knowledge: Knowledge, topic_id: str) -> None:
        self.topic = topic_id
        self._knowledge = knowledge
        self._topic = knowledge.topic(topic_id)
        self._readers: dict[Language, _Reader] = {}

    @cached_property
    def _gate(self) -> Gate:
        return Gate(self._topic, self._knowledge)

    def analyze(self, article: Article) -> Finding:
        if _is_whole(article.text):
            return self._read(article)
        finding = self._read(article.model_copy(update={"text": _BROKEN.sub("\ufffd", article.text)}))
        exact = (_exact(event, article.text) for event in finding.events)
        return finding.model_copy(update={"events": tuple(event for event in exact if event is not None)})

    def _read(self, article: Article) -> Finding:
        language = article.language if article.language in self._knowledge.languages else detect(article.text)
        if not article.text.strip():
            return self._left(language, Passed.EMPTY, "the article has no text")
        if language not in self._knowledge.languages:
            return self._left(language, Passed.LANGUAGE, f"no knowledge of language {language.value!r}")
        missing = self._gate.missing(article.text, article.title, language)
        if missing:
            names = " or ".join(facet.name for facet in missing)
            return self._left(language, Passed.MISSING_FACET, f"nothing in the text names {names}")
        return self._judged(article, language)

    def extract(self, article: Article, language: Language) -> Extracted:
        """The article as the rules see it: for the fitting command and for explanations."""
        reader = self._readers.get(language)
        if reader is None:
            reader = self._readers[language] = _Reader(self._topic, self._knowledge, language)
        return reader.extract(article)

    def candidates(self, extracted: Extracted, relevance: float) -> list[Candidate]:
        counts = Counter(mention.actor for mention in extracted.mentions)
        context = Context(self._topic, extracted.reading, relevance, counts, len(extracted.scenes))
        return candidates(extracted.scenes, context)

    def _judged(self, article: Article, language: Language) -> Finding:
        extracted = self.extract(article, language)
        models = self._knowledge.models
        counted = probability(models["relevance"], extracted.features)
        scored = [score(candidate, models) for candidate in self.candidates(extracted, counted)]
        chance = probability(models["verdict"], verdict_features(counted, [each.salience for each in scored]))
        words = contributions(models["relevance"], extracted.features)
        if chance < models["verdict"].threshold:
            reason = "it names every part of the topic, but tells too little between its sides: " + _because(words)
            return self._left(language, Passed.OFF_TARGET, reason, confidence=1 - chance, words=words)
        decisions = decide(scored, models, self._topic, relevance=chance)
        events = tuple(event_of(each, extracted.reading, article, self._knowledge) for each in decisions)
        return Finding(
            topic=self.topic,
            analyzer=NAME,
            language=language,
            relevant=True,
            gate=Passed.PASSED,
            reason=f"{self._topic.title}: " + _because(words),
            confidence=chance,
            contributions=words,
            events=events,
            notes=(*_notes(events, extracted), *self._headline_notes(events, extracted, article, language)),
        )

    def _headline_notes(
        self, events: Sequence[Event], extracted: Extracted, article: Article, language: Language
    ) -> tuple[str, ...]:
        """The headline stands at the head of the text, or beside it in the title."""
        if not events:
            return ()
        head = extracted
        if not extracted.scenes[0].sentence.is_title:
            if not (article.title or "").strip():
                return ()
            title = article.model_copy(update={"text": article.title, "title": None})
            head = self.extract(title, language)
        found = [each for each in self.candidates(head, 0.5) if each.scene.sentence.number == 0]
        return headline_notes(events, found, topic=self._topic, vocabulary=extracted.reading.vocabulary)

    def _left(
        self,
        language: Language,
        gate: Passed,
        reason: str,
        *,
        confidence: float = 1.0,
        words: tuple[Contribution, ...] = (),
    ) -> Finding:
        return Finding(
            topic=self.topic,
            analyzer=NAME,
            language=language,
            relevant=False,
            gate=gate,
            reason=reason,
            confidence=confidence,
            contributions=words,
        )
