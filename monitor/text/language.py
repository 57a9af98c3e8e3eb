"""Says which language a text is in: the script decides where it can, py3langid where several languages share one."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from monitor.model import Language

_SAMPLE = 2000  # characters: enough to tell, and a 10 MB text costs no more
_ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_NEIGHBOURS = ["ar", "fa", "ur", "en", "tr", "de", "fr", "es", "it", "ru", "uk", "bg", "he"]
# Letters that Arabic (or Russian) does not have, but its neighbours write in nearly every sentence.
_NOT_ARABIC = re.compile("[\u067e\u0686\u0698\u06af\u06cc\u06d2\u0679\u0688\u0691\u06ba\u06be\u06c1]")
_NOT_RUSSIAN = re.compile("[іїєґўјљњћђѓќџәғқңөұүһі]", re.IGNORECASE)
_ENGLISH = re.compile(r"\b(?:the|of|and|to|in|on|for|with|that|is|was|has|said|by|at|from|as|will)\b", re.IGNORECASE)


def detect(text: str) -> Language:
    """The language of `text`; OTHER when it is none of the three or nothing can be told."""
    sample = text[:_SAMPLE]
    counts = {
        Language.AR: len(_ARABIC.findall(sample)),
        Language.RU: len(_CYRILLIC.findall(sample)),
        Language.EN: len(_LATIN.findall(sample)),
    }
    script = max(counts, key=lambda language: counts[language])
    letters = counts[script]
    if letters == 0:
        return Language.OTHER
    if script is Language.AR:
        return _unless_foreign(script, sample=sample, foreign=len(_NOT_ARABIC.findall(sample)), letters=letters)
    if script is Language.RU:
        return _unless_foreign(script, sample=sample, foreign=len(_NOT_RUSSIAN.findall(sample)), letters=letters)
    if len(_ENGLISH.findall(sample)) * 25 >= len(sample.split()):
        return Language.EN
    return _by_model(sample)


def _unless_foreign(language: Language, *, sample: str, foreign: int, letters: int) -> Language:
    """The script's language, but for a text with many letters that only its neighbours have."""
    if foreign * 50 < letters:
        return language
    return _by_model(sample)


def _by_model(sample: str) -> Language:
    code, _score = _model().classify(sample)
    return Language(code) if code in {"ar", "en", "ru"} else Language.OTHER


@cache
def _model() -> Any:
    # Imported when needed: it costs 0.3 s and 100 MB, and nearly every text is told by its script.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    model.set_languages(_NEIGHBOURS)
    return model
