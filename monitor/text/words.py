"""Words with offsets, and the keys (lemmas, stems) by which words of one family find each other.

Russian by pymorphy3, English by simplemma, Arabic by simplemma with clitics taken off and Snowball behind it: proper
morphology instead of lists of inflected forms. Dictionaries load on first use; keys are cached, since news repeats.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any, NamedTuple

from monitor.model import Language
from monitor.text.normalize import fold_key

_WORD = re.compile(r"[^\W_](?:[\w'’\u0640\u064b-\u0652\u0670.-]*[^\W_])?[\u064b-\u0652]*")
_INNER = re.compile(r"(?<=[^\W_])(?:\.(?=\w\w)|\.?-|_+)(?=\w)")
_LONGEST_WORD = 48  # characters; what is longer is no word of a language, and morphology would choke on it

# Proclitics in the order they stack: conjunction, preposition, article.
_ARABIC_PROCLITICS = ("وبال", "فبال", "وكال", "ولل", "فلل", "وال", "بال", "كال", "فال", "لل", "ال")
_SHORTEST_ARABIC_KEY = 3
_ARABIC_PARTICLES = "وفبلكس"
_ARABIC_ENDINGS = ("هما", "تهم", "ته", "تها", "ات", "تا", "ون", "ين", "ان", "وا", "هم", "ها", "نا", "ت", "ه", "ا")


# Strong verbs whose past simplemma leaves as it stands.
_ENGLISH_PAST = {
    "bore": "bear",
    "broke": "break",
    "felt": "feel",
    "gone": "go",
    "left": "leave",
    "rose": "rise",
    "shook": "shake",
    "shot": "shoot",
    "swore": "swear",
    "thought": "think",
    "won": "win",
}


class Word(NamedTuple):
    """A word of the original text, `text[start:end]`, and its folded form."""

    start: int
    end: int
    folded: str


def words(text: str, *, start: int = 0, end: int | None = None) -> tuple[Word, ...]:
    """The words of `text[start:end]`, offsets into `text`. A hyphenated compound and a hashtag (#a_b) count as their parts."""
    found: list[Word] = []
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        place, limit = match.start(), match.end()
        for mark in (*_INNER.finditer(match.group()), None):
            stop = match.start() + mark.start() if mark else limit
            found.append(Word(place, stop, _folded(text[place:stop])))
            place = match.start() + mark.end() if mark else limit
    return tuple(found)


def _folded(word: str) -> str:
    return fold_key(word) if len(word) > _LONGEST_WORD else _folded_short(word)


@lru_cache(maxsize=200_000)
def _folded_short(word: str) -> str:
    return fold_key(word)


@lru_cache(maxsize=200_000)
def keys(folded: str, language: Language) -> frozenset[str]:
    """The keys of a folded word: two words match when they share one. The folded form itself is always among them."""
    if len(folded) > _LONGEST_WORD:
        return frozenset({folded})
    if language is Language.RU:
        return _russian(folded)
    if language is Language.AR:
        return _arabic(folded)
    if language is Language.EN:
        return frozenset({folded, _lemma(folded.removesuffix("'s"), "en")})
    return frozenset({folded})


def _russian(folded: str) -> frozenset[str]:
    try:
        parses = _pymorphy().parse(folded)
    except ValueError:  # it asks for the Unicode name of each letter, and some have none
        return frozenset({folded})
    return frozenset({folded, *(fold_key(parse.normal_form) for parse in parses)})


def _arabic(folded: str) -> frozenset[str]:
    bare = arabic_bare(folded)
    found = {folded, bare, _lemma(folded, "ar"), _lemma(bare, "ar"), _stem_arabic(bare), *_arabic_cores(bare)}
    if folded.startswith("الت"):  # التزمت is a verb with its ending, though it looks like an article
        found.update(folded.removesuffix(end) for end in _ARABIC_ENDINGS if len(folded) - len(end) >= 5)
    for core in _arabic_cores(bare):
        found.update(_arabic_persons(core))
        found.update(core.removesuffix(end) for end in _ARABIC_ENDINGS if len(core) - len(end) >= 3)
    # A stem of two letters is another word: لأي ("for any") is no لا ("not").
    return frozenset({folded, *(fold_key(key) for key in found if len(key) >= _SHORTEST_ARABIC_KEY)})


def _arabic_cores(bare: str) -> set[str]:
    """The word with and without what may still be glued before it: a preposition, the future's س."""
    found = {bare}
    if bare[:1] in {"ل", "ب"} and len(bare) >= 4:
        found.add(bare[1:])
    if bare[:1] == "ك" and len(bare) >= 5:
        found.add(bare[1:])
    if bare[:1] == "س" and bare[1:2] in {"ي", "ت", "ن", "ا"} and len(bare) >= 5:
        found.add(bare[1:])
    return found


def _arabic_persons(core: str) -> set[str]:
    """The third person of an imperfect verb: dictionaries of cues list يرفض, and ترفض نرفض ارفض must find it."""
    if core[:1] not in {"ت", "ن", "ا"} or len(core) < 4:
        return set()
    third = "ي" + core[1:]
    return {third, *(third.removesuffix(end) for end in _ARABIC_ENDINGS if len(third) - len(end) >= 3)}


def arabic_bare(folded: str) -> str:
    """A folded Arabic word without conjunction, preposition and article, where enough of a word stays."""
    for clitic in _ARABIC_PROCLITICS:
        if folded.startswith(clitic) and len(folded) - len(clitic) >= 3:
            return folded[len(clitic) :]
    if len(folded) >= 5 and folded[0] in _ARABIC_PARTICLES[:2]:
        return arabic_bare(folded[1:]) if folded[1:].startswith("ال") else folded[1:]
    return folded


def name_keys(folded: str, language: Language) -> frozenset[str]:
    """As `keys`, for names: without stems and lemmas where these would make a people of an adjective (روسية, الروس)."""
    if language is not Language.AR:
        return keys(folded, language)
    return _arabic_name(folded)


@lru_cache(maxsize=100_000)
def _arabic_name(folded: str) -> frozenset[str]:
    bare = arabic_bare(folded)
    cores = {folded, bare, *_arabic_cores(bare)}
    cores |= {core[1:] for core in cores if core[:1] in {"و", "ف"} and len(core) >= 4}
    cores |= {arabic_bare(core) for core in cores}
    endings = ("ه", "ين", "ون", "ان", "تين", "تان", "ا", "تا")
    return frozenset(cores | {core.removesuffix(end) for core in cores for end in endings if len(core) - len(end) >= 4})


def grammar(folded: str) -> frozenset[str]:
    """The grammemes any reading of a Russian word has ('nomn', 'ablt', 'VERB', 'past', 'plur' …), as pymorphy3 names them."""
    return _grammar(folded)


@lru_cache(maxsize=100_000)
def _grammar(folded: str) -> frozenset[str]:
    if len(folded) > _LONGEST_WORD:
        return frozenset()
    found: set[str] = set()
    for parse in _pymorphy().parse(folded):
        found |= {str(grammeme) for grammeme in parse.tag.grammemes}
    return frozenset(found)


@lru_cache(maxsize=200_000)
def _lemma(word: str, language: str) -> str:
    import simplemma

    if language == "en" and word in _ENGLISH_PAST:
        return _ENGLISH_PAST[word]
    try:
        return str(simplemma.lemmatize(word, lang=language))
    except ValueError:  # it normalises away what this word consists of, and refuses the rest
        return word


def _stem_arabic(word: str) -> str:
    return str(_snowball().stemWord(word))


@cache
def _snowball() -> Any:
    import Stemmer

    return Stemmer.Stemmer("arabic")


@cache
def _pymorphy() -> Any:
    import pymorphy3

    return pymorphy3.MorphAnalyzer()
