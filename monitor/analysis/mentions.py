"""Who is named where: countries, institutions, posts and persons become mentions of an actor (and its institution).

A person's institution is decided by person and date (`offices.yaml`), not by what the text calls him; what the text
says is kept beside it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from monitor.analysis.knowledge import Group, Knowledge, Topic
from monitor.analysis.reading import Reading
from monitor.analysis.terms import Hit, TermIndex
from monitor.model import Language, Office
from monitor.text.words import grammar, name_keys, words

_GRACE = timedelta(days=45)  # a new holder is named before the day, an old one quoted after it
_RECENT = timedelta(days=400)  # so long a surname alone still means the holder
_MOST_MENTIONS = 600


class Kind(StrEnum):
    """What sort of words name the actor, from the most to the least telling."""

    PERSON = "person"
    POST = "post"
    INSTITUTION = "institution"
    NAME = "name"
    METONYM = "metonym"
    PEOPLE = "people"
    ADJECTIVE = "adjective"
    PRONOUN = "pronoun"
    JOINT = "joint"


@dataclass(frozen=True, slots=True)
class Label:
    """What a name's term stands for."""

    kind: Kind
    actor: str = ""
    institution: str | None = None
    person: str = ""
    full: bool = True
    excluded: bool = False
    capital: bool = True


@dataclass(frozen=True, slots=True)
class Mention:
    """Words `first:last` that name an actor; `head` is the word that carries case and number."""

    first: int
    last: int
    kind: Kind
    actor: str
    institution: str | None = None
    person: str | None = None
    office: str | None = None
    former: bool = False
    after_preposition: bool = False
    by_agent: bool = False
    cases: frozenset[str] = frozenset()
    sentence: int = 0
    group: int = -1
    and_glued: bool = False

    @property
    def holder(self) -> tuple[str, str | None]:
        return self.actor, self.institution


_SPECIFIC = {kind: rank for rank, kind in enumerate(Kind)}
_CASES = frozenset({"nomn", "gent", "datv", "accs", "ablt", "loct"})
_NOUNS = frozenset({"NOUN", "NPRO"})


