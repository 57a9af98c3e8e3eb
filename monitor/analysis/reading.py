"""A text taken apart: words with keys, sentences, clauses, quotations, and the concepts and themes found in it.

Everything later stages ask of a text is answered here once. Word places are indexes into `Reading.folded`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, TypeVar

from monitor.analysis.knowledge import Bond, Concept, Group, Lexicon, Theme
from monitor.analysis.terms import Hit, TermIndex
from monitor.model import Language
from monitor.text.normalize import fold_key
from monitor.text.sentences import Span, quotations, sentences
from monitor.text.words import Word, keys, words

LONGEST_READ = 30_000  # characters: what stands after them is no news article's main matter, and work stays bounded
_LONGEST_WORD = 60

_HARD = frozenset(";:()؛[]—–")
_SOFT = frozenset(",،")
_MARKS = frozenset('"“”„«»‟')
# A concept whose words begin a clause of their own.
_OPENERS = frozenset(
    {"subordinator", "relative", "contrast", "cause", "concession", "condition", "only_condition", "when_done", "until"}
)
_STRONG_OPENERS = frozenset({"subordinator", "relative", "contrast"})


H = TypeVar("H", Hit[str], "Cue")


class Cue(NamedTuple):
    """A concept said at words `first:last`, negated or not."""

    first: int
    last: int
    concept: str
    negated: bool = False


class Sentence(NamedTuple):
    """A sentence: characters `start:end`, words `first:last` (end exclusive)."""

    number: int
    start: int
    end: int
    first: int
    last: int
    is_title: bool


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A language's concepts and a topic's themes, ready to be found."""

    language: Language
    lexicon: Lexicon
    concepts: TermIndex[str]
    themes: TermIndex[str]
    groups: dict[str, Group]
    acts: frozenset[str]
    mutual: frozenset[str]
    bonds: dict[str, Bond]
    prepositions: frozenset[str]
    ands: frozenset[str]
    locatives: frozenset[str]
    genitives: frozenset[str]
    agents: frozenset[tuple[str, ...]]
    glued_ands: frozenset[str] = frozenset()
    glued_prepositions: frozenset[str] = frozenset()
    verb_first: bool = False

    @classmethod
    def of(cls, lexicon: Lexicon, themes: Sequence[Theme], concepts: Sequence[Concept]) -> Vocabulary:
        language = lexicon.language
        return cls(
            language=language,
            lexicon=lexicon,
            concepts=TermIndex(
                ((concept, term) for concept, terms in lexicon.concepts.items() for term in terms), language=language
            ),
            themes=TermIndex(
                ((theme.id, term) for theme in themes for term in theme.terms.get(language, ())), language=language
            ),
            groups={concept.id: concept.group for concept in concepts},
            acts=frozenset(concept.id for concept in concepts if concept.act),
            mutual=frozenset(concept.id for concept in concepts if concept.mutual),
            bonds={theme.id: theme.bond for theme in themes},
            prepositions=_single_words(lexicon, "preposition"),
            ands=_single_words(lexicon, "and"),
            locatives=_single_words(lexicon, "locative"),
            genitives=_single_words(lexicon, "genitive"),
            agents=frozenset(
                tuple(word.folded for word in words(term)) for term in lexicon.concepts.get("by_agent", ())
            ),
            glued_ands=frozenset(lexicon.clitics) & _single_words(lexicon, "and"),
            glued_prepositions=frozenset(lexicon.clitics) & _single_words(lexicon, "preposition"),
            verb_first=lexicon.verb_first,
        )


def _single_words(lexicon: Lexicon, concept: str) -> frozenset[str]:
    return frozenset(fold_key(term.lstrip("=")) for term in lexicon.concepts.get(concept, ()) if " " not in term)


@dataclass(slots=True)
class Reading:
    """A text taken apart. Built once by `read`, then only asked."""

    text: str
    vocabulary: Vocabulary
    words: tuple[Word, ...]
    folded: list[str]
    keys: list[frozenset[str]]
    sentences: list[Sentence]
    clause: list[int]
    strong: list[int]
    quoted: list[int]
    quotations: tuple[Span, ...]
    cues: list[Cue]
    themes: list[Hit[str]]
    cues_by_sentence: list[list[Cue]] = field(default_factory=list)
    themes_by_sentence: list[list[Hit[str]]] = field(default_factory=list)

    @property
    def language(self) -> Language:
        return self.vocabulary.language

    @property
    def cased(self) -> bool:
        """Whether names begin with a capital in this language's script."""
        return self.language is not Language.AR

    def words_text(self, first: int, last: int) -> str:
        return self.text[self.words[first].start : self.words[last - 1].end]

    def sentence_of(self, word: int) -> int:
        return bisect_right(self._firsts, word) - 1

    @property
    def _firsts(self) -> list[int]:
        return [sentence.first for sentence in self.sentences]


