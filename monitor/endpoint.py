"""Asks a language model behind any OpenAI-compatible endpoint (Ollama, llama.cpp, vLLM, hosted), within deadlines and a budget.

Whoever asks many questions (the daemon) hands in a budget that restarts and other workers share; files do for one command.

The operator names the endpoint, so private addresses are allowed here, unlike for feeds. What is asked and what of an
answer is believed is decided in `monitor.analysis.llm`; this file only carries words.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from monitor.analysis.knowledge import Topic
from monitor.analysis.llm import (
    Answer,
    AnswerError,
    Checked,
    Prompt,
    Question,
    believed,
    body,
    cards,
    check,
    content,
    fallback,
    question,
    reaches_model,
    read_answer,
)
from monitor.model import Article, Finding, Frozen, MonitorError, Office, Span

if TYPE_CHECKING:
    import aiohttp  # a tenth of a second, which settings (and so every command) must not pay

_LONGEST_REPLY = 1_000_000  # bytes
_TIRED_AFTER = 3  # questions in a row without an answer
_REST = timedelta(minutes=5)  # then nothing is asked for so long: a dead endpoint must not hold up the news
_TEMPORARY = {408, 409, 425, 429, 500, 502, 503, 504, 529}


class EndpointError(MonitorError):
    """The model could not be asked, or gave no answer that can be used."""


class _TemporaryError(EndpointError):
    """A failure that another try may mend."""


class BudgetSpentError(EndpointError):
    """The day's budget is used up; the next day starts a new one."""


class RestingError(EndpointError):
    """Too many questions in a row had no answer; for a while none is asked."""


