"""Articles in and out: insert if absent by the identity ladder, new versions, what is due for analysis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from monitor.model import Article, DateQuality, Entry, Feed, Language, Recorded, StoredArticle
from monitor.store import tables as t
from monitor.store.dialect import insert_if_absent, new_ids
from monitor.store.identity import Known, digests, is_new_version, same, storable, text_hash, useful_keys
from monitor.store.search import index_versions, words_of_version

_TRUSTED_DATES = {DateQuality.OK, DateQuality.NO_ZONE}


@dataclass
class _Plan:
    """What a poll's entries come to, before anything is written."""

    new: list[tuple[Entry, frozenset[bytes]]] = field(default_factory=list)
    changed: list[tuple[Entry, Known]] = field(default_factory=list)
    learned: dict[bytes, int] = field(default_factory=dict)  # further keys of known articles
    known: list[int] = field(default_factory=list)


def record_entries(
    connection: Connection, feed: Feed, entries: Sequence[Entry], *, seen_at: datetime, voices: Mapping[str, str]
) -> Recorded:
    """Inserts what is absent, versions what changed; both become due for analysis. A handful of statements."""
    if not entries:
        return Recorded()
    plan = _plan(connection, feed, [_clean(entry) for entry in entries])
    changed = _add_versions(connection, feed, plan.changed, seen_at=seen_at)
    plan.new.sort(key=lambda each: _at(each[0], seen_at))  # feeds list the newest first; ids follow the news
    new = _insert_articles(connection, feed, [entry for entry, _ in plan.new], seen_at=seen_at, voices=voices)
    keys = plan.learned | {key: id_ for id_, (_, own) in zip(new, plan.new, strict=True) for key in own}
    if keys:
        rows = [{"digest": digest, "article_id": id_} for digest, id_ in keys.items()]
        connection.execute(insert_if_absent(connection, t.article_key), rows)
    return Recorded(new=tuple(new), changed=tuple(changed), known=tuple(plan.known))


def _clean(entry: Entry) -> Entry:
    """Storable words, and a text to count offsets into even where a feed gives titles only."""
    title = storable(entry.title) if entry.title else None
    text = storable(entry.text) if entry.text.strip() else (title or "")
    if title == entry.title and text == entry.text:
        return entry
    return entry.model_copy(update={"title": title, "text": text})


def _plan(connection: Connection, feed: Feed, entries: Sequence[Entry]) -> _Plan:
    ladders = [digests(keys, feed_id=feed.id, voice=feed.voice) for keys in useful_keys(entries)]
    stored = _known(connection, {digest for ladder in ladders for digest in ladder})
    plan, taken = _Plan(), dict[bytes, Entry]()
    for entry, ladder in zip(entries, ladders, strict=True):
        if any(_repeats(entry, taken.get(digest), key) for digest, key in ladder.items()):
            continue  # twice in one poll
        known = next((stored[d] for d, key in ladder.items() if d in stored and same(entry, stored[d], key=key)), None)
        absent = [digest for digest in ladder if digest not in stored and digest not in taken]
        taken |= dict.fromkeys(ladder, entry)
        if known is None:
            plan.new.append((entry, frozenset(absent)))
            continue
        plan.known.append(known.article_id)
        plan.learned |= dict.fromkeys(absent, known.article_id)
        if is_new_version(entry, known, feed_id=feed.id):
            plan.changed.append((entry, known))
    return plan


def _repeats(entry: Entry, earlier: Entry | None, key: str) -> bool:
    if earlier is None:
        return False
    return not key.startswith("text:") or entry.title == earlier.title


# Built once: building a statement costs more than running it.
_KNOWN = (
    select(
        t.article_key.c.digest,
        t.article.c.id,
        t.article.c.feed_id,
        t.article.c.guid,
        t.article.c.url,
        t.article.c.version,
        t.version.c.title,
        t.version.c.text,
        t.version.c.text_hash,
        t.article.c.teaser,
    )
    .join(t.article, t.article.c.id == t.article_key.c.article_id)
    .join(t.version, (t.version.c.article_id == t.article.c.id) & (t.version.c.number == t.article.c.version))
    .where(t.article_key.c.digest.in_(bindparam("digests", expanding=True)))
)

_INSERT_ARTICLE, _INSERT_VERSION = insert(t.article), insert(t.version)


def _known(connection: Connection, keys: Iterable[bytes]) -> dict[bytes, Known]:
    rows = connection.execute(_KNOWN, {"digests": list(keys)})
    return {row[0]: Known._make(row[1:]) for row in rows}


