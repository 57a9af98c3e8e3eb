"""`monitor why-not`: which gate stopped an article, or why nobody was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.app import DatabaseOption, JsonOption, app
from monitor.cli.listings import article_json, open_store
from monitor.cli.show import console, dumps, write_line
from monitor.model import ArticleRow, MonitorError
from monitor.text.display import one_line

if TYPE_CHECKING:
    from monitor.store import Store


@app.command("why-not")
def why_not(
    article: Annotated[str, typer.Argument(help="An article as the listings name it (a12), or its address.")],
    database: DatabaseOption = None,
    json_out: JsonOption = False,
) -> None:
    """Say why an article led to no event, no change or no alert: each gate on its way, up to the one that stopped it."""
    with open_store(database) as store:
        rows = _found(store, article)
        told = [{**article_json(row), "gates": gates(store, row)} for row in rows]
    if json_out:
        write_line(dumps(told, indent=2))
        return
    for each in told:
        console().print(f"{each['ref']} {one_line(each['title'] or each['url'] or '')}", style="bold")
        for step in each["gates"]:
            console().print(f"  {'passed ' if step['passed'] else 'stopped'} {step['gate']}: {one_line(step['words'])}")


def _found(store: Store, article: str) -> list[ArticleRow]:
    number = article.removeprefix("a")
    if number.isdigit():
        rows = store.articles(article_id=int(number))
    else:
        wanted = _bare(article)
        rows = tuple(row for row in store.articles() if row.url and _bare(row.url) == wanted)
    if not rows:
        raise MonitorError(
            f"{one_line(article)} was never seen: no polled feed brought it; `monitor feeds` shows which feeds work"
        )
    return list(rows)


def _bare(url: str) -> str:
    from monitor.sources.urls import twin_key

    return twin_key(url)


def gates(store: Store, row: ArticleRow) -> list[dict[str, Any]]:
    """Each gate the article met, in order, with its words; the last one may have stopped it."""
    if row.set_aside_at:
        return [_gate("analysis", False, f"set aside after {row.attempts} failures: {row.last_error}")]
    if row.relevant is None:
        return [_gate("analysis", False, "it waits for analysis")]
    met = [_gate("relevance", row.relevant, row.reason or "")]
    if not row.relevant:
        return met
    from monitor.store import OTHER_TIER

    events = [each for each in store.events(article_id=row.id, topic=row.topic) if each.verdict != OTHER_TIER]
    told = f"{len(events)} events" if events else "relevant, but nobody takes a stance in it"
    met.append(_gate("events", bool(events), told))
    changes = {change.change.cause: change for change in store.changes(topic=row.topic)}
    for event in events:
        words = f"{event.event.holder} {event.event.stance.value}: {event.verdict_reason or 'no word on it'}"
        met.append(_gate("tracking", event.id in changes, words))
        if event.id in changes:
            met.extend(_alerts(store, changes[event.id].id))
    return met


def _alerts(store: Store, change_id: int) -> list[dict[str, Any]]:
    rows = store.deliveries(change_id=change_id)
    if not rows:
        return [_gate("alert", False, f"change c{change_id}: no channel was configured when it was found")]
    return [
        _gate(
            "alert", row.state.value == "sent", f"c{change_id} to {row.channel}: {row.state.value}; {row.reason or ''}"
        )
        for row in rows
    ]


def _gate(name: str, passed: bool, words: str) -> dict[str, Any]:
    return {"gate": name, "passed": passed, "words": words}
