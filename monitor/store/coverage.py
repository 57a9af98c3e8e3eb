"""What came, what passed and what was dropped at which gate, counted by day, publisher and language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from monitor.model import Frozen
from monitor.store import tables as t
from monitor.store.identity import digests
from monitor.store.stances import OTHER_TIER

_BATCH = 500


class Counted(Frozen):
    """One counter of one feed's publisher on the day its articles came."""

    day: date
    feed_id: str
    publisher: str
    language: str
    counter: str
    amount: int


def counted(
    connection: Connection, *, since: datetime | None, until: datetime | None, topic: str | None
) -> tuple[Counted, ...]:
    """Counters of the polls (`polls`, `new`, `dropped:…`), then of the articles by the gate they met.

    `articles`, `waiting`, `set_aside`; `gate:…` and `relevant`; `no_stance`; `events` and `verdict:…`; `alert:…`.
    """
    rows = [*_polls(connection, since, until)]
    for query in _gates(connection, topic):
        if since is not None:
            query = query.where(t.article.c.seen_at >= since)
        if until is not None:
            query = query.where(t.article.c.seen_at < until)
        rows.extend(_rows(connection, query))
    return tuple(rows)


def _polls(connection: Connection, since: datetime | None, until: datetime | None) -> Iterator[Counted]:
    query = select(t.daily, t.feed.c.publisher, t.feed.c.language).join(t.feed, t.feed.c.id == t.daily.c.feed_id)
    if since is not None:
        query = query.where(t.daily.c.day >= since.date())
    if until is not None:
        query = query.where(t.daily.c.day < until.date())
    for row in connection.execute(query.order_by(t.daily.c.day, t.daily.c.feed_id, t.daily.c.counter)):
        yield Counted(**row._mapping)


def _gates(connection: Connection, topic: str | None) -> Iterator[Select[Any]]:
    """One query a gate, each grouped by day, feed, publisher, language and the gate's name."""
    yield _grouped(connection, None)
    yield _grouped(connection, None, name="waiting").where(t.article.c.analyze_at.is_not(None))
    yield _grouped(connection, None, name="set_aside").where(t.article.c.set_aside_at.is_not(None))
    newest = select(func.max(t.finding.c.id)).group_by(t.finding.c.version_id, t.finding.c.topic)
    read = t.finding.c.id.in_(newest) & ((t.finding.c.topic == topic) if topic else True)
    findings = _current(_grouped(connection, t.finding.c.gate), t.finding).where(read)
    yield findings
    says = (
        select(t.event.c.id)
        .where(t.event.c.version_id == t.finding.c.version_id, t.event.c.topic == t.finding.c.topic)
        .where(t.event.c.analyzer == t.finding.c.analyzer)
        .correlate(t.finding)
        .exists()
    )
    yield _current(_grouped(connection, None, name="no_stance"), t.finding).where(read, t.finding.c.relevant, ~says)
    told = (t.event.c.topic == topic) if topic else (t.event.c.id > 0)
    told &= t.event.c.verdict.is_distinct_from(OTHER_TIER)  # another tier's word on the same article counts already
    of_article = t.event.c.article_id == t.article.c.id
    yield (
        _grouped(connection, func.coalesce(t.event.c.verdict, "waits"), prefix="verdict:")
        .join(t.event, of_article)
        .where(told)
    )
    yield (
        _grouped(connection, t.delivery.c.state, prefix="alert:")
        .join(t.event, of_article)
        .join(t.change, t.change.c.cause == t.event.c.id)
        .join(t.delivery, t.delivery.c.change_id == t.change.c.id)
        .where(told)
    )


def _grouped(connection: Connection, gate: Any, *, name: str = "articles", prefix: str = "gate:") -> Select[Any]:
    day = _utc_day(connection, t.article.c.seen_at).label("day")
    group = [day, t.article.c.feed_id, t.article.c.publisher, t.article.c.language]
    shown = [gate] if gate is not None else []
    columns = [*group, *(each.label("gate") for each in shown), func.count().label("amount")]
    query = select(*columns).select_from(t.article).group_by(*group, *shown).order_by(*group, *shown)
    return query.execution_options(counter=name, prefix=prefix)


def _utc_day(connection: Connection, column: Any) -> Any:
    """The day of an instant, whatever zone the session is in; SQLite keeps instants as UTC text."""
    return func.date(func.timezone("UTC", column) if connection.dialect.name == "postgresql" else column)


def _current(query: Select[Any], table: Any) -> Select[Any]:
    """Only what was made of the version that stands now."""
    return query.join(
        t.version, (t.version.c.article_id == t.article.c.id) & (t.version.c.number == t.article.c.version)
    ).join(table, table.c.version_id == t.version.c.id)


def _rows(connection: Connection, query: Select[Any]) -> Iterator[Counted]:
    options = query.get_execution_options()
    for row in connection.execute(query):
        plain = dict(row._mapping)
        gate = plain.pop("gate", None)
        yield Counted(**plain, counter=options["counter"] if gate is None else f"{options['prefix']}{gate}")


# --- a second list ------------------------------------------------------------------------------


def known_addresses(connection: Connection, keys: Iterable[str]) -> frozenset[str]:
    """Those of the `url:…` identity keys that an article has."""
    wanted = {digest: key for key in keys for digest in digests([key], feed_id="", voice="")}
    asked = list(wanted)
    found: set[str] = set()
    for start in range(0, len(asked), _BATCH):
        query = select(t.article_key.c.digest).where(t.article_key.c.digest.in_(asked[start : start + _BATCH]))
        found.update(wanted[digest] for digest in connection.execute(query).scalars())
    return frozenset(found)


def stored_addresses(connection: Connection) -> Iterator[tuple[str, str]]:
    """(address, publisher) of every article that has one; a row at a time, so that memory stays flat."""
    query = select(t.article.c.url, t.article.c.publisher).where(t.article.c.url.is_not(None))
    for row in connection.execution_options(yield_per=5_000).execute(query):
        yield row.url, row.publisher
