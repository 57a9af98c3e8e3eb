"""Times every page of the dashboard over a database of many articles: `python -m bench.web [ARTICLES]`."""

from __future__ import annotations

import random
import socket
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from sqlalchemy import Connection, insert

from monitor.model import Event, Feed, Language, Level, Report, Stance, StanceChange, Track
from monitor.store import Store, search
from monitor.store import tables as t
from monitor.store.feeds import count_articles
from monitor.web import create_app

NOW = datetime(2026, 10, 1, tzinfo=UTC)
FEEDS, CHANGES = 200, 2_000
HOLDERS = [(actor, part) for actor in ("USA", "RUS", "SYR", "IRN", "TUR", "ISR") for part in ("", "mfa", "mod", "hq")]
LANGUAGES = (Language.EN, Language.AR, Language.RU)
TITLES = {
    Language.EN: "Washington and Moscow talk of Syria, day {}",
    Language.AR: "واشنطن وموسكو تتحدثان عن سوريا، اليوم {}",
    Language.RU: "Вашингтон и Москва говорят о Сирии, день {}",
}
QUOTES = {
    Language.EN: "The ministry suspends the talks until the shelling stops",
    Language.AR: "الوزارة تعلق المحادثات حتى يتوقف القصف",
    Language.RU: "Министерство приостанавливает переговоры, пока идёт обстрел",
}
WORDS = {  # so many words a language, the n-th of them a tenth as frequent as the first is by the tenth: as texts have them
    Language.EN: [
        f"{a}{b}{c}"
        for a in ("har", "con", "min", "tal", "str", "pro")
        for b in ("bour", "voy", "ister", "ked", "ong", "vide")
        for c in ("", "er", "ing", "al", "x")
    ],
    Language.AR: [
        f"{a}{b}{c}"
        for a in ("", "ال", "وال")
        for b in ("قصف", "هدن", "حدود", "قافل", "وزار", "مدين", "طائر", "اجتماع")
        for c in ("", "ات", "ين", "هم", "ها")
    ],
    Language.RU: [
        f"{a}{b}{c}"
        for a in ("", "по", "пере", "за")
        for b in ("говор", "гранич", "колонн", "обстрел", "министр", "город")
        for c in ("", "ы", "ами", "ного", "ский")
    ],
}
RARE = "unicorn"
PAGES = (
    "/", "/timeline", "/timeline?actor=USA", "/changes", "/changes/1", "/events", "/events?actor=RUS", "/events/1", "/articles",
    "/articles?relevant=yes", "/articles?relevant=no", "/articles/1", "/articles/1/versions", "/feeds", "/coverage",
    "/search?q=talks", "/search?q=%D9%85%D8%AD%D8%A7%D8%AF%D8%AB%D8%A7%D8%AA", f"/search?q={RARE}", "/search?q=talks+shelling", "/search?q=ta*",
    "/search?q=%22until+the+shelling%22", "/search?q=ministry&language=ar", "/api/search?q=ministry&until=2017-01-01T00:00:00Z", "/changes.atom", "/events.atom", "/api/status",
    "/api/stances", "/api/changes", "/api/events", "/api/articles", "/api/feeds", "/metrics", "/readyz",
)  # fmt: skip


