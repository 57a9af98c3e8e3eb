"""Small builders of models, so that a test shows only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.model import (
    Article,
    DateQuality,
    Entry,
    Event,
    Feed,
    FeedState,
    Finding,
    Gate,
    Health,
    Language,
    Level,
    Poll,
    Report,
    Stance,
    StanceChange,
    StoredArticle,
)
from monitor.store import Store

NOW = datetime(2016, 7, 14, 12, 0, tzinfo=UTC)
TOPIC = "us-russia-syria"
HOUR = timedelta(hours=1)


def feed(id_: str = "one", **fields: Any) -> Feed:
    return Feed(
        **{"id": id_, "url": f"http://{id_}.test/rss", "publisher": id_.title(), "language": Language.EN} | fields
    )


def entry(name: str, text: str | None = None, **fields: Any) -> Entry:
    """An entry known by GUID, address, title and text; `fields` override."""
    text = f"The text of {name}, which is long enough to be told from others." if text is None else text
    made = Entry(
        **{
            "guid": name,
            "url": f"http://news.test/{name}",
            "title": f"Title of {name}",
            "text": text,
            "published_at": NOW,
            "date_quality": DateQuality.OK,
        }
        | fields
    )
    return made if "keys" in fields else made.model_copy(update={"keys": ladder(made)})


def ladder(entry_: Entry) -> tuple[str, ...]:
    parts = {"guid": entry_.guid, "url": entry_.url, "title": entry_.title, "text": entry_.text}
    return tuple(f"{kind}:{value}" for kind, value in parts.items() if value)


def poll(*entries: Entry, feed_id: str = "one", at: datetime = NOW, **state: Any) -> Poll:
    state = {"next_poll_at": at + HOUR, "health": Health.OK, "last_polled_at": at} | state
    return Poll(feed_id=feed_id, polled_at=at, entries=entries, state=FeedState(feed_id=feed_id, **state))


def known_feed(store: Store, feed_: Feed, *, at: datetime) -> None:
    """A feed that was polled well before `at`: what it brings from then on is no baseline and may alert."""
    before = at - timedelta(days=2)
    store.sync_feeds((feed_,), before)
    past = {"last_polled_at": before, "last_success_at": before, "first_success_at": before, "next_poll_at": before}
    store.record_poll(poll(feed_id=feed_.id, at=before, **past))


def event(text: str, quote: str, *, actor: str = "USA", stance: Stance = Stance.SUPPORT, **fields: Any) -> Event:
    start = text.index(quote)
    return Event(
        **{
            "actor": actor,
            "stance": stance,
            "start": start,
            "end": start + len(quote),
            "quote": quote,
            "confidence": 0.9,
            "reason": "a test says so",
        }
        | fields
    )


def finding(*events: Event, **fields: Any) -> Finding:
    return Finding(
        **{
            "topic": TOPIC,
            "analyzer": "test-1",
            "language": Language.EN,
            "relevant": True,
            "gate": Gate.PASSED,
            "reason": "a test says so",
            "events": events,
        }
        | fields
    )


def article(text: str, **fields: Any) -> Article:
    return Article(**{"id": "1", "text": text, "published_at": NOW} | fields)


def report(stored: StoredArticle, event_: Event, event_id: int) -> Report:
    return Report(
        event_id=event_id,
        article_id=stored.id,
        topic=TOPIC,
        event=event_,
        at=stored.at,
        seen_at=stored.seen_at,
        language=Language.EN,
        publisher=stored.publisher,
        voice=stored.voice,
    )


def change(before: Report, after: Report, *, level: Level = Level.REPORTED) -> StanceChange:
    return StanceChange(
        topic=TOPIC,
        actor=after.event.actor,
        institution=after.event.institution,
        before=before,
        after=after,
        level=level,
        at=after.at,
        publishers=(after.voice,),
        reason="a test says so",
    )