class Names:
    """All names of a topic's actors in one language, and who held which office."""

    def __init__(self, topic: Topic, knowledge: Knowledge, language: Language) -> None:
        self._topic = topic
        self._language = language
        self._cased = language is not Language.AR
        terms = list(self._terms(topic, knowledge.offices))
        self._index: TermIndex[Label] = TermIndex(terms, language=language)
        self._firsts = frozenset(words(term)[0].folded for _, term in terms)
        self._offices: dict[str, list[Office]] = {}
        for office in knowledge.offices:
            self._offices.setdefault(office.person, []).append(office)
        self._roles = {
            (actor.id, part.role or part.id): part.id for actor in topic.actors for part in actor.institutions
        } | {(actor.id, part.id): part.id for actor in topic.actors for part in actor.institutions}

    def _terms(self, topic: Topic, offices: Sequence[Office]) -> Iterable[tuple[Label, str]]:
        language = self._language
        for actor in topic.actors:
            for kind, terms in (
                (Kind.NAME, actor.names),
                (Kind.ADJECTIVE, actor.adjectives),
                (Kind.PEOPLE, actor.people),
                (Kind.METONYM, actor.metonyms),
            ):
                yield from (
                    (Label(kind, actor.id, capital=_is_capital(term)), term) for term in terms.get(language, ())
                )
            excluded = Label(Kind.NAME, actor.id, excluded=True)
            yield from ((excluded, term) for term in actor.excludes.get(language, ()))
            for part in actor.institutions:
                named = Label(Kind.INSTITUTION, actor.id, part.id)
                yield from ((named, term) for term in part.names.get(language, ()))
                post = Label(Kind.POST, actor.id, part.id)
                yield from ((post, term) for term in part.posts.get(language, ()))
        for generic in topic.posts:
            label = Label(Kind.POST, "", generic.institution)
            yield from ((label, term) for term in generic.terms.get(language, ()))
        seen: set[tuple[str, str]] = set()
        for office in offices:
            for name in office.names.get(language, ()):
                if (office.person, name) not in seen:
                    seen.add((office.person, name))
                    full = len(name.split()) > 1
                    yield Label(Kind.PERSON, office.actor, None, office.person, full), name

    def find(self, reading: Reading, day: date | None) -> list[Mention]:
        """The mentions in the text, in order; names next to each other that belong together are one mention."""
        hits = self._index.find(reading.folded, [name_keys(word, self._language) for word in reading.folded])
        kept = _untangled([hit for hit in hits if self._may_name(hit, reading)])[:_MOST_MENTIONS]
        named_in_full = {hit.label.person for hit in kept if hit.label.full and hit.label.person}
        single = [hit for hit in kept if self._known(hit, named_in_full, day, reading)]
        mentions = [self._mention(hit, reading, day) for hit in single]
        joined = [
            _compounded(each, reading) for each in self._joined(mentions, reading) if not _is_place(each, reading)
        ]
        return _grouped(joined, reading)

    def _may_name(self, hit: Hit[Label], reading: Reading) -> bool:
        """Names of people and places begin with a capital where the script has them; "the rebels" need none."""
        label = hit.label
        if not self._cased or not label.capital or label.kind not in {Kind.PERSON, Kind.NAME, Kind.METONYM}:
            return True
        return reading.text[reading.words[hit.first].start].isupper()

    def _known(self, hit: Hit[Label], in_full: set[str], day: date | None, reading: Reading) -> bool:
        """A surname alone counts when its holder is in office about that day, or is named in full somewhere."""
        label = hit.label
        if label.kind is not Kind.PERSON or label.full or label.person in in_full:
            return True
        if day is not None and not any(_near(office, day, _RECENT) for office in self._offices[label.person]):
            return False
        # At the start of a sentence any word has a capital.
        starts = any(sentence.first == hit.first for sentence in reading.sentences)
        return not (starts and self._cased and _is_word(reading.folded[hit.first], reading))

    def _mention(self, hit: Hit[Label], reading: Reading, day: date | None) -> Mention:
        label = hit.label
        base = Mention(
            first=hit.first,
            last=hit.last,
            kind=label.kind,
            actor=label.actor,
            institution=label.institution,
            cases=_cases(reading.folded[hit.last - 1]) if self._language is Language.RU else frozenset(),
            sentence=reading.sentence_of(hit.first),
            and_glued=_and_glued(hit.first, reading) and reading.folded[hit.first] not in self._firsts,
        )
        return self._person(base, label.person, day) if label.kind is Kind.PERSON else base

    def _person(self, base: Mention, person: str, day: date | None) -> Mention:
        offices = self._offices[person]
        now = [office for office in offices if day is None or office.held_on(day)]
        now = now or [office for office in offices if day is not None and _near(office, day, _GRACE)]
        if now:
            # Of several offices at once the one with an institution speaks.
            office = next((each for each in now if each.institution), now[0])
            return replace(
                base, actor=office.actor, institution=office.institution, person=person, office=office.office
            )
        last = offices[-1]
        later = day is not None and all(office.start is not None and office.start > day for office in offices)
        return replace(base, actor=last.actor, institution=None, person=person, former=not later)

    def _joined(self, mentions: list[Mention], reading: Reading) -> list[Mention]:
        """'US Secretary of State John Kerry' is one mention: the person decides, then the post, then the country."""
        out: list[Mention] = []
        for mention in mentions:
            before = out[-1] if out else None
            together = self._together(before, mention, reading) if before else None
            if together is not None:
                out[-1] = together
            else:
                out.append(mention)
        return [each for each in out if each.actor]

    def _together(self, left: Mention, right: Mention, reading: Reading) -> Mention | None:
        if left.sentence != right.sentence or right.first - left.last > 2:
            return None
        if left.person and right.person:
            return None
        gap = reading.folded[left.last : right.first]
        between = reading.text[reading.words[left.last - 1].end : reading.words[right.first].start]
        apposed = left.kind is Kind.PERSON and right.kind is Kind.POST
        if any(char in between for char in (';:.«»"“”' if apposed else ',،;:.()«»"“”—')):
            return None
        if gap and not _bridged(left, right, reading):
            return None
        if any(word in reading.vocabulary.ands for word in gap) or right.and_glued:
            return None
        if left.actor and right.actor and left.actor != right.actor:
            return None
        specific = min(left, right, key=lambda each: _SPECIFIC[each.kind])
        if not (left.actor and right.actor) and Kind.POST not in {left.kind, right.kind}:
            return None
        if (
            left.kind is right.kind
            and left.kind in {Kind.NAME, Kind.METONYM, Kind.INSTITUTION}
            and left.actor == right.actor
            and gap
        ):
            return None
        actor = left.actor or right.actor
        institution = specific.institution or left.institution or right.institution
        if not specific.person and specific.kind is Kind.POST and not specific.actor:
            institution = self._roles.get((actor, specific.institution or ""))
        if specific.person:
            institution = specific.institution
        # "the press officer at the White House, N N": the preposition is the body's, not the person's.
        at_work = (
            right.kind is Kind.PERSON
            and left.kind is Kind.INSTITUTION
            and (left.first > 0 and reading.folded[left.first - 1] in reading.vocabulary.locatives)
        )
        head = left if self._language is not Language.EN and not right.person else right
        return replace(
            specific,
            first=right.first if at_work else left.first,
            and_glued=(right if at_work else left).and_glued,
            last=right.last,
            actor=actor,
            institution=institution,
            cases=(left.cases & right.cases) or head.cases or specific.cases,
        )


