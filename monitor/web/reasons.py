"""The program's English reasons in the reader's language, by the sentences of `reasons.yaml`. Pure but for reading that file.

Decisions give their reason as an English sentence, and rows keep it so. A sentence that is not known here is not guessed
at: `told` gives None, and the page shows the English one and says which language it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, model_validator

from monitor.alerts import holder_name, say
from monitor.model import Language
from monitor.settings import read_model
from monitor.text.display import isolate, one_line
from monitor.web.words import words

_LANGUAGES = (Language.AR, Language.RU)
_PLACE = re.compile(r"\{(\w+):(\w+)\}")
_STANCE = "support|conditional|neutral|oppose|suspend"
_KINDS = {
    "holder": r"[A-Z][\w-]*(?:/\w+)?",
    "stance": _STANCE,
    "n": r"[-+]?[\d.,]*\d%?",
    "day": r"\d{4}-\d\d-\d\d",
    "span": r"[\d.,]+ (?:s|min|h|d|days)",
    "text": r".+?",
    "names": r".+",
    "phrase": r".+?",
    "facets": r".+",
    "cues": r".+",
    "weights": r".+",
    "parts": r".+",
}
_UNITS = {
    "s": ("ث", "с"), "min": ("دقيقة", "мин"), "h": ("ساعة", "ч"), "d": ("يوما", "дн."), "days": ("يوما", "дн."),
}  # fmt: skip
_WEIGHT = re.compile(r"(?P<name>.+) \((?P<weight>[-+][\d.]+)\)")
_CUE = re.compile(r"(?P<no>not: )?(?P<name>[^()]+) \((?P<words>.*)\)")


class _Reasons(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    sentences: tuple[dict[str, str], ...]
    phrases: dict[str, tuple[str, str]]

    @model_validator(mode="after")
    def _same_places(self) -> _Reasons:
        for row in self.sentences:
            names = {name for name, _ in _PLACE.findall(row["en"])}
            for language in _LANGUAGES:
                if set(re.findall(r"\{(\w+)\}", row[language.value])) != names:
                    raise ValueError(f"{row['en']!r}: {language.value} must name the same places")
        return self


class _Sentence(NamedTuple):
    pattern: re.Pattern[str]
    kinds: Mapping[str, str]
    said: Mapping[Language, str]


@cache
def _table() -> tuple[tuple[_Sentence, ...], dict[str, tuple[str, str]]]:
    read = read_model(Path(__file__).with_name("reasons.yaml"), _Reasons, environ={})
    return tuple(_sentence(row) for row in read.sentences), read.phrases


def _sentence(row: Mapping[str, str]) -> _Sentence:
    pattern, place = "", 0
    for match in _PLACE.finditer(row["en"]):
        name, kind = match.groups()
        pattern += f"{re.escape(row['en'][place : match.start()])}(?P<{name}>{_KINDS[kind]})"
        place = match.end()
    pattern += re.escape(row["en"][place:])
    return _Sentence(
        re.compile(pattern, re.DOTALL),
        dict(_PLACE.findall(row["en"])),
        {language: row[language.value] for language in _LANGUAGES},
    )


@lru_cache(maxsize=4096)
def told(reason: str, language: Language) -> str | None:
    """The reason in that language, on one harmless line; None where it is not known how to say it."""
    if language not in _LANGUAGES:
        return None
    reason = one_line(reason)
    sentences, phrases = _table()
    if reason in phrases:
        return _phrase(reason, language)
    for sentence in sentences:
        if match := sentence.pattern.fullmatch(reason):
            places = {name: _SAID[sentence.kinds[name]](value, language) for name, value in match.groupdict().items()}
            if None not in places.values():
                return sentence.said[language].format(**places)
    return None


def _phrase(phrase: str, language: Language) -> str | None:
    row = _table()[1].get(phrase)
    return row[_LANGUAGES.index(language)] if row else None


def _holder(holder: str, language: Language) -> str | None:
    return isolate(holder_name(holder, language))


def _stance(stance: str, language: Language) -> str | None:
    return words(language)[stance]


def _span(span: str, language: Language) -> str | None:
    amount, unit = span.split(" ")
    return f"{amount} {_UNITS[unit][_LANGUAGES.index(language)]}"


def _facets(names: str, language: Language) -> str | None:
    return _joined(
        [_phrase(name, language) for name in names.split(" or ")], " أو " if language is Language.AR else " или "
    )


def _weights(weights: str, language: Language) -> str | None:
    """`both principals (+0.52), length (-0.10)`; names hold commas."""
    said: list[str | None] = []
    for each in re.split(r"(?<=\)), ", weights):
        match = _WEIGHT.fullmatch(each)
        name = _phrase(match["name"], language) if match else None
        said.append(f"{name} ({isolate(match['weight'])})" if match and name else None)
    return _joined(said, say("comma", language))


def _cues(cues: str, language: Language) -> str | None:
    """`welcomes it (welcomed); not: signs it (sign)`; the words in brackets are the text's own."""
    if whole := _phrase(cues, language):
        return whole
    said: list[str | None] = []
    for each in re.split(r"(?<=\)); ", cues):
        match = _CUE.fullmatch(each)
        name = _phrase(match["name"], language) if match else None
        if match and name and match["no"]:
            name = f"{_phrase('not:', language)}: {name}"
        said.append(f"{name} ({isolate(match['words'])})" if match and name else None)
    return _joined(said, "؛ " if language is Language.AR else "; ")


def _parts(parts: str, language: Language) -> str | None:
    """`pentagon oppose, no institution support`"""
    pairs = [each.rpartition(" ") for each in parts.split(", ")]
    if any(stance not in _STANCE.split("|") for _, _, stance in pairs):
        return None
    said = [f"{_phrase(who, language) or say(who, language)} – {words(language)[stance]}" for who, _, stance in pairs]
    return say("comma", language).join(said)


def _joined(said: list[str | None], comma: str) -> str | None:
    known = [each for each in said if each is not None]
    return comma.join(known) if len(known) == len(said) else None


def _names(names: str, language: Language) -> str | None:
    return say("comma", language).join(isolate(name) for name in names.split(", "))


def _as_it_is(text: str, _language: Language) -> str | None:
    return isolate(text)


_SAID: Mapping[str, Callable[[str, Language], str | None]] = {
    "holder": _holder,
    "stance": _stance,
    "n": _as_it_is,
    "day": _as_it_is,
    "span": _span,
    "text": _as_it_is,
    "names": _names,
    "phrase": _phrase,
    "facets": _facets,
    "cues": _cues,
    "weights": _weights,
    "parts": _parts,
}