def fill(store: Store, articles: int) -> None:
    """Articles over ten years; one in ten on the topic with an event; changes and tracks of all holders."""
    feeds = [
        Feed(id=f"f{n}", url=f"https://f{n}.example/rss", publisher=f"Publisher {n}", language=LANGUAGES[n % 3])
        for n in range(FEEDS)
    ]
    store.sync_feeds(feeds, NOW)
    with store.transaction() as tx:
        connection: Connection = tx._connection
        for start in range(0, articles, 5_000):
            numbers = range(start + 1, min(start + 5_000, articles) + 1)
            connection.execute(insert(t.article), [_article(n, feeds[n % FEEDS], articles) for n in numbers])
            connection.execute(insert(t.version), [_version(n, feeds[n % FEEDS]) for n in numbers])
            connection.execute(insert(t.finding), [_finding(n) for n in numbers])
            told = [n for n in numbers if n % 10 == 0]
            if told:
                connection.execute(insert(t.event), [_event(n, articles) for n in told])
        for feed in feeds:
            count_articles(connection, feed.id, articles // FEEDS)
        started = time.perf_counter()
        search.reindex(connection)
        print(f"indexed for the search in {time.perf_counter() - started:.1f} s")
        for n in range(1, min(CHANGES, articles // 20) + 1):
            tx.save_change(_change(n, articles), now=NOW)
        for actor, part in HOLDERS:
            report = _report(10, articles).model_copy(update={"event": _said(10, actor=actor, part=part)})
            tx.save_track(
                Track(
                    topic="t", actor=actor, institution=part or None, stance=Stance.SUSPEND, since=NOW, standing=report
                )
            )
        days = [(NOW - timedelta(days=n)).date() for n in range(30)]
        connection.execute(
            insert(t.daily),
            [
                {"day": day, "feed_id": feed.id, "counter": counter, "amount": 3}
                for day in days
                for feed in feeds
                for counter in ("polls", "new", "entries", "failed", "dropped:undated")
            ],
        )


def _at(n: int, articles: int) -> datetime:
    return NOW - timedelta(days=3_650) * (1 - n / articles)


def _article(n: int, feed: Feed, articles: int) -> dict[str, object]:
    at = _at(n, articles)
    return {
        "id": n, "feed_id": feed.id, "publisher": feed.publisher, "voice": feed.voice, "language": feed.language.value,
        "guid": str(n), "url": f"https://x.example/{n}", "published_at": at, "date_quality": "ok", "seen_at": at, "at": at,
        "version": 1, "teaser": False, "attempts": 0, "on_topic": n % 10 == 0, "text_dropped": False,
    }  # fmt: skip


def _version(n: int, feed: Feed) -> dict[str, object]:
    quote = QUOTES[feed.language]
    return {
        "id": n, "article_id": n, "number": 1, "title": TITLES[feed.language].format(n),
        "text": f"{quote}. {_body(n, feed.language)}", "text_hash": n.to_bytes(16, "big"),
        "seen_at": NOW,
    }  # fmt: skip


def _body(n: int, language: Language) -> str:
    """Some 420 words, few of them often and many seldom, the same for the same article."""
    vocabulary = WORDS[language]
    dice = random.Random(n)
    said = [vocabulary[min(int(dice.paretovariate(0.5)), len(vocabulary)) - 1] for _ in range(400)]
    said += [f"{vocabulary[dice.randrange(len(vocabulary))]}{dice.randrange(1_000)}" for _ in range(20)]
    return " ".join(said) + (f" {RARE}" if n % 10_000 == 7 else "")


def _finding(n: int) -> dict[str, object]:
    return {
        "version_id": n, "article_id": n, "topic": "t", "analyzer": "rules", "language": "en", "relevant": n % 10 == 0,
        "gate": "passed" if n % 10 == 0 else "missing_facet", "reason": "no term of 'syria'", "confidence": 1.0,
        "contributions": (), "notes": (), "analyzed_at": NOW,
    }  # fmt: skip


def _said(n: int, *, actor: str | None = None, part: str | None = None, stance: Stance = Stance.SUSPEND) -> Event:
    holder = HOLDERS[n // 10 % len(HOLDERS)]
    quote = QUOTES[LANGUAGES[n % FEEDS % 3]]
    return Event(
        actor=actor or holder[0], institution=(holder[1] if part is None else part) or None, stance=stance, start=0,
        end=len(quote), quote=quote, confidence=0.8, reason="suspends it", speaker="A Speaker",
    )  # fmt: skip


def _event(n: int, articles: int) -> dict[str, object]:
    said = _said(n)
    return {
        "id": n // 10, "version_id": n, "article_id": n, "topic": "t", "analyzer": "rules", "actor": said.actor,
        "institution": said.institution or "", "speaker": said.speaker, "stance": said.stance.value, "start": 0,
        "end": said.end, "quote": said.quote, "conditions": (), "attribution": (), "kind": "statement", "confidence": 0.8,
        "reason": said.reason, "contributions": (), "at": _at(n, articles), "seen_at": NOW, "voice": "V", "verdict": "repeat",
        "verdict_reason": "says what stands",
    }  # fmt: skip


def _report(n: int, articles: int, *, stance: Stance = Stance.SUSPEND) -> Report:
    return Report(
        event_id=n // 10, article_id=n, topic="t", event=_said(n, stance=stance), at=_at(n, articles), seen_at=NOW,
        language=LANGUAGES[n % FEEDS % 3], publisher="Publisher", voice="V", title="title", url="https://x.example/1",
    )  # fmt: skip


def _change(n: int, articles: int) -> StanceChange:
    cause = n * (articles // 10 // min(CHANGES, articles // 20)) * 10
    after = _report(cause, articles)
    return StanceChange(
        topic="t", actor=after.event.actor, institution=after.event.institution, after=after,
        before=_report(max(cause - 10, 10), articles, stance=Stance.SUPPORT), level=Level.CONFIRMED, at=after.at,
        publishers=("A", "B"), reason="two voices",
    )  # fmt: skip


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def served(store: Store) -> Iterator[str]:
    server = _Server(uvicorn.Config(create_app(store, clock=lambda: NOW), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    server.ready.wait(60)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def measured(address: str, times: int = 7) -> tuple[float, float, int]:
    """(first, median of the rest, bytes); times in milliseconds."""
    taken: list[float] = []
    for _ in range(times):
        started = time.perf_counter()
        with urllib.request.urlopen(address, timeout=120) as answer:
            size = len(answer.read())
        taken.append((time.perf_counter() - started) * 1000)
    return taken[0], statistics.median(taken[1:]), size


def main() -> None:
    articles = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{Path(folder) / 'bench.db'}") as store:
        started = time.perf_counter()
        fill(store, articles)
        print(f"{articles} articles in {time.perf_counter() - started:.1f} s")
        for base in served(store):
            print(f"{'page':<50} {'first ms':>9} {'median ms':>9} {'bytes':>9}")
            for page in PAGES:
                first, median, size = measured(base + page)
                print(f"{page:<50} {first:>9.1f} {median:>9.1f} {size:>9}" + ("  over 100 ms" if median > 100 else ""))
        size = Path(folder, "bench.db").stat().st_size
        print(f"the database: {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