class LanguageModel(Frozen):
    """An endpoint, as `feeds.yaml` names it under `language_model`."""

    url: str = Field(pattern=r"^https?://", description="base address that ends in /v1")
    model: str
    api_key: SecretStr | None = None
    tracks: Literal["llm", "rules"] = Field(
        default="llm", description="whose events move the stances where both have read; the other's are kept beside"
    )
    timeout: Span = Field(default=timedelta(seconds=60), description="for one request")
    deadline: Span = Field(
        default=timedelta(minutes=5),
        le=timedelta(minutes=8),
        description="for one article, with waiting, retries and repair; then the default's finding stands",
    )
    attempts: int = Field(default=3, ge=1, le=10)
    first_wait: Span = Field(default=timedelta(seconds=1), description="before the second try; then it doubles")
    concurrency: int = Field(default=2, ge=1)
    requests_per_day: int = Field(default=500, ge=0)
    cache: Path = Field(default=Path("monitor-cache"), description="folder of answers, by hash of text and prompt")

    @field_validator("url")
    @classmethod
    def _holds_no_secret(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.username or parts.password or parts.query:
            raise ValueError("the address may be shown in logs and notes; put its secret into api_key")
        return url


class Budget(Protocol):
    """Who keeps count of a day's requests. May block: called in threads."""

    def take(self, now: datetime, allowed: int) -> bool:
        """Counts one more request of the day; False, and nothing counted, if that is more than allowed."""
        ...

    def note(self, now: datetime, allowed: int, error: str | None) -> None:
        """Counts an article that was answered for, or with an error one that was not."""
        ...


class Ledger:
    """Answers already paid for and requests already made today, as files: a restart forgets neither."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, now: datetime, allowed: int) -> bool:
        day = now.date().isoformat()
        if self.spent(day) >= allowed:
            return False
        self._write(f"spent-{day}.txt", str(self.spent(day) + 1))
        return True

    def note(self, now: datetime, allowed: int, error: str | None) -> None:
        """Files count requests only: a command shows its failures itself."""

    def answer(self, key: str) -> str | None:
        path = self._folder / f"{key}.json"
        return path.read_text(encoding="utf-8") if path.exists() else None

    def keep(self, key: str, words: str) -> None:
        self._write(f"{key}.json", words)

    def spent(self, day: str) -> int:
        path = self._folder / f"spent-{day}.txt"
        return int(path.read_text(encoding="utf-8")) if path.exists() else 0

    def _write(self, name: str, words: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f"{name}.part"
        unfinished.write_text(words, encoding="utf-8")
        unfinished.replace(self._folder / name)  # a crash leaves the old file or the new one, never half of one


class Endpoint:
    """Asks questions of one model, so many at once; the session is handed in."""

    def __init__(
        self,
        config: LanguageModel,
        session: aiohttp.ClientSession,
        *,
        clock: Callable[[], datetime],
        budget: Budget | None = None,
    ) -> None:
        self.config = config
        self._session = session
        self._clock = clock
        self._ledger = Ledger(config.cache)
        self._budget = budget or self._ledger
        self._places = asyncio.Semaphore(config.concurrency)
        self._failures = 0  # in a row
        self._rests_until: datetime | None = None

    async def ask(self, asked: Question, *, prompt: Prompt, check: Callable[[Answer], Checked]) -> Checked:
        """What holds of the model's answer. One repair turn is granted for a broken answer or a quote that is none.

        Raises EndpointError (BudgetSpentError, RestingError) when there is no usable answer.
        """
        known = await asyncio.to_thread(self._ledger.answer, asked.key)
        checked = _judged(known, check)[0] if known is not None else None
        if checked is not None:
            return checked
        self._refuse_while_resting()
        try:
            async with asyncio.timeout(self.config.deadline.total_seconds()), self._places:
                self._refuse_while_resting()  # others may have failed while this one waited
                words, checked = await self._answered(asked, prompt=prompt, check=check)
        except (BudgetSpentError, RestingError):
            raise  # nothing was asked, so nothing failed
        except TimeoutError as error:
            late = EndpointError(f"{self._where}: no answer within {self.config.deadline.total_seconds():g} s in all")
            await self._failed(late)
            raise late from error
        except EndpointError as error:
            await self._failed(error)
            raise
        self._failures = 0
        await asyncio.to_thread(self._ledger.keep, asked.key, words)
        await self._note(None)
        return checked

    async def _answered(
        self, asked: Question, *, prompt: Prompt, check: Callable[[Answer], Checked]
    ) -> tuple[str, Checked]:
        words = await self._say(asked.messages)
        checked, problems = _judged(words, check)
        if problems:
            again = {"role": "user", "content": prompt.repair.replace("{problems}", "; ".join(problems))}
            words = await self._say((*asked.messages, {"role": "assistant", "content": words}, again))
            checked, problems = _judged(words, check)
        if checked is None:
            raise EndpointError(f"{self.config.model}: no usable answer after a repair turn: {'; '.join(problems)}")
        return words, checked

    async def _failed(self, error: EndpointError) -> None:
        self._failures += 1
        if self._failures >= _TIRED_AFTER:
            self._failures, self._rests_until = 0, self._clock() + _REST
        await self._note(str(error))

    def _refuse_while_resting(self) -> None:
        if self._rests_until is not None and self._clock() < self._rests_until:
            raise RestingError(
                f"{self._where}: {_TIRED_AFTER} questions in a row had no answer; none is asked before "
                f"{self._rests_until:%H:%M} UTC"
            )

    async def _note(self, error: str | None) -> None:
        await asyncio.to_thread(self._budget.note, self._clock(), self.config.requests_per_day, error)

    @property
    def _where(self) -> str:
        return urlsplit(self.config.url).netloc

    async def _say(self, messages: tuple[dict[str, str], ...]) -> str:
        import stamina

        async for attempt in stamina.retry_context(
            on=_TemporaryError,
            attempts=self.config.attempts,
            wait_initial=self.config.first_wait.total_seconds(),
            timeout=None,
        ):
            with attempt:
                now, allowed = self._clock(), self.config.requests_per_day
                if not await asyncio.to_thread(self._budget.take, now, allowed):
                    raise BudgetSpentError(f"the budget of {allowed} requests for {now:%Y-%m-%d} is spent")
                return await self._post(messages)
        raise AssertionError("retry_context returns or raises")

    async def _post(self, messages: tuple[dict[str, str], ...]) -> str:
        import aiohttp

        config = self.config
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
            raise _TemporaryError(f"{self._where}: no answer within {config.timeout.total_seconds():g} s") from error
        except aiohttp.ClientError as error:
            raise _TemporaryError(f"{self._where}: {type(error).__name__}") from error

    def _words(self, raw: bytes, status: int) -> str:
        url = self._where
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
    return believed(checked, first, model=endpoint.config.model)