_TITLES = frozenset({"official_generic", "spokesperson", "former", "counterpart"})
_ARTICLES = frozenset({"the", "a", "an"})


def _bridged(left: Mention, right: Mention, reading: Reading) -> bool:
    """Whether what stands between two names ties them: an article, a title, "of", a first name; a verb or "that" parts them."""
    vocabulary = reading.vocabulary
    places = range(left.last, right.first)
    told = {
        place: cue.concept
        for cue in reading.cues_by_sentence[left.sentence]
        for place in range(cue.first, cue.last)
        if place in places and cue.concept not in _TITLES
    }
    plain = [place for place in places if reading.folded[place] not in _ARTICLES]
    if right.kind is Kind.PERSON and left.kind is not Kind.METONYM:
        # "the Kremlin spokesman Dmitry P.": first names and ranks that no list holds.
        return not told and all(_name_like(place, reading) for place in plain)
    if left.kind is Kind.POST and right.kind is not Kind.POST:
        ties = vocabulary.genitives | (vocabulary.locatives if right.kind is Kind.METONYM else frozenset())
        return all(reading.folded[place] in ties for place in plain)
    titled = {cue.first for cue in reading.cues_by_sentence[left.sentence] if cue.concept in _TITLES}
    return left.kind is not Kind.METONYM and not told and all(place in titled for place in plain)


def _name_like(place: int, reading: Reading) -> bool:
    titled = any(
        cue.first <= place < cue.last and cue.concept in _TITLES
        for cue in reading.cues_by_sentence[reading.sentence_of(place)]
    )
    return titled or not reading.cased or reading.text[reading.words[place].start].isupper()


def _and_glued(place: int, reading: Reading) -> bool:
    """Arabic writes "and" onto the word: وروسيا (but واشنطن begins with that letter itself: see `_firsts`)."""
    word = reading.folded[place]
    return word[:1] in reading.vocabulary.glued_ands and len(word) > 4 and word[1:] in reading.keys[place]


_DATELINE = re.compile(r"[^\n]{0,70}?(?:\([^()\n]{2,40}\)\s*[-–—:.]*|[-–—]{1,2}\s|/\s*[^/\n]{2,30}/\.?)")
_DATELINE_WORDS = 7


def _is_place(mention: Mention, reading: Reading) -> bool:
    """Whether a capital is only where something happens ("in Moscow") or where the report was written."""
    if mention.kind in {Kind.METONYM, Kind.NAME} and _in_dateline(mention, reading):
        return True
    if _hyphenated(mention, reading) and any(
        cue.concept == "place_based" and cue.first == mention.last for cue in reading.cues_by_sentence[mention.sentence]
    ):
        return True
    if mention.kind is not Kind.METONYM or mention.first == 0:
        return False
    if reading.folded[mention.first - 1] not in reading.vocabulary.locatives:
        return False
    # "в Москве заявили": the capital speaks.
    groups = reading.vocabulary.groups
    return not any(
        0 <= cue.first - mention.last <= 1 and groups.get(cue.concept) is Group.SPEECH
        for cue in reading.cues_by_sentence[mention.sentence]
    )


def _compounded(mention: Mention, reading: Reading) -> Mention:
    """The first part of a compound ("US-led", "Russian-brokered") names whose the thing is: it acts as an adjective."""
    if mention.kind is not Kind.PERSON and _hyphenated(mention, reading):
        return replace(mention, kind=Kind.ADJECTIVE)
    return mention


def _hyphenated(mention: Mention, reading: Reading) -> bool:
    """Whether a common word is tied to the name by a hyphen."""
    after = mention.last
    if after >= len(reading.words):
        return False
    start = reading.words[after].start
    return reading.text[reading.words[after - 1].end : start] == "-" and reading.text[start].islower()


