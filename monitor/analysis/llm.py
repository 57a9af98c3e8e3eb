"""The language-model analyzer without the model: what is asked, and what of an answer is believed. Pure.

The endpoint lives in `monitor.endpoint`. Nothing a model says is taken on trust: a quote that is not an exact span of
the text is refused, never mended into something else; speaker and office are checked against the office table.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.analysis.knowledge import Topic
from monitor.model import (
    Article,
    Event,
    EventKind,
    Evidence,
    Finding,
    Frozen,
    Gate,
    MonitorError,
    Office,
    Stance,
)
from monitor.text.language import detect
from monitor.text.normalize import fold_key

ANALYZER = "llm-1"
_LONGEST_NAME = 80  # of an analyzer, as the store keeps it
_LONGEST_TEXT = 24_000  # characters sent; what is longer is cut at the end and the finding says so


class AnswerError(MonitorError):
    """An answer that is no answer: not JSON, or not of the schema. The text says what is wrong, for the repair turn."""


class Prompt(Frozen):
    """What the model is asked, as `knowledge/prompts/stance.yaml` holds it."""

    version: int
    system: str
    task: str
    repair: str


class ActorCard(Frozen):
    """An actor the model may name, and its institutions' ids."""

    id: str
    name: str
    institutions: tuple[str, ...] = ()


class Question(Frozen):
    """One article's question, ready to send: messages and the key under which its answer is cached."""

    article_id: str
    messages: tuple[dict[str, str], ...]
    key: str = Field(description="hash of text, date and prompt: the same question has the same answer")


class AnswerEvent(BaseModel):
    """One event as the model answers it."""

    model_config = ConfigDict(extra="forbid")

    actor: str
    institution: str | None
    speaker: str | None
    stance: Stance
    kind: EventKind
    quote: str
    conditions: list[str]
    confidence: float = Field(ge=0, le=1)
    reason: str


class Answer(BaseModel):
    """A whole answer."""

    model_config = ConfigDict(extra="forbid")

    relevant: bool
    reason: str
    events: list[AnswerEvent]


class Checked(Frozen):
    """What of an answer holds, and a sentence for each thing that doesn't."""

    finding: Finding
    refused: tuple[str, ...] = ()


def cards(topic: Topic) -> tuple[ActorCard, ...]:
    """The topic's actors as the model is told of them."""
    return tuple(
        ActorCard(id=actor.id, name=actor.name, institutions=tuple(part.id for part in actor.institutions))
        for actor in topic.actors
    )


def reaches_model(first: Finding) -> bool:
    """Whether an article is worth a question: the cheap gates let it through."""
    return first.gate in {Gate.PASSED, Gate.OFF_TARGET}


def believed(checked: Checked, first: Finding, *, model: str | None = None) -> Finding:
    """The model's finding with what the default analyzer sees differently beside it; the default's own where nothing holds.

    `model` becomes part of the analyzer's name: another one reads anew, and what each said stays apart.
    """
    if checked.refused and not checked.finding.events:
        return fallback(first, why=f"nothing it quoted holds: {checked.refused[0]}")
    notes = tuple(f"tiers differ: {sentence}" for sentence in disagreement(first, checked.finding))
    name = f"{ANALYZER} {model}"[:_LONGEST_NAME] if model else ANALYZER
    return checked.finding.model_copy(update={"analyzer": name, "notes": (*checked.finding.notes, *notes)})


def question(article: Article, *, prompt: Prompt, target: str, actors: tuple[ActorCard, ...]) -> Question:
    """The messages for one article. Its text travels as a JSON string: it can't end the data and start to command."""
    payload = {
        "topic": target,
        "actors": [actor.model_dump() for actor in actors],
        "article": {
            "date": article.published_at.date().isoformat() if article.published_at else None,
            "publisher": article.publisher,
            "title": article.title,
            "text": article.text[:_LONGEST_TEXT],
        },
    }
    messages = (
        {"role": "system", "content": prompt.system + "\n" + prompt.task.replace("{target}", target)},
        {"role": "user", "content": json.dumps(payload, ensure_ascii=True)},
    )
    key = hashlib.sha256(json.dumps(messages).encode()).hexdigest()
    return Question(article_id=article.id, messages=messages, key=key)


def answer_schema() -> dict[str, Any]:
    """The JSON schema of an answer, strict: every property required, none added."""
    return Answer.model_json_schema()


def read_answer(raw: str) -> Answer:
    """The model's words as an Answer. Raises AnswerError with what is wrong and where."""
    try:
        return Answer.model_validate_json(_without_fence(raw))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "answer"
        raise AnswerError(f"{place}: {first['msg']}") from error


def _without_fence(raw: str) -> str:
    """Many models wrap JSON in a code fence whatever they are told; the fence carries no meaning."""
    stripped = raw.strip()
    if stripped.startswith("```") and stripped.endswith("```"):
        return stripped.split("\n", 1)[-1].rsplit("```", 1)[0]
    return stripped


