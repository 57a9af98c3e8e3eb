"""Asks a language model behind any OpenAI-compatible endpoint (Ollama, llama.cpp, vLLM, hosted), within deadlines and a budget.

The operator names the endpoint, so private addresses are allowed here, unlike for feeds. What is asked and what of an
answer is believed is decided in `monitor.analysis.llm`; this file only carries words.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import stamina
from pydantic import Field, SecretStr

from monitor.analysis.knowledge import Topic
from monitor.analysis.llm import (
    Answer,
    AnswerError,
    Checked,
    Prompt,
    Question,
    body,
    cards,
    check,
    content,
    fallback,
    question,
    reaches_model,
    read_answer,
    second,
)
from monitor.model import Article, Finding, Frozen, MonitorError, Office

_LONGEST_REPLY = 1_000_000  # bytes
_TEMPORARY = {408, 409, 425, 429, 500, 502, 503, 504, 529}


class EndpointError(MonitorError):
    """The model could not be asked, or gave no answer that can be used."""


class _TemporaryError(EndpointError):
    """A failure that another try may mend."""


class BudgetSpentError(EndpointError):
    """The day's budget is used up; the next day starts a new one."""


class LanguageModel(Frozen):
    """An endpoint, as `feeds.yaml` names it under `language_model`."""

    url: str = Field(pattern=r"^https?://", description="base address that ends in /v1")
    model: str
    api_key: SecretStr | None = None
    timeout: timedelta = timedelta(seconds=60)
    attempts: int = Field(default=3, ge=1, le=10)
    first_wait: timedelta = Field(default=timedelta(seconds=1), description="before the second try; then it doubles")
    concurrency: int = Field(default=2, ge=1)
    requests_per_day: int = Field(default=500, ge=0)
    cache: Path = Field(default=Path("monitor-cache"), description="folder of answers, by hash of text and prompt")


class Ledger:
    """Answers already paid for and requests already made today, as files: a restart forgets neither."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def answer(self, key: str) -> str | None:
        path = self._folder / f"{key}.json"
        return path.read_text(encoding="utf-8") if path.exists() else None

    def keep(self, key: str, words: str) -> None:
        self._write(f"{key}.json", words)

    def spent(self, day: str) -> int:
        path = self._folder / f"spent-{day}.txt"
        return int(path.read_text(encoding="utf-8")) if path.exists() else 0

    def spend(self, day: str) -> None:
        self._write(f"spent-{day}.txt", str(self.spent(day) + 1))

    def _write(self, name: str, words: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f"{name}.part"
        unfinished.write_text(words, encoding="utf-8")
        unfinished.replace(self._folder / name)  # a crash leaves the old file or the new one, never half of one


class Endpoint:
    """Asks one question at a time of one model; the session is handed in."""

    def __init__(self, config: LanguageModel, session: aiohttp.ClientSession, *, clock: Callable[[], datetime]) -> None:
        self._config = config
        self._session = session
        self._clock = clock
        self._ledger = Ledger(config.cache)

    async def ask(self, asked: Question, *, prompt: Prompt, check: Callable[[Answer], Checked]) -> Checked:
        """What holds of the model's answer. One repair turn is granted for a broken answer or a quote that is none.

        Raises EndpointError (BudgetSpentError) when there is no usable answer.
        """
        known = self._ledger.answer(asked.key)
        if known is not None:
            return check(read_answer(known))
        words = await self._say(asked.messages)
        checked, problems = _judged(words, check)
        if problems:
            again = {"role": "user", "content": prompt.repair.replace("{problems}", "; ".join(problems))}
            words = await self._say((*asked.messages, {"role": "assistant", "content": words}, again))
            checked, problems = _judged(words, check)
        if checked is None:
            raise EndpointError(f"{self._config.model}: no usable answer after a repair turn: {'; '.join(problems)}")
        self._ledger.keep(asked.key, words)
        return checked

    async def _say(self, messages: tuple[dict[str, str], ...]) -> str:
        day = self._clock().date().isoformat()
        async for attempt in stamina.retry_context(
            on=_TemporaryError,
            attempts=self._config.attempts,
            wait_initial=self._config.first_wait.total_seconds(),
            timeout=None,
        ):
            with attempt:
                if self._ledger.spent(day) >= self._config.requests_per_day:
                    raise BudgetSpentError(f"the budget of {self._config.requests_per_day} requests for {day} is spent")
                self._ledger.spend(day)
                return await self._post(messages)
        raise AssertionError("retry_context returns or raises")

    async def _post(self, messages: tuple[dict[str, str], ...]) -> str:
        config = self._config
        headers = {"Authorization": f"Bearer {config.api_key.get_secret_value()}"} if config.api_key else {}
        try:
            async with self._session.post(
                f"{config.url.rstrip('/')}/chat/completions",
                json=body(messages, model=config.model),
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=config.timeout.total_seconds()),
                allow_redirects=False,  # a redirect would carry the key elsewhere
            ) as response:
                raw = await response.content.read(_LONGEST_REPLY + 1)
                while len(raw) <= _LONGEST_REPLY and (more := await response.content.read(_LONGEST_REPLY)):
                    raw += more
                return self._words(raw, response.status)
        except TimeoutError as error:
            raise _TemporaryError(f"{config.url}: no answer within {config.timeout.total_seconds():g} s") from error
        except aiohttp.ClientError as error:
            raise _TemporaryError(f"{config.url}: {type(error).__name__}") from error

    def _words(self, raw: bytes, status: int) -> str:
        url = self._config.url
        if status in _TEMPORARY:
            raise _TemporaryError(f"{url}: HTTP {status}")
        if status != 200:
            raise EndpointError(f"{url}: HTTP {status}; check url, model and api_key of language_model in feeds.yaml")
        if len(raw) > _LONGEST_REPLY:
            raise EndpointError(f"{url}: the reply is larger than {_LONGEST_REPLY} bytes")
        try:
            reply: Any = json.loads(raw)
            return content(reply)
        except (ValueError, AnswerError) as error:
            raise _TemporaryError(f"{url}: {error}") from error


def _judged(words: str, check: Callable[[Answer], Checked]) -> tuple[Checked | None, tuple[str, ...]]:
    try:
        checked = check(read_answer(words))
    except AnswerError as error:
        return None, (str(error),)
    return checked, checked.refused


async def second_reading(
    endpoint: Endpoint, article: Article, first: Finding, *, prompt: Prompt, topic: Topic, offices: tuple[Office, ...]
) -> Finding:
    """The model's finding for an article that passed the gates; the default's own, marked so, when there is none."""
    if not reaches_model(first):
        return first
    actors = cards(topic)
    put = question(article, prompt=prompt, target=topic.target, actors=actors)
    try:
        checked = await endpoint.ask(
            put,
            prompt=prompt,
            check=lambda given: check(given, article, topic=topic.id, actors=actors, offices=offices),
        )
    except EndpointError as error:
        return fallback(first, why=str(error))
    return second(checked, first)
