"""The language-model tier on the command line: asked directly, or through files in the form of OpenAI's Batch API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.analysis import llm
from monitor.cli.show import dumps
from monitor.model import Analyzer, Article, ConfigError, Finding, MonitorError

if TYPE_CHECKING:
    from monitor.analysis.knowledge import Knowledge

Read = Callable[[Article], Finding]


def writes_questions(path: Path, first: Analyzer, *, knowledge: Knowledge, topic: str, model: str) -> Read:
    """Writes a batch request for each article that passes the gates; the finding is the default analyzer's."""
    from monitor.settings import load_prompt

    prompt, watched = load_prompt(), knowledge.topic(topic)
    actors = llm.cards(watched)
    path.write_text("", encoding="utf-8")

    def read(article: Article) -> Finding:
        finding = first.analyze(article)
        if llm.reaches_model(finding):
            asked = llm.question(article, prompt=prompt, target=watched.target, actors=actors)
            with path.open("a", encoding="utf-8") as out:
                out.write(dumps(llm.batch_request(asked, model=model)) + "\n")
        return finding

    return read


def takes_answers(path: Path, first: Analyzer, *, knowledge: Knowledge, topic: str) -> Read:
    """Takes a batch's answers through the same validation; where one is missing or broken the default's finding stands."""
    answers, failures = _batch(path)
    actors = llm.cards(knowledge.topic(topic))

    def read(article: Article) -> Finding:
        finding = first.analyze(article)
        if not llm.reaches_model(finding):
            return finding
        if article.id not in answers:
            return llm.fallback(finding, why=failures.get(article.id, "no answer in the batch"))
        try:
            answer = llm.read_answer(answers[article.id])
        except llm.AnswerError as error:
            return llm.fallback(finding, why=str(error))
        checked = llm.check(answer, article, topic=topic, actors=actors, offices=knowledge.offices)
        return llm.believed(checked, finding)

    return read


def _batch(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """(words by article id, failures by article id) of a batch output file."""
    answers: dict[str, str] = {}
    failures: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise MonitorError(f"{path}: cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise MonitorError(f"{path}:{number}: not JSON: {error}") from error
        try:
            name, words = llm.batch_answer(row)
            answers[name] = words
        except llm.AnswerError as error:
            failures[str(row.get("custom_id"))] = str(error)
    return answers, failures


def asks(config: Path | None, first: Analyzer, *, knowledge: Knowledge, topic: str) -> Read:
    """Asks the endpoint that feeds.yaml names under `language_model`."""
    from monitor.settings import load_prompt, load_settings

    chosen = load_settings(config).language_model
    if chosen is None:
        raise ConfigError("no language_model in feeds.yaml; name its url and model there, or use --analyzer rules")
    settings, prompt, watched = chosen, load_prompt(), knowledge.topic(topic)

    def read(article: Article) -> Finding:
        import aiohttp

        from monitor.endpoint import Endpoint, second_reading

        async def ask() -> Finding:
            async with aiohttp.ClientSession() as session:
                endpoint = Endpoint(settings, session, clock=lambda: datetime.now(UTC))
                return await second_reading(
                    endpoint, article, first.analyze(article), prompt=prompt, topic=watched, offices=knowledge.offices
                )

        return asyncio.run(ask())

    return read
