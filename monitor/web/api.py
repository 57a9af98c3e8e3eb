"""The JSON API: the same queries as the command line, names as in the model. Probes, metrics and the live stream."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from pydantic import BeforeValidator

from monitor.model import (
    ArticleRow,
    ChangeRow,
    Delivery,
    DeliveryState,
    EventRow,
    FeedRow,
    Finding,
    Found,
    Level,
    Policy,
    Stance,
    StanceChange,
    Status,
    StoreError,
    Track,
)
from monitor.standing import Standing, judge
from monitor.store import Store
from monitor.tracking import settle
from monitor.web.metrics import exposition

router = APIRouter(tags=["api"])

Limit = Annotated[int, Query(ge=1, le=1000, description="the newest so many")]


def _written(value: object) -> object:
    """A date or time as people write it: `2016` is a year half told, not seconds since 1970."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        raise ValueError("give a date or time in ISO 8601, like 2016-06-30")
    return value


_NUMBER = re.compile(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?")
Moment = Annotated[datetime, BeforeValidator(_written)]
Since = Annotated[Moment | None, Query(description="from this time on, ISO 8601 with a zone")]
Until = Annotated[Moment | None, Query(description="before this time, ISO 8601 with a zone")]
_LARGEST_ID = 2**63 - 1
_LISTEN = 2.0  # seconds between looks at the store


def store_of(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def now_of(request: Request) -> datetime:
    now: datetime = request.app.state.clock()
    return now


def aware(moment: datetime | None) -> datetime | None:
    """A time without a zone is taken as UTC, which is what the store speaks."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


@router.get("/api/status")
def status(request: Request) -> dict[str, Any]:
    """How things stand, with level and reasons as `monitor status` gives them."""
    rows, standing = standing_of(request)
    return {
        "level": standing.level.name,
        "reasons": standing.reasons,
        "figures": standing.figures,
        **rows.model_dump(mode="json"),
    }


def standing_of(request: Request) -> tuple[Status, Standing]:
    store, now = store_of(request), now_of(request)
    rows = store.status(now)
    return rows, judge(rows, store.feeds(), now=now)


@router.get("/api/stances")
def stances(request: Request, topic: str | None = None, actor: str | None = None) -> list[Track]:
    """Where every holder stands now."""
    return [track for track in tracks_of(request, topic=topic, actor=actor) if track.stance or track.challenger]


def tracks_of(request: Request, *, topic: str | None = None, actor: str | None = None) -> tuple[Track, ...]:
    """As they stand now: a challenger whose window has passed waits no longer."""
    now, policies = now_of(request), request.app.state.policies
    return tuple(
        settle(track, now=now, policy=policies.get(track.topic) or Policy())
        for track in store_of(request).tracks(topic=topic, actor=actor)
    )


@router.get("/api/changes")
def changes(
    request: Request,
    topic: str | None = None,
    actor: str | None = None,
    level: Level | None = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100,
) -> list[ChangeRow]:
    """Changes of stance, oldest first."""
    return list(
        store_of(request).changes(
            topic=topic, actor=actor, level=level, since=aware(since), until=aware(until), limit=limit
        )
    )


@router.get("/api/changes/{change_id}", responses={404: {"description": "there is no such change"}})
def change(request: Request, change_id: int) -> ChangeRow:
    """One change with both reports."""
    return store_of(request).change(small(change_id))


@router.get("/api/events")
def events(
    request: Request,
    topic: str | None = None,
    actor: str | None = None,
    institution: str | None = None,
    stance: Stance | None = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100,
) -> list[EventRow]:
    """Coded events, oldest first."""
    return list(
        store_of(request).events(
            topic=topic,
            actor=actor,
            institution=institution,
            stance=stance.value if stance else None,
            since=aware(since),
            until=aware(until),
            limit=limit,
        )
    )


@router.get("/api/articles")
def articles(
    request: Request,
    topic: str | None = None,
    relevant: bool | None = None,
    language: str | None = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100,
) -> list[ArticleRow]:
    """Articles, oldest first, with the verdict on each."""
    return list(
        store_of(request).articles(
            topic=topic, relevant=relevant, language=language, since=aware(since), until=aware(until), limit=limit
        )
    )


@router.get("/api/articles/{article_id}/findings", responses={404: {"description": "there is no such article"}})
def findings(request: Request, article_id: int) -> list[Finding]:
    """What the analyzers made of an article's current version."""
    store = store_of(request)
    store.article(small(article_id))
    return list(store.findings(article_id))


@router.get("/api/events/{event_id}", responses={404: {"description": "there is no such event"}})
def event(request: Request, event_id: int) -> EventRow:
    """One event with its evidence and what it did to its track."""
    rows = store_of(request).events(event_id=small(event_id))
    if not rows:
        raise StoreError(f"there is no event {event_id}")
    return rows[0]


@router.get("/api/search")
def search(
    request: Request,
    q: Annotated[str, Query(max_length=300, description='words, all of which must be there; "in this order"; beginn*')],
    language: str | None = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
) -> Found:
    """Articles and events by their words, in any form and any of the languages, the newest seen first."""
    return store_of(request).search(q, language=language, since=aware(since), until=aware(until), limit=limit)


@router.get("/api/feeds")
def feeds(request: Request) -> list[FeedRow]:
    """The feeds and how each is doing."""
    return list(store_of(request).feeds())


@router.get("/api/alerts")
def alerts(request: Request, state: DeliveryState | None = None, limit: Limit = 100) -> list[Delivery]:
    """Alerts on their way, sent or stuck."""
    return list(store_of(request).deliveries(state=state, limit=limit))


def small(number: int) -> int:
    """Numbers that no row can have are no rows, not database errors."""
    if not 0 < number <= _LARGEST_ID:
        raise StoreError(f"there is no row {number}")
    return number


class EventStream(StreamingResponse):
    media_type = "text/event-stream"


# --- probes, metrics, live --------------------------------------------------------------------


@router.get("/healthz", tags=["probes"], response_class=PlainTextResponse)
def healthz() -> PlainTextResponse:
    """The web process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz", tags=["probes"], responses={503: {"description": "critical"}})
def readyz(request: Request) -> JSONResponse:
    """The store answers and nothing is critical; 503 with the reasons otherwise."""
    _, standing = standing_of(request)
    code = 503 if standing.level.name == "CRITICAL" else 200
    return JSONResponse({"level": standing.level.name, "reasons": list(standing.reasons)}, status_code=code)


@router.get("/metrics", tags=["probes"], response_class=PlainTextResponse)
def metrics(request: Request) -> PlainTextResponse:
    """Figures in the Prometheus text format."""
    rows, standing = standing_of(request)
    return PlainTextResponse(exposition(rows, standing), media_type="text/plain; version=0.0.4")


@router.get("/stream", tags=["probes"], response_class=EventStream)
async def stream(request: Request) -> EventStream:
    """Server-sent events, one when it is asked and one whenever something moves: a mark each for changes, events, articles."""

    async def listen() -> AsyncIterator[str]:
        last = ""
        while not await request.is_disconnected():
            now = json.dumps(await asyncio.to_thread(_marks, request.app.state))
            yield f"data: {now}\n\n" if now != last else ": still here\n\n"
            last = now
            await asyncio.sleep(_LISTEN)

    return EventStream(listen(), headers={"Cache-Control": "no-store"})


def _marks(state: Any) -> dict[str, str]:
    """However many listen, the store is asked once in a while."""
    now = time.monotonic()
    told: tuple[float, dict[str, str]] | None = getattr(state, "marks", None)
    if told is None or now - told[0] > _LISTEN / 2:
        told = state.marks = (now, state.store.marks())
    return told[1]


def level_words(change: StanceChange) -> str:
    return f"{change.holder}: {change.before.event.stance.value} → {change.after.event.stance.value} ({change.level.value})"