def check(
    answer: Answer, article: Article, *, topic: str, actors: tuple[ActorCard, ...], offices: tuple[Office, ...]
) -> Checked:
    """The finding that an answer supports, and what of it is refused, each with its reason."""
    language = article.language or detect(article.text)
    refused: list[str] = []
    notes: list[str] = []
    events: dict[tuple[str, str | None], Event] = {}
    for claimed in answer.events if answer.relevant else ():
        problem = _problem(claimed, article.text, actors)
        if problem:
            refused.append(problem)
            continue
        event, note = _event(claimed, article, offices)
        notes.extend([note] if note else [])
        if (event.actor, event.institution) in events:
            refused.append(f"{event.holder} stands twice; the first one is kept")
            continue
        events[event.actor, event.institution] = event
    if len(article.text) > _LONGEST_TEXT:
        notes.append(f"the model read the first {_LONGEST_TEXT} of {len(article.text)} characters")
    finding = Finding(
        topic=topic,
        analyzer=ANALYZER,
        language=language,
        relevant=answer.relevant,
        gate=Gate.PASSED if answer.relevant else Gate.OFF_TARGET,
        reason=answer.reason or "the model gave no reason",
        events=tuple(sorted(events.values(), key=lambda event: event.start)),
        notes=tuple(notes + [f"refused: {sentence}" for sentence in refused]),
    )
    return Checked(finding=finding, refused=tuple(refused))


def _problem(claimed: AnswerEvent, text: str, actors: tuple[ActorCard, ...]) -> str | None:
    if claimed.actor not in {actor.id for actor in actors}:
        return f"actor {claimed.actor!r} is not among the topic's actors"
    if not claimed.quote.strip():
        return f"{claimed.actor}: the quote is empty"
    for quoted in (claimed.quote, *claimed.conditions):
        if quoted not in text:
            return f"{claimed.actor}: this is not an exact span of the text: {quoted[:120]!r}"
    return None


def _event(claimed: AnswerEvent, article: Article, offices: tuple[Office, ...]) -> tuple[Event, str | None]:
    held = office_on(offices, person=claimed.speaker, day=article.published_at.date() if article.published_at else None)
    institution, office, note = claimed.institution, None, None
    if held is not None and held.actor == claimed.actor:
        office = held.office
        if held.institution and held.institution != institution:
            note = f"{claimed.speaker} was {held.office} ({held.institution}) that day; the model said {institution}"
            institution = held.institution
    start = article.text.find(claimed.quote)
    event = Event(
        actor=claimed.actor,
        institution=institution,
        speaker=claimed.speaker,
        office=office,
        stance=claimed.stance,
        start=start,
        end=start + len(claimed.quote),
        quote=claimed.quote,
        conditions=tuple(_condition(article.text, words, start) for words in claimed.conditions if words.strip()),
        kind=claimed.kind,
        confidence=claimed.confidence,
        reason=claimed.reason or "the model gave no reason",
    )
    return event, note


def _condition(text: str, words: str, near: int) -> Evidence:
    """The condition where it stands in or after the quote; elsewhere only if it stands nowhere after it."""
    start = text.find(words, near)
    start = start if start >= 0 else text.find(words)
    return Evidence(start=start, end=start + len(words), quote=words)


def office_on(offices: tuple[Office, ...], *, person: str | None, day: date | None) -> Office | None:
    """The office `person` held on `day`, by any of the spellings known in three languages."""
    if person is None or day is None:
        return None
    wanted = fold_key(person)
    for office in offices:
        known = {fold_key(office.person), *(fold_key(name) for names in office.names.values() for name in names)}
        if wanted in known and office.held_on(day):
            return office
    return None


# --- the format of OpenAI's Batch API ---------------------------------------------------------


def batch_request(asked: Question, *, model: str) -> dict[str, Any]:
    """One line of a batch input file."""
    return {
        "custom_id": asked.article_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": body(asked.messages, model=model),
    }


def body(messages: tuple[dict[str, str], ...], *, model: str) -> dict[str, Any]:
    """The body of a chat-completions request that must be answered by the schema."""
    schema = {"name": "finding", "strict": True, "schema": answer_schema()}
    return {
        "model": model,
        "messages": list(messages),
        "temperature": 0,
        "response_format": {"type": "json_schema", "json_schema": schema},
    }


def batch_answer(line: dict[str, Any]) -> tuple[str, str]:
    """(article id, the model's words) of one line of a batch output file. Raises AnswerError when it holds no answer."""
    name = str(line.get("custom_id", ""))
    try:
        return name, content(line["response"]["body"])
    except (KeyError, TypeError) as error:
        raise AnswerError(f"{name or 'a line'}: no answer: {line.get('error') or 'unknown form'}") from error


def content(reply: Any) -> str:
    """The model's words in a chat-completions reply. Raises AnswerError when there are none."""
    try:
        words = reply["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError) as error:
        raise AnswerError("the endpoint's reply holds no message") from error
    if not isinstance(words, str):
        raise AnswerError("the endpoint's message holds no text")
    return words


def fallback(finding: Finding, *, why: str) -> Finding:
    """The default analyzer's finding, marked as standing in for the model's."""
    return finding.model_copy(
        update={"notes": (*finding.notes, f"the language model gave no usable answer ({why}); rules stand")}
    )


def disagreement(rules: Finding, model: Finding) -> tuple[str, ...]:
    """What the two tiers see differently, one sentence each; both findings are kept."""
    ours = {(event.actor, event.institution): event for event in rules.events}
    theirs = {(event.actor, event.institution): event for event in model.events}
    sentences = (
        [] if rules.relevant == model.relevant else [f"rules say relevant={rules.relevant}, model {model.relevant}"]
    )
    for holder in sorted(ours.keys() | theirs.keys(), key=str):
        one, other = ours.get(holder), theirs.get(holder)
        name = "/".join(part for part in holder if part)
        if one is None and other is not None:
            sentences.append(f"only the model sees {name} {other.stance.value}")
        elif other is None and one is not None:
            sentences.append(f"only the rules see {name} {one.stance.value}")
        elif one is not None and other is not None and one.stance is not other.stance:
            sentences.append(f"{name}: rules say {one.stance.value}, the model {other.stance.value}")
    return tuple(sentences)
