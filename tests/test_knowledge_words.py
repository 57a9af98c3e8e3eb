"""Whoever the shipped topics follow has a name in the reader's language."""

from __future__ import annotations

from monitor.alerts.words import WORDS
from monitor.settings import load_knowledge


def test_every_actor_and_institution_followed_has_its_words() -> None:
    followed = {
        name
        for topic in load_knowledge().topics.values()
        for actor in topic.actors
        for name in (actor.id, *(part.id for part in actor.institutions))
    }
    assert sorted(followed - WORDS.keys()) == []