def lacks_text(connection: Connection, feed: Feed, entry: Entry) -> bool:
    """Whether the full text behind this entry is not stored yet: it is new, or known by a teaser only."""
    ladder = digests(entry.keys, feed_id=feed.id, voice=feed.voice)
    stored = _known(connection, ladder)
    known = next((stored[d] for d, key in ladder.items() if d in stored and same(entry, stored[d], key=key)), None)
    return known is None or known.teaser


def _insert_articles(
    connection: Connection, feed: Feed, entries: Sequence[Entry], *, seen_at: datetime, voices: Mapping[str, str]
) -> list[int]:
    if not entries:
        return []
    ids = new_ids(connection, t.article, len(entries))
    named = list(zip(ids, entries, strict=True))
    rows = [{"id": id_, **_article_row(entry, feed, seen_at=seen_at, voices=voices)} for id_, entry in named]
    connection.execute(_INSERT_ARTICLE, rows)
    versions = [_version_row(entry, id_, number=1, seen_at=seen_at) for id_, entry in named]
    _insert_versions(connection, feed, versions, publishers=[row["publisher"] for row in rows])
    return ids


def _insert_versions(
    connection: Connection, feed: Feed, rows: Sequence[dict[str, Any]], *, publishers: Sequence[str]
) -> None:
    """With their words, so that the search finds them from the same moment on."""
    ids = new_ids(connection, t.version, len(rows))
    connection.execute(_INSERT_VERSION, [{"id": id_, **row} for id_, row in zip(ids, rows, strict=True)])
    index_versions(
        connection,
        [
            words_of_version(id_, feed.language.value, title=row["title"], publisher=publisher, body=row["text"])
            for id_, row, publisher in zip(ids, rows, publishers, strict=True)
        ],
    )


def _article_row(entry: Entry, feed: Feed, *, seen_at: datetime, voices: Mapping[str, str]) -> dict[str, Any]:
    publisher = entry.publisher or feed.publisher
    return {
        "feed_id": feed.id,
        "publisher": publisher,
        "voice": voices.get(publisher, publisher) if entry.publisher else feed.voice,
        "language": feed.language.value,
        "guid": entry.guid and storable(entry.guid),
        "url": entry.url and storable(entry.url),
        "author": entry.author and storable(entry.author),
        "published_at": entry.published_at,
        "date_raw": entry.date_raw and storable(entry.date_raw),
        "date_quality": entry.date_quality.value,
        "seen_at": seen_at,
        "at": _at(entry, seen_at),
        "version": 1,
        "teaser": entry.teaser,
        "analyze_at": seen_at,
        "attempts": 0,
    }


def _at(entry: Entry, seen_at: datetime) -> datetime:
    trusted = entry.date_quality in _TRUSTED_DATES
    return entry.published_at if trusted and entry.published_at else seen_at


def _version_row(entry: Entry, article_id: int, *, number: int, seen_at: datetime) -> dict[str, Any]:
    return {
        "article_id": article_id,
        "number": number,
        "title": entry.title,
        "text": entry.text,
        "text_hash": text_hash(entry.title, entry.text),
        "seen_at": seen_at,
    }


def _add_versions(
    connection: Connection, feed: Feed, changed: Sequence[tuple[Entry, Known]], *, seen_at: datetime
) -> list[int]:
    """A text seen before is no news: servers that answer by turns would make versions without end."""
    if not changed:
        return []
    ids = [known.article_id for _, known in changed]
    rows = connection.execute(
        select(t.version.c.article_id, t.version.c.text_hash).where(t.version.c.article_id.in_(ids))
    )
    seen = {(row.article_id, row.text_hash) for row in rows}
    fresh = [(e, k) for e, k in changed if (k.article_id, text_hash(e.title, e.text)) not in seen]
    for entry, known in fresh:
        number = known.version + 1
        row = _version_row(entry, known.article_id, number=number, seen_at=seen_at)
        _insert_versions(connection, feed, [row], publishers=[entry.publisher or feed.publisher])
        connection.execute(
            update(t.article)
            .where(t.article.c.id == known.article_id)
            .values(
                version=number,
                teaser=entry.teaser,
                analyze_at=seen_at,
                attempts=0,
                set_aside_at=None,
                text_dropped=False,
            )
        )
        _mark_vanished(connection, known.article_id, entry.text, seen_at=seen_at)
    return [known.article_id for _, known in fresh]


def _mark_vanished(connection: Connection, article_id: int, text: str, *, seen_at: datetime) -> None:
    """Events whose quote the article no longer has keep their version, with the mark that the source changed."""
    rows = connection.execute(
        select(t.event.c.id, t.event.c.quote).where(
            t.event.c.article_id == article_id, t.event.c.source_changed_at.is_(None)
        )
    )
    gone = [row.id for row in rows if row.quote not in text]
    if gone:
        connection.execute(update(t.event).where(t.event.c.id.in_(gone)).values(source_changed_at=seen_at))


