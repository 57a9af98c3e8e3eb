"""Both sides at once: "the two countries", "российско-американский", الطرفان stand for each principal."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.analysis.knowledge import Topic
from monitor.analysis.mentions import Kind, Mention
from monitor.analysis.reading import Reading

_JOINT = frozenset({"joint", "joint_pair"})
_BACK = 3  # sentences back in which the two were named


def joint_mentions(reading: Reading, named: Sequence[Mention], topic: Topic) -> list[Mention]:
    """A mention of each principal wherever the text speaks of both together without naming them."""
    by_sentence: dict[int, set[str]] = {}
    for mention in named:
        by_sentence.setdefault(mention.sentence, set()).add(mention.actor)
    spans = [(cue.first, cue.last, False) for cue in reading.cues if cue.concept in _JOINT]
    spans += [(hit.first, hit.last, True) for hit in reading.themes if hit.label == "sides"]
    found: list[Mention] = []
    taken = {(place, mention.actor) for mention in named for place in range(mention.first, mention.last)}
    adjectives = {mention.last for mention in named if mention.kind is Kind.ADJECTIVE}
    for first, last, certain in spans:
        if all(any((place, actor) in taken for place in range(first, last)) for actor in topic.principals):
            continue  # both are named there
        if first in adjectives and not certain:
            continue  # "российской стороны" is one side
        if not certain and last - first == 1 and _named_in_clause(reading, named, first, topic):
            continue  # "bilateral channels with Russia": the sides are named
        sentence = reading.sentence_of(first)
        near: set[str] = set().union(
            *(by_sentence.get(number, set()) for number in range(sentence - _BACK, sentence + 1))
        )
        if certain or set(topic.principals) <= near:
            group = 100_000 + first
            found += [
                Mention(first, last, Kind.JOINT, actor, sentence=sentence, group=group) for actor in topic.principals
            ]
    return found


def _named_in_clause(reading: Reading, named: Sequence[Mention], place: int, topic: Topic) -> bool:
    part = reading.strong[place]
    return any(mention.actor in topic.principals and reading.strong[mention.first] == part for mention in named)