def _in_dateline(mention: Mention, reading: Reading) -> bool:
    """A place at the very start of a paragraph, before "(Agency)", a dash or "/agency/"; or all in capitals there."""
    sentence = reading.sentences[mention.sentence]
    if sentence.number > 3 or mention.first - sentence.first > _DATELINE_WORDS:
        return False
    start, end = sentence.start, reading.words[mention.last - 1].end
    own = reading.text[reading.words[mention.first].start : end]
    if mention.first == sentence.first and len(own) > 4 and own.isupper():
        return True
    match = _DATELINE.match(reading.text, start)
    if match is None or not (end <= match.end()) or sentence.is_title:
        return False
    # Only names, dates and short words stand in a dateline: no cue of speech or stance does.
    limit = bisect_right([word.start for word in reading.words[sentence.first : sentence.last]], match.end())
    return limit <= _DATELINE_WORDS + 3 and not any(
        reading.vocabulary.groups.get(cue.concept, Group.GRAMMAR) is not Group.GRAMMAR
        for cue in reading.cues_by_sentence[mention.sentence]
        if cue.first < sentence.first + limit - 1 and reading.words[cue.first].end < match.end() - 3
    )


def _is_capital(term: str) -> bool:
    return term.lstrip("=")[:1].isupper()


def _near(office: Office, day: date, reach: timedelta) -> bool:
    return (office.start is None or office.start - reach <= day) and (office.end is None or day < office.end + reach)


def _is_word(folded: str, reading: Reading) -> bool:
    """Whether a capitalised first word may be an ordinary one: its small form stands elsewhere in the text."""
    return any(
        word == folded and reading.text[reading.words[place].start].islower()
        for place, word in enumerate(reading.folded[:2000])
    )


def _cases(folded: str) -> frozenset[str]:
    found = grammar(folded)
    return found & _CASES if found & _NOUNS or "ADJF" in found else frozenset()


def _untangled(hits: Sequence[Hit[Label]]) -> list[Hit[Label]]:
    """One reading of overlapping names: the longest, of equals the most specific; excluded names take theirs along."""
    ranked = sorted(hits, key=lambda hit: (hit.first - hit.last, not hit.label.excluded, _SPECIFIC[hit.label.kind]))
    taken: set[int] = set()
    kept: list[Hit[Label]] = []
    for hit in ranked:
        places = range(hit.first, hit.last)
        if any(place in taken for place in places):
            continue
        taken.update(places)
        if not hit.label.excluded:
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.first)


def _grouped(mentions: list[Mention], reading: Reading) -> list[Mention]:
    """Marks prepositions, and mentions strung together by "and" as one group: they share what is said of either."""
    out: list[Mention] = []
    for mention in mentions:
        marked = _with_preposition(mention, reading)
        before = out[-1] if out else None
        if before and before.sentence == marked.sentence and _strung(before, marked, reading):
            number = before.group if before.group >= 0 else len(out)
            out[-1] = replace(before, group=number)
            marked = replace(
                marked,
                group=number,
                after_preposition=marked.after_preposition or before.after_preposition,
                by_agent=marked.by_agent or before.by_agent,
            )
        out.append(marked)
    return out


def _strung(left: Mention, right: Mention, reading: Reading) -> bool:
    if right.actor == left.actor and left.institution == right.institution:
        return False
    gap = reading.folded[left.last : right.first]
    between = reading.text[reading.words[left.last - 1].end : reading.words[right.first].start].strip()
    if left.kind is Kind.ADJECTIVE and right.kind is Kind.ADJECTIVE and not gap:
        return True
    if len(gap) > 3:
        return False
    if any(word in reading.vocabulary.ands for word in gap):
        return True
    if right.and_glued:
        return True
    return not gap and between in {",", "،", "-", "–", "/"}


def _with_preposition(mention: Mention, reading: Reading) -> Mention:
    place = mention.first
    before = reading.folded[place - 1] if place and reading.clause[place - 1] == reading.clause[place] else ""
    vocabulary = reading.vocabulary
    word = reading.folded[place]
    glued = (
        word[:1] in vocabulary.glued_prepositions
        and word[1:] in reading.keys[place]
        and mention.kind is not Kind.PERSON
    )
    start = max(0, place - 3)
    left = tuple(reading.folded[start:place])
    # "by the United States": an article may stand between.
    tails = [left, left[:-1]] if left and left[-1] in {"the", "a"} else [left]
    agent = any(tail[-len(each) :] == each for tail in tails for each in vocabulary.agents if each)
    # "заключённое Россией": after a passive participle the instrumental case names the doer.
    agent = agent or ("ablt" in mention.cases and bool(place) and "pssv" in grammar(reading.folded[place - 1]))
    prepositional = bool(before) and any(tail[-1:] and tail[-1] in vocabulary.prepositions for tail in tails)
    return replace(mention, after_preposition=(prepositional or glued) and not agent, by_agent=agent)
