"""`monitor backfill`: fills history with documents, alerting nobody."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.analyze import BadLine, Document, read_documents
from monitor.cli.app import ConfigOption, DatabaseOption, JsonOption, app
from monitor.cli.archives import Snapshot, is_archive, read_archive
from monitor.cli.listings import open_store
from monitor.cli.run import set_up_logs
from monitor.cli.show import console, dumps, write_line
from monitor.model import Article, DateQuality, Entry, Feed, FeedKind, FeedState, Language, Poll
from monitor.text.display import printable

if TYPE_CHECKING:
    from monitor.endpoint import LanguageModel
    from monitor.pipeline import Pipeline, SecondReader
    from monitor.store import Store

UNKNOWN_OUTLET = "unknown outlet"


@app.command()
def backfill(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="JSON lines as `analyze` reads them (-: standard input), folders of saved feeds, WARC files."
        ),
    ],
    database: DatabaseOption = None,
    config: ConfigOption = None,
    json_out: JsonOption = False,
) -> None:
    """Put documents into the database as articles of their outlet and date, and let history run over them. Alerts nobody.

    Deterministic, and safe to run twice: a document that is there already is not taken again.
    Exit 1 when some lines were no documents (each is named; the rest is taken).
    """
    set_up_logs(json_lines=False, level=logging.WARNING)
    archives = [path for path in files if is_archive(path)]
    documents, bad = _sorted_out(read_documents([path for path in files if path not in archives]))
    for line in bad:
        sys.stderr.write(f"monitor: {line.source}:{line.line}: {line.error}\n")
    families = _families(config)
    with open_store(database, make=True) as store:
        added = _add(store, [document.article for document in documents], families=families)
        for snapshot in _snapshots(archives, config):
            if snapshot.problem:
                bad.append(BadLine(source=snapshot.source, line=0, error=snapshot.problem, id=None))
                sys.stderr.write(f"monitor: {printable(f'{snapshot.source}: {snapshot.problem}')}\n")
            added += _add(store, snapshot.articles, families=families)
        analyzed = asyncio.run(run_history(store))
        changes = len(store.changes())
    if json_out:
        write_line(dumps({"added": added, "analyzed": analyzed, "bad_lines": len(bad), "changes": changes}))
    else:
        console().print(
            f"{added} articles added, {analyzed} analyzed, {changes} changes in the database, {len(bad)} bad lines"
        )
    if bad:
        raise typer.Exit(1)


def _sorted_out(read: Iterable[Document | BadLine]) -> tuple[list[Document], list[BadLine]]:
    documents: list[Document] = []
    bad: list[BadLine] = []
    for each in read:
        (bad if isinstance(each, BadLine) else documents).append(each)  # type: ignore[arg-type]
    return documents, bad


def _snapshots(archives: Sequence[Path], config: Path | None) -> Iterator[Snapshot]:
    from monitor.settings import load_settings
    from monitor.sources.urls import site

    configured = load_settings(config).feeds if config is not None or Path("feeds.yaml").exists() else ()
    sites = {site(feed.url): feed for feed in configured}
    for path in archives:
        yield from read_archive(path, sites=sites, now=datetime.now(UTC))


def _families(config: Path | None) -> dict[str, str]:
    """Which publisher speaks with which voice, where a configuration says so."""
    from monitor.settings import load_settings

    if config is None and not Path("feeds.yaml").exists():
        return {}
    return {feed.publisher: feed.voice for feed in load_settings(config).feeds}


def _add(store: Store, articles: Sequence[Article], *, families: dict[str, str]) -> int:
    from monitor.text.language import detect

    now = datetime.now(UTC)
    by_feed: dict[str, tuple[Feed, list[Entry]]] = {}
    for article in articles:
        language = article.language or detect(article.text)
        feed = feed_of(article.publisher or UNKNOWN_OUTLET, language, family=families.get(article.publisher or ""))
        by_feed.setdefault(feed.id, (feed, []))[1].append(entry_of(article, feed, now=now))
    return sum(len(store.add_entries(feed, entries, seen_at=now).new) for feed, entries in by_feed.values())


def feed_of(publisher: str, language: Language, *, family: str | None = None) -> Feed:
    """The feed that stands for an outlet whose articles no poll brought; it is never polled."""
    readable = re.sub(r"[^a-z0-9]+", "-", publisher.lower()).strip("-")[:40]
    digest = blake2b(publisher.encode("utf-8", "replace"), digest_size=4).hexdigest()
    name = "-".join(part for part in ("archive", readable, digest, language.value) if part)
    return Feed(
        id=name,
        url=f"archive:{name}",
        publisher=publisher,
        language=language,
        kind=FeedKind.PRIVATE,
        family=family,
        enabled=False,
    )


def entry_of(article: Article, feed: Feed, *, now: datetime) -> Entry:
    """The document as a feed's entry: known again by its id, so that a second run adds nothing."""
    published = article.published_at
    quality = DateQuality.UNDATED if published is None else DateQuality.FUTURE if published > now else DateQuality.OK
    return Entry(
        guid=article.id,
        url=article.url,
        title=article.title,
        text=article.text,
        published_at=published,
        date_raw=published.isoformat() if published else None,
        date_quality=quality,
        keys=(f"guid:{feed.id}:{article.id}",),
    )


async def run_history(store: Store, *, model: LanguageModel | None = None) -> int:
    """Analyzes everything that is due, oldest news first, one at a time, without channels; how many it were.

    A language model gives the answers that it gave before and is asked nothing new: history must not eat today's budget.
    """
    from monitor.cli.assembly import second_reader
    from monitor.settings import load_knowledge

    answers = model.model_copy(update={"requests_per_day": 0}) if model else None
    topics = tuple(load_knowledge().topics)
    async with second_reader(answers, topics=topics, clock=lambda: datetime.now(UTC), budget=None) as second:
        return await _run_history(store, silent_pipeline(store, second=second))


async def _run_history(store: Store, pipeline: Pipeline) -> int:
    from rich.console import Console
    from rich.progress import Progress

    waiting = store.status(datetime.now(UTC)).articles_due
    done = 0
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("history runs", total=waiting)
        while due := await asyncio.to_thread(store.due_articles, datetime.now(UTC), 500):
            for article_id in due:
                await pipeline.analyze(article_id)
                done += 1
                progress.advance(task)
    return done


def silent_pipeline(store: Store, *, second: SecondReader | None = None) -> Pipeline:
    """A pipeline that fetches nothing and tells nobody."""
    from monitor.analysis import analyzer
    from monitor.pipeline import Pipeline
    from monitor.settings import load_knowledge, load_wires
    from monitor.tracking import adapt

    async def never(feed: Feed, state: FeedState) -> Poll:
        raise AssertionError(f"{feed.id} ({state.feed_id}) is not polled in a backfill")

    knowledge = load_knowledge()
    voices = len({row.feed.voice for row in store.feeds()})
    return Pipeline(
        store=store,
        fetch=never,
        analyzers=[analyzer(knowledge, topic_id) for topic_id in knowledge.topics],
        channels=(),
        clock=lambda: datetime.now(UTC),
        policies={topic.id: adapt(topic.policy, voices=voices)[0] for topic in knowledge.topics.values()},
        wires=load_wires(),
        second=second,
    )
