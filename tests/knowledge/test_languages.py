"""The three languages stand side by side: same concepts, equal breadth, no term that contradicts itself."""

from __future__ import annotations

from collections import defaultdict

import pytest

from monitor.analysis.knowledge import Group, Knowledge
from monitor.model import Language
from monitor.settings import load_knowledge
from monitor.text.normalize import fold_key

LANGUAGES = (Language.AR, Language.EN, Language.RU)
STANCES = {Group.SUPPORT, Group.CONDITIONAL, Group.NEUTRAL, Group.OPPOSE, Group.SUSPEND}


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def test_knowledge_has_no_gaps(knowledge: Knowledge) -> None:
    assert knowledge.gaps() == ()


def test_every_language_knows_the_same_concepts_and_no_others(knowledge: Knowledge) -> None:
    listed = {concept.id for concept in knowledge.concepts}
    for language in LANGUAGES:
        assert set(knowledge.languages[language].concepts) == listed, language


def test_no_language_is_poor_beside_the_others(knowledge: Knowledge) -> None:
    sizes = {
        language: sum(len(terms) for terms in knowledge.languages[language].concepts.values()) for language in LANGUAGES
    }
    assert min(sizes.values()) > 2500
    assert max(sizes.values()) < 1.6 * min(sizes.values()), sizes


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stance_concept_has_a_family_of_terms_not_one_word(knowledge: Knowledge, language: Language) -> None:
    concepts = knowledge.languages[language].concepts
    poor = [
        concept.id for concept in knowledge.concepts if concept.group in STANCES and len(set(concepts[concept.id])) < 6
    ]
    assert poor == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_term_belongs_to_two_sides(knowledge: Knowledge, language: Language) -> None:
    """A word may sit in two concepts of one side, or be grammar too; a word for and against teaches nothing."""
    groups = {concept.id: concept.group for concept in knowledge.concepts}
    seen: dict[str, set[Group]] = defaultdict(set)
    for concept, terms in knowledge.languages[language].concepts.items():
        for term in terms:
            seen[fold_key(term.lstrip("="))].add(groups[concept])
    contradicting = {term: found & STANCES for term, found in seen.items() if len(found & STANCES) > 1}
    assert contradicting == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_term_stands_twice_in_a_concept(knowledge: Knowledge, language: Language) -> None:
    twice = {
        concept: sorted({term for term in terms if terms.count(term) > 1})
        for concept, terms in knowledge.languages[language].concepts.items()
        if len(set(terms)) < len(terms)
    }
    assert twice == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_subjects_and_themes_have_breadth_in_every_language(knowledge: Knowledge, language: Language) -> None:
    topic = knowledge.topic("us-russia-syria")
    poor = [theme.id for theme in (*topic.themes, *topic.other_subjects) if len(set(theme.terms.get(language, ()))) < 3]
    assert poor == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_actor_has_a_name_and_an_adjective_and_every_institution_a_name_and_a_post(
    knowledge: Knowledge, language: Language
) -> None:
    topic = knowledge.topic("us-russia-syria")
    nameless = [actor.id for actor in topic.actors if not actor.names.get(language)]
    plain = [actor.id for actor in topic.actors if not actor.adjectives.get(language)]
    mute = [
        f"{actor.id}/{part.id}"
        for actor in topic.actors
        for part in actor.institutions
        if not (part.names.get(language) and part.posts.get(language))
    ]
    assert (nameless, plain, mute) == ([], [], [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_belongs_to_two_actors(knowledge: Knowledge, language: Language) -> None:
    topic = knowledge.topic("us-russia-syria")
    owners: dict[str, set[str]] = defaultdict(set)
    for actor in topic.actors:
        parts = [part.names.get(language, ()) for part in actor.institutions]
        posts = [part.posts.get(language, ()) for part in actor.institutions]
        for terms in (actor.names.get(language, ()), actor.metonyms.get(language, ()), *parts, *posts):
            for term in terms:
                owners[fold_key(term)].add(actor.id)
    assert {term: names for term, names in owners.items() if len(names) > 1} == {}


def test_knowledge_loads_fast_enough_to_start_a_command() -> None:
    """Start-up promises 0.7 s in all; the yardstick is work, not the clock: what is read stays small."""
    knowledge = load_knowledge()
    terms = sum(len(terms) for lexicon in knowledge.languages.values() for terms in lexicon.concepts.values())
    assert terms < 16_000
    assert len(knowledge.offices) < 900