def read(text: str, *, title: str | None, vocabulary: Vocabulary) -> Reading:
    """`text` (its first part, when it is very long) taken apart."""
    body = text[:LONGEST_READ]
    spans = sentences(body)
    found = tuple(word for word in words(body) if word.end - word.start <= _LONGEST_WORD)
    folded = [word.folded for word in found]
    word_keys = [keys(word, vocabulary.language) for word in folded]
    marked = quotations(body)
    listed = _sentences(spans, found, body, title=title)
    begins = frozenset(sentence.first for sentence in listed)
    breaks = _breaks(body, found) | begins
    concept_hits = vocabulary.concepts.find(folded, word_keys, breaks)
    clause, strong = _clauses(body, found, concept_hits, begins)
    themes = _once(vocabulary.themes.find(folded, word_keys, breaks))
    cues = _negated(_not_within_themes(_longest(concept_hits), themes, vocabulary), clause, breaks)
    return Reading(
        text=text,
        vocabulary=vocabulary,
        words=found,
        folded=folded,
        keys=word_keys,
        sentences=listed,
        clause=clause,
        strong=strong,
        quoted=_quoted(found, marked),
        quotations=marked,
        cues=cues,
        themes=themes,
        cues_by_sentence=_by_sentence(cues, listed),
        themes_by_sentence=_by_sentence(themes, listed),
    )


def _by_sentence(hits: Sequence[H], listed: Sequence[Sentence]) -> list[list[H]]:
    groups: list[list[H]] = [[] for _ in listed]
    firsts = [sentence.first for sentence in listed]
    for hit in hits:
        place = bisect_right(firsts, hit.first) - 1
        if place >= 0:
            groups[place].append(hit)
    return groups


def _sentences(spans: Sequence[Span], found: Sequence[Word], body: str, *, title: str | None) -> list[Sentence]:
    starts = [word.start for word in found]
    listed: list[Sentence] = []
    for span in spans:
        first = bisect_right(starts, span.start - 1)
        last = bisect_right(starts, span.end - 1)
        if last > first:
            is_title = not listed and _is_title(body, span, title)
            listed.append(Sentence(len(listed), span.start, span.end, first, last, is_title))
    return listed


def _is_title(body: str, span: Span, title: str | None) -> bool:
    """Whether the first sentence is the headline: it is the given title, or a line without a full stop."""
    line = body[span.start : span.end]
    if title and fold_key(title.strip())[:40] == fold_key(line)[:40]:
        return True
    alone = body[span.end : span.end + 1] == "\n"
    return alone and len(line) < 200 and not line.rstrip().endswith((".", "؟", "!", ":"))


def _clauses(
    body: str, found: Sequence[Word], hits: Sequence[Hit[str]], begins: frozenset[int]
) -> tuple[list[int], list[int]]:
    """For each word the number of its clause, and of its larger part (split by colons, "that", "who", "but" only)."""
    openers = {hit.first for hit in hits if hit.label in _OPENERS}
    strong_openers = {hit.first for hit in hits if hit.label in _STRONG_OPENERS}
    clause: list[int] = []
    strong: list[int] = []
    clause_number = strong_number = 0
    before = 0
    for place, word in enumerate(found):
        gap = body[before : word.start] if word.start - before < 40 else "\n"
        if len(gap) > 1 or gap not in {" ", "", "-"}:
            if any(char in _HARD or char == "\n" for char in gap):
                clause_number += 1
                strong_number += 1
            elif any(char in _SOFT or char in _MARKS for char in gap):
                clause_number += 1
        if place in begins:
            clause_number += 1
            strong_number += 1
        if place in openers:
            clause_number += 1
        if place in strong_openers:
            strong_number += 1
        clause.append(clause_number)
        strong.append(strong_number)
        before = word.end
    return clause, strong


