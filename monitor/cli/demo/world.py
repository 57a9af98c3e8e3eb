"""The demo's world: our sample articles as they stood at a given moment, and the feeds that carried them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Literal

from pydantic import Field as Setting

from monitor.model import ConfigError, FeedKind, Frozen, Instant, Language, Stance
from monitor.settings import read_model

_FEED_LENGTH = 20  # entries, as most real feeds carry


class SeedFeed(Frozen):
    """A publisher's feed in the demo's world."""

    id: str
    publisher: str
    name: str | None = None
    country: str | None = None
    kind: FeedKind = FeedKind.PRIVATE
    format: Literal["rss", "atom", "json"] = "rss"
    family: str | None = None
    speaks_for: str | None = None
    url_path: str = Setting(pattern=r"^/[\w./-]+$")


class Edition(Frozen):
    """How an article read after it was edited."""

    at: Instant
    title: str | None = None
    text: str


class SeedStance(Frozen):
    """A labelled stance; `quote` stands in the text once."""

    actor: str
    institution: str | None = None
    speaker: str | None = None
    stance: Stance
    kind: str = "statement"
    quote: str
    conditions: tuple[str, ...] = ()


class SeedArticle(Frozen):
    """A sample article, labelled."""

    id: str
    feed: str
    published: Instant
    event: str | None = None
    title: str
    text: str
    copy_of: str | None = None
    arrives: Instant | None = Setting(default=None, description="when the feed first shows it, if later than its date")
    edited: Edition | None = None
    relevant: bool
    stances: tuple[SeedStance, ...] = ()
    why: str | None = None

    @property
    def appears_at(self) -> datetime:
        return self.arrives or self.published


class SeedFile(Frozen):
    language: Language
    feeds: tuple[SeedFeed, ...] = ()
    articles: tuple[SeedArticle, ...] = ()


class World(Frozen):
    """All languages together."""

    files: tuple[SeedFile, ...]

    @property
    def articles(self) -> tuple[SeedArticle, ...]:
        every = [article for file in self.files for article in file.articles]
        return tuple(sorted(every, key=lambda article: (article.appears_at, article.id)))

    @property
    def feeds(self) -> tuple[tuple[Language, SeedFeed], ...]:
        return tuple((file.language, feed) for file in self.files for feed in file.feeds)

    def moments(self, *, step: timedelta = timedelta(minutes=15)) -> tuple[datetime, ...]:
        """The moments at which something new stands in a feed, rounded up to `step`, in order."""
        changes = [article.appears_at for article in self.articles]
        changes += [article.edited.at for article in self.articles if article.edited]
        return tuple(sorted({_round_up(moment, step) for moment in changes}))

    def document(self, feed: SeedFeed, *, language: Language, now: datetime, base: str) -> bytes:
        """The feed as it stood at `now`: RSS 2.0, Atom or JSON Feed, newest entry first."""
        shown = [article for article in self.articles if article.feed == feed.id and article.appears_at <= now]
        newest = sorted(shown, key=lambda article: article.appears_at, reverse=True)[:_FEED_LENGTH]
        write = {"rss": _rss, "atom": _atom, "json": _json_feed}[feed.format]
        return write(feed, newest, language=language, now=now, base=base).encode()


def read_world(folder: Path) -> World:
    """The sample articles of `folder`. Raises ConfigError when there are none."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ConfigError(f"{folder}: no sample articles (ar.yaml, en.yaml, ru.yaml); give their folder with --seeds")
    return World(files=tuple(read_model(path, SeedFile) for path in files))


def etag(document: bytes) -> str:
    return f'"{hashlib.sha256(document).hexdigest()[:16]}"'


def _round_up(moment: datetime, step: timedelta) -> datetime:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return start + -(-(moment - start) // step) * step


def _as_read(article: SeedArticle, now: datetime) -> tuple[str, str]:
    if article.edited and article.edited.at <= now:
        return article.edited.title or article.title, article.edited.text
    return article.title, article.text


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())


def _rss(feed: SeedFeed, articles: Sequence[SeedArticle], *, language: Language, now: datetime, base: str) -> str:
    items = []
    for article in articles:
        title, text = _as_read(article, now)
        items.append(
            f"<item><title>{escape(title)}</title><link>{base}{feed.url_path}/{article.id}</link>"
            f'<guid isPermaLink="false">{article.id}</guid><pubDate>{format_datetime(article.published)}</pubDate>'
            f"<description>{escape(_paragraphs(text))}</description></item>"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{escape(feed.publisher)}</title>'
        f"<link>{base}</link><description>{escape(feed.name or feed.publisher)}</description>"
        f"<language>{language.value}</language><ttl>15</ttl>{''.join(items)}</channel></rss>"
    )


def _atom(feed: SeedFeed, articles: Sequence[SeedArticle], *, language: Language, now: datetime, base: str) -> str:
    entries = []
    for article in articles:
        title, text = _as_read(article, now)
        updated = article.edited.at if article.edited and article.edited.at <= now else article.published
        entries.append(
            f"<entry><title>{escape(title)}</title><link href='{base}{feed.url_path}/{article.id}'/>"
            f"<id>urn:seed:{article.id}</id><published>{article.published.isoformat()}</published>"
            f"<updated>{updated.isoformat()}</updated><content type='html'>{escape(_paragraphs(text))}</content></entry>"
        )
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom' xml:lang='{language.value}'>"
        f"<title>{escape(feed.publisher)}</title><id>urn:feed:{feed.id}</id><updated>{now.isoformat()}</updated>"
        f"{''.join(entries)}</feed>"
    )


def _json_feed(feed: SeedFeed, articles: Sequence[SeedArticle], *, language: Language, now: datetime, base: str) -> str:
    items = []
    for article in articles:
        title, text = _as_read(article, now)
        items.append(
            {
                "id": article.id,
                "url": f"{base}{feed.url_path}/{article.id}",
                "title": title,
                "content_text": text,
                "date_published": article.published.isoformat(),
            }
        )
    head = {"version": "https://jsonfeed.org/version/1.1", "title": feed.publisher, "language": language.value}
    return json.dumps({**head, "items": items}, ensure_ascii=False)