def current_texts(connection: Connection, article_ids: Sequence[int]) -> dict[int, str]:
    """The text of each article as it stands now."""
    current = (t.version.c.article_id == t.article.c.id) & (t.version.c.number == t.article.c.version)
    query = select(t.article.c.id, t.version.c.text).join(t.version, current).where(t.article.c.id.in_(article_ids))
    return {row.id: row.text for row in connection.execute(query)}


# --- what is due --------------------------------------------------------------------------------


def due_articles(connection: Connection, now: datetime, limit: int) -> tuple[int, ...]:
    """Oldest news first, so that stances are followed in the order of events."""
    query = (
        select(t.article.c.id)
        .where(t.article.c.analyze_at.is_not(None), t.article.c.analyze_at <= now)
        .order_by(t.article.c.at, t.article.c.id)
        .limit(limit)
    )
    return tuple(connection.execute(query).scalars())


def stored_article(connection: Connection, article_id: int, number: int | None = None) -> StoredArticle | None:
    """The article in its current version, or in an earlier one."""
    wanted = t.article.c.version if number is None else number
    row = connection.execute(
        select(
            t.article,
            t.feed.c.definition,
            t.version.c.id.label("version_id"),
            t.version.c.number,
            t.version.c.title,
            t.version.c.text,
            t.version.c.seen_at.label("version_seen_at"),
            t.version.c.dropped_at,
        )
        .join(t.feed, t.feed.c.id == t.article.c.feed_id)
        .join(t.version, (t.version.c.article_id == t.article.c.id) & (t.version.c.number == wanted))
        .where(t.article.c.id == article_id)
    ).one_or_none()
    return None if row is None else _stored(row)


def _stored(row: Row[Any]) -> StoredArticle:
    trusted = DateQuality(row.date_quality) in _TRUSTED_DATES
    return StoredArticle(
        id=row.id,
        version_id=row.version_id,
        version=row.number,
        article=Article(
            id=str(row.id),
            text=row.text,
            title=row.title,
            published_at=row.published_at if trusted else None,
            publisher=row.publisher,
            url=row.url,
            language=Language(row.language),
        ),
        feed=row.definition,
        publisher=row.publisher,
        voice=row.voice,
        at=row.at if row.number == 1 else max(row.at, row.version_seen_at),
        seen_at=row.version_seen_at,
        due=row.analyze_at is not None,
        attempts=row.attempts,
        teaser=row.teaser,
        text_dropped_at=row.dropped_at,
    )


def claim(connection: Connection, article_id: int) -> bool:
    """Locks the article; False if its analysis is not due any more, as another worker has recorded it."""
    query = select(t.article.c.analyze_at).where(t.article.c.id == article_id).with_for_update()
    return connection.execute(query).scalar_one_or_none() is not None


def save_voice(connection: Connection, article_id: int, *, voice: str, copy_of: int | None) -> None:
    """Whose voice the article turned out to be: its wire's, or that of the article it copies."""
    connection.execute(update(t.article).where(t.article.c.id == article_id).values(voice=voice, copy_of=copy_of))


def analysis_done(connection: Connection, article_id: int, number: int) -> bool:
    """Marks the version analyzed. False when a newer version has come meanwhile: that one stays due."""
    relevant = select(t.finding.c.id).where(t.finding.c.article_id == article_id, t.finding.c.relevant).exists()
    result = connection.execute(
        update(t.article)
        .where(t.article.c.id == article_id, t.article.c.version == number)
        .values(analyze_at=None, attempts=0, last_error=None, set_aside_at=None, on_topic=relevant)
    )
    return result.rowcount == 1


def analysis_failed(
    connection: Connection, article_id: int, *, error: str, now: datetime, wait: timedelta | None
) -> None:
    """Counts the attempt; tries again after `wait`, or sets the article aside when there is none."""
    when = {"analyze_at": None, "set_aside_at": now} if wait is None else {"analyze_at": now + wait}
    connection.execute(
        update(t.article)
        .where(t.article.c.id == article_id)
        .values(attempts=t.article.c.attempts + 1, last_error=storable(error)[:2000], **when)
    )


def analyze_again(connection: Connection, article_ids: Sequence[int], now: datetime) -> None:
    """Makes articles due whatever became of them before: for replays, and for those set aside."""
    if article_ids:
        connection.execute(
            update(t.article)
            .where(t.article.c.id == bindparam("article"))
            .values(analyze_at=now, attempts=0, set_aside_at=None),
            [{"article": article_id} for article_id in article_ids],
        )