def _breaks(body: str, found: Sequence[Word]) -> frozenset[int]:
    """The words before which a mark stands that parts what is around it."""
    parting = _HARD | _SOFT | _MARKS
    return frozenset(
        place
        for place, (before, word) in enumerate(pairwise(found), 1)
        if word.start - before.end > 1 and not parting.isdisjoint(body[before.end : min(word.start, before.end + 8)])
    )


def _quoted(found: Sequence[Word], marked: Sequence[Span]) -> list[int]:
    starts = [span.start for span in marked]
    places: list[int] = []
    for word in found:
        number = bisect_right(starts, word.start) - 1
        places.append(number if number >= 0 and word.end <= marked[number].end else -1)
    return places


def _longest(hits: Sequence[Hit[str]]) -> list[Cue]:
    """Hits as cues; one that lies inside a longer hit is dropped, since "rule out" is no "rule" and "only if" no "if".

    Of a hit with a gap the cue is the first part: what stands between is the subject.
    """
    kept: list[Cue] = []
    seen: set[tuple[int, str]] = set()
    longest: dict[int, int] = {}
    sized = [(hit, tuple(hit.places())) for hit in hits]
    for _, places in sized:
        for place in places:
            longest[place] = max(longest.get(place, 0), len(places))
    for hit, places in sized:
        fresh = (hit.first, hit.label) not in seen
        if fresh and all(longest[place] <= len(places) for place in places):
            seen.add((hit.first, hit.label))
            kept.append(Cue(hit.first, hit.last if hit.head < 0 else hit.head, hit.label))
    return kept


_FORMS = frozenset({Group.SUPPORT, Group.NEUTRAL})


def _not_within_themes(cues: list[Cue], themes: Sequence[Hit[str]], vocabulary: Vocabulary) -> list[Cue]:
    """Cues without those that only help to name the target: a "halt" in "cessation of hostilities" halts nothing.

    What is done between two sides ("talks", "coordination") is both a name of the target and something said of it.
    """
    around: dict[int, Hit[str]] = {}
    for hit in themes:
        for place in range(hit.first, hit.last):
            if place not in around or hit.last - hit.first > around[place].last - around[place].first:
                around[place] = hit

    def names(cue: Cue) -> bool:
        hit = around.get(cue.first)
        group = vocabulary.groups.get(cue.concept)
        if hit is None or group in {Group.GRAMMAR, Group.SPEECH, None} or cue.last > hit.last:
            return False
        done = cue.concept in vocabulary.mutual and group in _FORMS
        return not done and cue.last - cue.first < hit.last - hit.first

    return [cue for cue in cues if not names(cue)]


def _once(hits: Sequence[Hit[str]]) -> list[Hit[str]]:
    """Of overlapping hits of one theme the longest: "truce agreement" names it once."""
    kept: list[Hit[str]] = []
    for hit in sorted(hits, key=lambda each: (each.first - each.last, each.first)):
        if not any(hit.label == each.label and hit.first < each.last and each.first < hit.last for each in kept[-60:]):
            kept.append(hit)
    return sorted(kept, key=lambda each: each.first)


_NEGATION_REACH = 4  # words from "not" to what it negates, in the same clause
_DENIAL_REACH = 12  # and from "denied that" to what is denied, which may begin a clause of its own
_NEGATORS = frozenset({"negation", "near_negation"})
_DENIALS = frozenset({"deny", "denies_report"})


def _negated(cues: list[Cue], clause: Sequence[int], breaks: frozenset[int]) -> list[Cue]:
    lasts = sorted(cue.last for cue in cues if cue.concept in _NEGATORS)
    denials = [cue.last for cue in cues if cue.concept in _DENIALS]
    if not lasts and not denials:
        return cues
    stops = breaks | {cue.first for cue in cues if cue.concept == "contrast"}
    out: list[Cue] = []
    for cue in cues:
        if cue.concept in _NEGATORS:
            out.append(cue)
            continue
        number = bisect_right(lasts, cue.first) - 1
        near = number >= 0 and cue.first - lasts[number] < _NEGATION_REACH
        negated = near and clause[lasts[number] - 1] == clause[cue.first]
        out.append(cue._replace(negated=negated != _denied(cue, denials, stops)))
    return out


def _denied(cue: Cue, denials: Sequence[int], stops: frozenset[int]) -> bool:
    """Whether a denial before it takes the cue back: "denied that it had agreed"."""
    number = bisect_right(denials, cue.first) - 1
    if number < 0 or cue.first - denials[number] >= _DENIAL_REACH:
        return False
    return stops.isdisjoint(range(denials[number], cue.first + 1))
