"""The interface's words in three languages, from `words.yaml` beside this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

from monitor.model import Language
from monitor.settings import read_model

LANGUAGES = (Language.EN, Language.AR, Language.RU)
NAMES = {Language.EN: "English", Language.AR: "العربية", Language.RU: "Русский"}


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    words: dict[str, dict[Language, str]]

    @model_validator(mode="after")
    def _all_languages(self) -> _Words:
        for key, told in self.words.items():
            if missing := [language.value for language in LANGUAGES if language not in told]:
                raise ValueError(f"{key!r} lacks {', '.join(missing)}")
        return self


@cache
def _table() -> dict[str, dict[Language, str]]:
    return read_model(Path(__file__).with_name("words.yaml"), _Words, environ={}).words


def words(language: Language) -> dict[str, str]:
    """Every word of the interface in `language`."""
    return {key: told[language] for key, told in _table().items()}


def direction(language: str) -> str:
    return "rtl" if language == Language.AR else "ltr"


def preferred(asked: str | None, header: str | None) -> Language:
    """The reader's language: asked for, else the first of Accept-Language that there is, else English."""
    wishes = [asked or "", *(part.split(";")[0].strip()[:2].lower() for part in (header or "").split(","))]
    return next((Language(wish) for wish in wishes if wish in {"en", "ar", "ru"}), Language.EN)
